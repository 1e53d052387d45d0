"""Patches: edits that are committed with the project, and are there after every sync, on every machine."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from flowverse import edits, requiring
from flowverse.errors import FlowverseError
from flowverse.model import Result

from tests.hub import Hub
from tests.integration.workspace import Workspace, asking, snapshot
from tests.unit.disk import Killed, watched

LINES = "".join(f"line {number}\n" for number in range(20))
MINE, THEIRS = LINES.replace("line 3\n", "mine\n"), LINES.replace("line 15\n", "theirs\n")
BOTH = MINE.replace("line 15\n", "theirs\n")
AGAINST = LINES.replace("line 3\n", "against it\n")
ID = "a/Top"
FILES: dict[str, str | bytes] = {"top.py": LINES, "old.txt": "old\n", "data.bin": b"\0" * 50, "sub/run": "#!/bin/sh\n"}


@pytest.fixture
def synced(space: Workspace, hub: Hub) -> Workspace:
    """`a/Top`, and another module that nobody touches."""
    hub.add(ID, FILES)
    hub.add("b/Other", {"other.py": "other = 1\n"})
    space.declare({ID: "main", "b/Other": "main"})
    space.sync()
    return space


@pytest.fixture
def patched(synced: Workspace) -> Workspace:
    """With a patch that changes, adds and deletes, a text, a binary and a mode."""
    place = synced.place(ID)
    (place / "top.py").write_text(MINE)
    (place / "new file.txt").write_bytes("caf\xe9\r\nno end".encode("latin-1"))
    (place / "old.txt").unlink()
    (place / "data.bin").write_bytes(b"\0mine" * 100)
    (place / "sub" / "run").write_text("#!/bin/sh\nmine\n")
    (place / "sub" / "run").chmod(0o755)
    synced.call("patch", ID).worked("flow_patches/a/Top.patch holds the edits of a/Top (3 changed, 1 added, 1 deleted)")
    return synced


def patch_file(space: Workspace) -> Path:
    return space.root / "flow_patches" / "a" / "Top.patch"


def edit(space: Workspace, text: str, path: str = "top.py") -> None:
    (space.place(ID) / path).write_text(text)


def top(space: Workspace) -> str:
    return (space.place(ID) / "top.py").read_text()


def upstream(hub: Hub, text: str, **more: str) -> str:
    return hub.add(ID, {**FILES, "top.py": text, **more})


def committed(space: Workspace) -> dict[str, bytes]:
    """What version control has of the project."""
    found = {path: what for path, what in snapshot(space.root).items() if isinstance(what, bytes)}
    return {path: what for path, what in found.items() if not path.startswith("flow_modules/")}


# --- saving ----------------------------------------------------------------------------------------------------------


def test_a_patch_is_in_the_lock(patched: Workspace, hub: Hub) -> None:
    """With its sha256, beside the files as the repository has them; status says patched, and nothing is to be done."""
    module = patched.locked[ID]

    assert module["patch"] == "sha256:" + hashlib.sha256(patch_file(patched).read_bytes()).hexdigest()
    assert {file["path"] for file in module["files"]} == set(FILES)
    assert patched.state(ID) == "patched"
    patched.call("status").worked("a/Top@main (", ") + patch  patched")
    assert patched.call("diff").out == ""
    patched.call("sync").worked("2 flow modules in sync")
    patched.call("sync", "--check").worked()
    patched.call("lock", "--check").worked()
    hub.clear()
    patched.settle()
    assert hub.requests == []


@pytest.mark.parametrize("flags", [["--locked"], ["--frozen"], ["--offline"], ["--frozen", "--offline"]])
def test_every_clone_has_the_same_bytes(patched: Workspace, flags: list[str]) -> None:
    """And modes; on a machine that has the files in its cache without the network."""
    clone = patched.clone(cached="--offline" in flags)
    before = committed(clone)

    clone.call("sync", *flags).worked("+ a/Top@main (", ") + patch")

    assert snapshot(clone.place(ID)) == snapshot(patched.place(ID))
    assert (clone.place(ID) / "sub" / "run").stat().st_mode & 0o111
    assert clone.state(ID) == "patched"
    assert committed(clone) == before
    clone.call("sync", "--locked").worked("in sync")


def test_version_control_takes_a_patch_back(synced: Workspace, hub: Hub) -> None:
    """The lock and the patch as they were before it: the next sync sees that the tree is not."""
    synced.settle()
    lock = synced.lock_path.read_bytes()
    edit(synced, MINE)
    synced.call("patch", ID).worked()
    synced.lock_path.write_bytes(lock)
    shutil.rmtree(synced.root / "flow_patches")

    synced.call("sync").worked("~ a/Top@main")

    assert synced.holds(hub, ID)


def test_git_applies_a_patch(patched: Workspace, hub: Hub) -> None:
    """So that it can be sent to the module's owner."""
    work = patched.base / "repository"
    for path, file in hub.commit(ID).files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(file.content)
    subprocess.run(["git", "apply", str(patch_file(patched))], cwd=work, check=True, timeout=120)
    assert {path: what for path, what in snapshot(work).items() if what is not None} == patched.files(ID)


def test_edits_on_top_of_a_patch(patched: Workspace) -> None:
    """They are edits of what is patched, and the next patch holds both; the one before is in a backup."""
    before = patch_file(patched).read_bytes()
    edit(patched, MINE.replace("line 7\n", "more\n"))
    assert patched.state(ID) == "edited"
    assert "-line 7\n+more\n" in patched.call("diff").out
    assert "+mine" not in patched.call("diff").out

    done = patched.call("patch", ID)

    done.worked("a/Top: what was there before is in flow_modules/.flowverse/backups/")
    assert before in patched.backups.values()
    assert patched.state(ID) == "patched"
    assert patched.call("patch", ID).out.count("backups") == 0  # nothing new
    clone = patched.clone()
    clone.sync(locked=True)
    assert snapshot(clone.place(ID)) == snapshot(patched.place(ID))
    patched.call("restore", ID).worked("Nothing was edited")


def test_restore_gives_up_what_is_on_top_of_a_patch(patched: Workspace) -> None:
    """Not the patch: neither as a whole nor file by file."""
    saved = snapshot(patched.place(ID))
    for words in ([], ["top.py", "old.txt"]):
        edit(patched, "mine too\n")
        edit(patched, "back\n", "old.txt")
        patched.call("restore", ID, *words).worked()
        assert snapshot(patched.place(ID)) == saved
        assert patched.state(ID) == "patched"


def test_a_patch_without_the_cache(patched: Workspace, hub: Hub) -> None:
    """What it is made of is fetched again, file by file; offline, what is missing is said and nothing is written."""
    edit(patched, BOTH)
    shutil.rmtree(patched.home)
    before = committed(patched)
    patched.call("patch", ID, "--offline").failed_plainly(3, "offline")
    assert committed(patched) == before
    patched.call("patch", ID).worked()
    assert patched.state(ID) == "patched"
    clone = patched.clone()
    clone.sync(locked=True)
    assert snapshot(clone.place(ID)) == snapshot(patched.place(ID))


def test_a_patch_that_ends_where_it_began(patched: Workspace, hub: Hub) -> None:
    """Files that are as the repository has them need no patch."""
    for path, file in hub.commit(ID).files.items():
        (patched.place(ID) / path).write_bytes(file.content)
    (patched.place(ID) / "new file.txt").unlink()
    (patched.place(ID) / "sub" / "run").chmod(0o644)

    patched.call("patch", ID).worked("a/Top is as its repository has it; its patch is at its end")

    assert not patch_file(patched).parent.parent.exists()
    assert patched.state(ID) == "clean"
    assert "patch" not in patched.locked[ID]


def test_a_folder_in_a_files_place(synced: Workspace) -> None:
    """The patch takes the file away and adds those of the folder."""
    (synced.place(ID) / "old.txt").unlink()
    (synced.place(ID) / "old.txt").mkdir()
    edit(synced, "new\n", "old.txt/new.txt")
    synced.call("patch", ID).worked("(1 added, 1 deleted)")
    clone = synced.clone()
    clone.sync(locked=True)
    assert snapshot(clone.place(ID)) == snapshot(synced.place(ID))


def test_what_cannot_be_saved(synced: Workspace, hub: Hub) -> None:
    """Each in a sentence, and nothing is written."""
    before = committed(synced)
    synced.call("patch", ID).failed_plainly(2, "a/Top was not edited, so there is nothing to save.")
    synced.call("patch", "a/Tip").failed_plainly(2, "Did you mean a/Top?")
    synced.call("patch", "--remove", ID).failed_plainly(2, "a/Top has no patch.")
    (synced.place(ID) / "link").symlink_to("top.py")
    synced.call("patch", ID).failed_plainly(2, "link of a/Top is no plain file")
    (synced.place(ID) / "link").unlink()
    edit(synced, MINE)
    for variables in ({"CI": "1"}, {"FLOWVERSE_LOCKED": "1"}, {"FLOWVERSE_FROZEN": "1"}):
        synced.call("patch", ID, **variables).failed_plainly(2, "Saving a patch changes flowverse.lock")
    shutil.move(synced.place(ID), synced.base / "away")
    synced.call("patch", ID).failed_plainly(2, "a/Top is not in the tree.")
    shutil.move(synced.base / "away", synced.place(ID))
    upstream(hub, THEIRS)
    assert committed(synced) == before
    synced.lock_path.unlink()
    synced.lock()
    synced.call("patch", ID).failed_plainly(2, "a/Top was edited from main (", "`flowverse sync --merge`")
    assert top(synced) == MINE


def test_a_local_module_has_no_patch(space: Workspace) -> None:
    """It is a folder of the user's, which is committed where it is."""
    (space.base / "dev").mkdir()
    space.declare({ID: {"path": "../dev"}})
    space.sync()
    space.call("patch", ID).failed_plainly(2, "is linked to a folder of yours, so there is nothing to patch.")


# --- what a module asks for ------------------------------------------------------------------------------------------


def test_a_patch_changes_what_its_module_asks_for(synced: Workspace, hub: Hub) -> None:
    """Flow modules and Python requirements, in whatever file it says so; the lock has it, and a sync brings it."""
    hub.add("c/New", {"new.py": "new = 1\n"})
    edit(synced, asking("c/New"))
    edit(synced, "pyyaml>=6\n", "pip_requirements.txt")

    done = synced.call("patch", ID)

    done.worked("flowverse.lock is another for c/New as well; `flowverse sync` brings that")
    assert [edge["id"] for edge in synced.locked[ID]["dependencies"]] == ["c/New"]
    assert synced.locked[ID]["requirements"] == ["pyyaml>=6"]
    assert synced.state("c/New") == "missing"
    synced.call("sync").worked("+ c/New")
    (synced.place(ID) / "pyproject.toml").write_text('[tool.flowverse.dependencies]\n"b/Other" = "main"\n')
    synced.call("patch", ID).worked()
    assert [edge["id"] for edge in synced.locked[ID]["dependencies"]] == ["b/Other"]
    assert "c/New" not in synced.locked
    assert synced.state("c/New") == "unlocked"
    clone = synced.clone()
    clone.sync(locked=True)
    assert clone.modules == {"a/Top", "b/Other"}

    synced.call("patch", "--remove", ID).worked()
    assert "dependencies" not in synced.locked[ID]


def test_a_patch_that_asks_for_what_is_not_there(synced: Workspace, hub: Hub) -> None:
    """It cannot be locked, and the hub's sentence says why; mended in the tree, it is saved anew."""
    edit(synced, asking("c/New"))
    lock = synced.lock_path.read_bytes()

    synced.call("patch", ID).failed_plainly(3, "c/New")

    assert synced.lock_path.read_bytes() == lock
    assert top(synced) == asking("c/New")
    edit(synced, asking("b/Other"))
    synced.call("patch", ID).worked()
    assert synced.state(ID) == "patched"


# --- moving on -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["here", "clone", "clone without a tree"])
def test_update_carries_a_patch_over(patched: Workspace, hub: Hub, where: str) -> None:
    """Both changes are there, the lock has the new patch, and it is said; that of before is in a backup."""
    space = patched if where == "here" else patched.clone()
    if where == "clone":
        space.sync()
    before = patch_file(space).read_bytes()
    commit = upstream(hub, THEIRS)

    done = space.call("update")

    done.worked(f"a/Top: its patch was carried over to main ({commit[:7]})", "a/Top: its patch as it was is in")
    assert before in space.backups.values()
    assert top(space) == BOTH
    assert (space.place(ID) / "sub" / "run").stat().st_mode & 0o111
    assert space.state(ID) == "patched"
    assert f"# commit {commit}\n".encode() in patch_file(space).read_bytes()
    other = space.clone("other")
    other.sync(locked=True)
    assert snapshot(other.place(ID)) == snapshot(space.place(ID))
    assert space.call("update").out.count("patch was") == 0


def test_update_only_locks(patched: Workspace, hub: Hub) -> None:
    """With --no-sync the lock and the patch move, and the tree follows later; --dry-run only tells."""
    upstream(hub, THEIRS)
    before = patched.visible()
    patched.call("update", "--dry-run").worked("its patch was carried over to main")
    assert patched.visible() == before

    patched.call("update", "--no-sync").worked("its patch was carried over to main")

    assert patched.state(ID) == "moved"
    patched.call("sync", "--locked").worked()
    assert top(patched) == BOTH
    assert patched.state(ID) == "patched"


def test_edits_on_top_of_a_patch_that_moves(patched: Workspace, hub: Hub) -> None:
    """The patch moves, the edits stay as edited from before; merged, they are edits on top of the moved patch."""
    edit(patched, MINE.replace("line 7\n", "more\n"))
    upstream(hub, THEIRS)

    done = patched.call("update")

    assert done.code == 0
    assert "is kept as edited from main" in done.err
    assert top(patched) == MINE.replace("line 7\n", "more\n")
    patched.call("sync", "--merge").worked("your edits (1 changed) are merged")
    assert top(patched) == BOTH.replace("line 7\n", "more\n")
    assert "-line 7\n+more\n" in patched.call("diff").out
    assert "+mine" not in patched.call("diff").out
    patched.call("patch", ID).worked()
    assert patched.state(ID) == "patched"


@pytest.mark.parametrize("flags", [[], ["--merge"]])
@pytest.mark.parametrize("fresh", [False, True])
def test_the_owner_takes_a_patch(synced: Workspace, hub: Hub, flags: list[str], fresh: bool) -> None:
    """What it changed is in the module now: there is no patch any more, and it is said."""
    edit(synced, MINE)
    synced.call("patch", ID).worked()
    space = synced.clone() if fresh else synced
    commit = upstream(hub, MINE.replace("line 15\n", "theirs\n"))

    done = space.call("update", *flags)

    done.worked(f"a/Top: its patch is part of main ({commit[:7]}) now, and is gone", "its patch as it was is in")
    assert not (space.root / "flow_patches").exists()
    assert "patch" not in space.locked[ID]
    assert space.holds(hub, ID)
    assert space.state(ID) == "clean"


def test_a_conflict_stops_an_update(patched: Workspace, hub: Hub) -> None:
    """One sentence, what to do, exit code 1; and nothing is changed, not even for other modules."""
    upstream(hub, AGAINST)
    hub.add("b/Other", {"other.py": "other = 2\n"})
    before = snapshot(patched.root)

    for words in (["update"], ["update", "--no-sync"]):
        done = patched.call(*words)
        done.failed_plainly(1, "error: The patch of a/Top does not fit main (", "both change top.py.", "update --merge")
        assert snapshot(patched.root) == before
    patched.call("update", "b/Other").worked()
    assert patched.state(ID) == "patched"


@pytest.mark.parametrize("where", ["here", "clone"])
@pytest.mark.parametrize("two_steps", [False, True])
def test_a_conflicting_patch_becomes_edits(patched: Workspace, hub: Hub, where: str, two_steps: bool) -> None:
    """With --merge, in the tree, with markers; also where nothing was synced yet. Mended, they are a patch again."""
    space = patched if where == "here" else patched.clone()
    text = patch_file(space).read_bytes()
    upstream(hub, AGAINST)

    done = space.call("update", "--merge", *(["--no-sync"] if two_steps else []))

    assert "a/Top: its patch is edits in the tree now; `flowverse patch a/Top` saves them as one again" in done.out
    assert not (space.root / "flow_patches").exists()
    assert text in space.backups.values()
    if two_steps:
        assert done.code == 0
        done = space.call("sync", "--merge")
    assert done.code == 1
    assert "a/Top has conflicts in top.py" in done.err
    assert "<<<<<<< edited here\nmine\n=======\nagainst it\n>>>>>>> a/Top@main (" in top(space)
    others = {path: content for path, content in space.files(ID).items() if path != "top.py"}
    assert others == {path: content for path, content in patched_files().items() if path != "top.py"}
    assert space.state(ID) == "conflicted"
    space.call("patch", ID).failed_plainly(1, "has conflicts in top.py")
    edit(space, MINE)
    space.call("resolve", ID).worked()
    space.call("patch", ID).worked()
    assert space.state(ID) == "patched"
    other = space.clone("other")
    other.sync(locked=True)
    assert snapshot(other.place(ID)) == snapshot(space.place(ID))
    assert other.files(ID) == patched_files()


def patched_files() -> dict[str, bytes]:
    """The module of the fixture with its patch."""
    return {
        "top.py": MINE.encode(),
        "new file.txt": "caf\xe9\r\nno end".encode("latin-1"),
        "data.bin": b"\0mine" * 100,
        "sub/run": b"#!/bin/sh\nmine\n",
    }


def test_edits_on_top_of_a_patch_that_conflicts(patched: Workspace, hub: Hub) -> None:
    """Patch and edits become edits together."""
    edit(patched, MINE.replace("line 7\n", "more\n"))
    upstream(hub, AGAINST)
    assert patched.call("update").code == 1

    assert patched.call("update", "--merge").code == 1

    assert "mine\n" in top(patched)
    assert "more\n" in top(patched)
    assert "against it\n" in top(patched)
    edit(patched, MINE.replace("line 7\n", "more\n"))
    patched.call("resolve", ID).worked()
    patched.call("patch", ID).worked()
    clone = patched.clone()
    clone.sync(locked=True)
    assert top(clone) == MINE.replace("line 7\n", "more\n")


def test_a_conflicting_patch_of_a_tree_that_is_behind(patched: Workspace, hub: Hub) -> None:
    """The tree has edits of an older commit, and cannot take the patch as well: it is said where that is."""
    edit(patched, MINE.replace("line 7\n", "more\n"))
    upstream(hub, THEIRS)
    assert patched.call("update").code == 0
    text = patch_file(patched).read_bytes()
    commit = upstream(hub, AGAINST)

    done = patched.call("update", "--merge")

    assert f"its patch does not fit main ({commit[:7]}) and is gone; it is in the backup alone" in done.out
    assert text in patched.backups.values()
    assert "more\n" in top(patched)


def test_a_dry_run_of_a_conflicting_merge(patched: Workspace, hub: Hub) -> None:
    """It tells, and changes nothing."""
    upstream(hub, AGAINST)
    before = patched.visible()
    done = patched.call("update", "--merge", "--dry-run")
    assert "its patch is edits in the tree now" in done.out
    assert patched.visible() == before


def test_an_owner_who_rewrites_history(patched: Workspace, hub: Hub) -> None:
    """The commit that the patch was made for is gone from the Hub: the cache has what is needed."""
    hub.remove(ID)
    upstream(hub, THEIRS)

    patched.call("update").worked("its patch was carried over to main")

    assert top(patched) == BOTH
    hub.remove(ID)
    upstream(hub, LINES)
    shutil.rmtree(patched.home)
    before = patched.visible()
    patched.call("update").failed_plainly(3, ID)
    assert patched.visible() == before


def test_a_patch_that_is_carried_costs_no_request_more(patched: Workspace, hub: Hub) -> None:
    """What it was made for is in the cache; a lock that was lost has to ask for it."""
    upstream(hub, THEIRS)
    hub.clear()
    patched.call("update", "--no-sync").worked()
    asked = [request.path for request in hub.requests if "/commits/" not in request.path]
    assert len([path for path in asked if "/resolve/" not in path]) == 2  # one a module
    upstream(hub, THEIRS.replace("line 17\n", "more\n"))
    patched.lock_path.unlink()
    patched.call("sync").worked("its patch was carried over to main")
    assert top(patched) == BOTH.replace("line 17\n", "more\n")


# --- ending ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extra", [False, True])
def test_ending_a_patch(patched: Workspace, hub: Hub, extra: bool) -> None:
    """What it changed, and what was edited on top, are edits in the tree; it can be saved again, or given up."""
    text = patch_file(patched).read_bytes()
    if extra:
        edit(patched, MINE.replace("line 7\n", "more\n"))
    before = patched.files(ID)

    patched.call("patch", "--remove", "top").worked(
        "a/Top has no patch any more; what it changed are edits in the tree"
    )

    assert patched.files(ID) == before
    assert text in patched.backups.values()
    assert not (patched.root / "flow_patches").exists()
    assert "patch" not in patched.locked[ID]
    assert patched.state(ID) == "edited"
    assert "+mine" in patched.call("diff").out
    if extra:
        patched.call("restore").worked()
        assert patched.holds(hub, ID)
    else:
        patched.call("patch", ID).worked()
        assert patch_file(patched).read_bytes() == text


def test_a_patch_that_was_ended_comes_back(patched: Workspace) -> None:
    """From the backups, as any other thing that was discarded; until it is locked, the lock is stale."""
    text = patch_file(patched).read_bytes()
    saved = patched.files(ID)
    patched.call("patch", "--remove", ID).worked()
    patched.call("restore").worked()
    name = next(path for path in patched.backups if path.endswith(".patch"))

    patched.call("backups", name, "--restore").worked(f"{name} is back in its place")

    assert patch_file(patched).read_bytes() == text
    patched.call("lock", "--check").failed_plainly(1, "the patch of a/Top is new")
    patched.call("sync").worked()
    assert patched.files(ID) == saved
    assert patched.state(ID) == "patched"


def test_a_patch_comes_back_over_another(patched: Workspace) -> None:
    """Which is in a backup then."""
    first = patch_file(patched).read_bytes()
    edit(patched, BOTH)
    patched.call("patch", ID).worked()
    second = patch_file(patched).read_bytes()
    (name,) = (path for path in patched.backups if path.endswith(".patch"))

    patched.call("backups", name, "--restore").worked("a/Top: what was there before is in")

    assert patch_file(patched).read_bytes() == first
    assert second in patched.backups.values()
    patched.call("sync").worked()
    assert top(patched) == MINE


def test_edits_on_top_of_a_patch_that_is_gone(patched: Workspace, hub: Hub) -> None:
    """A module is brought back as it was then: what it was edited from is still known."""
    edit(patched, MINE.replace("line 7\n", "more\n"))
    shown = patched.call("diff").out
    patched.call("restore", ID).worked()
    name = next(path for path in patched.backups if path.endswith("top.py")).removesuffix("/top.py")
    patched.call("patch", "--remove", ID).worked()
    patched.call("restore", ID).worked()
    patched.sync()

    patched.call("backups", name, "--restore").worked()

    assert patched.call("diff").out == shown
    upstream(hub, THEIRS)
    assert patched.call("update", "--merge").code == 0
    assert top(patched) == THEIRS.replace("line 7\n", "more\n")  # what was on top of the patch, but not the patch


def test_what_was_patched_is_known_nowhere(patched: Workspace) -> None:
    """Somebody deleted what flowverse keeps of it: a sentence, and how to give the edits up; a new patch helps, too."""
    edit(patched, MINE.replace("line 7\n", "more\n"))
    shutil.rmtree(patched.tree / ".flowverse" / "contents")
    patched.call("diff").failed_plainly(2, "What top.py of a/Top was before it was edited is neither", "restore a/Top")
    patched.call("restore", ID, "top.py").failed_plainly(2, "is neither in the cache nor on the Hub")
    assert "more" in top(patched)
    patched.call("patch", ID).worked()
    assert patched.state(ID) == "patched"


def test_conflicts_outlive_the_patch(patched: Workspace, hub: Hub) -> None:
    """A patch is ended while a merge waits to be resolved: it still does."""
    edit(patched, MINE.replace("line 7\n", "more\n"))
    upstream(hub, LINES.replace("line 7\n", "theirs\n"))
    assert patched.call("update").code == 0
    assert patched.call("sync", "--merge").code == 1

    patched.call("patch", "--remove", ID).worked()

    assert patched.state(ID) == "conflicted"


# --- patches that somebody else changed ------------------------------------------------------------------------------


def by_hand(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"-line 3\n+mine", b"-line 3\n+yours"))


def merged_by_git(file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:3], b"<<<<<<< HEAD\n", *lines[3:5], b"=======\n>>>>>>> other\n", *lines[5:]]))


def merged_in_a_hunk(file: Path) -> None:
    file.write_bytes(
        file.read_bytes().replace(
            b"-line 3\n+mine\n", b"-line 3\n<<<<<<< HEAD\n+mine\n=======\n+yours\n>>>>>>> other\n"
        )
    )


def of_another(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"# module a/Top", b"# module b/Other"))


def emptied(file: Path) -> None:
    file.write_bytes(b"")


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "by hand": (by_hand, "it does not lead to what it promises for top.py"),
    "merged by git": (merged_by_git, "it has a line that cannot be read"),
    "merged in a hunk": (merged_in_a_hunk, "it does not fit top.py"),
    "of another": (of_another, "it is of another module"),
    "emptied": (emptied, "it does not begin as a patch of flowverse"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_patch(patched: Workspace, how: str) -> None:
    """One sentence, whatever the verb; nothing is changed. Restored, or deleted and saved anew, all is well."""
    text, saved = patch_file(patched).read_bytes(), snapshot(patched.place(ID))
    change, why = BROKEN[how]
    change(patch_file(patched))
    clone = patched.clone()
    before, of_clone = snapshot(patched.root), snapshot(clone.root)

    for space in (patched, clone):
        space.call("sync").failed_plainly(2, f"The patch of a/Top is broken: {why}", "Restore it from version control")
        for flags in (["--locked"], ["--frozen"]):
            done = space.call("sync", *flags)
            assert done.code in {1, 2}
            done.failed_plainly(done.code, "atch of a/Top")
        assert space.call("sync", CI="1").code in {1, 2}
    assert {path: what for path, what in snapshot(patched.root).items() if ".flowverse" not in path} == {
        path: what for path, what in before.items() if ".flowverse" not in path
    }
    assert {path for path in snapshot(clone.root) if ".flowverse" not in path} - {"flow_modules"} == set(of_clone)

    patch_file(patched).unlink()
    patched.call("patch", ID).worked()
    assert patch_file(patched).read_bytes() == text
    assert snapshot(patched.place(ID)) == saved
    assert patched.state(ID) == "patched"


@pytest.mark.parametrize("how", ["edited", "deleted", "new"])
def test_a_patch_that_is_not_the_locked_one(patched: Workspace, hub: Hub, how: str) -> None:
    """The lock is stale, and says for which module and how: an error with --locked, --frozen and in CI."""
    text, lock = patch_file(patched).read_bytes(), patched.lock_path.read_bytes()
    edit(patched, MINE.replace("line 7\n", "more\n"))
    patched.call("patch", ID).worked()
    if how == "edited":
        patched.lock_path.write_bytes(lock)
    elif how == "deleted":
        patch_file(patched).unlink()
    else:
        patched.lock_path.write_bytes(re.sub(rb'patch = "sha256:.*"\n', b"", lock))
    word = {"edited": "has changed", "deleted": "is gone", "new": "is new"}[how]
    clone = patched.clone()

    for space in (patched, clone):
        for flags, variables in ((["--locked"], {}), (["--frozen"], {}), ([], {"CI": "true"})):
            done = space.call("sync", *flags, **variables)
            done.failed_plainly(1, f"flowverse.lock is stale: the patch of a/Top {word}.")
        space.call("lock", "--check").failed_plainly(1, f"the patch of a/Top {word}")
        assert f"the patch of a/Top {word}" in space.call("status").err
        assert space.call("sync", "--check").code == 1
        space.call("sync").worked()
        space.call("sync", "--locked").worked()
        assert space.state(ID) == ("clean" if how == "deleted" else "patched")
    assert snapshot(clone.place(ID)) == snapshot(patched.place(ID))
    assert text != patch_file(patched).read_bytes() if how != "deleted" else clone.holds(hub, ID)


def test_a_patch_that_nothing_asks_for(patched: Workspace) -> None:
    """It waits until its module is asked for again, and is in nobody's way."""
    text = patch_file(patched).read_bytes()
    patched.declare({"b/Other": "main"})
    patched.call("sync").worked("- a/Top")
    patched.call("lock", "--check").worked()
    assert patch_file(patched).read_bytes() == text

    patched.declare({ID: "main", "b/Other": "main"})
    patched.call("sync").worked()

    assert patched.state(ID) == "patched"
    assert patched.files(ID) == patched_files()
    (patched.root / "flow_patches" / "no id").mkdir()
    (patched.root / "flow_patches" / "no id" / "x.patch").write_text("mine\n")
    patched.call("sync").worked("in sync")


# --- kills -----------------------------------------------------------------------------------------------------------


def copied(template: Workspace, name: str) -> Workspace:
    """A project like it, on the same machine."""
    space = Workspace(template.base / name, template.endpoint)
    space.home, space.cache = template.home, template.cache
    shutil.copytree(template.root, space.root, symlinks=True, dirs_exist_ok=True)
    return space


def rounds(template: Workspace, work: Callable[[Workspace], object]) -> Iterator[tuple[Workspace, bool]]:
    """The project after some work; then, for each step of that, after the work on a copy of it died before the step.

    What is built where nobody looks counts as one step, and folders that are made or cleared away as none.
    """
    with copied(template, "warm").inside():
        work(copied(template, "warm/up"))  # the cache is filled; from now on every round takes the same steps
    whole = copied(template, "whole")
    with whole.inside(), watched() as watch:
        work(whole)
    yield whole, True
    inside, last, steps = f"{whole.root}{os.sep}", "", []
    for at, (event, path) in enumerate(watch.steps):
        place = "staging" if "/staging/" in path else path
        moves = event == "ctypes.dlopen" or (path.startswith(inside) and event not in {"os.mkdir", "os.rmdir"})
        if moves and place != last:
            steps.append(at)
            last = place
    assert len(steps) > 10
    for at in steps:
        space = copied(template, f"rounds/{at}")
        with space.inside(), watched(dies_at=at), suppress(Killed):
            work(space)
        yield space, False


def patch(space: Workspace) -> object:
    return edits.patch(space.root, space.settings(), ID)


def remove(space: Workspace) -> object:
    return edits.remove_patch(space.root, space.settings(), ID)


def update(space: Workspace) -> object:
    return requiring.update(space.root, space.settings())


def update_and_merge(space: Workspace) -> Result:
    return requiring.update(space.root, space.settings(merge=True)).result


def kept(space: Workspace) -> set[object]:
    """Every content that is anywhere in the project: in the tree, in a patch, in a backup."""
    return {content for path, content in snapshot(space.root).items() if "staging" not in path and "trash" not in path}


def test_a_patch_that_is_killed_while_it_is_saved(patched: Workspace) -> None:
    """The edits are where they were; done again, it is saved."""
    edit(patched, BOTH)
    expected: list[object] = []
    for space, alive in rounds(patched, patch):
        assert BOTH.encode() in kept(space)
        if not alive:
            with space.inside():
                space.sync()
                patch(space)
        expected.append((committed(space), space.files(ID), space.state(ID)))
        assert expected[-1] == expected[0], space.root
    assert top(space) == BOTH


def test_a_patch_that_is_killed_while_it_ends(patched: Workspace) -> None:
    """What it held is in the tree all the time; done again, it is ended."""
    files, text = patched.files(ID), patch_file(patched).read_bytes()
    expected: list[object] = []
    for space, alive in rounds(patched, remove):
        assert space.files(ID) == files
        assert text in kept(space)
        if not alive:
            with space.inside(), suppress(FlowverseError):
                space.sync()
                remove(space)
        assert space.files(ID) == files
        expected.append((committed(space), space.state(ID)))
        assert expected[-1] == expected[0], space.root
    assert space.state(ID) == "edited"


@pytest.mark.parametrize("next_one", ["sync", "update"])
def test_an_update_that_is_killed_while_a_patch_moves(patched: Workspace, hub: Hub, next_one: str) -> None:
    """The next sync brings it to its end, or the next update; the patch is never gone."""
    text = patch_file(patched).read_bytes()
    upstream(hub, THEIRS)
    expected: list[object] = []
    for space, alive in rounds(patched, update):
        assert text in kept(space)
        if not alive:
            with space.inside():
                if next_one == "sync":
                    space.sync()
                update(space)
        assert text in kept(space)
        expected.append((committed(space), space.files(ID), space.state(ID)))
        assert expected[-1] == expected[0], space.root
    assert top(space) == BOTH


def test_an_update_that_is_killed_while_a_patch_becomes_edits(patched: Workspace, hub: Hub) -> None:
    """Done again, the edits are in the tree with their conflict; before, they are in the tree or the patch."""
    text, files = patch_file(patched).read_bytes(), patched.files(ID)
    upstream(hub, AGAINST)
    expected: list[object] = []
    for space, alive in rounds(patched, update_and_merge):
        assert text in kept(space)
        assert set(files.values()) <= kept(space)
        if not alive:
            with space.inside():
                assert update_and_merge(space).conflicted
        assert text in kept(space)
        expected.append((committed(space), space.files(ID), space.state(ID)))
        assert expected[-1] == expected[0], space.root
    assert "mine\n=======\nagainst it\n" in top(space)
