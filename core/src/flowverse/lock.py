"""The lock: `flowverse.lock` as text and as a value, and whether it still answers to the manifest. Pure.

The format is TOML that merges and reviews well: sorted, one line a file and a dependency, no time stamps, no absolute
paths, and no hash over the whole that two branches would both change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import tomli

from flowverse._digest import tree_digest
from flowverse._toml import quote
from flowverse.errors import BrokenLock, InvalidModuleId, NewerLock
from flowverse.model import Edge, FileEntry, ModuleId, Pin, Requirement, is_commit

__all__ = ["LOCK_NAME", "VERSION", "Lock", "dump_lock", "load_lock", "parse_text"]

LOCK_NAME = "flowverse.lock"
VERSION = 1

# A file of a lock, as it is written here; in TOML, such a line means the same wherever it can be in an array.
_FILE = re.compile(
    r'^    \{ path = "([^"\\\x00-\x1f\x7f]*)", size = (0|[1-9][0-9]{0,17}), sha256 = "([0-9a-f]{64})" \},\n',
    re.MULTILINE,
)
_MARK = "=files="
_BEGIN = "\nfiles = [\n"
_END = "\n]\n"

_PLAIN = re.compile(r"[A-Za-z0-9_./ -]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")

Wanted = tuple[tuple[str, str, str], ...]
"""What the lock answers to: sorted (id, kind, target), where kind is "revision" or "path"."""


@dataclass(frozen=True, kw_only=True)
class Lock:
    """Every pin, by module id, and the requirements of the manifest that they answer to."""

    dependencies: Wanted = ()
    overrides: Wanted = ()
    pins: tuple[Pin, ...] = ()

    @property
    def by_id(self) -> dict[ModuleId, Pin]:
        """The pins by module id."""
        return {pin.id: pin for pin in self.pins}

    def stale(self, dependencies: Sequence[Requirement], overrides: Sequence[Requirement]) -> tuple[str, ...]:
        """Why this lock does not answer to these requirements: one clause a difference, nothing if it does."""
        return (
            *_differences("", self.dependencies, wanted(dependencies)),
            *_differences("override of ", self.overrides, wanted(overrides)),
            *self._loose_ends(),
        )

    def _loose_ends(self) -> list[str]:
        """What a bad merge leaves behind: a module that is needed and not here, or here and not needed."""
        by_id = {str(id): pin for id, pin in self.by_id.items()}
        ids = [id for id, _, _ in self.dependencies]
        needed: dict[str, str] = dict.fromkeys(ids, "pyproject.toml")
        while ids:
            asker = ids.pop()
            for edge in by_id[asker].dependencies if asker in by_id else ():
                if str(edge.id) not in needed:
                    needed[str(edge.id)] = asker
                    ids.append(str(edge.id))
        reasons = [f"{id} is not locked, {asker} asks for it" for id, asker in needed.items() if id not in by_id]
        return sorted(reasons + [f"{id} is locked, nothing asks for it" for id in by_id if id not in needed])


def wanted(requirements: Sequence[Requirement]) -> Wanted:
    """The requirements in the form that the lock keeps."""
    return tuple(
        sorted(
            (str(req.id), "revision", req.revision) if req.path is None else (str(req.id), "path", req.path)
            for req in requirements
        )
    )


def _differences(prefix: str, locked: Wanted, asked: Wanted) -> list[str]:
    old = {id: (kind, target) for id, kind, target in locked}
    new = {id: (kind, target) for id, kind, target in asked}
    reasons = [f"{prefix}{id} is not locked yet" for id in new if id not in old]
    reasons += [f"{prefix}{id} is no longer asked for" for id in old if id not in new]
    reasons += [
        f"{prefix}{id} is locked for {old[id][1]}, {new[id][1]} is asked for"
        for id in new
        if id in old and old[id] != new[id]
    ]
    return sorted(reasons)


# --- writing ---------------------------------------------------------------------------------------------------------


def dump_lock(lock: Lock) -> str:
    """The text of a lock; the same lock gives the same bytes, always."""
    lines = [
        "# What the flow modules of this project are, to the byte. Written by flowverse; commit it, do not edit it.",
        f"version = {VERSION}",
    ]
    for title, table in (("dependencies", lock.dependencies), ("overrides", lock.overrides)):
        if table or title == "dependencies":
            lines += ["", f"[manifest.{title}]"]
            lines += [
                f"{quote(id)} = {quote(target) if kind == 'revision' else '{ path = ' + quote(target) + ' }'}"
                for id, kind, target in sorted(table)
            ]
    for pin in sorted(lock.pins, key=lambda pin: pin.id):
        lines += ["", *_dump_pin(pin)]
    return "\n".join(lines) + "\n"


def _dump_pin(pin: Pin) -> list[str]:
    lines = ["[[module]]", f"id = {quote(str(pin.id))}"]
    fields = [("path", pin.path), ("revision", pin.revision), ("commit", pin.commit), ("license", pin.license)]
    lines += [f"{key} = {quote(value)}" for key, value in fields if value]
    if pin.dependencies:
        rows = (
            f"    {{ id = {quote(str(edge.id))}, revision = {quote(edge.revision)}, at = {quote(edge.at)} }},"
            for edge in sorted(pin.dependencies)
        )
        lines += ["dependencies = [", *rows, "]"]
    if pin.requirements:
        lines += ["requirements = [", *(f"    {quote(line)}," for line in sorted(pin.requirements)), "]"]
    if pin.path is None:
        if pin.patch:
            lines.append(f"patch = {quote('sha256:' + pin.patch)}")
        rows = (
            f'    {{ path = {_quoted(path)}, size = {size}, sha256 = "{sha256}" }},'
            for path, size, sha256 in sorted((entry.path, entry.size, entry.sha256) for entry in pin.files)
        )
        lines += [f"digest = {quote(pin.digest)}", "files = [", *rows, "]"]
    return lines


def _quoted(path: str) -> str:
    """Most paths need no look at each of their characters."""
    return f'"{path}"' if _PLAIN.fullmatch(path) else quote(path)


# --- reading ---------------------------------------------------------------------------------------------------------


def parse_text(text: str) -> Mapping[str, Any]:
    """Parse the text of a lock for `load_lock`. Raises `tomli.TOMLDecodeError`.

    Nearly all of it are lines that say what a file is. As long as they are as `dump_lock` writes them they are read
    here, which takes a quarter of the time and of the memory; of anything else, the whole is left to the TOML parser.
    """
    first, *parts = text.split(_BEGIN)
    # Between triple quotes, a line may mean anything.
    if parts and not any(odd in text for odd in ('"""', "'''", "\\u", "\\U", _MARK)):
        lists, rest = [], [first]
        for number, part in enumerate(parts):
            rows, end, after = part.partition(_END)
            found = _FILE.findall(rows + "\n")
            if not end or len(found) != rows.count("\n") + 1:
                break
            lists.append([FileEntry(path=path, size=int(size), sha256=sha) for path, size, sha in found])
            rest.append(f'\nfiles = "{_MARK}{number}"\n{after}')
        else:
            with suppress(tomli.TOMLDecodeError):
                document = tomli.loads("".join(rest))
                modules = document.get("module")
                if _put_back(modules, lists):
                    return document
    return tomli.loads(text)


def _put_back(modules: object, lists: Sequence[list[FileEntry]]) -> bool:
    """Put lists where their marks are, if each is the `files` of a module, and in order: they were that before."""
    tables = [module for module in modules if isinstance(module, dict)] if isinstance(modules, list) else []
    tables = [module for module in tables if str(module.get("files")).startswith(_MARK)]
    if [module["files"] for module in tables] != [f"{_MARK}{number}" for number in range(len(lists))]:
        return False
    for module, files in zip(tables, lists, strict=True):
        module["files"] = files
    return True


def load_lock(document: Mapping[str, Any]) -> Lock:
    """Read a parsed `flowverse.lock`. Raises `NewerLock` or `BrokenLock`; a lock is believed only as a whole."""
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BrokenLock("it has no version")
    if version > VERSION:
        raise NewerLock(version, VERSION)
    manifest = _get(document, "manifest", dict, "")
    modules = _get(document, "module", list, "", optional=True) or []
    pins = tuple(_load_pin(module, f"module[{index}]") for index, module in enumerate(modules))
    if len({pin.id for pin in pins}) != len(pins):
        raise BrokenLock("a module stands in it twice")
    return Lock(
        dependencies=_load_wanted(manifest, "dependencies"),
        overrides=_load_wanted(manifest, "overrides"),
        pins=tuple(sorted(pins, key=lambda pin: pin.id)),
    )


def _load_wanted(manifest: Mapping[str, Any], key: str) -> Wanted:
    table = _get(manifest, key, dict, "manifest", optional=True) or {}
    return tuple(sorted(_load_wish(id, value, f'manifest.{key}."{id}"') for id, value in table.items()))


def _load_wish(id: str, value: object, where: str) -> tuple[str, str, str]:
    _id(id, where)
    if isinstance(value, str):
        return (id, "revision", value)
    if isinstance(value, dict) and isinstance(value.get("path"), str):
        return (id, "path", value["path"])
    raise BrokenLock(f"{where} is neither a revision nor a path")


def _load_pin(module: object, where: str) -> Pin:
    if not isinstance(module, dict):
        raise BrokenLock(f"{where} is not a table")
    id = _id(_get(module, "id", str, where), where)
    common = {
        "id": id,
        "license": _get(module, "license", str, where, optional=True),
        "dependencies": tuple(_load_edge(row, f"{where}.dependencies") for row in _rows(module, "dependencies", where)),
        "requirements": tuple(_string(row, f"{where}.requirements") for row in _rows(module, "requirements", where)),
    }
    empty = [key for key in ("path", "revision", "license") if module.get(key) == ""]
    if empty:  # what would be left out when it is written again
        raise BrokenLock(f"{where}.{empty[0]} is empty")
    path = _get(module, "path", str, where, optional=True)
    if path is not None:
        return Pin(path=path, **common)
    commit = _get(module, "commit", str, where)
    if not is_commit(commit):
        raise BrokenLock(f"{where}.commit is not 40 hex digits")
    files = _load_files(_get(module, "files", list, where), f"{where}.files")
    if len({entry.path for entry in files}) != len(files):
        raise BrokenLock(f"a file of {id} stands in it twice")
    digest = _get(module, "digest", str, where)
    if digest != tree_digest((entry.path, entry.sha256) for entry in files):
        raise BrokenLock(f"the digest of {id} is not that of its files")
    patch = (_get(module, "patch", str, where, optional=True) or "").removeprefix("sha256:")
    if patch and not _SHA256.fullmatch(patch):
        raise BrokenLock(f"{where}.patch is no sha256")
    revision = _get(module, "revision", str, where)
    return Pin(revision=revision, commit=commit, digest=digest, files=files, patch=patch, **common)


def _load_edge(row: object, where: str) -> Edge:
    return Edge(
        id=_id(_get(row, "id", str, where), where),
        revision=_get(row, "revision", str, where),
        at=_get(row, "at", str, where),
    )


def _load_files(rows: list[Any], where: str) -> tuple[FileEntry, ...]:
    """The files of a module; those that `parse_text` has read already are as they are to be."""
    return tuple(row if type(row) is FileEntry else _load_file(row, where) for row in rows)


def _load_file(row: object, where: str) -> FileEntry:
    entry = FileEntry(
        path=_get(row, "path", str, where), size=_get(row, "size", int, where), sha256=_get(row, "sha256", str, where)
    )
    if entry.size < 0 or not _SHA256.fullmatch(entry.sha256):
        raise BrokenLock(f"{where} has an impossible size or sha256 for {entry.path!r}")
    return entry


def _rows(table: Mapping[str, Any], key: str, where: str) -> list[Any]:
    return _get(table, key, list, where, optional=True) or []


def _string(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise BrokenLock(f"{where} holds something that is not a string")
    return value


def _id(text: str, where: str) -> ModuleId:
    try:
        return ModuleId.parse(text)
    except InvalidModuleId as error:
        raise BrokenLock(f"{where}: {str(error).rstrip('.')}") from None


def _get(table: object, key: str, kind: type, where: str, *, optional: bool = False) -> Any:
    """The value of a key, of one TOML type. `Any` because the type is a value here."""
    if not isinstance(table, Mapping):
        raise BrokenLock(f"{where} holds something that is not a table")
    value = table.get(key)
    if value is None and optional:
        return None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BrokenLock(f"{where}.{key} is missing or of the wrong type".lstrip("."))
    return value
