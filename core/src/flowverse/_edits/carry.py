"""A patch made for one commit, carried over to another by merging. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from flowverse._edits.diff import FileVersion
from flowverse._edits.merge import merge_file
from flowverse._edits.patch import Patch, make_patch

__all__ = ["carry"]


def carry(
    patch: Patch,
    commit: str,
    bases: Mapping[str, bytes | None],
    theirs: Mapping[str, bytes | None],
    *,
    label: str,
) -> tuple[Patch | None, tuple[str, ...]]:
    """The patch for `commit`, or the files in which both changed the same; None, and no files, where nothing is left.

    `bases` and `theirs` are the contents of the patch's files at its own commit and at the other one. Raises
    `BrokenPatch`.
    """
    changes: dict[str, tuple[FileVersion | None, FileVersion | None]] = {}
    conflicts = []
    for path in patch.paths:
        base, there = bases.get(path), theirs.get(path)
        mine = patch.apply(path, base)
        merged = merge_file(base, mine.content if mine is not None else None, there, label=label)
        if merged.conflict:
            conflicts.append(path)
        executable = mine is not None and mine.executable
        old = FileVersion(content=there) if there is not None else None
        new = FileVersion(content=merged.content, executable=executable) if merged.content is not None else None
        changes[path] = (old, new)
    if conflicts:
        return None, tuple(conflicts)
    return make_patch(patch.id, commit, changes), ()
