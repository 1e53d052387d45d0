"""Changing `pyproject.toml` and nothing else of it: comments, order and line ends stay. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tomli

from flowverse._toml import quote

__all__ = ["with_entries"]


def with_entries(text: str, table: Sequence[str], entries: Mapping[str, Any], comment: str = "") -> str | None:
    """Set entries of a table: strings, tables with strings or booleans, or lists of strings, with a comment on top.

    None for a file that is written in a way that nothing can be added to.
    """
    if _says(table, entries, text, text):
        return text
    for way in (_into_table, _at_end):
        fresh = way(text, table, entries, comment)
        if "\r\n" in text and "\n" not in text.replace("\r\n", ""):
            fresh = fresh.replace("\r\n", "\n").replace("\n", "\r\n")
        if _says(table, entries, text, fresh):
            return fresh
    return None


def _into_table(text: str, table: Sequence[str], entries: Mapping[str, Any], comment: str) -> str:
    """Set entries where the table is, or beside the other tables; the text as it is where that cannot be done."""
    import tomlkit  # only for this: reading does not need it
    from tomlkit.items import InlineTable

    document = tomlkit.parse(text)
    place: Any = document
    try:
        for key in table:
            if key not in place:
                inline = isinstance(place, InlineTable)
                place[key] = tomlkit.inline_table() if inline else tomlkit.table(is_super_table=key != table[-1])
            place = place[key]
        for key, value in entries.items():
            place[key] = _item(value, comment)
        return tomlkit.dumps(document)
    except (KeyError, NotImplementedError, TypeError, ValueError):
        return text


def _item(value: Any, comment: str) -> Any:
    import tomlkit

    if isinstance(value, Mapping):
        return tomlkit.value(_item_text(value, comment))
    if isinstance(value, (list, tuple)):
        lines = [f"    # {comment}", *(f"    {quote(line)}," for line in value)]
        return tomlkit.array("\n".join(["[", *lines, "]"]))
    return value


def _at_end(text: str, table: Sequence[str], entries: Mapping[str, Any], comment: str) -> str:
    """Add entries as a table of their own, which no table that was opened by dotted keys minds."""
    lines = [f"{quote(key)} = {_item_text(value, comment)}" for key, value in entries.items()]
    return "\n".join([text.rstrip("\r\n"), "", f"[{'.'.join(table)}]", *lines, ""])


def _item_text(value: Any, comment: str) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_scalar(item)}" for key, item in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "\n".join(["[", f"    # {comment}", *(f"    {quote(line)}," for line in value), "]"])
    return _scalar(value)


def _scalar(value: str | bool) -> str:
    return quote(value) if isinstance(value, str) else str(value).lower()


def _says(table: Sequence[str], entries: Mapping[str, Any], before: str, after: str) -> bool:
    """Whether a changed file means what it meant, and the entries. A TOML editor is not always right."""
    meant = tomli.loads(before, parse_float=str)  # as text: what is not a number is not equal to itself
    try:
        means = tomli.loads(after, parse_float=str)
    except tomli.TOMLDecodeError:
        return False
    place: Any = meant
    for key in table:
        place = place.setdefault(key, {})
        if not isinstance(place, dict):
            return False
    place.update({key: list(value) if isinstance(value, tuple) else value for key, value in entries.items()})
    return meant == means
