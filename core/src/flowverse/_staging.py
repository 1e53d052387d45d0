"""Where modules are built, whole and apart, every byte hashed on its way in, before they are put in place."""

from __future__ import annotations

import stat
from contextlib import suppress
from pathlib import Path

from flowverse._cache import writing
from flowverse._guard import module_id_text
from flowverse._index import Record, Seen, base_of
from flowverse._paths import check_paths
from flowverse.errors import TreeError, WrongContent
from flowverse.model import MODULE_ID_FILE, FileEntry, ModuleId, Pin
from flowverse.ports import Shelf

__all__ = ["Staging"]


class Staging:
    """The folder `staging` of a tree. Whoever writes must hold the tree's lock."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def place(self, id: ModuleId) -> Path:
        """Where a module is built."""
        return self.root / id.folder

    def stage(self, pin: Pin, store: Shelf) -> list[FileEntry]:
        """Build a module from the store; what is not there (or not right) is returned, to be fetched.

        Call it again when it was fetched. Raises `UnsafeContent` for a path that leaves the folder, and `TreeError`.
        """
        check_paths(pin.id, [entry.path for entry in pin.files])
        folder = self.place(pin.id)
        missing = []
        for entry in pin.files:
            to = folder / entry.path
            with writing(to):
                to.parent.mkdir(parents=True, exist_ok=True)
            if not to.parent.resolve().is_relative_to(folder.resolve()):
                raise TreeError(str(to), "leads out of the module's folder")
            if not to.exists() and not store.copy(pin.id, pin.commit, entry, to):
                missing.append(entry)
        return missing

    def complete(self, pin: Pin, store: Shelf) -> None:
        """Stage what was missing and is fetched now. Raises `WrongContent` if the store lost it again meanwhile."""
        missing = self.stage(pin, store)
        if missing:
            raise WrongContent(f"{missing[0].path} of {pin.id}", f"sha256 {missing[0].sha256[:12]}", "something else")

    def finish(self, pin: Pin, place: Path) -> Record:
        """Complete a staged module and say how it looks: its record, once it is in place.

        A file keeps the mode that it has in the tree, as a person may have set it: a pin has no modes.
        """
        folder = self.place(pin.id)
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / MODULE_ID_FILE).write_text(module_id_text(pin), encoding="utf-8", newline="\n")
            files = {}
            for path, sha in base_of(pin).items():
                _carry_mode(place / path, folder / path)
                now = (folder / path).lstat()
                files[path] = Seen(sha, now.st_size, now.st_mtime_ns, now.st_ctime_ns, sha)
        return Record.of(pin, files)


def _carry_mode(old: Path, fresh: Path) -> None:
    with suppress(OSError):
        mode = old.lstat().st_mode
        wanted = stat.S_IMODE(mode) | (fresh.stat().st_mode & 0o111)  # a patch may make it executable
        if stat.S_ISREG(mode) and wanted != stat.S_IMODE(fresh.stat().st_mode):
            fresh.chmod(wanted)
