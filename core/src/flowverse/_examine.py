"""One requirement looked into: listed, fetched into the store, read for what it asks for, pinned."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from flowverse._digest import tree_digest
from flowverse._edits.bases import Bases
from flowverse._edits.carry import carry
from flowverse._edits.patch import Patch, misplaced
from flowverse._local import look_at_local
from flowverse._paths import check_paths
from flowverse._scan import Scan, scan, wanted
from flowverse._tasks import all_of, beside
from flowverse.errors import BrokenPatch, PatchConflict, UnsafeContent
from flowverse.model import MODULE_ID_FILE, Edge, FileEntry, Listing, ModuleId, Pin, RemoteFile, Requirement
from flowverse.ports import Examined, Source, Store

__all__ = ["ModuleExaminer", "is_read"]

_LARGEST_SOURCE = 4 << 20
"""Bytes above which a Python file is not even read for requirements: it is data."""

_OTHERS_AT_ONCE = 64
"""Of how many modules the data is fetched at a time: a file that waits for its turn costs some kB of memory."""


class ModuleExaminer:
    """The Examiner over a source and a store. `known` are the pins of the lock: no look is needed but to `renew` one.

    `patches` are those of the project, or why one cannot be used. A patch that is for another commit than the one found
    is carried over there; where that conflicts, the module is pinned without it if patches are to be released, else it
    is a `PatchConflict`. `released` are the modules and commits where it came to that.
    """

    def __init__(
        self,
        source: Source,
        store: Store,
        root: Path,
        known: Mapping[ModuleId, Pin],
        patches: Mapping[ModuleId, Patch | BrokenPatch] | None = None,
        *,
        renew: Collection[ModuleId] = (),
        release: bool = False,
    ) -> None:
        self._source, self._store, self._root, self._known = source, store, root, known
        self._patches, self._renew, self._release = patches or {}, renew, release
        self.released: set[tuple[ModuleId, str]] = set()
        self._fetching_others = asyncio.Semaphore(_OTHERS_AT_ONCE)

    async def examine(self, requirement: Requirement, ask: Callable[[Sequence[Requirement]], None]) -> Examined:
        """See `Examiner.examine`."""
        if requirement.path is not None:
            examined, asked = look_at_local(self._root, requirement)
            ask(asked)
            return examined
        pin = self._known.get(requirement.id) if requirement.id not in self._renew else None
        # A branch stays at its locked commit, and a commit can be nothing else.
        if pin is not None and pin.path is None and requirement.revision in {pin.revision, pin.commit}:
            patch = self._patch(pin.id)
            if pin.patch == (patch.sha256 if patch is not None else ""):
                ask([Requirement(id=e.id, revision=e.revision, asker=str(pin.id), at=e.at) for e in pin.dependencies])
                return Examined(pin=pin)
            return await self._listed(_listing_of(pin), ask)
        return await self._listed(await self._source.resolve(requirement.id, requirement.revision), ask)

    async def _listed(self, listing: Listing, ask: Callable[[Sequence[Requirement]], None]) -> Examined:
        files = [file for file in listing.files if file.path != MODULE_ID_FILE]
        check_paths(listing.id, [file.path for file in listing.files])
        sources = [file for file in files if is_read(file)]
        others = [file for file in files if not is_read(file)]
        async with beside(self._others(listing, others)) as rest:
            entries = await all_of(self._entry(listing, file) for file in sources)
            contents = self._contents(listing, entries)
            patch = self._patch(listing.id)
            if patch is not None:  # it may change what the module asks for
                entries += await rest
                patch, contents = await self._patched(listing, entries, patch, contents)
            found = scan(listing.id, contents)
            ask(found.requirements)
            if len(entries) < len(files):
                entries += await rest
        large = [file.path for file in others if wanted(file.path)]
        warnings = (*_moved(listing), *found.warnings, *(_unread(listing, path) for path in large))
        pin = _pin(listing, found, entries)
        return Examined(
            pin=replace(pin, patch=patch.sha256 if patch is not None else ""),
            warnings=warnings,
            patch=patch.text if patch is not None else None,
        )

    def _patch(self, id: ModuleId) -> Patch | None:
        patch = self._patches.get(id)
        if isinstance(patch, BrokenPatch):
            raise patch
        return patch

    async def _patched(
        self, listing: Listing, entries: Sequence[FileEntry], patch: Patch, contents: dict[str, bytes]
    ) -> tuple[Patch | None, dict[str, bytes]]:
        """The patch as it is for this commit, and the contents with it; None where it had to be given up."""
        by_path = {entry.path: entry for entry in entries}
        paths = [path for path in patch.paths if path in by_path]
        theirs = {path: self._store.read(listing.id, listing.commit, by_path[path]) for path in paths}
        if patch.commit != listing.commit:
            bases = await Bases(self._store, lambda: nullcontext(self._source)).under(patch, self._known.get(patch.id))
            where = f"{listing.revision} ({listing.commit[:7]})"
            carried, conflicts = carry(patch, listing.commit, bases, theirs, label=f"{listing.id}@{where}")
            if carried is not None and (wrong := misplaced(carried, by_path)) is not None:
                conflicts = wrong[:1]
            if conflicts and not self._release:
                raise PatchConflict(listing.id, where, conflicts)
            if conflicts:
                self.released.add((listing.id, listing.commit))
            if conflicts or carried is None:
                return None, contents
            patch = carried
        elif (wrong := misplaced(patch, by_path)) is not None:
            raise BrokenPatch(patch.id, f"its file {wrong[0]} {wrong[1]}")
        for path in patch.paths:
            version = patch.apply(path, theirs.get(path))
            if version is None:
                contents.pop(path, None)
            elif wanted(path):
                contents[path] = version.content
        return patch, contents

    async def _others(self, listing: Listing, files: Sequence[RemoteFile]) -> list[FileEntry]:
        async with self._fetching_others:
            return await all_of(self._entry(listing, file, patient=True) for file in files)

    async def _entry(self, listing: Listing, file: RemoteFile, *, patient: bool = False) -> FileEntry:
        entry = self._store.entry(listing.id, listing.commit, file)
        return entry or await self._source.fetch(listing.id, listing.commit, file, patient=patient)

    def _contents(self, listing: Listing, entries: Sequence[FileEntry]) -> dict[str, bytes]:
        contents = {}
        for entry in entries:
            content = self._store.read(listing.id, listing.commit, entry)
            if content is None:
                raise UnsafeContent(listing.id, entry.path, "changed in the cache while it was read")
            contents[entry.path] = content
        return contents


def is_read(file: RemoteFile) -> bool:
    """Whether a module's file may say what it asks for."""
    return wanted(file.path) and file.size <= _LARGEST_SOURCE


def _listing_of(pin: Pin) -> Listing:
    """What the Hub would list for a pin, told from the lock."""
    files = tuple(RemoteFile(path=entry.path, size=entry.size, sha256=entry.sha256) for entry in pin.files)
    return Listing(id=pin.id, revision=pin.revision, commit=pin.commit, files=files, license=pin.license)


def _pin(listing: Listing, found: Scan, entries: Sequence[FileEntry]) -> Pin:
    files = tuple(sorted(entries))
    return Pin(
        id=listing.id,
        revision=listing.revision,
        commit=listing.commit,
        license=listing.license,
        dependencies=_edges(found),
        requirements=tuple(sorted(found.python_requirements)),
        digest=tree_digest((entry.path, entry.sha256) for entry in files),
        files=files,
    )


def _edges(found: Scan) -> tuple[Edge, ...]:
    return tuple(sorted(Edge(id=req.id, revision=req.revision, at=req.at) for req in found.requirements))


def _unread(listing: Listing, path: str) -> str:
    return f"{listing.id}: {path} is too large to be read for what it asks for"


def _moved(listing: Listing) -> tuple[str, ...]:
    if listing.moved_to is None:
        return ()
    return (f"{listing.id} is called {listing.moved_to} on the Hub now; the old name still leads there",)
