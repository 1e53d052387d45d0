"""Patches on other machines, and of modules that went another way: git that changes line ends, names that clash."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.hub import Hub
from tests.integration.workspace import Workspace

LINES = "".join(f"line {number}\n" for number in range(20))
MINE = LINES.replace("line 3\n", "mine\n")
ID = "b/Leaf"
FILES = {"__init__.py": "", "leaf.py": LINES}


@pytest.fixture
def synced(space: Workspace, hub: Hub) -> Workspace:
    """One module, which is what gets patched."""
    hub.add(ID, FILES)
    space.declare({ID: "main"})
    space.sync()
    return space


def patch(space: Workspace, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (space.place(ID) / path).parent.mkdir(parents=True, exist_ok=True)
        (space.place(ID) / path).write_bytes(text.encode())
    space.call("patch", ID).worked()
    return space.root / "flow_patches" / "b" / "Leaf.patch"


# --- line ends -------------------------------------------------------------------------------------------------------


def test_git_that_changes_line_ends(synced: Workspace) -> None:
    """A clone where git makes every line end that of Windows has the patch byte for byte."""
    text = patch(synced, {"leaf.py": MINE, "crlf.txt": "a\r\nb\r\n", "both.txt": "a\r\nb\n"}).read_bytes()
    clone = Workspace(synced.base / "cloned", synced.endpoint)
    name = ["-c", "user.name=x", "-c", "user.email=x@y", "-c", "core.safecrlf=false", "-c", "core.autocrlf=true"]
    for words in (["init", "-q"], ["add", "-A"], [*name, "commit", "-qm", "x"]):
        subprocess.run(["git", *name, *words], cwd=synced.root, check=True)
    subprocess.run(["git", *name, "init", "-q"], cwd=clone.root, check=True)
    subprocess.run(["git", *name, "pull", "-q", str(synced.root)], cwd=clone.root, check=True)

    assert b"\r\n" in clone.manifest.read_bytes()
    assert (clone.root / "flow_patches" / "b" / "Leaf.patch").read_bytes() == text
    clone.call("sync", "--locked").worked()
    assert clone.state(ID) == "patched"
    assert clone.files(ID) == synced.files(ID)


def test_a_patch_whose_line_ends_were_changed(synced: Workspace) -> None:
    """It is said what that was, and what keeps git from it."""
    file = patch(synced, {"leaf.py": MINE})
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    synced.call("sync").failed_plainly(2, "line ends were changed", "core.autocrlf", "*.patch -text")


def test_what_git_is_told_goes_with_the_last_patch(synced: Workspace) -> None:
    """And stays as it is if a person wrote something there."""
    folder = patch(synced, {"leaf.py": MINE}).parent.parent
    attributes = folder / ".gitattributes"
    synced.call("patch", "--remove", ID).worked()
    assert not folder.exists()

    folder.mkdir()
    attributes.write_text("*.patch text\n")
    synced.call("patch", ID).worked()
    synced.call("patch", "--remove", ID).worked()
    assert [file.name for file in folder.iterdir()] == [attributes.name]
    assert attributes.read_text() == "*.patch text\n"


# --- ended where it is not in the tree -------------------------------------------------------------------------------


def test_a_patch_is_ended_in_a_fresh_clone(synced: Workspace) -> None:
    """What it changed are edits in the tree, as it is said, although nothing was synced yet."""
    patch(synced, {"leaf.py": MINE, "new.txt": "new\n"})
    clone = synced.clone()

    clone.call("patch", "--remove", ID).worked("what it changed are edits in the tree")

    assert clone.state(ID) == "edited"
    assert clone.files(ID) == synced.files(ID)


def test_a_patch_is_ended_that_is_not_in_the_tree(synced: Workspace) -> None:
    """A broken one, and one whose place other edits have: then it is said that only the backup has it."""
    text = patch(synced, {"leaf.py": MINE}).read_bytes()
    clone = synced.clone()
    (clone.root / "flow_patches" / "b" / "Leaf.patch").write_bytes(b"<<<<<<< HEAD\n" + text)
    clone.call("patch", "--remove", ID).worked("it is in the backup alone", "flow_modules/.flowverse/backups/")

    (clone.place(ID) / "leaf.py").write_text("other\n")
    for path in ("flowverse.lock", "flow_patches/b/Leaf.patch"):
        (clone.root / path).parent.mkdir(parents=True, exist_ok=True)
        (clone.root / path).write_bytes((synced.root / path).read_bytes())
    clone.call("patch", "--remove", ID).worked("it is in the backup alone")
    assert clone.files(ID)["leaf.py"] == b"other\n"
    assert text in clone.backups.values()


# --- names that clash ------------------------------------------------------------------------------------------------

CLASHES = [({"notes/mine.txt": "mine\n"}, "notes"), ({"README.md": "mine\n"}, "readme.md"), ({"n": "mine\n"}, "n/a")]


@pytest.mark.parametrize(("mine", "theirs"), CLASHES, ids=["folder", "case", "file"])
def test_a_patch_whose_names_clash_after_an_update(
    synced: Workspace, hub: Hub, mine: dict[str, str], theirs: str
) -> None:
    """It does not fit there: nothing moves without --merge, and with it, the edits are in the tree."""
    file = patch(synced, mine)
    before = synced.lock_path.read_bytes()
    hub.add(ID, {**FILES, theirs: "theirs\n"})

    synced.call("update").failed_plainly(1, f"The patch of {ID} does not fit", f"update --merge {ID}")

    assert synced.lock_path.read_bytes() == before
    assert file.exists()
    synced.call("sync").worked()
    done = synced.call("update", "--merge")
    assert "is edits in the tree now" in done.out
    assert synced.state(ID) == "edited"
    assert b"mine\n" in synced.files(ID).values()


@pytest.mark.parametrize("name", ["LEAF.py", "aux.txt", "new\nline.txt", "back\\slash.txt"])
def test_a_patch_is_for_every_system(synced: Workspace, name: str) -> None:
    """A name that another system cannot have is refused when the patch is saved, and not there."""
    (synced.place(ID) / name).write_text("mine\n")

    synced.call("patch", ID).failed_plainly(2, f"of {ID} ", "a patch is for every system", "Rename it")

    assert not (synced.root / "flow_patches").exists()


def test_a_hand_written_patch_whose_names_clash(synced: Workspace) -> None:
    """It is broken, and nobody has to tell the owner of the repository."""
    file = patch(synced, {"new.txt": "mine\n"})
    file.write_bytes(file.read_bytes().replace(b"new.txt", b"Leaf.PY"))

    synced.call("sync").failed_plainly(2, f"The patch of {ID} is broken", "where case is ignored")
