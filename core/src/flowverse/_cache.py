"""The Hub client's cache folder, in its documented layout, without the client.

    models--owner--name/blobs/<etag>              the content; named by git blob id, or by sha256 for LFS files
    models--owner--name/snapshots/<commit>/<path> a link to its blob (a copy where links cannot be made)
    models--owner--name/refs/<revision>           the commit that a branch or a tag meant

`hf cache`, transformers and aiFlows find what is written here. The client checks sizes only, so nothing found here is
believed: it is hashed on every way out.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from flowverse._digest import Hasher, sha256
from flowverse._files import read_at_most, write_new
from flowverse._paths import unsafe
from flowverse.errors import TreeError
from flowverse.model import FileEntry, ModuleId, RemoteFile, is_commit

__all__ = ["Cache", "Incoming"]

_CHUNK = 1 << 20
_counter = itertools.count()


class Incoming:
    """A file on its way into the cache: bytes are hashed as they are written, under a name that nobody reads.

    It is opened when the first of them comes: thousands of files may stand in line, a process may open a few hundred.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.hasher = Hasher(size)
        self._file: BinaryIO | None = None

    @property
    def size(self) -> int:
        """How many bytes came."""
        return self.hasher.size

    def restart(self, size: int) -> None:
        """See `Sink.restart`."""
        self.hasher = Hasher(size)
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()

    def write(self, chunk: bytes) -> None:
        """See `Sink.write`."""
        self.hasher.update(chunk)
        if self._file is None:
            self._file = self.path.open("xb")
        self._file.write(chunk)

    def close(self) -> None:
        """Flush to the file."""
        if self._file is not None:
            self._file.close()


class Cache:
    """The Store over a cache folder (`HF_HUB_CACHE`)."""

    def __init__(self, root: Path) -> None:
        self.root, self._root = root, str(root)

    def folder(self, id: ModuleId) -> Path:
        """The folder of one repository."""
        return Path(self._folder(id))

    def _folder(self, id: ModuleId) -> str:
        return f"{self._root}/models--{id.owner}--{id.name}"

    def snapshot(self, id: ModuleId, commit: str, path: str) -> Path:
        """Where a file of a commit is, if it is here."""
        return self.folder(id) / "snapshots" / commit / path

    # --- reading -----------------------------------------------------------------------------------------------------

    def entry(self, id: ModuleId, commit: str, file: RemoteFile) -> FileEntry | None:
        """See `Store.entry`. A blob that another commit brought is linked into this one's snapshot."""
        if unsafe(file.path) or not (file.blob_id or file.sha256):
            return None
        names = [name for name in (file.sha256, file.blob_id) if name]
        blobs = [self._blob(id, name) for name in names]
        for candidate in (self.snapshot(id, commit, file.path), *blobs):
            hasher = _hash(candidate, file.size)
            if hasher is not None and _matches(hasher, file):
                if candidate in blobs:
                    self._link(id, commit, file.path, candidate)
                return FileEntry(path=file.path, size=hasher.size, sha256=hasher.sha256)
        return None

    def read(self, id: ModuleId, commit: str, entry: FileEntry) -> bytes | None:
        """See `Store.read`."""
        if unsafe(entry.path):
            return None
        try:
            content = self.snapshot(id, commit, entry.path).read_bytes()
        except OSError:
            return None
        return content if sha256(content) == entry.sha256 else None

    def copy(self, id: ModuleId, commit: str, entry: FileEntry, to: str) -> bool:
        """See `Store.copy`. Raises `TreeError` when `to` cannot be written."""
        if unsafe(entry.path):
            return False
        return copy_checked(f"{self._folder(id)}/snapshots/{commit}/{entry.path}", entry, to)

    def has(self, id: ModuleId, commit: str, entry: FileEntry) -> bool:
        """Whether a file of the right size is here: a guess that costs one stat and promises nothing."""
        try:
            return self.snapshot(id, commit, entry.path).stat().st_size == entry.size
        except OSError:
            return False

    # --- writing -----------------------------------------------------------------------------------------------------

    @contextmanager
    def incoming(self, id: ModuleId, size: int) -> Iterator[Incoming]:
        """A new file of a promised size in bytes; gone at the end unless `keep` took it. Raises `TreeError`."""
        path = self._unseen(id)
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            incoming = Incoming(path, size)
            try:
                yield incoming
            finally:
                incoming.close()
                with suppress(OSError):
                    path.unlink()

    def keep(self, incoming: Incoming, id: ModuleId, commit: str, file: RemoteFile, name: str) -> FileEntry:
        """Give a checked file its name among the blobs and its place in a snapshot."""
        blob = self._blob(id, name)
        with writing(blob):
            incoming.write(b"")  # an empty file is one, too
            incoming.close()
            incoming.path.replace(blob)
        self._link(id, commit, file.path, blob)
        return FileEntry(path=file.path, size=incoming.hasher.size, sha256=incoming.hasher.sha256)

    def share(self, owner: ModuleId, name: str, id: ModuleId, commit: str, path: str) -> None:
        """Put a blob that is here for one repository at the place of another's file with the same content."""
        blob, target = self._blob(owner, name), self._blob(id, name)
        if target != blob:
            fresh = self._unseen(id)
            with writing(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(blob, fresh)
                fresh.replace(target)
        self._link(id, commit, path, target)

    def remember(self, id: ModuleId, revision: str, commit: str) -> None:
        """Write what a branch or a tag means now, as the client does: for other programs, so no failure of ours."""
        if is_commit(revision) or unsafe(revision):
            return
        ref = self.folder(id) / "refs" / revision
        with suppress(OSError):
            ref.parent.mkdir(parents=True, exist_ok=True)
            if not ref.is_file() or ref.read_text(encoding="utf-8") != commit:
                ref.write_text(commit, encoding="utf-8")

    def _blob(self, id: ModuleId, name: str) -> Path:
        return self.folder(id) / "blobs" / name

    def _unseen(self, id: ModuleId) -> Path:
        """A name that no other thread or process uses, and that no client reads."""
        return self._blob(id, f".flowverse-{os.getpid()}-{next(_counter)}.incomplete")

    def _link(self, id: ModuleId, commit: str, path: str, blob: Path) -> None:
        place = self.snapshot(id, commit, path)
        target = os.path.relpath(blob, place.parent)
        fresh = self._unseen(id)
        with writing(place):
            if place.is_symlink() and str(place.readlink()) == target:
                return
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                fresh.symlink_to(target)
            except (OSError, NotImplementedError):
                shutil.copyfile(blob, fresh)
            fresh.replace(place)


def copy_checked(place: str, entry: FileEntry, to: str) -> bool:
    """Copy a file to a new one, hashed on the way; False (and no file) if it is not there, or not `entry`'s content.

    Raises `TreeError` when `to` cannot be written.
    """
    if entry.size > _CHUNK:
        return _copy_large(Path(place), entry, Path(to))
    try:
        content = read_at_most(place, entry.size + 1)
    except OSError:
        return False
    if sha256(content) != entry.sha256:
        return False
    try:
        write_new(to, content)
    except OSError as error:
        raise refused(error, to) from error
    return True


def _copy_large(place: Path, entry: FileEntry, to: Path) -> bool:
    hasher = hashlib.sha256()
    try:
        source = place.open("rb")
    except OSError:
        return False
    with source, writing(to), to.open("xb") as target:
        while chunk := source.read(_CHUNK):
            hasher.update(chunk)
            target.write(chunk)
    if hasher.hexdigest() == entry.sha256:
        return True
    to.unlink()
    return False


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say an operating system's refusal in our words. Raises `TreeError`."""
    try:
        yield
    except OSError as error:
        raise refused(error, path) from error


def refused(error: OSError, path: Path | str) -> TreeError:
    """What an operating system refused, in our words."""
    name, why = error.filename2 or error.filename or path, error.strerror or str(error)
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):  # a copied folder: one row a file
        _, name, why = error.args[0][0]
        why = re.sub(r"^\[Errno -?\d+\] |: '.*", "", str(why), flags=re.DOTALL)
    return TreeError(str(name), why.lower())


def write(path: Path, content: bytes) -> None:
    """Replace a file as a whole, following a link to it. Raises `TreeError`."""
    path = path.resolve()
    if not path.parent.is_dir():
        raise TreeError(str(path.parent), "there is no such folder", hint="Name a folder that is there.")
    fresh = path.with_name(f".{path.name}.flowverse-{os.getpid()}")
    with writing(path):
        try:
            fresh.write_bytes(content)
            if path.exists():
                fresh.chmod(path.stat().st_mode & 0o7777)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)


def _hash(path: Path, size: int) -> Hasher | None:
    hasher = Hasher(size)
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                hasher.update(chunk)
    except (OSError, ValueError):  # the second for a name with a NUL in it
        return None
    return hasher


def _matches(hasher: Hasher, file: RemoteFile) -> bool:
    if hasher.size != file.size:
        return False
    return hasher.sha256 == file.sha256 if file.sha256 else hasher.git_blob_id == file.blob_id
