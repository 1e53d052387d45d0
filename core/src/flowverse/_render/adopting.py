"""What is said of adopting flowverse: requirements out of calls, wiring, and diffs of what is or would be written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flowverse._adopt.values import Change, Migration, Present, Setup, Wish
from flowverse._edits.diff import hunks
from flowverse._edits.texts import lines_of
from flowverse._render.lines import Kind, Line, count, document
from flowverse._toml import quote
from flowverse.errors import quiet

__all__ = ["migration_document", "render_changes", "render_migration", "render_setup"]

_KINDS: dict[str, Kind] = {"+": "added", "-": "removed", "@": "changed"}
_SHAPES = {
    "hatchling": "This project is built by hatchling: builds ship its flow modules",
    "pdm-backend": "This project is built by pdm-backend: builds ship its flow modules",
    "pdm": "This project is installed by PDM, which syncs flow modules; no build ships them",
    "command": "No build of this project knows flow modules: `flowverse sync` brings them, and nothing ships them",
}


def render_migration(migration: Migration) -> list[Line]:
    """What becomes of the calls, what is left for a person, and the diff of every file."""
    done = migration.written
    lines = [Line("added", f"+ {wish.id} = {_target(wish)}  ({', '.join(wish.places)})") for wish in migration.wishes]
    lines += [_present_line(present) for present in migration.present]
    verb = "was" if done else "can be"
    lines += [Line("removed", f"- {at}  the call {verb} deleted") for at in migration.deleted]
    lines += [
        Line("note", f"{wish.id} gives up its edits at every sync, as its call did: overwrite = true")
        for wish in migration.wishes
        if wish.overwrite and wish.path is None
    ]
    lines += [Line("note", note) for note in migration.notes]
    if not done:
        lines += render_changes(migration.changes)
    for clash in migration.clashes:
        asked = " and ".join(f"{quote(wish.target)} ({', '.join(wish.places)})" for wish in clash.wishes)
        lines.append(Line("warning", f"{clash.id} is asked for at {asked}; write the one that you want yourself"))
    lines += [Line("warning", quiet(f"{item.at}: {item.why}")) for item in migration.by_hand]
    return [*lines, Line("summary", _summary(migration))]


def _present_line(present: Present) -> Line:
    wish = present.wish
    told = f"{wish.id} is in pyproject.toml already, at {quote(present.target)}"
    if wish.target == present.target:
        return Line("note", told)
    return Line("kept", f"{told}, which stays; {', '.join(wish.places)} asked for {quote(wish.target)}")


def _target(wish: Wish) -> str:
    return quote(wish.revision) if wish.path is None else f"{{ path = {quote(wish.path)} }}"


def _summary(migration: Migration) -> str:
    parts = []
    if migration.wishes:
        parts.append(f"{'wrote' if migration.written else 'write'} {count(len(migration.wishes), 'requirement')}")
    if migration.deleted:
        parts.append(f"{'deleted' if migration.written else 'delete'} {count(len(migration.deleted), 'call')}")
    left = len(migration.by_hand) + len(migration.clashes)
    rest = f"{count(left, 'thing')} to do by hand" if left else ""
    if not parts:
        return f"Nothing is written: {rest}" if rest else "There is nothing to migrate"
    told = " and ".join(parts)
    told = told.capitalize() if migration.written else f"Would {told}; --write does it"
    return f"{told}; {rest}" if rest else told


def migration_document(migration: Migration) -> str:
    """`flowverse.migrate/1` (docs/schemas/migrate-1.json)."""
    by_hand = [{**_place(item.at), "why": quiet(item.why)} for item in migration.by_hand]
    body = {
        "written": migration.written,
        "requirements": [_wish_body(wish) for wish in migration.wishes],
        "present": [{**_wish_body(item.wish), "declared": item.target} for item in migration.present],
        "conflicts": [
            {"id": str(clash.id), "requirements": [_wish_body(wish) for wish in clash.wishes]}
            for clash in migration.clashes
        ],
        "calls": _sorted(_place(at) for at in migration.deleted),
        "by_hand": _sorted(by_hand),
        "notes": sorted(migration.notes),
        "changes": sorted(({"file": change.path, "diff": _patch(change)} for change in migration.changes), key=_file),
    }
    return document("migrate", 1, body)


def _place(at: str) -> dict[str, Any]:
    """A `file:line`, or a file alone, in parts."""
    file, _, line = at.rpartition(":")
    return {"file": file, "line": int(line)} if file and line.isdigit() else {"file": at, "line": None}


def _sorted(places: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(places, key=lambda place: (place["file"], place["line"] or 0))


def _file(place: dict[str, Any]) -> str:
    return str(place["file"])


def _patch(change: Change) -> str:
    return "".join(f"{line.text}\n" for line in _diff(change))


def _wish_body(wish: Wish) -> dict[str, Any]:
    local = wish.path is not None
    return {
        "id": str(wish.id),
        "revision": None if local else wish.revision,
        "path": wish.path,
        "overwrite": wish.overwrite and not local,
        "places": _sorted(map(_place, wish.places)),
    }


def render_setup(setup: Setup, *, written: bool = False) -> list[Line]:
    """How the project is built, what is missing as a diff, and what to know."""
    lines = [] if written else render_changes(setup.changes)
    lines += [Line("added", f"{change.path} was written") for change in setup.changes if written]
    lines += [Line("note", note) for note in setup.notes]
    if not setup.changes:
        return [*lines, Line("summary", "Nothing is to be done: all that flow modules need is there")]
    return [*lines, Line("summary", _SHAPES[setup.shape])]


def render_changes(changes: Sequence[Change]) -> list[Line]:
    """A unified diff of every file."""
    return [line for change in changes for line in _diff(change)]


def _diff(change: Change) -> Iterator[Line]:
    yield Line("summary", "--- /dev/null" if change.before is None else f"--- a/{change.path}", verbatim=True)
    yield Line("summary", f"+++ b/{change.path}", verbatim=True)
    for line in hunks(lines_of(change.before or b""), lines_of(change.after)):
        text = line.decode(change.encoding, "replace").rstrip("\r\n")
        shown = "".join(character if character.isprintable() or character == "\t" else "?" for character in text)
        yield Line(_KINDS.get(text[:1], "note"), quiet(shown), verbatim=True)
