"""Where modules are built, whole and apart, every byte hashed on its way in, before they are put in place."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from flowverse._cache import refused, writing
from flowverse._files import make_folder, write_new
from flowverse._glance import shape_of
from flowverse._guard import module_id_text
from flowverse._index import Record, Seen, base_of
from flowverse._paths import check_paths
from flowverse.errors import TreeError, WrongContent
from flowverse.model import MODULE_ID_FILE, FileEntry, ModuleId, Pin
from flowverse.ports import Shelf

__all__ = ["Staging"]


class Staging:
    """The folder `staging` of a tree. Whoever writes must hold the tree's lock; no module is built by two threads."""

    def __init__(self, root: Path) -> None:
        self.root, self._root = root, str(root)
        self._made: set[str] = set()

    def place(self, id: ModuleId) -> Path:
        """Where a module is built."""
        return self.root / id.folder

    def stage(self, pin: Pin, entries: Sequence[FileEntry], store: Shelf) -> list[FileEntry]:
        """Build some files of a module from the store; what is not there (or not right) is returned, to be fetched.

        Raises `UnsafeContent` for a path that leaves the folder, and `TreeError`.
        """
        check_paths(pin.id, [entry.path for entry in pin.files])
        name = pin.id.folder
        folder, made = f"{self._root}/{name}", None
        missing = []
        for entry in entries:
            inner = entry.path.rpartition("/")[0]
            if inner != made:
                self._make(f"{name}/{inner}" if inner else name)
                made = inner
            if not store.copy(pin.id, pin.commit, entry, f"{folder}/{entry.path}"):
                missing.append(entry)
        return missing

    def complete(self, pin: Pin, entries: Sequence[FileEntry], store: Shelf) -> None:
        """Stage what was missing and is fetched now. Raises `WrongContent` if the store lost it again meanwhile."""
        missing = self.stage(pin, entries, store)
        if missing:
            raise WrongContent(f"{missing[0].path} of {pin.id}", f"sha256 {missing[0].sha256[:12]}", "something else")

    def finish(self, pin: Pin, place: Path) -> Record:
        """Complete a staged module and say how it looks: its record, once it is in `place`.

        A file keeps the mode that it has in the tree, as a person may have set it: a pin has no modes.
        """
        self._make(pin.id.folder)
        folder, old = f"{self._root}/{pin.id.folder}", str(place) if place.is_dir() else ""
        with writing(self.root):
            write_new(f"{folder}/{MODULE_ID_FILE}", module_id_text(pin).encode())
            files = {}
            for path, sha in base_of(pin).items():
                if old:
                    _carry_mode(f"{old}/{path}", f"{folder}/{path}")
                size, mtime, ctime, inode = shape_of(os.lstat(f"{folder}/{path}"))
                files[path] = Seen(sha, size, mtime, ctime, sha, inode)
        return Record.of(pin, files)

    def clear(self) -> None:
        """Remove what is built, as far as that can be done."""
        self._made.clear()
        with suppress(OSError):
            shutil.rmtree(self.root)

    def _make(self, path: str) -> None:
        """Make a folder below this one, and those that it is in; each is looked at once.

        Raises `TreeError`, also for one that is a link, which would carry what is written away.
        """
        if path in self._made:
            return
        if path:
            self._make(path.rpartition("/")[0])
        to = f"{self._root}/{path}" if path else self._root
        try:
            own = make_folder(to)
        except OSError as error:
            raise refused(error, to) from error
        if not own:
            raise TreeError(to, "leads out of the module's folder")
        self._made.add(path)


def _carry_mode(old: str, fresh: str) -> None:
    with suppress(OSError):
        mode = os.lstat(old).st_mode
        now = os.lstat(fresh).st_mode
        wanted = stat.S_IMODE(mode) | (now & 0o111)  # a patch may make it executable
        if stat.S_ISREG(mode) and wanted != stat.S_IMODE(now):
            Path(fresh).chmod(wanted)
