"""A person's edits put into another version of the module, file by file, in the staging area."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from flowverse._cache import writing
from flowverse._edits.merge import merge_file
from flowverse.model import Edit

__all__ = ["Unmergeable", "weave"]


class Unmergeable(Exception):
    """The edits have no place in the other version. `why` is a clause."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def weave(edited: Path, staged: Path, edit: Edit, bases: Mapping[str, bytes | None], *, label: str) -> tuple[str, ...]:
    """Merge what was edited in one folder into another, and answer which files a person has to look at.

    `bases` are the contents that were edited (None: there was no such file). Raises `Unmergeable`, and `TreeError`;
    what is staged is then of no use.
    """
    conflicts = []
    # A deleted file may be there again by way of a folder that is a link now, and is not of the module then.
    there = {path for path in (*edit.changed, *edit.added) if _is_there(edited / path)}
    # What was deleted goes first: something else may stand in its place.
    for path in sorted({*edit.changed, *edit.added, *edit.deleted}, key=lambda path: (path in there, path)):
        mine, theirs = edited / path if path in there else None, staged / path
        with writing(theirs):
            if mine is not None:
                _check_place(staged, path)
            if _weave_file(mine, theirs, bases.get(path), label):
                conflicts.append(path)
            if mine is None:
                _drop_empty(theirs.parent, staged)
    return tuple(sorted(conflicts))


def _is_there(file: Path) -> bool:
    """Whether something is at a path that counts as a file."""
    return file.is_symlink() or (file.exists() and not file.is_dir())


def _check_place(staged: Path, path: str) -> None:
    """Refuse a file that is a folder in the other version, or below a file there."""
    if (staged / path).is_dir():
        raise Unmergeable(f"{path} is a file of yours and a folder there")
    parent = staged
    for part in path.split("/")[:-1]:
        parent /= part
        if os.path.lexists(parent) and not parent.is_dir():
            raise Unmergeable(f"{parent.relative_to(staged).as_posix()} is a folder of yours and a file there")


def _weave_file(mine: Path | None, theirs: Path, base: bytes | None, label: str) -> bool:
    """Merge one file into `theirs`; whether a person has to look at it."""
    there = theirs.read_bytes() if theirs.is_file() else None
    if mine is not None and mine.is_symlink():
        theirs.unlink(missing_ok=True)
        theirs.parent.mkdir(parents=True, exist_ok=True)
        theirs.symlink_to(mine.readlink())
        return there != base
    if mine is not None and not mine.is_file():
        raise Unmergeable(f"{mine.name} is neither a file nor a link")
    here = mine.read_bytes() if mine is not None else None
    merged = merge_file(base, here, there, label=label)
    if merged.content is not None:
        theirs.parent.mkdir(parents=True, exist_ok=True)
        theirs.write_bytes(merged.content)
        if mine is not None:
            shutil.copymode(mine, theirs)
    elif there is not None:
        theirs.unlink()
    return bool(merged.conflict)


def _drop_empty(folder: Path, top: Path) -> None:
    """Remove the folders that nothing is left in, as they would not be there in a version without the file."""
    while folder != top and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
