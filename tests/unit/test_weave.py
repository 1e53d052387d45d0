"""A person's edits put into another version of the module: files, links, folders, modes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from flowverse._edits.weave import Unmergeable, weave
from flowverse.errors import TreeError
from flowverse.model import Edit

Files = Mapping[str, bytes]
LINES = "".join(f"{number}\n" for number in range(20)).encode()


def lay(folder: Path, files: Files) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def read(folder: Path) -> dict[str, bytes | str]:
    """Every file's content, every link's target; and of folders those that are empty."""
    found: dict[str, bytes | str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = path.read_bytes()
        elif not any(path.iterdir()):
            found[f"{name}/"] = b""
    return found


def edit_of(old: Files, new: Files) -> Edit:
    both = old.keys() & new.keys()
    return Edit(
        changed=tuple(sorted(path for path in both if old[path] != new[path])),
        added=tuple(sorted(new.keys() - old.keys())),
        deleted=tuple(sorted(old.keys() - new.keys())),
    )


def woven(tmp_path: Path, old: Files, mine: Files, theirs: Files) -> tuple[dict[str, bytes | str], tuple[str, ...]]:
    """What is in the staged folder afterwards, and the conflicts."""
    edited, staged = tmp_path / "edited", tmp_path / "staged"
    for folder in (edited, staged):
        folder.mkdir()
    lay(edited, mine)
    lay(staged, theirs)
    conflicts = weave(edited, staged, edit_of(old, mine), old, label="label")
    assert {path: content for path, content in read(edited).items() if content} == {**mine}  # only read
    return read(staged), conflicts


OLD = {"a.py": LINES, "sub/b.txt": b"b\n", "sub/deep/c.txt": b"c\n", "gone.py": b"g\n"}


def test_edits_and_the_new_version_together(tmp_path: Path) -> None:
    """What a person changed, added and deleted; what the owner did; and nothing of either is lost."""
    one, other = LINES.replace(b"3\n", b"mine\n", 1), LINES.replace(b"15\n", b"theirs\n")
    mine = {"a.py": one, "sub/b.txt": b"b\n", "sub/deep/c.txt": b"C\n", "new.py": b"n\n"}
    theirs = {**OLD, "a.py": other, "sub/b.txt": b"B\n"}
    found, conflicts = woven(tmp_path, OLD, mine, theirs)
    assert conflicts == ()
    assert found == {
        "a.py": LINES.replace(b"3\n", b"mine\n", 1).replace(b"15\n", b"theirs\n"),
        "sub/b.txt": b"B\n",
        "sub/deep/c.txt": b"C\n",
        "new.py": b"n\n",
    }


def test_conflicts_are_named_in_order(tmp_path: Path) -> None:
    """Those with markers, those that one side deleted, those that are no text."""
    old = {"z.py": b"1\n", "b.bin": b"\0", "mine.py": b"1\n", "theirs.py": b"1\n"}
    mine = {"z.py": b"2\n", "b.bin": b"\0mine", "mine.py": b"2\n"}
    theirs = {"z.py": b"3\n", "b.bin": b"\0theirs", "theirs.py": b"2\n"}
    found, conflicts = woven(tmp_path, old, mine, theirs)
    assert conflicts == ("b.bin", "mine.py", "theirs.py", "z.py")
    assert found == {
        "z.py": b"<<<<<<< edited here\n2\n=======\n3\n>>>>>>> label\n",
        "b.bin": b"\0mine",
        "mine.py": b"2\n",
        "theirs.py": b"2\n",
    }


def test_a_folder_that_nothing_is_left_in_is_gone(tmp_path: Path) -> None:
    """As it would be if the module were synced without its files; one with a file of the owner's stays."""
    old = {"a/b/c": b"", "d/e": b""}
    found, _ = woven(tmp_path, old, {}, {**old, "d/f": b"new"})
    assert found == {"d/f": b"new"}


@pytest.mark.parametrize(
    ("old", "mine", "theirs", "expected"),
    [
        # a person put a folder in a file's place, or a file in a folder's
        ({"x": b"1"}, {"x/y": b"2"}, {"x": b"1", "z": b""}, {"x/y": b"2", "z": b""}),
        ({"x/y": b"1", "x/z/w": b"1"}, {"x": b"2"}, {"x/y": b"1", "x/z/w": b"1", "z": b""}, {"x": b"2", "z": b""}),
        # the owner did, and what was there was only deleted
        ({"x": b"1"}, {}, {"x/y": b"2"}, {"x/y": b"2"}),
        ({"x/y": b"1"}, {}, {"x": b"2"}, {"x": b"2"}),
        # both did the same
        ({"x": b"1"}, {"x/y": b"2"}, {"x/y": b"2"}, {"x/y": b"2"}),
    ],
)
def test_files_and_folders_that_change_places(
    tmp_path: Path, old: Files, mine: Files, theirs: Files, expected: Files
) -> None:
    """Where the other side left them alone, that is merged as any other edit."""
    assert woven(tmp_path, old, mine, theirs) == (expected, ())


@pytest.mark.parametrize(
    ("old", "mine", "theirs", "why"),
    [
        ({}, {"x": b"mine"}, {"x/y": b"theirs"}, "x is a file of yours and a folder there"),
        ({}, {"x/y": b"mine"}, {"x": b"theirs"}, "x is a folder of yours and a file there"),
        ({}, {"a/x/y/z": b"mine"}, {"a/x": b"theirs"}, "a/x is a folder of yours and a file there"),
        ({"x": b"1"}, {"x": b"2"}, {"x/y": b"theirs"}, "x is a file of yours and a folder there"),
        ({"x": b"1"}, {"x/y": b"2"}, {"x": b"theirs"}, "x is a folder of yours and a file there"),
    ],
)
def test_what_cannot_be_in_one_folder(tmp_path: Path, old: Files, mine: Files, theirs: Files, why: str) -> None:
    """It is said, and the person's folder is as it was."""
    with pytest.raises(Unmergeable) as caught:
        woven(tmp_path, old, mine, theirs)
    assert caught.value.why == why
    assert read(tmp_path / "edited") == mine


@pytest.mark.parametrize(("theirs", "conflicts"), [(b"1\n", ()), (b"2\n", ("x",))])
def test_a_link_stays_one(tmp_path: Path, theirs: bytes, conflicts: tuple[str, ...]) -> None:
    """It is what a person made of the file, and is not followed; if the owner changed that, they are told."""
    edited, staged = lay(tmp_path / "edited", {"y": b"y"}), lay(tmp_path / "staged", {"x": theirs, "y": b"y"})
    (edited / "x").symlink_to("y")
    (edited / "sub").mkdir()
    (edited / "sub" / "dangling").symlink_to("../nowhere")
    edit = Edit(changed=("x",), added=("sub/dangling",))
    assert weave(edited, staged, edit, {"x": b"1\n"}, label="label") == conflicts
    assert read(staged) == {"x": "-> y", "y": b"y", "sub/dangling": "-> ../nowhere"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes")
def test_what_is_no_file_is_not_merged(tmp_path: Path) -> None:
    """A pipe would never end."""
    edited, staged = tmp_path / "edited", tmp_path / "staged"
    edited.mkdir()
    staged.mkdir()
    os.mkfifo(edited / "pipe")
    with pytest.raises(Unmergeable, match="pipe is neither a file nor a link"):
        weave(edited, staged, Edit(added=("pipe",)), {}, label="label")


@pytest.mark.parametrize("theirs", [b"#!/bin/sh\n", b"#!/bin/sh\nchanged\n"])
def test_the_mode_is_the_persons(tmp_path: Path, theirs: bytes) -> None:
    """What they made executable stays so, and what they may not write as well; a pin has no modes."""
    edited = lay(tmp_path / "edited", {"run": b"#!/bin/sh\nmine\n", "sub/new": b"x", "read": b"r"})
    staged = lay(tmp_path / "staged", {"run": theirs})
    for name, mode in (("run", 0o755), ("sub/new", 0o700), ("read", 0o444)):
        (edited / name).chmod(mode)
    weave(edited, staged, Edit(changed=("run",), added=("sub/new", "read")), {"run": b"#!/bin/sh\n"}, label="label")
    modes = {name: (staged / name).stat().st_mode & 0o777 for name in ("run", "sub/new", "read")}
    assert modes == {"run": 0o755, "sub/new": 0o700, "read": 0o444}


def test_what_went_meanwhile_counts_as_deleted(tmp_path: Path) -> None:
    """Between the look at a folder and the merge, its owner may go on working."""
    edited, staged = lay(tmp_path / "edited", {"y": b""}), lay(tmp_path / "staged", {"x": b"1\n", "y": b""})
    assert weave(edited, staged, Edit(changed=("x",)), {"x": b"1\n"}, label="label") == ()
    assert read(staged) == {"y": b""}


def test_a_disk_that_fails_is_told_with_the_file(tmp_path: Path) -> None:
    """Whatever the system says."""
    edited, staged = lay(tmp_path / "edited", {"x": b"2\n"}), lay(tmp_path / "staged", {"y": b""})
    (staged / "x").symlink_to("x")
    with pytest.raises(TreeError) as caught:
        weave(edited, staged, Edit(added=("x",)), {}, label="label")
    assert caught.value.path == str(staged / "x")
