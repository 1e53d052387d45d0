"""Files as lines of bytes, whatever their encoding: what is a text, where its lines end, what two of them differ in."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Literal

__all__ = ["LARGEST", "is_text", "line_end", "lines_of", "opcodes", "with_line_end"]

LARGEST = 1 << 20
"""Bytes above which a file is not compared line by line: difflib takes the square of the time."""
_MOST_STEPS = 25_000_000
_LOOKED_AT = 8000

Opcode = tuple[Literal["replace", "delete", "insert", "equal"], int, int, int, int]


def is_text(content: bytes) -> bool:
    """Whether a file has lines to be shown and merged: no NUL near its beginning, which is git's rule, and not huge."""
    return b"\0" not in content[:_LOOKED_AT] and len(content) <= LARGEST


def lines_of(content: bytes) -> list[bytes]:
    r"""The lines with their ends; only `\n` ends one, so that every byte stays where it is."""
    return content.splitlines(keepends=True) if b"\r" not in content else _split(content)


def _split(content: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in content.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def line_end(content: bytes) -> bytes | None:
    r"""What ends every line, `\n` or `\r\n`; None where it is not one of the two throughout."""
    ends = content.count(b"\n")
    with_return = content.count(b"\r\n")
    if ends and with_return in {0, ends}:
        return b"\r\n" if with_return else b"\n"
    return None


def with_line_end(content: bytes, was: bytes, end: bytes) -> bytes:
    """A file whose lines all ended with `was`, with another end; the way back gives every byte again."""
    return content.replace(was, end)


def opcodes(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[Opcode]:
    """How to make the new lines of the old, as difflib tells it; what is too much for difflib is one replacement."""
    start, stop = 0, 0
    shorter = min(len(old), len(new))
    while start < shorter and old[start] == new[start]:
        start += 1
    while stop < shorter - start and old[-1 - stop] == new[-1 - stop]:
        stop += 1
    last_old, last_new = len(old) - stop, len(new) - stop
    if start:
        yield ("equal", 0, start, 0, start)
    middle_old, middle_new = old[start:last_old], new[start:last_new]
    if len(middle_old) * len(middle_new) > _MOST_STEPS:
        yield ("replace", start, last_old, start, last_new)
    else:
        matcher = difflib.SequenceMatcher(None, middle_old, middle_new, autojunk=False)
        for kind, a, b, c, d in matcher.get_opcodes():
            yield (kind, a + start, b + start, c + start, d + start)
    if stop:
        yield ("equal", last_old, len(old), last_new, len(new))
