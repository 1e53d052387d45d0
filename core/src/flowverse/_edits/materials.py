"""What patched modules are made of: the pin's own files from the store, and what a patch makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from flowverse._cache import copy_checked, writing
from flowverse._edits.diff import FileVersion
from flowverse._edits.patch import Patch
from flowverse._files import write_new
from flowverse._index import Record, stat_row
from flowverse.model import FileEntry, ModuleId, Pin
from flowverse.ports import Store

__all__ = ["Materials"]


class Materials:
    """Copies files as the tree is to hold them, as a Shelf does, from the store or the tree as it is.

    `locked` are the pins without patches, `records` those of the modules that are in the tree, each in its `place`.
    """

    def __init__(
        self,
        store: Store,
        locked: Mapping[ModuleId, Pin],
        patches: Mapping[ModuleId, Patch],
        records: Mapping[ModuleId, Record],
        place: Callable[[ModuleId], Path],
    ) -> None:
        self.store, self._locked, self._patches = store, locked, patches
        self._records, self._place = records, place

    def _patch(self, id: ModuleId, path: str) -> Patch | None:
        patch = self._patches.get(id) if self._patches else None
        pin = self._locked.get(id) if patch is not None else None
        patched = pin is not None and patch is not None and pin.patch == patch.sha256
        return patch if patched and patch is not None and path in patch.files else None

    def raw(self, pin: Pin, entry: FileEntry) -> FileEntry | None:
        """The file of the repository that has to be there to make `entry`; None for one that the patch adds."""
        if self._patch(pin.id, entry.path) is None:
            return entry
        return self._locked[pin.id].by_path.get(entry.path)

    def copy(self, id: ModuleId, commit: str, entry: FileEntry, to: str) -> bool:
        """See `Shelf.copy`. Raises `BrokenPatch` too."""
        patch = self._patch(id, entry.path)
        if patch is None:
            if self.store.copy(id, commit, entry, to):
                return True
            # A lock that came from elsewhere moves a module: most of its files are here, as those of another commit.
            here = self.here(id, entry)
            return here is not None and copy_checked(here, entry, to)
        version = self._made(patch, entry.path)
        if version is None:
            return False
        place = Path(to)
        with writing(place):
            write_new(to, version.content)
            if version.executable:
                place.chmod(place.stat().st_mode | 0o111)
        return True

    def here(self, id: ModuleId, entry: FileEntry) -> str | None:
        """Where a module's folder has the content of a file now, by its record and one stat; None if it has not."""
        record = self._records.get(id)
        files = record.files if record is not None and record.link is None else {}
        path = entry.path if (seen := files.get(entry.path)) is not None and seen.now == entry.sha256 else None
        path = path or next((path for path, seen in files.items() if seen.now == entry.sha256), None)
        if path is None:
            return None
        place = f"{self._place(id)}/{path}"
        return place if tuple(stat_row(place)) == files[path][1:4] else None

    def own(self, pin: Pin) -> Iterator[bytes]:
        """The contents of a pin that no repository has."""
        for entry in pin.files:
            patch = self._patch(pin.id, entry.path)
            version = self._made(patch, entry.path) if patch is not None else None
            if version is not None:
                yield version.content

    def _made(self, patch: Patch, path: str) -> FileVersion | None:
        """A file with its patch; None also where what it is made of is not in the store."""
        pin = self._locked[patch.id]
        base = pin.by_path.get(path)
        content = self.store.read(pin.id, pin.commit, base) if base is not None else None
        return None if base is not None and content is None else patch.apply(path, content)
