"""A module's patch: its edits as one file, which the project keeps and `git apply` takes. Pure.

At the top stands, in lines that git passes over, what it is for and what every file is afterwards (mode, sha256, size,
path): so what a patched module holds is known from the lock and the patch alone, and is checked when it is made.

    # flowverse patch 1
    # module saibo/ChatFlows
    # commit 0123...
    # file 100644 9f86... 369 ChatGPT4.py
    # deleted old.py
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from flowverse._digest import sha256, tree_digest
from flowverse._edits.diff import FileVersion, file_diff, quoted
from flowverse._edits.texts import lines_of
from flowverse._paths import check_paths, unsafe
from flowverse.errors import BrokenPatch, UnsafeContent
from flowverse.model import FileEntry, ModuleId, Pin, is_commit

__all__ = ["Patch", "make_patch", "misplaced", "parse_patch", "patched_pin"]

_VERSION = 1
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_FILE = re.compile(r"# file (100644|100755) ([0-9a-f]{64}) (\d+) (.+)")
_LINE_ENDS = (
    "Write `*.patch -text` into flow_patches/.gitattributes, and commit that; then delete the patch here and get it "
    "again with `git checkout flow_patches`."
)


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A parsed patch: what it is for, what every file is afterwards, and the difference of each, by path."""

    id: ModuleId
    commit: str
    text: bytes
    files: Mapping[str, FileEntry] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    executable: frozenset[str] = frozenset()
    bodies: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def sha256(self) -> str:
        """The sha256 of the whole text, which the lock records."""
        return sha256(self.text)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that it changes, sorted."""
        return tuple(sorted({*self.files, *self.deleted}))

    def apply(self, path: str, base: bytes | None) -> FileVersion | None:
        """What a file is afterwards, made of the pin's content (None: there is none). Raises `BrokenPatch`."""
        if path in self.deleted:
            return None
        entry = self.files[path]
        content = _apply(self.id, path, base or b"", self.bodies[path])
        if sha256(content) != entry.sha256:
            raise BrokenPatch(self.id, f"it does not lead to what it promises for {path}")
        return FileVersion(content=content, executable=path in self.executable)


# --- making ----------------------------------------------------------------------------------------------------------


def make_patch(
    id: ModuleId, commit: str, changes: Mapping[str, tuple[FileVersion | None, FileVersion | None]]
) -> Patch | None:
    """The patch that turns the old into the new version of every path; None if nothing differs.

    Raises `BrokenPatch` for a path that no module can have.
    """
    rows, bodies = [], []
    for path in sorted(changes):
        old, new = changes[path]
        if old == new:
            continue
        why = unsafe(path)
        if why is not None:
            raise BrokenPatch(id, f"the file {path!r} {why}")
        if new is None:
            rows.append(f"# deleted {path}")
        else:
            rows.append(f"# file {new.mode} {sha256(new.content)} {len(new.content)} {path}")
        bodies.append(file_diff(path, old, new, binary=True).text)
    if not rows:
        return None
    head = [f"# flowverse patch {_VERSION}", f"# module {id}", f"# commit {commit}", *rows, "", ""]
    return parse_patch(id, "\n".join(head).encode() + b"".join(bodies))


# --- reading ---------------------------------------------------------------------------------------------------------


def parse_patch(id: ModuleId, text: bytes) -> Patch:
    """Read the patch of a module. Raises `BrokenPatch`, which says what is wrong with it."""
    head, mark, rest = text.partition(b"\ndiff --git ")
    lines = head.decode("utf-8", "replace").split("\n")
    if lines[0].endswith("\r"):
        raise BrokenPatch(id, "its line ends were changed, as git does where core.autocrlf is set", hint=_LINE_ENDS)
    if lines[:1] != [f"# flowverse patch {_VERSION}"]:
        newer = bool(lines) and lines[0].startswith("# flowverse patch ")
        raise BrokenPatch(id, "a newer flowverse wrote it" if newer else "it does not begin as a patch of flowverse")
    if lines[1:2] != [f"# module {id}"]:
        raise BrokenPatch(id, "it is of another module")
    commit = lines[2].removeprefix("# commit ") if len(lines) > 2 else ""
    if not is_commit(commit):
        raise BrokenPatch(id, "it does not say which commit it is for")
    patch = _with_files(Patch(id=id, commit=commit, text=text), lines[3:])
    sections = (mark[1:] + rest).split(b"\ndiff --git ") if mark else []
    bodies: dict[str, bytes] = {}
    for number, section in enumerate(sections):
        whole = section if number == 0 else mark[1:] + section
        path = _path_of(patch, whole)
        # What follows the last line of a section was taken for the mark of the next one.
        bodies[path] = whole if number == len(sections) - 1 else whole + b"\n"
    if set(bodies) != {*patch.files, *patch.deleted}:
        raise BrokenPatch(id, "its files are not those that it names at its top")
    return replace(patch, bodies=bodies)


def _with_files(patch: Patch, lines: list[str]) -> Patch:
    files: dict[str, FileEntry] = {}
    deleted, executable = set(), set()
    for line in lines:
        found = _FILE.fullmatch(line)
        path = found[4] if found else line.removeprefix("# deleted ")
        if not line:
            continue
        if (found is None and path == line) or unsafe(path) or path in files or path in deleted:
            raise BrokenPatch(patch.id, f"it has a line that cannot be read: {line!r}")
        if found is None:
            deleted.add(path)
            continue
        files[path] = FileEntry(path=path, size=int(found[3]), sha256=found[2])
        if found[1] == "100755":
            executable.add(path)
    return replace(patch, files=files, deleted=frozenset(deleted), executable=frozenset(executable))


def _path_of(patch: Patch, section: bytes) -> str:
    first = section.partition(b"\n")[0]
    for path in patch.paths:
        if first == f"diff --git {quoted(f'a/{path}')} {quoted(f'b/{path}')}".encode():
            return path
    raise BrokenPatch(patch.id, "it has a file that is not named at its top")


def misplaced(patch: Patch, paths: Collection[str]) -> tuple[str, str] | None:
    """A file that cannot be beside the others in a module of these `paths` with the patch, and why; None if all can.

    A folder of the patch may be a file there, or two names may be one where case is ignored.
    """
    try:
        check_paths(patch.id, [*(path for path in paths if path not in patch.paths), *patch.files])
    except UnsafeContent as error:
        return error.path, error.why
    return None


def patched_pin(pin: Pin, patch: Patch) -> Pin:
    """The pin as it is with its patch: the files that the tree is to hold, and their digest.

    Raises `BrokenPatch` if the patch is for another commit.
    """
    if patch.commit != pin.commit:
        raise BrokenPatch(pin.id, f"it is for {patch.commit[:7]}, and {pin.commit[:7]} is locked")
    kept = [entry for entry in pin.files if entry.path not in patch.deleted and entry.path not in patch.files]
    files = tuple(sorted([*kept, *patch.files.values()]))
    digest = tree_digest((entry.path, entry.sha256) for entry in files)
    return replace(pin, files=files, digest=digest, patch=patch.sha256)


# --- applying --------------------------------------------------------------------------------------------------------


def _apply(id: ModuleId, path: str, base: bytes, body: bytes) -> bytes:
    lines = lines_of(body)
    start = next((n for n, line in enumerate(lines) if line.startswith((b"@@ ", b"GIT binary patch"))), None)
    if start is None:
        return base
    try:
        if lines[start].startswith(b"GIT"):
            return _inflate(lines[start + 1 :])
        return b"".join(_hunked(lines_of(base), lines[start:]))
    except (ValueError, IndexError, zlib.error):
        raise BrokenPatch(id, f"it does not fit {path}") from None


def _hunked(base: list[bytes], lines: list[bytes]) -> Iterator[bytes]:
    """Apply hunks exactly where they say; ValueError where they do not fit."""
    at = number = 0
    while number < len(lines):
        found = _HUNK.match(lines[number])
        if found is None:
            raise ValueError
        number += 1
        first, length = int(found[1]), int(found[2] or 1)
        start = first - 1 if length else first
        if start < at:
            raise ValueError
        yield from base[at:start]
        at = start
        while number < len(lines) and not lines[number].startswith(b"@@ "):
            mark, line = lines[number][:1], lines[number][1:]
            number += 1
            if number < len(lines) and lines[number].startswith(b"\\"):
                line, number = line.removesuffix(b"\n"), number + 1
            if mark in {b" ", b"-"}:
                if base[at] != line:
                    raise ValueError
                at += 1
            elif mark != b"+":
                raise ValueError
            if mark != b"-":
                yield line
    yield from base[at:]


def _inflate(lines: list[bytes]) -> bytes:
    size = int(lines[0].removeprefix(b"literal "))
    packed = b""
    for line in lines[1:]:
        row = line.rstrip(b"\n")
        if not row:
            break
        length = row[0] - ord("A") + 1 if row[:1].isupper() else row[0] - ord("a") + 27
        packed += base64.b85decode(row[1:])[:length]
    content = zlib.decompress(packed)
    if len(content) != size:
        raise ValueError
    return content
