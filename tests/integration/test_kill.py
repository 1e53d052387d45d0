"""A killed sync is repaired by the next, and loses no edit."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.hub import FILE, INFO, Hub
from tests.integration.workspace import Workspace, asking, snapshot

REPOSITORY = Path(__file__).parents[2]
MINE = "an edit of mine\n"


def fill(hub: Hub) -> None:
    for id in ("a/Moves", "b/Edited", "c/Goes", "d/Kept", "g/Gone"):
        hub.add(id, {"__init__.py": "", "flow.py": f"flow = {id!r}\n", "sub/data.txt": "1\n"}, branch="old")
    hub.add("a/Moves", {"__init__.py": "", "flow.py": "flow = 2\n", "other/data.txt": "2\n"})
    hub.add("b/Edited", {"__init__.py": "", "flow.py": "flow = 2\n"})
    hub.add("d/Kept", {"flow.py": "flow = 2\n"})
    hub.add("e/New", {"new.py": asking("f/Below")})
    hub.add("f/Below", {"below.py": "below = 1\n"})


@pytest.fixture
def half(space: Workspace, hub: Hub) -> Workspace:
    """Modules that were synced, some edited, some now wanted at another commit, some new, some gone; the lock is new.

    With the cache filled, a sync of it needs no request.
    """
    fill(hub)
    (space.root / "dev").mkdir()
    (space.root / "dev" / "local.py").write_text("local = 1\n")
    space.declare({"a/Moves": "old", "b/Edited": "old", "c/Goes": "old", "d/Kept": "old", "g/Gone": "old"})
    space.sync()
    for id in ("b/Edited", "d/Kept", "g/Gone"):
        (space.place(id) / "flow.py").write_text(f"{id} {MINE}")
    (space.place("b/Edited") / "sub" / "added.txt").write_text(f"added {MINE}")
    dependencies: dict[str, Any] = {"b/Edited": {"overwrite": True}, "h/Local": {"path": "dev"}}
    space.declare(dependencies | dict.fromkeys(("a/Moves", "d/Kept", "e/New"), "main"))
    space.lock()
    return space


def kill(space: Workspace, then: Path, *edits: str) -> int:
    """Kill a sync of the project at every step, and return how many there are; see the program."""
    folders = [str(space.root), str(then), str(space.base / "work")]
    done = space.python("-m", "tests.integration.killing", *folders, *edits, PYTHONPATH=str(REPOSITORY))
    assert done.code == 0, done
    *problems, steps = done.out.splitlines()
    assert problems == []
    return int(steps)


def test_a_sync_killed_at_any_step(half: Workspace, hub: Hub) -> None:
    """Killed before each rename, removal, folder and write in turn: a reader finds every module whole, old or new or
    not there; no edit is lost; and the next sync makes the tree exactly what an undisturbed one would have made.
    """
    edits = [f"{id} {MINE}" for id in ("b/Edited", "d/Kept", "g/Gone")] + [f"added {MINE}"]
    hub.clear()

    assert kill(half, half.root, *edits) > 60
    assert hub.requests == []


def test_a_sync_killed_at_any_step_before_the_lock_moves_again(space: Workspace, hub: Hub) -> None:
    """What the killed sync had put in place is no edit, when the next one finds yet another lock."""
    fill(hub)
    space.declare({"a/Moves": "old"})
    space.sync()
    then = space.base / "then"
    then.mkdir()
    hub.add("a/Moves", {"flow.py": "flow = 3\n"}, branch="third")
    for revision in ("third", "main"):
        space.declare({"a/Moves": revision})
        space.lock()
        if revision == "third":
            for path in (space.manifest, space.lock_path):
                shutil.copyfile(path, then / path.name)
    hub.clear()

    assert kill(space, then) > 20
    assert hub.requests == []


def test_a_sync_killed_at_any_step_while_it_locks(space: Workspace, hub: Hub) -> None:
    """The lock is the old one or the new one, to the byte."""
    fill(hub)
    space.declare({"a/Moves": "main", "c/Goes": "old"})
    space.sync()
    space.declare({"a/Moves": "main"})
    hub.clear()

    assert kill(space, space.base) > 10
    assert hub.requests == []


@pytest.mark.parametrize("where", [INFO, FILE])
@pytest.mark.parametrize("action", ["stall", "pause"])
@pytest.mark.parametrize("locked", [False, True])
def test_a_sync_killed_while_it_fetches(space: Workspace, hub: Hub, where: str, action: str, locked: bool) -> None:
    """SIGKILL in the middle of an answer: nothing of the tree changed, and the next sync does it all."""
    fill(hub)
    space.declare({"a/Moves": "main", "b/Edited": "old"})
    if locked:
        space.lock()
        shutil.rmtree(space.home)
    rule = hub.rule(where if not locked else FILE, action="stall" if action == "stall" else "pause", first=1)
    before = space.visible()

    with space.start("sync") as process:
        rule.wait()
        process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
    after = space.visible()
    assert {path: what for path, what in after.items() if path != "flow_modules"} == before

    hub.clear_rules()
    space.sync()
    assert space.holds(hub, "a/Moves")
    assert space.holds(hub, "b/Edited", "old")


def test_a_killed_overwrite_keeps_the_edit(half: Workspace, hub: Hub) -> None:
    """The same with a signal from outside, while a module's new files are still on their way."""
    shutil.rmtree(half.home)
    before = snapshot(half.place("b/Edited"))
    rule = hub.rule(FILE + ".*below.py", action="pause")

    with half.start("sync") as process:
        rule.wait()
        process.kill()
        process.wait(60)

    assert snapshot(half.place("b/Edited")) == before
    hub.clear_rules()
    half.sync()
    assert half.holds(hub, "b/Edited")
    assert f"b/Edited {MINE}".encode() in half.backups.values()
    assert f"added {MINE}".encode() in half.backups.values()
