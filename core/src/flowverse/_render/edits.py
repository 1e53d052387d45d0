"""What is said of edits: what a verb did with them, their diffs, what is kept of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from flowverse._plain import plain
from flowverse._render.lines import Kind, Line, count, document, table

if TYPE_CHECKING:
    from flowverse._edits.backups import Backup
    from flowverse._edits.differences import ModuleDiff
    from flowverse.edits import Changed
    from flowverse.model import ModuleId

__all__ = [
    "backups_document",
    "developed_document",
    "diff_document",
    "render_backups",
    "render_changed",
    "render_developed",
    "render_diff",
    "render_stat",
]

_FEW = 3


def render_changed(changed: Changed, nothing: str = "Nothing to do") -> list[Line]:
    """What a verb did; `nothing` is said where it had nothing to do."""
    lines = [Line("changed", plain(text)) for text in changed.done]
    lines += [Line("backup", f"{id}: what was there before is in {place}") for id, place in changed.backups]
    lines += [Line("warning", text) for text in changed.warnings]
    return lines or [Line("summary", nothing)]


# --- diffs -----------------------------------------------------------------------------------------------------------


def render_diff(diffs: Sequence[ModuleDiff]) -> Iterator[tuple[Kind, bytes]]:
    """The lines of all diffs as bytes, each with its end and what it is."""
    for diff in diffs:
        for file in diff.files:
            in_hunk = False
            for line in file.text.splitlines(keepends=True) if b"\r" not in file.text else _split(file.text):
                in_hunk = in_hunk or line.startswith(b"@@")
                yield _kind(line, in_hunk=in_hunk), line


def _split(text: bytes) -> list[bytes]:
    return [line + b"\n" for line in text.split(b"\n")[:-1]]


def _kind(line: bytes, *, in_hunk: bool) -> Kind:
    if not in_hunk:
        return "summary"
    if line.startswith(b"@@"):
        return "changed"
    return "added" if line.startswith(b"+") else "removed" if line.startswith(b"-") else "note"


def render_stat(diffs: Sequence[ModuleDiff]) -> list[Line]:
    """How many lines came and went in each file."""
    rows = [(plain(f"{diff.id}: {file.path}"), file.added, file.deleted) for diff in diffs for file in diff.files]
    lines = table(
        [("note", (name, "binary" if added is None else f"+{added} -{deleted}")) for name, added, deleted in rows]
    )
    told = f"{count(len(rows), 'file')} edited in {count(len(diffs), 'flow module')}" if rows else "Nothing was edited"
    return [*lines, Line("summary", told)]


def diff_document(diffs: Sequence[ModuleDiff]) -> str:
    """The same for other programs; bytes of a text that are not UTF-8 are replaced."""
    modules = [
        {
            "id": str(diff.id),
            "base": diff.base or None,
            "files": [
                {
                    "path": file.path,
                    "added": file.added,
                    "deleted": file.deleted,
                    "diff": file.text.decode("utf-8", "replace"),
                }
                for file in diff.files
            ],
        }
        for diff in diffs
    ]
    return document("diff", 1, {"modules": modules})


# --- backups, and what is developed here -----------------------------------------------------------------------------


def render_backups(backups: Sequence[Backup]) -> list[Line]:
    """Every backup with what is in it; the newest first."""
    rows: list[tuple[Kind, tuple[str, str]]] = []
    for backup in backups:
        names = ", ".join(backup.files[:_FEW]) + (", ..." if len(backup.files) > _FEW else "")
        what = f"{count(len(backup.files), 'file')}: {plain(names)}" if names else "not edited"
        rows.append(("note", (backup.name, what)))
    return [*table(rows), Line("summary", count(len(backups), "backup"))]


def backups_document(backups: Sequence[Backup]) -> str:
    """The same for other programs."""
    rows = [
        {
            "name": backup.name,
            "time": backup.time,
            "id": str(backup.id) if backup.id is not None else None,
            "files": list(backup.files),
            "size": backup.size,
            "whole": backup.whole,
        }
        for backup in backups
    ]
    return document("backups", 1, {"backups": rows})


def render_developed(developed: Sequence[tuple[ModuleId, str]]) -> list[Line]:
    """The modules that this machine takes from elsewhere."""
    lines = [Line("linked", f"{id} -> {path}") for id, path in developed]
    verb = "are" if len(developed) > 1 else "is"
    many = count(len(developed), "flow module") if developed else "No flow module"
    return [*lines, Line("summary", f"{many} {verb} developed here")]


def developed_document(developed: Sequence[tuple[ModuleId, str]]) -> str:
    """The same for other programs."""
    return document("develop", 1, {"modules": [{"id": str(id), "path": path} for id, path in developed]})
