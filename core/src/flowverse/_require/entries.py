"""One requirement in `pyproject.toml` added, changed or taken away, and every other line left as it was. Pure.

The change is found by trying: of the texts that differ from the file in one place, the first that means what it should.
A TOML library keeps what it knows of; it moves comments from one table to the next, as it cannot know whose they are.
Here no comment moves, and whatever form the file has, nothing is written that means something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import tomli

from flowverse._editing import with_entries
from flowverse._toml import quote

__all__ = ["with_requirement", "without_requirement"]

_TABLE = ("tool", "flowverse", "dependencies")
_DEFAULT = "main"
_LONGEST = 40
"""Lines that an entry may have."""

Found = dict[str, Any]


def with_requirement(text: str, id: str, target: str, *, local: bool = False) -> str | None:
    """Ask for a module id at a revision, or with `local` at a path; what else its entry says stays.

    None for a file that is written in a way in which this cannot be done.
    """
    meant = _meaning(text)
    known = _of(meant)
    whole = text if text.endswith("\n") or not text else text + _end(text)
    if isinstance(known, list):
        plain = local and not re.match(r"[.~/\\]|[A-Za-z]:", target)
        return _listed(text, whole, meant, id, f"./{target}" if plain else target)
    old = known.get(id)
    if old is not None and (_asked(old), isinstance(old, dict) and "path" in old) == (target, local):
        return text
    value = _changed(old, target, local=local)
    goal = _with(meant, {**known, id: value})
    if old is None:
        return _first(_new_ways(whole, known, id, value), goal)
    return _first(_change_ways(whole, id, value), goal) or _anew(whole, id, value, goal)


def without_requirement(text: str, id: str) -> str | None:
    """Take a module id's entry away; None for a file that is written in a way in which this cannot be done."""
    meant = _meaning(text)
    known = _of(meant)
    if isinstance(known, list):
        rest: Any = [item for item in known if item["url"] != id]
    else:
        rest = {key: value for key, value in known.items() if key != id}
    return text if rest == known else _first(_ways_out(text, id), _with(meant, rest))


def _listed(text: str, whole: str, meant: Found, id: str, target: str) -> str | None:
    """The same for the list form, where a path is a revision that is written as one."""
    known = _of(meant)
    old = next((item for item in known if item["url"] == id), None)
    if old is None:
        goal = _with(meant, [*known, {"url": id, "revision": target}])
        return _first(_new_items(whole, known, id, target), goal)
    if old.get("revision", _DEFAULT) == target:
        return text
    value = {**old, "revision": target}
    return _first(_change_ways(whole, id, value), _with(meant, [value if item is old else item for item in known]))


def _asked(entry: Any) -> str:
    text = entry if isinstance(entry, str) else entry.get("path", entry.get("revision", _DEFAULT))
    return str(text)


def _changed(old: Any, target: str, *, local: bool) -> Any:
    """What an entry is to say: a revision alone, or a table where there is more to say, or was one."""
    table = old if isinstance(old, dict) else {}
    rest = {key: value for key, value in table.items() if key not in ("path", "revision")}
    if local:
        return {"path": target, **rest}
    return {"revision": target, **rest} if rest or "revision" in table else target


def _anew(text: str, id: str, value: Any, goal: Found) -> str | None:
    """Where an entry is spread over the file: taken away, and added as one line."""
    rest = without_requirement(text, id)
    return None if rest is None else _first(_new_ways(rest, _of(_meaning(rest)), id, value), goal)


# --- what a text means -----------------------------------------------------------------------------------------------


def _meaning(text: str) -> Found:
    return tomli.loads(text, parse_float=str)  # as text: what is not a number is not equal to itself


def _of(meant: Found) -> Any:
    place: Any = meant
    for key in _TABLE:
        place = place.get(key, {})
    return place


def _with(meant: Found, dependencies: Any) -> Found:
    """The meaning with other dependencies; tables in which nothing is left count as none."""
    tool = dict(meant.get("tool", {}))
    flowverse = {**tool.get("flowverse", {}), "dependencies": dependencies}
    tool["flowverse"] = {key: value for key, value in flowverse.items() if key != "dependencies" or value}
    if not tool["flowverse"]:
        del tool["flowverse"]
    rest = {key: value for key, value in meant.items() if key != "tool"}
    return {**rest, "tool": tool} if tool else rest


def _first(ways: Iterable[str | None], goal: Found) -> str | None:
    for fresh in ways:
        if fresh is None:
            continue
        try:
            meant = _meaning(fresh)
            if _with(meant, _of(meant)) == goal:
                return fresh
        except (tomli.TOMLDecodeError, AttributeError, TypeError):  # not TOML, or no table where one belongs
            continue
    return None


def _places(text: str, word: str) -> Iterator[re.Match[str]]:
    """Where an id stands, and not as a part of another."""
    return re.finditer(rf"(?<![\w./-]){re.escape(word)}(?![\w/-]|\.\w)", text)


# --- ways to take an entry away --------------------------------------------------------------------------------------


def _ways_out(text: str, id: str) -> Iterator[str]:
    lines = text.split("\n")
    code = [number for number, line in enumerate(lines) if not line.lstrip().startswith("#")]
    hits = [number for number in code if next(_places(lines[number], id), None)]
    yield _joined(line for number, line in enumerate(lines) if number not in hits)
    for hit in hits:
        heads = [number for number in range(hit, -1, -1) if lines[number].lstrip().startswith("[[")][:1]
        for start in (*heads, hit):
            for end in range(hit + 1, min(hit + _LONGEST, len(lines)) + 1):
                alone = lines[start].lstrip().startswith("[") and start > 0 and not lines[start - 1].strip()
                # A table that goes takes one of the two empty lines around it with it.
                if alone and (end >= len(lines) - 1 or not lines[end].strip()):
                    yield _joined(lines[: start - 1] + lines[end:])
                yield _joined(lines[:start] + lines[end:])
    for start, end in _spans(text, id):
        after = re.compile(r"[ \t]*,[ \t]*").match(text, end)
        before = re.search(r"[ \t]*,[ \t]*$", text[:start])
        if after is not None:
            yield text[:start] + text[after.end() :]
        if before is not None:
            yield text[: before.start()] + text[end:]
        yield text[:start] + text[end:]


def _joined(lines: Iterable[str]) -> str:
    """The text of lines; the last of a file from Windows may have lost the half of its end."""
    return "\n".join(lines).removesuffix("\r")


def _spans(text: str, id: str) -> Iterator[tuple[int, int]]:
    """What in a line may be an inline entry: from a quote or a brace before the id to a quote or a brace after it."""
    for match in _places(text, id):
        begin, end = text.rfind("\n", 0, match.start()) + 1, (text + "\n").find("\n", match.end())
        braces = [place for place in range(match.start() - 1, begin - 1, -1) if text[place] == "{"]
        for start in (match.start() - 1, *braces):
            for stop in range(match.end() + 1, end + 1):
                if text[stop - 1] in "\"'}":
                    yield start, stop


# --- ways to change one ----------------------------------------------------------------------------------------------


def _change_ways(text: str, id: str, value: Any) -> Iterator[str]:
    target = _asked(value)
    other = {"revision": "path", "path": "revision"}
    for match in _places(text, id):
        block = max(text.rfind("\n[", 0, match.start()), text.rfind("\n", 0, match.start())) + 1
        stop = text.find("\n[", match.end())
        stop = len(text) if stop < 0 else stop
        head = text.rfind("\n[", 0, match.start()) + 1
        if isinstance(value, Mapping):
            for start in dict.fromkeys((block, head)):
                for inner in re.finditer(r"\b(revision|path)([\"']?[ \t]*=[ \t]*)", text[start:stop]):
                    yield from _replaced(text, start + inner.end(), quote(target))
                    yield from _replaced(text, start + inner.start(), f"{other[inner[1]]}{inner[2]}{quote(target)}")
        sign = re.compile(r"[\"']?[ \t]*=[ \t]*").match(text, match.end())
        if sign is not None:
            yield from _replaced(text, sign.end(), _inline(value))
        for start, end in _spans(text, id):
            if text[start] == "{":
                yield text[:start] + _inline(value) + text[end:]
        yield from _beside(text, match.end(), target)


def _replaced(text: str, start: int, value: str) -> Iterator[str]:
    """The value that begins here is another: where it ends is tried."""
    end = (text + "\n").find("\n", start)
    yield from (text[:start] + value + text[stop:] for stop in range(start + 1, end + 1) if text[stop - 1] in "\"'}")


def _beside(text: str, at: int, target: str) -> Iterator[str]:
    """An entry that says no revision gets one: on the next line."""
    end = text.find("\n", at) + 1
    indent = re.match(r"[ \t]*", text[text.rfind("\n", 0, at) + 1 :])
    yield text[:end] + (indent[0] if indent else "") + f"revision = {quote(target)}{_end(text)}" + text[end:]


# --- ways to add one -------------------------------------------------------------------------------------------------


def _new_ways(text: str, known: Mapping[str, Any], id: str, value: Any) -> Iterator[str | None]:
    entry = f"{quote(id)} = {_inline(value)}"
    yield from _in_section(text, _head("[{}]"), [entry])
    for other in reversed(list(known)):  # entries with dotted keys get one more beside them
        for match in _places(text, other):
            begin, end = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end()) + 1
            prefix = text[begin : match.start() - 1]
            if prefix.rstrip().endswith("."):
                yield text[:end] + prefix + entry + _end(text) + text[end:]
    table = ["", f"[{'.'.join(_TABLE)}]", entry]
    if not known:
        yield from _in_section(text, _head("[{}]", _TABLE[:-1]), table)
    at_end = table if text.strip() and not text.endswith(("\n\n", "\n\r\n")) else table[1:]
    yield text + "".join(line + _end(text) for line in at_end)
    yield with_entries(text, _TABLE, {id: value})


def _new_items(text: str, known: list[Any], id: str, target: str) -> Iterator[str]:
    rows = [f"url = {quote(id)}", f"revision = {quote(target)}"]
    yield from _in_section(text, _head("[[{}]]"), ["", f"[[{'.'.join(_TABLE)}]]", *rows])
    item = "{ " + ", ".join(rows) + " }"
    last = known[-1]["url"] if known else _TABLE[-1]
    for match in reversed(list(_places(text, last))):
        begin, end = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end()) + 1
        indent = re.match(r"[ \t]*", text[begin:])
        lead = indent[0] if indent else ""
        yield text[:end] + f"{lead}{item},{_end(text)}" + text[end:]
        apart = f",{_end(text)}{lead}" if text[begin:].lstrip(" \t").startswith("{") else ", "
        for stop in range(match.end(), end):
            if text[stop] in "}[":
                yield text[: stop + 1] + (apart if text[stop] == "}" else "") + item + text[stop + 1 :]


def _in_section(text: str, head: Found, fresh: list[str]) -> Iterator[str]:
    """After the last entry of a table; comments that end it may be the next one's."""
    lines = text.split("\n")
    for number in range(len(lines) - 1, -1, -1):
        if not lines[number].lstrip().startswith("[") or _alone(lines[number]) != head:
            continue
        stop = next((n for n in range(number + 1, len(lines)) if lines[n].lstrip().startswith("[")), len(lines))
        last = number
        for below in range(number + 1, stop):
            if lines[below].strip() and not lines[below].lstrip().startswith("#"):
                last = below
        indent = re.match(r"[ \t]*", lines[last])
        lead = indent[0] if indent and last > number else ""
        tail = "\r" if _end(text) == "\r\n" else ""
        yield "\n".join(
            [*lines[: last + 1], *((lead if line else "") + line + tail for line in fresh), *lines[last + 1 :]]
        )


def _head(form: str, table: tuple[str, ...] = _TABLE) -> Found:
    return tomli.loads(form.format(".".join(table)))


def _alone(line: str) -> Found | None:
    """What a line that looks like the head of a table means."""
    try:
        return tomli.loads(line.strip())
    except tomli.TOMLDecodeError:
        return None


def _inline(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_inline(item)}" for key, item in value.items()) + " }"
    return quote(value)


def _end(text: str) -> str:
    """The line ends that most lines have."""
    return "\r\n" if 2 * text.count("\r\n") > text.count("\n") else "\n"
