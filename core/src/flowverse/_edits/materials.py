"""What patched modules are made of: the pin's own files from the store, and what a patch makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from flowverse._cache import writing
from flowverse._edits.diff import FileVersion
from flowverse._edits.patch import Patch
from flowverse._files import write_new
from flowverse.model import FileEntry, ModuleId, Pin
from flowverse.ports import Store

__all__ = ["Materials"]


class Materials:
    """Copies files as the tree is to hold them, as a Shelf does. `locked` are the pins without patches."""

    def __init__(self, store: Store, locked: Mapping[ModuleId, Pin], patches: Mapping[ModuleId, Patch]) -> None:
        self.store, self._locked, self._patches = store, locked, patches

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
            return self.store.copy(id, commit, entry, to)
        version = self._made(patch, entry.path)
        if version is None:
            return False
        place = Path(to)
        with writing(place):
            write_new(to, version.content)
            if version.executable:
                place.chmod(place.stat().st_mode | 0o111)
        return True

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
