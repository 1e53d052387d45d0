"""Adding tables and array items to a TOML file, where a person would, and nothing else of it changes. Pure.

Text is put where it belongs, and read again: what does not mean exactly what was meant is tried in another way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tomli

from flowverse._editing import with_entries
from flowverse._toml import quote

__all__ = ["value_text", "with_items", "with_table", "without_entry"]

_HEADER = re.compile(r"\s*\[{1,2}\s*([^\[\]]+?)\s*\]{1,2}\s*(?:#.*)?")

Table = Sequence[str]


def value_text(value: Any) -> str:
    """A string, a boolean, a table or an array of them, on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {value_text(item)}" for key, item in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(value_text, value)) + "]"
    return quote(value) if isinstance(value, str) else str(value).lower()


def with_table(text: str, table: Table, lines: Sequence[str] = (), comment: str = "") -> str | None:
    """Add a table with some lines, beside its nearest relatives; None where that cannot be done.

    `comment` stands behind the header.
    """
    header = f"[{'.'.join(table)}]" + (f"  # {comment}" if comment else "")
    entries = tomli.loads("\n".join(lines))

    def meant(document: Any) -> None:
        place = _place(document, table[:-1])
        if table[-1] in place:
            raise KeyError(table[-1])
        place[table[-1]] = entries

    fresh = _checked(text, _inserted(text, table, [header, *lines]), meant)
    if fresh is None and (other := with_entries(text, table, entries)) is not None:
        fresh = _checked(text, other, meant)
    return fresh


def with_items(text: str, table: Table, key: str, items: Sequence[Any], comment: str = "") -> str | None:
    """Add items to the end of an array, in its style; make the array, and its table, where there is none."""

    def meant(document: Any) -> None:
        place = _place(document, table)
        place[key] = [*place.get(key, []), *items]

    try:
        place = _place(tomli.loads(text), table[:-1])
        there = table[-1] in place
        new = there and key not in place[table[-1]]
    except (AttributeError, TypeError):  # something else has its name
        return None
    line = f"{key} = {value_text(items)}"
    if not there:
        return with_table(text, table, [line], comment)
    ways = [_beside(text, table, line)] if new else []
    fresh = [_checked(text, way, meant) for way in (*ways, _appended(text, table, key, items))]
    return next((way for way in fresh if way is not None), None)


def without_entry(text: str, table: Table, key: str) -> tuple[str, str] | None:
    """Take an entry out; the text without it, and the text of its value. None where that cannot be done."""
    import tomlkit

    document = tomlkit.parse(text)
    place: Any = document
    for name in table:
        place = place[name]
    value = place[key].as_string()
    place.remove(key)
    fresh = _checked(text, tomlkit.dumps(document), lambda document: _place(document, table).pop(key))
    return None if fresh is None else (fresh, value)


def _place(document: Any, table: Table) -> Any:
    for key in table:
        document = document.setdefault(key, {})
    return document


def _checked(before: str, after: str, meant: Callable[[Any], object]) -> str | None:
    """The text, with the line ends of the file, if it means what is meant."""
    if "\r\n" in before and "\n" not in before.replace("\r\n", ""):
        after = after.replace("\r\n", "\n").replace("\n", "\r\n")
    document = tomli.loads(before)
    try:
        meant(document)
        return after if tomli.loads(after) == document else None
    except (AttributeError, KeyError, TypeError, tomli.TOMLDecodeError):
        return None


def _headers(lines: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    for number, line in enumerate(lines):
        if match := _HEADER.fullmatch(line.rstrip("\r\n")):
            yield number, tuple(part.strip().strip("\"'") for part in match[1].split("."))


def _inserted(text: str, table: Table, fresh: Sequence[str]) -> str:
    """Put a table behind the last one of its family, or at the end."""
    lines = text.splitlines(keepends=True)
    headers = list(_headers(lines))
    near = [(_common(name, table), index) for index, (_, name) in enumerate(headers)]
    most, index = max(near, default=(0, -1))
    related = most > (1 if table[0] == "tool" else 0)
    at = _end(lines, headers, index) if related else len(lines)
    before, after = "".join(lines[:at]).rstrip("\r\n"), "".join(lines[at:])
    after = after.lstrip("\r\n")
    return "\n".join([*([before, ""] if before else []), *fresh, *([""] if after else []), after])


def _common(name: Table, table: Table) -> int:
    both = zip(name, table, strict=False)
    return next((depth for depth, (one, other) in enumerate(both) if one != other), min(len(name), len(table)))


def _beside(text: str, table: Table, line: str) -> str:
    """Put a line at the end of what stands below the header of a table."""
    lines = text.splitlines(keepends=True)
    headers = list(_headers(lines))
    for index, (_, name) in enumerate(headers):
        if name == tuple(table):
            at = _end(lines, headers, index)
            before = "".join(lines[:at])
            return before + ("" if before.endswith(("\n", "\r")) else "\n") + line + "\n" + "".join(lines[at:])
    return text


def _end(lines: Sequence[str], headers: Sequence[tuple[int, Table]], index: int) -> int:
    """The line behind the last one of a table; a comment that stands on the next header is that one's."""
    at = headers[index + 1][0] if index + 1 < len(headers) else len(lines)
    while at < len(lines) and lines[at - 1].lstrip().startswith("#"):
        at -= 1
    while not lines[at - 1].strip():
        at -= 1
    return at


def _appended(text: str, table: Table, key: str, items: Sequence[Any]) -> str:
    import tomlkit  # only for this: reading does not need it

    document = tomlkit.parse(text)
    place: Any = document
    try:
        for name in table:
            place = place[name]
        if key not in place:
            place[key] = tomlkit.value(value_text(items))
            return tomlkit.dumps(document)
        for item in items:
            place[key].append(tomlkit.value(value_text(item)))
        return tomlkit.dumps(document)
    except (AttributeError, KeyError, NotImplementedError, TypeError, ValueError):
        return text
