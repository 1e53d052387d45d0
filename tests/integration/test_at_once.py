"""A sync with nothing to do is answered at once: from then on, in the same words, and never where it should not be."""

from __future__ import annotations

import os

import pytest
from flowverse import api
from flowverse._glance import known

from tests.hub import Hub
from tests.integration.workspace import Workspace


@pytest.fixture
def synced(space: Workspace, hub: Hub) -> Workspace:
    hub.add("a/One", {"__init__.py": "", "one.py": "one = 1\n"})
    hub.add("b/Two", {"__init__.py": "", "two.py": "two = 2\n"})
    space.declare({"a/One": "main", "b/Two": "main"})
    space.sync()
    return space


def test_the_next_sync_is_answered_at_once(synced: Workspace) -> None:
    """Also the first after one that did something: it waited for the disk's clock to tick."""
    assert known(str(synced.root)) is not None
    assert synced.sync().untouched


@pytest.mark.parametrize("flags", [[], ["--locked"], ["--frozen"], ["--offline"], ["-q"], ["-v"], ["--dry-run"]])
def test_it_says_the_same(synced: Workspace, flags: list[str]) -> None:
    """Whether it was answered at once, or by the whole program."""
    quick = synced.run("sync", *flags)
    (synced.tree / ".flowverse/glance").unlink()

    assert quick == synced.run("sync", *flags)
    assert quick.out == ("" if "-q" in flags else "2 flow modules in sync\n")


@pytest.mark.parametrize("name", ["FLOWVERSE_LOCKED", "FLOWVERSE_HTTP_TIMEOUT", "HF_ENDPOINT"])
def test_a_setting_that_cannot_be_meant_is_still_refused(synced: Workspace, name: str) -> None:
    """An error does not come and go with what is to be done."""
    synced.run("sync", cwd=None, **{name: "maybe"}).failed_plainly(2, name)


def test_from_a_folder_below(synced: Workspace) -> None:
    """The project is the nearest one upwards, as for every verb."""
    below = synced.root / "src/deep"
    below.mkdir(parents=True)

    synced.run("sync", cwd=below).worked("2 flow modules in sync")


def test_what_was_synced_to_the_lock_alone_is_not_noted(synced: Workspace) -> None:
    """A frozen sync does not look at the manifest, so it cannot tell whether the next has anything to do."""
    synced.declare({"a/One": "main"})
    (synced.tree / ".flowverse/glance").unlink()

    synced.sync(frozen=True)

    assert known(str(synced.root)) is None
    assert synced.sync().modules == 1


def test_edits_are_told_every_time(synced: Workspace) -> None:
    """A kept edit is said by every sync, so those are not answered at once."""
    (synced.place("a/One") / "one.py").write_text("one = 11\n", encoding="utf-8")

    for _ in range(2):
        synced.run("sync").worked("a/One was edited")


def test_a_module_at_a_path_is_looked_into(synced: Workspace) -> None:
    """What a linked folder asks for can change without any change of the tree."""
    folder = synced.root / "dev"
    folder.mkdir()
    (folder / "one.py").write_text("one = 1\n", encoding="utf-8")
    synced.declare({"a/One": {"path": "dev"}, "b/Two": "main"})
    synced.sync()

    assert known(str(synced.root)) is None


def test_hosts_get_the_same_answers(synced: Workspace) -> None:
    """A fingerprint does not change with the way in which it was found."""
    quick = api.fingerprint(synced.root), api.in_sync(synced.root), api.needs_hub(synced.root, synced.settings())
    (synced.tree / ".flowverse/glance").unlink()

    assert quick == (
        api.fingerprint(synced.root),
        api.in_sync(synced.root),
        api.needs_hub(synced.root, synced.settings()),
    )
    assert quick[1:] == (True, False)


def test_a_file_from_the_future_is_looked_at_closely(synced: Workspace) -> None:
    """It could change and still look as it does now."""
    later = synced.manifest.stat().st_mtime + 3600
    os.utime(synced.manifest, (later, later))

    assert synced.sync().untouched
    assert known(str(synced.root)) is None
    assert not list((synced.tree / ".flowverse").glob("*.tmp"))
