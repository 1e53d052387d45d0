"""People edit synced modules; an edit is never lost without being asked for, and then it is kept aside."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hub import FILE, Hub
from tests.integration.workspace import Workspace, asking, snapshot

MINE = b"# mine\nleaf = 'edited'\n"


def _change(folder: Path) -> None:
    (folder / "leaf.py").write_bytes(MINE)


def _add(folder: Path) -> None:
    (folder / "sub" / "deep").mkdir()
    (folder / "sub" / "deep" / "new.txt").write_bytes(MINE)


def _delete(folder: Path) -> None:
    (folder / "sub" / "data.txt").unlink()


def _link(folder: Path) -> None:
    (folder / "leaf.py").unlink()
    (folder / "leaf.py").symlink_to("__init__.py")


Edit = Callable[[Path], None]
EDITS: dict[str, Edit] = {"change": _change, "add": _add, "delete": _delete, "link": _link}


@pytest.fixture
def synced(space: Workspace, hub: Hub) -> Workspace:
    """`a/Top` asks for `b/Leaf`, which is what gets edited."""
    hub.add("a/Top", {"top.py": asking("b/Leaf")})
    hub.add("b/Leaf", {"__init__.py": "", "leaf.py": "leaf = 1\n", "sub/data.txt": "1\n"})
    space.declare({"a/Top": "main"})
    space.sync()
    return space


def _again(space: Workspace, hub: Hub) -> None:
    space.sync()


def _lock(space: Workspace, hub: Hub) -> None:
    space.lock_path.unlink()
    space.lock()
    space.sync()


def _frozen(space: Workspace, hub: Hub) -> None:
    space.sync(frozen=True)


def _upstream(space: Workspace, hub: Hub) -> None:
    hub.add("b/Leaf", {"leaf.py": "leaf = 2\n"})
    space.sync()
    space.lock_path.unlink()
    space.sync()


def _pin(space: Workspace, hub: Hub) -> None:
    hub.add("b/Leaf", {"leaf.py": "leaf = 2\n"}, branch="next")
    space.declare({"a/Top": "main", "b/Leaf": "next"})
    space.sync()


def _drop(space: Workspace, hub: Hub) -> None:
    space.declare({})
    space.sync()


def _drop_and_ask_again(space: Workspace, hub: Hub) -> None:
    _drop(space, hub)
    space.declare({"a/Top": "main"})
    space.sync()


def _without_record(space: Workspace, hub: Hub) -> None:
    shutil.rmtree(space.tree / ".flowverse")
    space.sync()


def _without_record_and_pin(space: Workspace, hub: Hub) -> None:
    shutil.rmtree(space.tree / ".flowverse")
    _pin(space, hub)


def _link_instead(space: Workspace, hub: Hub) -> None:
    (space.base / "dev").mkdir()
    space.declare({"a/Top": "main", "b/Leaf": {"path": "../dev"}})
    space.sync()


EVENTS = [_again, _lock, _frozen, _upstream, _pin, _drop, _drop_and_ask_again]
EVENTS += [_without_record, _without_record_and_pin, _link_instead]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__.strip("_"))
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_survives(synced: Workspace, hub: Hub, edit: str, event: Callable[[Workspace, Hub], None]) -> None:
    """Whatever was edited and whatever happens then, the folder stays as the person left it, also at the next sync."""
    EDITS[edit](synced.place("b/Leaf"))
    before = snapshot(synced.place("b/Leaf"))
    synced.sync()

    event(synced, hub)
    _settled(synced, before)
    synced.sync()
    _settled(synced, before)


def _settled(space: Workspace, before: object) -> None:
    after = snapshot(space.place("b/Leaf"))
    assert {**after, "FLOW_MODULE_ID": b""} == {**before, "FLOW_MODULE_ID": b""}  # type: ignore[dict-item]
    assert space.backups == {}


@pytest.mark.parametrize("edit", EDITS)
def test_overwrite_replaces_and_keeps_aside(synced: Workspace, hub: Hub, edit: str) -> None:
    """`overwrite = true` gives the edit up; the message names the folder in which it still is."""
    EDITS[edit](synced.place("b/Leaf"))
    before = snapshot(synced.place("b/Leaf"))
    synced.declare({"a/Top": "main", "b/Leaf": {"revision": "main", "overwrite": True}})

    done = synced.call("sync")

    assert done.code == 0
    assert synced.holds(hub, "b/Leaf")
    said = next(line for line in done.out.splitlines() if "what was discarded is in" in line)
    aside = synced.root / said.rpartition(" is in ")[2]
    assert said.startswith("b/Leaf: ")
    assert snapshot(aside) == before

    synced.sync()
    assert snapshot(aside) == before


def test_overwrite_discards_each_new_edit_into_its_own_backup(synced: Workspace, hub: Hub) -> None:
    """Two edits in one second do not land in one folder."""
    synced.declare({"a/Top": "main", "b/Leaf": {"overwrite": True}})
    for number in range(3):
        (synced.place("b/Leaf") / "leaf.py").write_text(f"leaf = {number} + 100\n")
        synced.sync()

    kept = [content for path, content in sorted(synced.backups.items()) if path.endswith("leaf.py")]
    assert sorted(kept) == [f"leaf = {number} + 100\n".encode() for number in range(3)]
    assert synced.holds(hub, "b/Leaf")


def test_an_edit_is_told_and_how_to_give_it_up(synced: Workspace, hub: Hub) -> None:
    """Kept with its pin: a line. Kept though the pin moved: a warning that names both commits and the way out."""
    _change(synced.place("b/Leaf"))
    _delete(synced.place("b/Leaf"))
    synced.call("sync").worked("b/Leaf was edited (1 changed, 1 deleted) and is kept")

    old, new = hub.commit("b/Leaf").id, hub.add("b/Leaf", {"leaf.py": "leaf = 2\n"}, branch="next")
    synced.declare({"a/Top": "main", "b/Leaf": "next"})
    for wanted in (f"next ({new[:7]})", "another commit"):  # the second one is quick, and reads no lock
        done = synced.call("sync")
        synced.settle()
        assert done.code == 0
        assert done.err.startswith("warning: b/Leaf was edited (1 changed, 1 deleted) and is kept")
        assert f"as edited from main ({old[:7]})" in done.err
        assert f"the lock wants {wanted}" in done.err
        assert "`flowverse sync --merge` merges them" in done.err
        assert "`flowverse restore b/Leaf` gives the edits up" in done.err


def test_an_edit_that_is_undone_is_none(synced: Workspace, hub: Hub) -> None:
    """A folder that was put back is clean: the next commit replaces it."""
    leaf = synced.place("b/Leaf") / "leaf.py"
    original = leaf.read_bytes()
    _change(synced.place("b/Leaf"))
    synced.sync()
    leaf.write_bytes(original)
    synced.sync()

    _pin(synced, hub)

    assert synced.holds(hub, "b/Leaf", "next")
    assert synced.backups == {}


def test_an_edit_that_arrives_upstream_is_none(synced: Workspace, hub: Hub) -> None:
    """An edit that equals the new commit to the byte is that commit."""
    _change(synced.place("b/Leaf"))
    (synced.place("b/Leaf") / "sub" / "data.txt").unlink()
    (synced.place("b/Leaf") / "__init__.py").unlink()
    synced.sync()
    hub.add("b/Leaf", {"leaf.py": MINE}, branch="next")
    synced.declare({"a/Top": "main", "b/Leaf": "next"})

    done = synced.call("sync")

    assert (done.code, done.err) == (0, "")
    assert synced.holds(hub, "b/Leaf", "next")


def test_bytecode_is_no_edit(synced: Workspace, hub: Hub) -> None:
    """What the interpreter writes beside the sources does not keep a module from being replaced."""
    done = synced.python("-c", "import flow_modules.b.Leaf.leaf")
    assert done.code == 0, done
    cached = synced.place("b/Leaf") / "__pycache__"
    assert any(cached.iterdir())
    (synced.place("b/Leaf") / "legacy.pyc").write_bytes(b"old")
    assert synced.call("sync").out == "2 flow modules in sync\n"

    _pin(synced, hub)

    assert synced.holds(hub, "b/Leaf", "next")
    assert not cached.exists()


@pytest.mark.parametrize("told_before", [True, False])
def test_force_removes_an_edited_module_that_nothing_asks_for(synced: Workspace, hub: Hub, told_before: bool) -> None:
    """Without --force it stays and a warning says so; with it the folder goes to the backups."""
    _change(synced.place("b/Leaf"))
    before = snapshot(synced.place("b/Leaf"))
    synced.declare({})
    if told_before:
        done = synced.call("sync")
        assert "b/Leaf was edited (1 changed) and is kept, though nothing asks for it any more" in done.err

    done = synced.call("sync", "--force")

    done.worked("- b/Leaf")
    assert synced.modules == set()
    said = next(line for line in done.out.splitlines() if "what was discarded is in" in line)
    assert snapshot(synced.root / said.rpartition(" is in ")[2]) == before


def test_a_folder_that_was_there_before_is_an_edit(space: Workspace, hub: Hub) -> None:
    """What somebody put in a module's place by hand is not overwritten by the first sync."""
    hub.add("b/Leaf", {"leaf.py": "leaf = 1\n"})
    place = space.place("b/Leaf")
    place.mkdir(parents=True)
    (place / "leaf.py").write_bytes(MINE)
    space.declare({"b/Leaf": "main"})

    done = space.call("sync")

    assert done.code == 0
    assert "b/Leaf was edited" in done.out + done.err
    assert (place / "leaf.py").read_bytes() == MINE


def test_restoring_by_deleting_works(synced: Workspace, hub: Hub) -> None:
    """Deleting the whole folder is no edit: the module comes back as locked."""
    _change(synced.place("b/Leaf"))
    synced.sync()
    shutil.rmtree(synced.place("b/Leaf"))

    synced.sync()

    assert synced.holds(hub, "b/Leaf")


@pytest.mark.parametrize("moved", ["replaced", "removed"])
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_that_is_made_while_a_sync_runs_is_kept_aside(
    synced: Workspace, hub: Hub, edit: str, moved: str
) -> None:
    """What was clean when the sync looked, and is not when the new files are there, ends in a backup that is named."""
    hub.add("a/Top", {"top.py": asking("b/Leaf") if moved == "replaced" else "", "new.txt": "new\n"})
    hub.add("b/Leaf", {"leaf.py": "leaf = 2\n"})
    synced.lock_path.unlink()
    synced.lock()
    shutil.rmtree(synced.home)
    rule = hub.rule(FILE + ".*new.txt", action="pause")

    with synced.start("sync") as process:
        rule.wait()
        EDITS[edit](synced.place("b/Leaf"))
        edited = snapshot(synced.place("b/Leaf"))
        rule.release()
        out, err = process.communicate(timeout=60)

    assert process.returncode == 0, err
    (line,) = [line for line in out.splitlines() if line.startswith("b/Leaf: ")]
    assert snapshot(synced.root / line.rpartition(" ")[2]) == edited


def test_what_is_written_into_generated_files_is_kept_aside(synced: Workspace) -> None:
    """They are flowverse's own, and are put right; but what a person wrote is not lost."""
    for path in ("__init__.py", "b/__init__.py"):
        (synced.tree / path).write_text("mine = 1\n")
        warned = synced.sync().warnings
        assert any(path in warning for warning in warned)
        assert b"mine = 1\n" in synced.backups.values()
        shutil.rmtree(synced.tree / ".flowverse" / "backups")


def test_quiet_names_the_backup(synced: Workspace) -> None:
    """What was given up can be found, also by somebody who wants to hear little."""
    (synced.place("b/Leaf") / "leaf.py").write_bytes(MINE)
    synced.declare({"a/Top": "main", "b/Leaf": {"revision": "main", "overwrite": True}})
    assert "what was discarded is in" in synced.call("sync", "-q").out
