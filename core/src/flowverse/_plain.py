"""Text of others, made fit for one line of a screen."""

from __future__ import annotations

import unicodedata

__all__ = ["cells", "cut", "plain"]


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
