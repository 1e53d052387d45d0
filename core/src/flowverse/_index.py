"""The tree's own record, and the fast answer "nothing changed": one stat a file, no lock parse, no hash.

`flow_modules/.flowverse/index.json` says what every module was synced from and how its files looked when they were
last read. It is a cache with one exception: an edited module's base is known only here (and in FLOW_MODULE_ID).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from flowverse._files import read_all
from flowverse._glance import BYTECODE, BYTECODE_FOLDER, Shape, shape_of, walk
from flowverse.errors import InvalidModuleId
from flowverse.model import MODULE_ID_FILE, Edit, ModuleId, Pin

__all__ = [
    "Index",
    "Record",
    "Recorded",
    "Seen",
    "base_of",
    "edit_of",
    "holds",
    "look",
    "looks_same",
    "stat_row",
]

_VERSION = 1
_PLAIN = ("revision", "commit", "digest", "link", "behind", "patch")


class Seen(NamedTuple):
    """One file: the sha256 it was synced with (None if it was added), its stat when read, and its sha256 then.

    Times are in nanoseconds. `now` is None for a file that is not there any more.
    """

    base: str | None
    size: int
    mtime: int
    ctime: int
    now: str | None
    inode: int = 0

    @property
    def shape(self) -> Shape:
        """How it looked."""
        return (self.size, self.mtime, self.ctime, self.inode)


@dataclass(frozen=True, kw_only=True)
class Record:
    """What one module's folder was synced from. `digest` is the pin's, empty where the base is not known.

    A linked module has `link`, the path it points at, and instead of files the stats of what is read of it (a copy of a
    folder has both). `behind`
    says why an edited module was kept: its pin is "moved" or "gone"; empty while it is the same. `patch` is the sha256
    of the patch that is part of what it was synced with, `conflicts` are the files that a merge left to a person.
    """

    id: ModuleId
    revision: str = ""
    commit: str = ""
    digest: str = ""
    link: str | None = None
    behind: str = ""
    patch: str = ""
    conflicts: tuple[str, ...] = ()
    files: Mapping[str, Seen] = field(default_factory=dict)
    sources: Mapping[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, pin: Pin, files: Mapping[str, Seen]) -> Record:
        """The record of a folder that was synced from a pin."""
        return cls(id=pin.id, revision=pin.revision, commit=pin.commit, digest=pin.digest, patch=pin.patch, files=files)

    def row(self, clock: int) -> dict[str, Any]:
        """As a row of the index (see `Index.dump`)."""
        files = {
            path: (
                base,
                size,
                mtime if mtime < clock and ctime < clock else -1,
                ctime,
                inode,
                *(() if now == base else (now,)),
            )
            for path, (base, size, mtime, ctime, now, inode) in self.files.items()
        }
        plain = {name: getattr(self, name) for name in _PLAIN}
        return {**plain, "conflicts": self.conflicts, "files": files, "sources": self.sources}

    @classmethod
    def of_row(cls, id: ModuleId, row: Mapping[str, Any]) -> Record:
        """Read a row back. Raises `TypeError`, `ValueError` or `KeyError` for what is none."""
        files = {name: _seen(file) for name, file in row["files"].items()}
        conflicts = tuple(row.get("conflicts", ()))
        return cls(id=id, **{**row, "files": files, "conflicts": conflicts})

    @property
    def copied(self) -> bool:
        """Whether it is a copy of a local folder, made where links cannot be."""
        return self.link is not None and bool(self.files)

    @property
    def base(self) -> str:
        """What it was synced from, in words; empty if that is not known."""
        patch = " + patch" if self.patch else ""
        return f"{self.revision} ({self.commit[:7]}){patch}" if self.commit else ""


@dataclass(frozen=True, kw_only=True)
class Index:
    """The record of a tree. `answers` are fingerprints of what the last complete sync answered to, by name."""

    answers: Mapping[str, str] = field(default_factory=dict)
    generated: Mapping[str, list[int]] = field(default_factory=dict)
    modules: Mapping[ModuleId, Record] = field(default_factory=dict)

    @property
    def newest(self) -> int:
        """When, in nanoseconds, the last change was that can be seen."""
        seen = [max(seen.mtime, seen.ctime) for record in self.modules.values() for seen in record.files.values()]
        return max([0, *seen, *(max(row[1:3], default=0) for row in self.generated.values())])

    def dump(self, clock: int) -> str:
        """As text. A file that changed in or after the tick `clock` could change again unseen: it is read again.

        Its time stamp may have been put back since, so the time of that change counts as well.
        """
        modules = {str(id): record.row(clock) for id, record in sorted(self.modules.items())}
        document = {"version": _VERSION, "answers": self.answers, "generated": self.generated, "modules": modules}
        return json.dumps(document, separators=(",", ":"))

    @classmethod
    def load(cls, path: Path) -> Index:
        """Read a record; an empty one where it is missing, broken or of another version: all is then looked at."""
        try:
            document = json.loads(path.read_bytes())
            if document["version"] != _VERSION:
                return cls()
            modules = {}
            for text, row in document["modules"].items():
                id = ModuleId.parse(text)
                modules[id] = Record.of_row(id, row)
            return cls(answers=document["answers"], generated=document["generated"], modules=modules)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidModuleId):
            return cls()


def _seen(row: Sequence[Any]) -> Seen:
    """A file as in the index: one that is as it was synced has its hash once."""
    if len(row) > 4 and isinstance(row[4], int):
        base, size, mtime, ctime, inode, *now = row
        return Seen(base, size, mtime, ctime, now[0] if now else base, inode)
    base, size, mtime, ctime, *now = row  # of before there were inodes: the file is read again
    return Seen(base, size, mtime, ctime, now[0] if now else base)


Recorded = tuple[list[int], Index]
"""A record that was written, and how its file looks (see `stat_row`)."""

# --- looking at folders ----------------------------------------------------------------------------------------------


def _files(folder: str) -> Iterator[tuple[str, Shape]]:
    """How every file of a module looks, by its path.

    Not of FLOW_MODULE_ID, which is generated, and looked at with what else is. Raises `OSError`.
    """
    for inner, rows in walk(folder):
        for name, *shape in rows:
            if inner or name != MODULE_ID_FILE:
                yield inner + name, (shape[0], shape[1], shape[2], shape[3])


def is_bytecode(path: str) -> bool:
    """Whether a path is passed over when edits are looked for."""
    return path.endswith(BYTECODE) or BYTECODE_FOLDER in path.split("/")[:-1]


def base_of(pin: Pin) -> dict[str, str]:
    """The sha256 of a pin's files by path, but of bytecode, which is never compared."""
    return {entry.path: entry.sha256 for entry in pin.files if not is_bytecode(entry.path)}


def looks_same(folder: str, record: Record) -> bool:
    """Whether a synced folder still looks as it did when it was last read: one stat a file, nothing opened."""
    there = {path: seen.shape for path, seen in record.files.items() if seen.now is not None}
    try:
        return dict(_files(folder)) == there
    except OSError:
        return False


def holds(folder: str, base: Mapping[str, str]) -> bool:
    """Whether a folder has these files (sha256 by path), and no others that count. Every one of them is read.

    Raises `OSError`.
    """
    left = len(base.keys() - {MODULE_ID_FILE})
    for path, _ in _files(folder):
        if base.get(path) != _hash(f"{folder}/{path}"):
            return False
        left -= 1
    return left == 0


def look(folder: str, base: Mapping[str, str], before: Mapping[str, Seen]) -> dict[str, Seen]:
    """Every file of a folder against `base` (sha256 by path), hashing only what does not look as it did `before`."""
    found = {}
    for path, shape in _files(folder):
        old = before.get(path)
        now = old.now if old is not None and old.now is not None and old.shape == shape else _hash(f"{folder}/{path}")
        found[path] = Seen(base.get(path), *shape[:3], now, shape[3])
    for path, sha256 in base.items():
        if path not in found and path != MODULE_ID_FILE:
            found[path] = Seen(sha256, 0, 0, 0, None)
    return found


def _hash(path: str) -> str:
    if os.path.islink(path):  # noqa: PTH114 - for a name of any length
        return f"link to {Path(path).readlink()}"
    if not os.path.isfile(path):  # noqa: PTH113
        return "not a file"  # a pipe or a device would block
    hasher = hashlib.sha256()
    for chunk in read_all(path):
        hasher.update(chunk)
    return hasher.hexdigest()


def edit_of(files: Mapping[str, Seen]) -> Edit:
    """What a person changed."""
    if all(seen.base == seen.now for seen in files.values()):
        return Edit()
    rows = [(path, seen) for path, seen in sorted(files.items()) if not is_bytecode(path)]
    return Edit(
        changed=tuple(path for path, seen in rows if seen.base and seen.now and seen.base != seen.now),
        added=tuple(path for path, seen in rows if seen.base is None),
        deleted=tuple(path for path, seen in rows if seen.base and seen.now is None),
    )


def stat_row(path: Path | str) -> list[int]:
    """How a file looks (see `_glance.Shape`); empty if it is not there."""
    with suppress(OSError):
        return [*shape_of(os.lstat(path))]
    return []
