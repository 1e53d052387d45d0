"""`update` and `outdated`: branches that moved on, and who moves with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowverse import requiring
from flowverse._render.requiring import render_updated

from tests.hub import COMMITS, INFO, REFS, Hub
from tests.hub.olah import Olah, make_repository
from tests.integration.test_questions import valid
from tests.integration.workspace import Workspace, asking


def add(hub: Hub, id: str, number: int, title: str = "Add files") -> str:
    return hub.add(id, {"flow.py": f"flow = {number}\n"}, message=title)


@pytest.fixture
def two(space: Workspace, hub: Hub) -> Workspace:
    """Two modules at a branch, synced."""
    add(hub, "a/One", 1)
    add(hub, "b/Two", 1)
    space.declare({"a/One": "main", "b/Two": "main"})
    space.sync()
    return space


def test_update_all(two: Workspace, hub: Hub) -> None:
    """What moved is said, from where to where, with the titles of the commits; the tree follows."""
    old = two.locked["a/One"]["commit"]
    add(hub, "a/One", 2, "Teach it to count\n\nAnd more.")
    new = add(hub, "a/One", 3, "Teach it to read")

    done = two.call("update")

    done.worked(f"~ a/One main {old[:7]} -> {new[:7]}\n    Teach it to read\n    Teach it to count\n")
    assert done.out.splitlines()[3:] == ["Moved 1 flow module; synced 1 flow module (1 in place already)"]
    assert two.locked["a/One"]["commit"] == new
    assert two.holds(hub, "a/One")
    two.call("update").worked("Nothing moved; 2 flow modules in sync")


def test_update_one(two: Workspace, hub: Hub) -> None:
    """Every other keeps its commit."""
    before = two.locked["b/Two"]
    add(hub, "a/One", 2)
    add(hub, "b/Two", 2)

    assert "b/Two" not in two.call("update", "One").out
    assert two.locked["b/Two"] == before
    assert two.holds(hub, "a/One")


@pytest.mark.parametrize("verb", [["update", "--no-sync"], ["update", "--dry-run"]])
def test_update_the_lock_only(two: Workspace, hub: Hub, verb: list[str]) -> None:
    """Or nothing at all: the same is said."""
    before = two.visible()
    add(hub, "a/One", 2, "Second")

    done = two.call(*verb)

    dry = "--dry-run" in verb
    done.worked(
        "~ a/One main ",
        "    Second",
        "Would move 1 flow module; would " if dry else "Moved 1 flow module; locked 2",
    )
    after = two.visible()
    assert (after == before) is dry
    assert {name for name in after if after[name] != before.get(name)} <= {"flowverse.lock"}


def test_what_comes_and_goes_with_a_move(two: Workspace, hub: Hub) -> None:
    """A new commit may ask for others."""
    hub.add("c/Three", {"three.py": ""})
    hub.add("a/One", {"flow.py": asking("c/Three")})
    two.call("update").worked("~ a/One main ", "+ c/Three@main (")
    assert "c/Three" in two.modules
    add(hub, "a/One", 3)

    two.call("update").worked("- c/Three", "removed 1")
    assert "c/Three" not in two.modules


def test_what_a_module_asks_for_moves_too(space: Workspace, hub: Hub) -> None:
    """All of the lock does, and a module can be named that only another asks for."""
    hub.add("a/One", {"flow.py": asking("b/Two")})
    add(hub, "b/Two", 1)
    space.declare({"a/One": "main"})
    space.sync()
    add(hub, "b/Two", 2)

    space.call("update", "a/One").worked("Nothing moved")
    space.call("update", "b/Two").worked("~ b/Two main ")


def test_an_edit_is_kept(two: Workspace, hub: Hub) -> None:
    """The lock moves, the folder stays; that is said."""
    (two.place("a/One") / "flow.py").write_text("mine\n")
    add(hub, "a/One", 2)

    done = two.call("update")
    assert "a/One was edited" in done.err
    done.worked("Moved 1 flow module; 2 flow modules locked, 1 kept as edited")
    assert two.files("a/One") == {"flow.py": b"mine\n"}


def test_an_edit_is_merged(two: Workspace, hub: Hub) -> None:
    """With --merge; where both changed the same lines, the exit code says that there is something to do."""
    (two.place("a/One") / "mine.py").write_text("mine\n")
    add(hub, "a/One", 2)

    two.call("update", "--merge").worked("~ a/One main ", "Moved 1 flow module")
    assert two.files("a/One") == {"flow.py": b"flow = 2\n", "mine.py": b"mine\n"}
    (two.place("a/One") / "flow.py").write_text("flow = 'mine'\n")
    add(hub, "a/One", 3)
    done = two.call("update", "--merge")
    assert done.code == 1
    assert b"<<<<<<<" in two.files("a/One")["flow.py"]


def test_a_patch_is_carried_over(two: Workspace, hub: Hub) -> None:
    """A dry run, and a failure after it was written, leave the patch as it was."""
    (two.place("a/One") / "mine.py").write_text("mine\n")
    assert two.call("patch", "a/One").code == 0
    hub.add("a/One", {"flow.py": "flow = 1\n", "mine.py": "mine\n"}, branch="next")
    before = two.visible()
    two.call("add", "a/One@next", "--dry-run").worked("a/One")
    assert two.visible() == before
    (two.tree / "c").write_text("in the way\n")
    hub.add("c/Three", {"three.py": ""})
    before = two.visible()

    two.call("add", "a/One@next", "c/Three").failed_plainly(4)
    assert two.visible() == before
    (two.tree / "c").unlink()
    two.call("add", "a/One@next", "c/Three").worked("its patch is part of next")
    assert two.call("sync", "--check").code == 0


def test_a_patch_that_was_put_back(two: Workspace, hub: Hub) -> None:
    """The tree follows, though it had that very patch before: by version control, not by a verb."""
    patch, lock = two.root / "flow_patches/a/One.patch", two.root / "flowverse.lock"
    (two.place("a/One") / "flow.py").write_text("flow = 'mine'\n")
    two.call("patch", "One").worked()
    two.call("sync").worked()
    before = patch.read_bytes(), lock.read_bytes()
    (two.place("a/One") / "flow.py").write_text("flow = 'mime'\n")
    two.call("patch", "One").worked()

    patch.write_bytes(before[0])
    lock.write_bytes(before[1])

    two.call("sync").worked("Synced 1 flow module (1 in place already)")
    assert two.files("a/One")["flow.py"].decode() == "flow = 'mine'\n"


def test_what_is_behind_is_told_each_time(two: Workspace, hub: Hub) -> None:
    """An edited module that stayed at its old commit: also where nothing has changed since that was told."""
    (two.place("a/One") / "flow.py").write_text("flow = 'mine'\n")
    new = add(hub, "a/One", 2)
    two.call("update").worked()

    for _ in range(2):
        done = two.call("sync", "--check")
        assert done.code == 1
        assert f"the lock wants main ({new[:7]})" in done.err
        two.call("sync")


def test_what_cannot_move(space: Workspace, hub: Hub) -> None:
    """A commit is what it is, and is not asked for; a tag can be moved, a folder cannot."""
    commit = add(hub, "a/One", 1)
    hub.tag("a/One", "v1", add(hub, "b/Two", 1) and commit)
    (space.root / "dev").mkdir()
    space.declare({"a/One": commit, "b/Two": "main", "c/Three": {"path": "dev"}})
    space.sync()
    add(hub, "a/One", 2)
    hub.clear()

    done = space.call("update", "a/One", "c/Three")

    done.worked(
        f"a/One cannot move, it is wanted at {commit}", "c/Three cannot move, it is wanted at dev", "Nothing moved"
    )
    assert hub.requests == []
    assert space.call("update").out.count("cannot") == 0


def test_a_tag_that_was_moved(space: Workspace, hub: Hub) -> None:
    hub.tag("a/One", "v1", add(hub, "a/One", 1))
    space.declare({"a/One": "v1"})
    space.sync()
    hub.tag("a/One", "v1", add(hub, "a/One", 2))

    space.call("update").worked("~ a/One v1 ")


def test_update_without_a_lock(space: Workspace, hub: Hub) -> None:
    """Everything is locked at where it is now."""
    add(hub, "a/One", 1)
    space.declare({"a/One": "main"})

    space.call("update").worked("+ a/One@main", "Nothing moved; synced 1 flow module")
    space.call("update", "Nothing").failed_plainly(2, "Nothing is no flow module")


def test_a_requirement_that_changed(two: Workspace, hub: Hub) -> None:
    """A new wish is followed as well; both revisions are said."""
    hub.add("b/Two", {"flow.py": "flow = 9\n"}, branch="next")
    two.declare({"a/One": "main", "b/Two": "next"})
    hub.clear()

    two.call("update", "a/One").worked("~ b/Two main ", " -> next ")
    assert hub.count(contains="/api/models/a/One/revision") == 1


def test_many_commits(two: Workspace, hub: Hub) -> None:
    """Ten titles, and how many more; each one line that does no harm to a terminal."""
    add(hub, "a/One", 2, "\x1b[31mRed\x07 \u202e " + "long " * 40)
    for number in range(70):
        add(hub, "a/One", number + 3, f"Title {number}")

    lines = two.call("update").out.splitlines()

    assert lines[1:12] == [*(f"    Title {69 - number}" for number in range(10)), "    and 61 more"]
    add(hub, "b/Two", 2, "\x1b[31mRed\x07 \u202e" + " long" * 40)
    title = two.call("update").out.splitlines()[1]
    assert title.startswith("    ?[31mRed? ? long long")
    assert title.endswith("…")
    assert len(title) <= 76
    add(hub, "b/Two", 3, "")
    two.call("update").worked("    (no title)")


def test_more_commits_than_are_read(two: Workspace, hub: Hub) -> None:
    """The history is not read to its end."""
    for number in range(230):
        add(hub, "a/One", number + 3)

    two.call("update").worked("    and at least 190 more")
    assert hub.count(contains="/commits/") == 4


def test_a_history_that_was_rewritten(two: Workspace, hub: Hub) -> None:
    """Then there is nothing in between."""
    old = two.locked["a/One"]["commit"]
    hub.remove("a/One")
    new = add(hub, "a/One", 7)

    two.call("update").worked(f"    {old[:7]} is not in the history of {new[:7]}")


@pytest.mark.parametrize("status", [404, 429, 500])
def test_a_hub_that_tells_no_history(two: Workspace, hub: Hub, status: int) -> None:
    """The update is none the worse."""
    hub.rule(COMMITS, status=status)
    new = add(hub, "a/One", 2)

    done = two.call("update")
    done.worked(f"-> {new[:7]}\nMoved 1")
    assert done.err == ""


def test_a_mirror_tells_no_history(mirror: tuple[Olah, Path], tmp_path: Path) -> None:
    """olah has no such page."""
    olah, root = mirror
    make_repository(root, "update/Mirrored", {"flow.py": "flow = 1\n"})
    space = Workspace(tmp_path, olah.endpoint)
    space.declare({"update/Mirrored": "main"})
    space.sync()
    make_repository(root, "update/Mirrored", {"flow.py": "flow = 2\n"})

    space.call("update").worked("~ update/Mirrored main ", "Moved 1 flow module")
    space.call("outdated").worked("1 flow module, none outdated")


def test_offline(two: Workspace) -> None:
    """Where a branch is now is not in any cache."""
    before = two.visible()
    two.call("update", "--offline").failed_plainly(3, "offline")
    two.call("outdated", FLOWVERSE_OFFLINE="1").failed_plainly(3, "offline")
    assert two.visible() == before


def test_a_history_that_never_comes(two: Workspace, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not waited for without end."""
    monkeypatch.setattr(requiring, "_TITLES_SECONDS", 0.01)
    rule = hub.rule(COMMITS, action="stall")
    add(hub, "a/One", 2)
    with two.inside():
        updated = requiring.update(two.root, two.settings())
    rule.release()

    assert [move.history for move in updated.moves] == [None]
    assert "Moved 1" in render_updated(updated)[-1].text


# --- outdated --------------------------------------------------------------------------------------------------------


def test_outdated(two: Workspace, hub: Hub) -> None:
    """What has something newer is said, with where it is; nothing is written, and there is one request a module."""
    two.call("outdated", "--exit-code").worked("2 flow modules, none outdated")
    old, new = two.locked["a/One"]["commit"], add(hub, "a/One", 2)
    before = two.visible()
    hub.clear()

    done = two.call("outdated")

    assert done.code == 0
    assert done.out == f"a/One  main  {old[:7]} -> {new[:7]}\n1 of 2 flow modules is outdated\n"
    assert len(hub.requests) == 2
    assert two.visible() == before
    assert two.call("outdated", "--exit-code").code == 1
    two.call("outdated", "b/Two", "--exit-code").worked("1 flow module, none outdated")
    two.call("outdated", "-v").worked("b/Two  main  ")


def test_newer_versions(space: Workspace, hub: Hub) -> None:
    """For a version tag, the newest one; what looks like a version is one, whatever else is tagged."""
    commit = add(hub, "a/One", 1)
    for tag in ("v1.2", "v1.10", "v1.10.0-rc1", "latest", "2024", "v1.9"):
        hub.tag("a/One", tag, commit)
    hub.tag("b/Two", "1.0", add(hub, "b/Two", 1))
    space.declare({"a/One": "v1.2", "b/Two": "1.0"})
    space.sync()
    hub.clear()

    done = space.call("outdated")

    assert done.out == f"a/One  v1.2  {commit[:7]}, v1.10 is newer\n1 of 2 flow modules is outdated\n"
    assert (hub.count(contains="/revision/"), hub.count(contains="/refs")) == (2, 2)
    rows = valid("outdated", space.call("outdated", "--json", "--exit-code"), 1)["modules"]
    assert [(row["id"], row["newest"], row["outdated"]) for row in rows] == [
        ("a/One", "v1.10", True),
        ("b/Two", None, False),
    ]


def test_a_commit_and_a_folder_are_never_outdated(space: Workspace, hub: Hub) -> None:
    """Nothing is asked about them."""
    commit = add(hub, "a/One", 1)
    (space.root / "dev").mkdir()
    space.declare({"a/One": commit, "c/Three": {"path": "dev"}})
    space.sync()
    add(hub, "a/One", 2)
    hub.clear()

    space.call("outdated", "-v").worked(f"a/One  {commit[:7]}  {commit[:7]}", "1 flow module, none outdated")
    assert hub.requests == []
    found = valid("outdated", space.call("outdated", "--json"), 0)
    assert found["outdated"] is False
    assert [row["id"] for row in found["modules"]] == ["a/One"]


def test_a_module_that_is_gone_hides_no_other(two: Workspace, hub: Hub) -> None:
    """It is said, and the exit code is that of the Hub's."""
    add(hub, "a/One", 2)
    hub.remove("b/Two")

    done = two.call("outdated")
    assert done.code == 3
    assert "a/One  main" in done.out
    assert "warning: b/Two (revision 'main') was not found on the Hub." in done.err
    row = valid("outdated", two.call("outdated", "--json"), 3)["modules"][1]
    assert (row["id"], row["now"], row["outdated"]) == ("b/Two", None, False)
    assert "not found" in row["problem"]


def test_a_hub_that_is_down(two: Workspace, hub: Hub) -> None:
    """That is an error, once."""
    hub.rule(INFO, status=500)
    two.call("outdated", "--json", FLOWVERSE_HTTP_RETRIES="0").failed_plainly(3, "500")


def test_tags_that_are_not_told(space: Workspace, hub: Hub) -> None:
    """A mirror that has no such page: then only a tag that moved is seen."""
    hub.tag("a/One", "v1", add(hub, "a/One", 1))
    space.declare({"a/One": "v1"})
    space.sync()
    hub.rule(REFS, status=404)

    row = valid("outdated", space.call("outdated", "--json"), 0)["modules"][0]
    assert (row["now"], row["newest"], row["problem"]) == (row["commit"], None, None)


def test_outdated_without_a_lock(space: Workspace) -> None:
    space.declare({"a/One": "main"})
    space.call("outdated").failed_plainly(2, "There is no flowverse.lock")
