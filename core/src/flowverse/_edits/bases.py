"""The content that edits are measured against: what a module's folder was synced with, file by file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from flowverse._edits.patch import Patch
from flowverse._index import Record
from flowverse._tasks import all_of
from flowverse.errors import UsageError
from flowverse.model import FileEntry, ModuleId, Pin
from flowverse.ports import Source, Store

__all__ = ["Bases"]


class Bases:
    """Finds base contents: among what the tree keeps by sha256 (`kept`), in the cache, and at last on the Hub."""

    def __init__(
        self,
        store: Store,
        source: Callable[[], AbstractAsyncContextManager[Source]],
        kept: Callable[[str], bytes | None] = lambda _: None,
    ) -> None:
        self._store, self._source, self._kept = store, source, kept

    async def read(self, record: Record, paths: Iterable[str], *, pin: Pin | None = None) -> dict[str, bytes | None]:
        """The base of every path of a module; None for a path that it had no file at. Raises a `HubError`.

        Where the record of the tree is lost, a module is held against its `pin`. `UsageError` where the base is not
        known at all.
        """
        if not record.commit and pin is not None:
            record = replace(record, commit=pin.commit)
        bases = {path: seen.base for path, seen in record.files.items() if seen.base is not None}
        found: dict[str, bytes | None] = {path: self._here(record, path, bases.get(path)) for path in paths}
        missing = [path for path in found if found[path] is None and path in bases]
        if missing:
            found |= await self._fetched(record.id, record.commit, {path: bases[path] for path in missing})
        return found

    def _here(self, record: Record, path: str, sha256: str | None) -> bytes | None:
        if sha256 is None:
            return None
        kept = self._kept(sha256)
        if kept is None and record.commit:
            kept = self._store.read(record.id, record.commit, FileEntry(path=path, size=0, sha256=sha256))
        return kept

    async def raw(self, pin: Pin, paths: Iterable[str]) -> dict[str, bytes | None]:
        """The content of a pin's own files, without its patch; None for a path that it has no file at."""
        entries = {path: pin.by_path.get(path) for path in paths}
        found = {path: self._store.read(pin.id, pin.commit, e) if e else None for path, e in entries.items()}
        missing = {path: entry.sha256 for path, entry in entries.items() if entry and found[path] is None}
        if missing:
            found |= await self._fetched(pin.id, pin.commit, missing)
        return found

    async def under(self, patch: Patch, pin: Pin | None) -> dict[str, bytes | None]:
        """What a patch was made for: the content of its paths at its commit, which need not be that of the `pin`."""
        if pin is not None and pin.commit == patch.commit:
            return await self.raw(pin, patch.paths)
        async with self._source() as source:
            listing = await source.resolve(patch.id, patch.commit)
            files = {file.path: file for file in listing.files if file.path in patch.paths}
            here = {path: self._store.entry(patch.id, patch.commit, file) for path, file in files.items()}
            fetched = await all_of(
                source.fetch(patch.id, patch.commit, files[path]) for path, entry in here.items() if entry is None
            )
        entries = {**{path: entry for path, entry in here.items() if entry}, **{entry.path: entry for entry in fetched}}
        contents = {path: self._store.read(patch.id, patch.commit, entry) for path, entry in entries.items()}
        return {path: contents.get(path) for path in patch.paths}

    async def _fetched(self, id: ModuleId, commit: str, wanted: dict[str, str]) -> dict[str, bytes | None]:
        if not commit:
            raise UsageError(
                f"What {id} was before it was edited is not known any more.",
                hint=f"`flowverse restore {id}` replaces it; what is there is kept in a backup.",
            )
        async with self._source() as source:
            listing = await source.resolve(id, commit)
            files = [file for file in listing.files if file.path in wanted]
            entries = await all_of(source.fetch(id, commit, file) for file in files)
        found = {}
        for entry in entries:
            if entry.sha256 == wanted[entry.path]:
                found[entry.path] = self._store.read(id, commit, entry)
        lost = sorted(path for path in wanted if found.get(path) is None)
        if lost:
            raise UsageError(
                f"What {lost[0]} of {id} was before it was edited is neither in the cache nor on the Hub.",
                hint=f"`flowverse restore {id}` replaces the module; what is there is kept in a backup.",
            )
        return dict(found)
