"""The command line: help, options, what is said and where, and what Ctrl-C leaves."""

from __future__ import annotations

import signal

import pytest

from tests.hub import FILE, INFO, Hub
from tests.integration.workspace import Workspace, asking


@pytest.fixture
def declared(space: Workspace, hub: Hub) -> Workspace:
    hub.add("a/One", {"one.py": asking("b/Two"), "data.txt": "data\n"})
    hub.add("b/Two", {"two.py": "two = 2\n"})
    space.declare({"a/One": "main"})
    return space


def test_version(space: Workspace) -> None:
    """The version of the distribution."""
    space.call("--version").worked("flowverse 0.")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nonsense"],
        ["nonsense"],
        ["sync", "--nonsense"],
        ["sync", "nonsense"],
        ["lock", "--force"],
        ["sync", "--project"],
    ],
)
def test_a_wrong_option(declared: Workspace, hub: Hub, arguments: list[str]) -> None:
    """Exit code 2, and what is wrong with it; nothing is done."""
    done = declared.call(*arguments)

    done.failed_plainly(2, "`flowverse")
    assert done.out == ""
    assert hub.requests == []
    assert set(declared.visible()) == {"pyproject.toml"}


def test_quiet(declared: Workspace, hub: Hub) -> None:
    """With -q nothing is said where nothing is wrong, and errors still are; what is asked for is still shown."""
    assert declared.run("sync", "-q").__dict__ == {"code": 0, "out": "", "err": ""}
    assert declared.holds(hub, "a/One")
    declared.call("tree", "-q").worked("a/One@main")
    declared.declare({"a/Nothing": "main"})

    declared.call("sync", "-q").failed_plainly(3, "a/Nothing")


def test_verbose(declared: Workspace) -> None:
    """With -v also why, and what the lock gained."""
    done = declared.call("sync", "-v")

    assert done.code == 0
    assert "there is no flowverse.lock yet" in done.err
    assert done.out.count("+ a/One@main") == 2


@pytest.mark.parametrize("verb", ["sync", "lock"])
@pytest.mark.parametrize("state", ["nothing", "locked", "stale", "synced", "edited"])
def test_dry_run_writes_nothing(declared: Workspace, hub: Hub, verb: str, state: str) -> None:
    """Whatever there is to do: it is said, and neither lock nor tree is written or made."""
    if state == "locked":
        declared.lock()
    elif state != "nothing":
        declared.sync()
    if state == "stale":
        hub.add("a/One", {"one.py": "one = 2\n"}, branch="next")
        declared.declare({"a/One": "next"})
    if state == "edited":
        (declared.place("b/Two") / "two.py").write_text("mine\n")
        declared.declare({"a/One": "main", "b/Two": {"overwrite": True}})
    before = declared.visible()
    kept = declared.backups

    done = declared.call(verb, "--dry-run")

    assert done.code == 0, done
    assert declared.visible() == before
    assert declared.backups == kept
    said = {
        "sync": {
            "nothing": "Would sync 2 flow modules",
            "locked": "Would sync 2 flow modules",
            "stale": "Would sync 1 flow module, remove 1",
            "synced": "2 flow modules in sync",
            "edited": "Would sync 1 flow module (1 in place already)",
        },
        "lock": {
            "nothing": "Would lock 2 flow modules",
            "locked": "Locked 2 flow modules, nothing changed",
            "stale": "Would lock 1 flow module",
            "synced": "Locked 2 flow modules, nothing changed",
            "edited": "Would lock 2 flow modules",
        },
    }
    assert said[verb][state] in done.out


def test_status_says_how_every_module_is(declared: Workspace, hub: Hub) -> None:
    """Clean, edited, missing, moved, and what no lock knows; and why the lock is stale. It writes nothing."""
    for id in ("c/Edited", "d/Missing", "e/Moved"):
        hub.add(id, {"x.py": f"# {id}\n"})
    wishes = dict.fromkeys(("a/One", "c/Edited", "d/Missing", "e/Moved"), "main")
    declared.declare(wishes)
    declared.sync()
    (declared.place("c/Edited") / "x.py").write_text("mine\n")
    (declared.place("d/Missing") / "x.py").unlink()
    (declared.place("d/Missing") / "FLOW_MODULE_ID").unlink()
    declared.place("d/Missing").rmdir()
    hub.add("e/Moved", {"x.py": "2\n"}, branch="next")
    declared.declare({**wishes, "e/Moved": "next"})
    declared.lock()
    declared.declare({**wishes, "e/Moved": "next", "f/New": "main"})
    was = hub.commit("e/Moved").id[:7]
    before = declared.visible()

    done = declared.call("status")

    assert done.code == 0
    states = {line.split("@")[0]: line for line in done.out.splitlines()}
    assert states["a/One"].endswith("  clean")
    assert states["c/Edited"].endswith("  edited (1 changed)")
    assert states["d/Missing"].endswith("  missing")
    assert states["e/Moved"].endswith(f"  moved from {was}")
    assert "flowverse.lock is stale: f/New is not locked yet" in done.err
    assert declared.visible() == before


def test_status_is_in_columns(declared: Workspace, hub: Hub) -> None:
    """What no lock knows has a row like any other, a full commit has seven digits, and -v names the edited files."""
    commit = hub.add("c/Pinned", {"x.py": "x = 1\n"})
    declared.declare({"a/One": "main", "c/Pinned": commit})
    declared.sync()
    (declared.place("b/Two") / "two.py").write_text("mine\n")
    declared.lock_path.unlink()

    done = declared.call("status", "-v")

    commits = {id: hub.commit(id).id[:7] for id in ("a/One", "b/Two")}
    assert done.out.splitlines() == [
        f"a/One@main ({commits['a/One']})  unlocked",
        f"b/Two@main ({commits['b/Two']})  edited (1 changed)",
        "    changed   two.py",
        f"c/Pinned@{commit[:7]}      unlocked",
        "3 flow modules: 1 edited, 2 unlocked",
    ]
    assert done.err == "warning: flowverse.lock is stale: there is no flowverse.lock yet\n"


def test_tree_without_a_lock(declared: Workspace) -> None:
    """There is nothing to show yet: a sentence, and how to get there."""
    declared.call("tree").failed_plainly(2, "There is no flowverse.lock.", "flowverse lock")


@pytest.mark.parametrize("where", [INFO, FILE])
@pytest.mark.parametrize("state", ["nothing", "locked", "edited"])
def test_ctrl_c(declared: Workspace, hub: Hub, where: str, state: str) -> None:
    """In the middle of a fetch: exit code 130, one line, and the tree is as it was."""
    if state == "locked":
        declared.lock()
        for path in declared.cache.rglob("blobs/*"):
            path.unlink()
    if state == "edited":
        declared.sync()
        (declared.place("b/Two") / "two.py").write_text("mine\n")
        hub.add("c/New", {"new.py": "new = 1\n"})
        declared.declare({"a/One": "main", "b/Two": {"overwrite": True}, "c/New": "main"})
    rule = hub.rule(FILE if state == "locked" else where, action="stall")
    before = declared.visible()

    with declared.start("sync") as process:
        rule.wait()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (130, "")
    assert err.strip() == "Interrupted; no flow module is left half done."
    after = declared.visible()
    assert {path: what for path, what in after.items() if path != "flow_modules"} == {
        path: what for path, what in before.items() if path != "flow_modules"
    }
    assert list(declared.cache.rglob("*.incomplete")) == []
