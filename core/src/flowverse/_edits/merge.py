"""Three versions of a file become one: what both sides changed is in it, or stands between conflict markers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flowverse._edits.texts import LARGEST, is_text, line_end, lines_of, with_line_end
from flowverse.errors import MergerMissing

__all__ = ["MARKERS", "Merged", "has_markers", "merge_file"]

MARKERS = (b"<<<<<<< ", b"=======", b">>>>>>> ")


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What a file is after a merge (None: it is gone), and why a person has to look at it (empty: nobody has to)."""

    content: bytes | None
    conflict: str = ""


def merge_file(base: bytes | None, mine: bytes | None, theirs: bytes | None, *, label: str) -> Merged:
    """Merge what a person made of `base` with what the module's owner made of it; None where there is no such file.

    `label` is what the other side is called in markers. Only texts get markers; of a binary file that both sides
    changed, and of a file that one side deleted, the content that is nobody else's is kept.
    """
    if theirs in (mine, base):
        return Merged(content=mine)
    if mine == base:
        return Merged(content=theirs)
    if mine is None:
        return Merged(content=theirs, conflict="you deleted it, and it was changed there")
    if theirs is None:
        return Merged(content=mine, conflict="you changed it, and it was deleted there")
    if not all(is_text(content) for content in (base or b"", mine, theirs)):
        return Merged(content=mine, conflict="both changed it, and it is no text; yours is kept")
    merged, conflict = _merge_texts(base or b"", mine, theirs, label)
    return Merged(content=merged, conflict="both changed the same lines" if conflict else "")


def _merge_texts(base: bytes, mine: bytes, theirs: bytes, label: str) -> tuple[bytes, bool]:
    own, other, before = line_end(mine), line_end(theirs), line_end(base)
    if own is None or other is None or own == other:
        return _merge_lines(base, mine, theirs, label)
    # Somebody's editor changed the end of every line: that is no reason for a conflict in every line.
    if own == before:
        return _merge_lines(with_line_end(base, own, other), with_line_end(mine, own, other), theirs, label)
    merged, conflict = _merge_lines(base, with_line_end(mine, own, other), theirs, label)
    return with_line_end(merged, other, own), conflict


def _merge_lines(base: bytes, mine: bytes, theirs: bytes, label: str) -> tuple[bytes, bool]:
    try:
        from merge3 import Merge3
    except ImportError as error:
        raise MergerMissing(error.name or "merge3") from None
    merger = Merge3(lines_of(base), lines_of(mine), lines_of(theirs))
    end = line_end(mine) or b"\n"
    parts: list[bytes] = []
    conflict = False
    for region in merger.reprocess_merge_regions(merger.merge_regions()):
        kind, *places = region
        if kind == "conflict":
            conflict = True
            a, b = merger.a[places[2] : places[3]], merger.b[places[4] : places[5]]
            parts += [b"<<<<<<< edited here" + end, *_ended(a, end), b"=======" + end, *_ended(b, end)]
            parts += [b">>>>>>> " + label.encode() + end]
        else:
            lines = {"unchanged": merger.base, "b": merger.b}.get(kind, merger.a)
            parts += lines[places[0] : places[1]]
    return b"".join(parts), conflict


def _ended(lines: Sequence[bytes], end: bytes) -> list[bytes]:
    """Lines of which the last has an end: a marker begins on a line of its own."""
    return [*lines[:-1], lines[-1] + end] if lines and not lines[-1].endswith(b"\n") else list(lines)


def has_markers(content: bytes) -> bool:
    """Whether a conflict's markers stand in a text, which may be too large by now to be merged again."""
    lines = content.splitlines()
    return is_text(content[:LARGEST]) and all(any(line.startswith(mark) for line in lines) for mark in MARKERS)
