"""Text of others made fit for one line of a screen, and lines made fit for a narrow one."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Sequence

__all__ = ["cells", "cut", "fold", "plain"]

_LEAD = re.compile(r"[ │├└─]*(?:[-+~] )?")
"""What a line begins with and is never broken after: what it is indented with, a tree's branches, a sign."""
_UNIT = re.compile(r"( *)(\S*`[^`]*`\S*|\S*\([^()]*\)\S*|\S+)")
"""What is not broken if it fits into a line: a command in backticks, something in parentheses, a word."""


def plain(text: str) -> str:
    """One line without anything that moves a cursor: whatever cannot be printed, a line's end too, is `?`."""
    return "".join(character if character.isprintable() else "?" for character in text)


def cells(text: str) -> int:
    """How many columns of a terminal a printable text takes: characters of East Asia take two, combining ones none."""
    return sum(0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF") for one in text)


def cut(text: str, most: int) -> str:
    """The text if it takes no more than `most` columns, or else its beginning and `…`."""
    if cells(text) <= most:
        return text
    while text and cells(text) >= most:
        text = text[: min(len(text) - 1, most)]
    return f"{text.rstrip()}…"


def fold(text: str, width: int, *, starts: Sequence[int] = (), hang: str | None = None) -> str:
    """A line as lines of at most `width` columns, broken between words: never in an id, a path or a short command.

    A word that is longer than a line stays whole, for the terminal to break: who copies it gets it as it is. `starts`
    are where the columns of a table begin: they are no longer one below the other. `hang` is what every line but the
    first begins with, four columns more than the first if it is None.
    """
    if cells(text) <= width:
        return text
    found = _LEAD.match(text)
    lead = found[0] if found is not None else ""
    hang = " " * (len(lead) - len(lead.lstrip(" ")) + 4) if hang is None else hang
    todo = deque(_units(text, len(lead), starts))
    lines, bare = [lead], True
    while todo:
        gap, unit = todo.popleft()
        new = not bare and cells(hang + unit) <= width
        if cells(lines[-1] + gap + unit) <= width:
            lines[-1] += gap + unit
        elif not new and " " in unit:
            words = unit.split(" ")
            todo.extendleft(reversed([(gap, words[0]), *((" ", word) for word in words[1:])]))
            continue
        elif not new and not bare and cells(unit) <= width and not hang.strip():
            hang = " " * (width - cells(unit))
            lines.append(hang + unit)
        elif not new and "@" in unit[1:]:
            id, _, revision = unit.rpartition("@")
            todo.extendleft([("", f"@{revision}"), (gap, id)])
            continue
        elif bare:
            lines[-1] += gap + unit
        else:
            lines.append(hang + unit)
        bare = False
    return "\n".join(lines)


def _units(text: str, start: int, starts: Sequence[int]) -> list[tuple[str, str]]:
    """What the line consists of, each with the gap before it."""
    units: list[tuple[str, str]] = []
    for end in (*starts, len(text)):
        for number, (gap, unit) in enumerate(_UNIT.findall(text[start:end])):
            units.append((gap if number or not units else "  ", unit))
        start = end
    return units
