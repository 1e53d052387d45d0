"""Values by the dozen: ids, pins and files with hashes that are right, and a store that is a dictionary."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from pathlib import Path

from flowverse._digest import git_blob_id, sha256, tree_digest
from flowverse.errors import InvalidModuleId
from flowverse.model import PROJECT, Edge, FileEntry, ModuleId, Pin, RemoteFile, Requirement
from hypothesis import strategies as st

ONE, TWO, THREE = "1" * 40, "2" * 40, "3" * 40
"""Commits."""


def mid(text: str) -> ModuleId:
    return ModuleId.parse(text)


def req(id: str, revision: str = "main", *, path: str | None = None, at: str = "", asker: str = "") -> Requirement:
    """A requirement of the project, unless an asker is named."""
    return Requirement(id=mid(id), revision=revision, path=path, at=at, asker=asker or PROJECT)


def entry(path: str, content: bytes) -> FileEntry:
    return FileEntry(path=path, size=len(content), sha256=sha256(content))


def remote(path: str, content: bytes, *, lfs: bool = False) -> RemoteFile:
    """A file as the Hub lists it: large ones by sha256, the others by git's blob id."""
    if lfs:
        return RemoteFile(path=path, size=len(content), sha256=sha256(content))
    return RemoteFile(path=path, size=len(content), blob_id=git_blob_id(content))


def hub_pin(
    id: str,
    files: Mapping[str, bytes] | None = None,
    revision: str = "main",
    commit: str = ONE,
    dependencies: Sequence[Edge] = (),
) -> Pin:
    """A pin whose digest is that of its files."""
    entries = tuple(sorted(entry(path, content) for path, content in (files or {}).items()))
    return Pin(
        id=mid(id),
        revision=revision,
        commit=commit,
        dependencies=tuple(dependencies),
        digest=tree_digest((one.path, one.sha256) for one in entries),
        files=entries,
    )


def local_pin(id: str, path: str, dependencies: Sequence[Edge] = ()) -> Pin:
    return Pin(id=mid(id), path=path, dependencies=tuple(dependencies))


def edge(id: str, revision: str = "main", at: str = "a.py:1") -> Edge:
    return Edge(id=mid(id), revision=revision, at=at)


class MemoryStore:
    """A Store of contents by their sha256. It never hands out what is not right."""

    def __init__(self, *contents: bytes) -> None:
        self.contents = {sha256(content): content for content in contents}
        self.copied: list[Path] = []

    def entry(self, id: ModuleId, commit: str, file: RemoteFile) -> FileEntry | None:  # noqa: ARG002
        for content in self.contents.values():
            if file.sha256 == sha256(content) or file.blob_id == git_blob_id(content):
                return entry(file.path, content)
        return None

    def read(self, id: ModuleId, commit: str, entry: FileEntry) -> bytes | None:  # noqa: ARG002
        return self.contents.get(entry.sha256)

    def copy(self, id: ModuleId, commit: str, entry: FileEntry, to: str) -> bool:  # noqa: ARG002
        content = self.contents.get(entry.sha256)
        if content is None:
            return False
        Path(to).write_bytes(content)
        self.copied.append(Path(to))
        return True


# --- strategies ------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
"""Whatever TOML can hold."""
COMMITS = st.text("0123456789abcdef", min_size=40, max_size=40)
_NAMES = st.builds("".join, st.tuples(st.sampled_from(string.ascii_letters), st.text(string.ascii_letters, max_size=3)))


def _valid(text: str) -> bool:
    try:
        ModuleId.parse(text)
    except InvalidModuleId:
        return False
    return True


ID_TEXTS = st.builds("{}/{}".format, _NAMES, _NAMES).filter(_valid)
IDS = ID_TEXTS.map(ModuleId.parse)
