"""Edits of the odd kind: strange names, folders that became links, and commands that were killed before others ran."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from flowverse import api
from flowverse._swap import exchange
from flowverse._tree import Tree

from tests.hub import Hub
from tests.integration.workspace import Workspace
from tests.unit.disk import Killed, watched

LINES = "".join(f"line {number}\n" for number in range(20))
MINE, THEIRS = LINES.replace("line 3\n", "mine\n"), LINES.replace("line 3\n", "theirs\n")
ID = "b/Leaf"
FILES = {"__init__.py": "", "leaf.py": LINES, "sub/data.txt": "1\n"}


@pytest.fixture
def synced(space: Workspace, hub: Hub) -> Workspace:
    """One module, which is what gets edited."""
    hub.add(ID, FILES)
    space.declare({ID: "main"})
    space.sync()
    return space


def die(*_: object, **__: object) -> None:
    raise Killed


# --- killed, and then something else ---------------------------------------------------------------------------------


def test_resolve_after_a_killed_merge(synced: Workspace, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed sync had meant to write does not come back over what a person said since."""
    leaf = synced.place(ID) / "leaf.py"
    leaf.write_text(MINE)
    hub.add(ID, {**FILES, "leaf.py": THEIRS})
    synced.call("update", "--no-sync").worked()
    with monkeypatch.context() as patched, synced.inside(), suppress(Killed):
        patched.setattr(Tree, "record", die)
        api.sync(synced.root, synced.settings(merge=True))
    assert synced.state(ID) == "conflicted"
    leaf.write_text(LINES.replace("line 3\n", "both\n"))

    synced.call("resolve", ID).worked()

    assert synced.state(ID) == "edited"
    assert synced.call("sync").code == 0
    assert synced.state(ID) == "edited"


def test_a_killed_restore_resolves_nothing(synced: Workspace, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that still has a conflict's markers is conflicted, however far its restoring came."""
    (synced.place(ID) / "leaf.py").write_text(MINE)
    hub.add(ID, {**FILES, "leaf.py": THEIRS})
    assert synced.call("update", "--merge").code == 1
    with monkeypatch.context() as patched, suppress(Killed):
        patched.setattr(Tree, "apply", die)
        synced.call("restore", ID)
    assert synced.state(ID) == "conflicted"
    assert synced.call("sync").code == 1

    with monkeypatch.context() as patched, suppress(Killed):
        patched.setattr(Tree, "record", die)
        synced.call("restore", ID)
    assert synced.state(ID) == "clean"
    assert synced.call("sync").code == 0


def test_an_edit_made_while_a_sync_is_killed(synced: Workspace, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written after the sync had looked, put aside, and the sync was killed before it looked again: it is a backup."""
    hub.add(ID, {**FILES, "leaf.py": THEIRS})
    synced.call("update", "--no-sync").worked()

    def edited(one: Path, other: Path) -> bool:
        (other / "leaf.py").write_text(MINE)
        return exchange(one, other)

    with monkeypatch.context() as patched, synced.inside(), suppress(Killed):
        patched.setattr("flowverse._tree.exchange", edited)
        patched.setattr("flowverse._tree.looks_same", die)
        api.sync(synced.root, synced.settings())
    synced.call("sync").worked()

    assert synced.holds(hub, ID)
    assert MINE.encode() in synced.backups.values()
    assert "1 file: leaf.py" in synced.call("backups", ID).out
    synced.call("backups", ID, "--restore").worked()
    assert (synced.place(ID) / "leaf.py").read_text() == MINE


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="only there is a name any bytes")
def test_names_that_are_no_text(synced: Workspace) -> None:
    """A name in an old encoding, with a line's end or with an escape sequence is shown, and moves no cursor."""
    folder = os.fsencode(synced.place(ID))
    for name in (b"caf\xe9.txt", b"new\nline.txt", b"esc\x1b[31m.txt"):
        with open(folder + b"/" + name, "wb") as file:  # noqa: PTH123 - a name that is no text
            file.write(b"mine\n")

    shown = [synced.call(*words) for words in (["status", "-v"], ["diff"], ["diff", "--stat"])]
    document = json.loads(synced.call("diff", "--json").out)
    restored = synced.call("restore", ID, "caf\udce9.txt")
    shown += [restored, synced.call("restore", ID), synced.call("backups")]

    assert [done.code for done in shown] == [0] * len(shown)
    assert r'diff --git "a/flow_modules/b/Leaf/caf\351.txt"' in shown[1].out
    assert [file["path"] for file in document["modules"][0]["files"]] == [
        "caf\udce9.txt",
        "esc\x1b[31m.txt",
        "new\nline.txt",
    ]
    for done in shown:
        assert "\x1b" not in done.out + done.err
        assert "\nline.txt" not in done.out
    assert sorted(synced.backups.values()).count(b"mine\n") == 3


# --- folders that became links ---------------------------------------------------------------------------------------


@pytest.fixture
def outside(synced: Workspace) -> Workspace:
    """A folder of a module that is a link to a folder elsewhere, which has a file of the same name."""
    elsewhere = synced.base / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "data.txt").write_text("precious\n")
    (synced.place(ID) / "sub" / "data.txt").unlink()
    (synced.place(ID) / "sub").rmdir()
    (synced.place(ID) / "sub").symlink_to(elsewhere)
    return synced


def test_nothing_is_restored_through_a_link(outside: Workspace) -> None:
    """What is outside of the tree stays as it is; with the link given up, the file is back."""
    kept = outside.base / "elsewhere" / "data.txt"

    diff = outside.call("diff").out
    outside.call("restore", ID, "sub/data.txt").failed_plainly(2, f"sub of {ID} is no folder", f"restore {ID} sub`")

    assert "deleted file mode 100644" in diff
    assert "precious" not in diff
    assert kept.read_text() == "precious\n"
    outside.call("restore", ID, "sub").worked()
    assert kept.read_text() == "precious\n"
    assert (outside.place(ID) / "sub" / "data.txt").read_text() == "1\n"


def test_nothing_is_merged_through_a_link(outside: Workspace, hub: Hub) -> None:
    """What is outside is not even written anew; the link itself is an edit, and is merged."""
    kept = outside.base / "elsewhere" / "data.txt"
    before = kept.stat()
    hub.add(ID, {"__init__.py": "", "leaf.py": THEIRS})

    outside.call("update", "--merge").worked("are merged")

    assert kept.read_text() == "precious\n"
    assert (kept.stat().st_ctime_ns, kept.stat().st_mtime_ns) == (before.st_ctime_ns, before.st_mtime_ns)
    assert (outside.place(ID) / "sub").is_symlink()
    assert (outside.place(ID) / "leaf.py").read_text() == THEIRS


def test_nothing_is_brought_back_through_a_link(synced: Workspace) -> None:
    """A backup of single files is not written to where a link leads."""
    data = synced.place(ID) / "sub" / "data.txt"
    data.write_text("mine\n")
    synced.call("restore", ID, "sub/data.txt").worked()
    elsewhere = synced.base / "elsewhere"
    elsewhere.mkdir()
    data.unlink()
    data.parent.rmdir()
    data.parent.symlink_to(elsewhere)

    synced.call("backups", ID, "--restore").failed_plainly(2, f"sub of {ID} is no folder")

    assert list(elsewhere.iterdir()) == []


# --- many at once ----------------------------------------------------------------------------------------------------


def test_all_edits_are_given_up_in_one_go(space: Workspace, hub: Hub) -> None:
    """However many modules were edited, the tree is locked and looked at once."""
    ids = [f"b/Leaf{number}" for number in range(5)]
    for id in ids:
        hub.add(id, FILES)
    space.declare(dict.fromkeys(ids, "main"))
    space.sync()
    for id in ids[1:]:
        (space.place(id) / "leaf.py").write_text(MINE)

    with watched() as watch:
        done = space.call("restore")

    assert [line for line in done.out.splitlines() if "as it is locked again" in line] == [
        f"{id} is as it is locked again; its edits (1 changed) are given up" for id in ids[1:]
    ]
    assert len([path for _, path in watch.changes if path.endswith("index.tmp")]) <= 6
    assert all(space.holds(hub, id) for id in ids)
    assert list(space.backups.values()).count(MINE.encode()) == 4


def test_status_where_a_local_folder_is_gone(synced: Workspace) -> None:
    """It is said, and all modules are shown: who looks for what is wrong gets an answer."""
    local = synced.base / "local"
    local.mkdir()
    synced.call("add", "a/Local", "--path", str(local)).worked()
    local.rmdir()

    done = synced.call("status")
    document = json.loads(synced.call("status", "--json").out)

    done.worked(f"{ID}@main", "a/Local -> ../local")
    assert "flowverse.lock is stale: a/Local is wanted from ../local, which is not a folder" in done.err
    assert [row["id"] for row in document["modules"]] == ["a/Local", ID]
    assert len(document["stale"]) == 1


def test_develop_goes_on_where_it_cannot_end(synced: Workspace) -> None:
    """With a patch that is not locked there is nothing to go back to: it is still developed, and all is as it was."""
    (synced.place(ID) / "leaf.py").write_text(MINE)
    synced.call("patch", ID).worked()
    local = synced.base / "local"
    local.mkdir()
    synced.call("develop", ID, str(local)).worked()
    patch = synced.root / "flow_patches" / "b" / "Leaf.patch"
    patch.unlink()

    synced.call("develop", "--undo", ID).failed_plainly(1, f"the patch of {ID} is gone")

    synced.call("develop").worked(f"{ID} -> {local}")
    assert synced.state(ID) == "linked"
