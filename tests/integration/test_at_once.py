"""A sync with nothing to do is answered at once: from then on, in the same words, and never where it should not be."""

from __future__ import annotations

import os

import pytest
from flowverse import api
from flowverse._develop import write_developed
from flowverse._glance import known
from flowverse._project import Project
from flowverse._state import settle
from flowverse._tree import Tree
from flowverse.model import ModuleId

from tests.hub import Hub
from tests.integration.workspace import COMMAND, Workspace


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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FLOWVERSE_LOCKED", "maybe"),
        ("FLOWVERSE_HTTP_TIMEOUT", "0"),
        ("FLOWVERSE_HTTP_RETRIES", "-1"),
        ("HF_ENDPOINT", "httpfoo"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_still_refused(synced: Workspace, name: str, value: str) -> None:
    """An error does not come and go with what is to be done."""
    synced.run("sync", cwd=None, **{name: value}).failed_plainly(2, name)


@pytest.mark.parametrize(
    "command", ["sync", "sync -q", "sync -v", "status", "status --json", "diff", "sync --nonsense"]
)
def test_a_standard_output_that_is_closed_is_no_trouble(synced: Workspace, command: str) -> None:
    """Whoever closes it does not want to hear anything."""
    if os.name == "nt":
        pytest.skip("what a shell of POSIX does")
    done = synced.execute(["sh", "-c", f'exec "$0" {command} >&-', str(COMMAND)])

    assert "Traceback" not in done.err
    assert done.code == (2 if "nonsense" in command else 0)


def test_a_frozen_sync_says_nothing_of_the_manifest(synced: Workspace) -> None:
    """Where nothing is declared any more, a lock that is followed blindly is still stale."""
    synced.declare({})
    synced.run("sync", "--locked").failed_plainly(1, "stale")
    synced.sync(frozen=True)

    synced.run("sync", "--locked").failed_plainly(1, "stale")


def test_modules_that_change_places_are_seen(synced: Workspace, hub: Hub) -> None:
    """Whatever their files look like."""
    for id in ("c/Aaa", "c/Bbb"):
        hub.add(id, {"x.py": f"x = {id!r}\n"})
    synced.declare({"c/Aaa": "main", "c/Bbb": "main"})
    synced.sync()
    one, other = synced.place("c/Aaa"), synced.place("c/Bbb")
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)

    assert not synced.sync().untouched
    assert "edited" in synced.call("status").out


def test_a_folder_that_comes_to_be_changes_what_a_revision_means(synced: Workspace, hub: Hub) -> None:
    """In the list form a revision that is a folder is a path, so the disk has to be asked every time."""
    hub.add("a/One", {"one.py": "one = 2\n"}, branch="feature/x")
    rows = '[[tool.flowverse.dependencies]]\nurl = "a/One"\nrevision = "feature/x"\n'
    synced.manifest.write_text(rows, encoding="utf-8")
    synced.sync()

    (synced.root / "feature/x").mkdir(parents=True)

    assert known(str(synced.root)) is None


def test_what_another_command_wrote_meanwhile_is_not_noted(synced: Workspace) -> None:
    """A module that is developed elsewhere from now on, where the sync that ends has not heard of it."""
    tree = Tree(synced.tree)
    (tree.private / "glance").unlink()
    project = Project.read(synced.root)
    write_developed(synced.tree, {ModuleId.parse("a/One"): "dev"})

    assert settle(project, tree) is not None
    assert known(str(synced.root)) is None


@pytest.mark.parametrize("name", ["pyproject.toml", "flowverse.lock"])
def test_what_was_changed_meanwhile_is_not_noted(synced: Workspace, name: str) -> None:
    """The next sync has to read it."""
    tree = Tree(synced.tree)
    (tree.private / "glance").unlink()
    project = Project.read(synced.root)
    with (synced.root / name).open("a", encoding="utf-8") as file:
        file.write("# more\n")

    settle(project, tree)

    assert known(str(synced.root)) is None


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
