"""Files as lines of bytes, whatever their encoding: what is a text, where its lines end, what two of them differ in."""

from __future__ import annotations

import bisect
import difflib
from collections.abc import Iterable, Iterator, Sequence
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
    """How to make the new lines of the old, as difflib tells it, never twice equal in a row.

    What is too much for difflib is taken apart at lines that are there once on both sides; without any such, it is one
    replacement.
    """
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
    large = len(middle_old) * len(middle_new) > _MOST_STEPS
    for kind, a, b, c, d in _joined(_split_up(middle_old, middle_new)) if large else _told(middle_old, middle_new):
        yield (kind, a + start, b + start, c + start, d + start)
    if stop:
        yield ("equal", last_old, len(old), last_new, len(new))


def _told(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[Opcode]:
    if len(old) * len(new) > _MOST_STEPS:
        yield ("equal" if old == new else "replace", 0, len(old), 0, len(new))
    else:
        yield from difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()


def _split_up(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[Opcode]:
    """The same, between one pair of lines that belong together and the next."""
    place = other = 0
    for i, k in [*_pairs(old, new), (len(old), len(new))]:
        for kind, a, b, c, d in _told(old[place:i], new[other:k]):
            yield (kind, a + place, b + place, c + other, d + other)
        if i < len(old):
            yield ("equal", i, i + 1, k, k + 1)
        place, other = i + 1, k + 1


def _joined(codes: Iterable[Opcode]) -> Iterator[Opcode]:
    """With what is equal and follows what is equal as one."""
    last: Opcode | None = None
    for code in codes:
        if last is not None and code[0] == last[0] == "equal":
            last = ("equal", last[1], code[2], last[3], code[4])
            continue
        if last is not None:
            yield last
        last = code
    if last is not None:
        yield last


def _pairs(old: Sequence[bytes], new: Sequence[bytes]) -> list[tuple[int, int]]:
    """The most lines that are there once on both sides and in the same order, by their places."""
    there = _once(new)
    pairs = [(place, there[line]) for line, place in _once(old).items() if line in there]
    ends: list[int] = []  # where in the new lines the best row of each length ends, and which pair that is
    last: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        length = bisect.bisect_left(ends, place)
        before.append(last[length - 1] if length else -1)
        ends[length : length + 1], last[length : length + 1] = [place], [number]
    row, number = [], last[-1] if last else -1
    while number >= 0:
        row.append(pairs[number])
        number = before[number]
    return row[::-1]


def _once(lines: Sequence[bytes]) -> dict[bytes, int]:
    """The lines that are there once, with their places, in order."""
    places: dict[bytes, int] = {}
    for number, line in enumerate(lines):
        places[line] = -1 if line in places else number
    return {line: place for line, place in places.items() if place >= 0}
