"""One requirement looked into: listed, fetched into the store, read for what it asks for, pinned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flowverse._digest import tree_digest
from flowverse._local import look_at_local
from flowverse._paths import check_paths
from flowverse._scan import Scan, scan, wanted
from flowverse._tasks import all_of
from flowverse.errors import UnsafeContent
from flowverse.model import MODULE_ID_FILE, Edge, FileEntry, Listing, ModuleId, Pin, RemoteFile, Requirement
from flowverse.ports import Examined, Source, Store

__all__ = ["Looked", "ModuleExaminer", "look_into"]

_LARGEST_SOURCE = 4 << 20
"""Bytes above which a Python file is not even read for requirements: it is data."""


class ModuleExaminer:
    """The Examiner over a source and a store. `known` are the pins of the lock, which need no look at all."""

    def __init__(self, source: Source, store: Store, root: Path, known: Mapping[ModuleId, Pin]) -> None:
        self._source, self._store, self._root, self._known = source, store, root, known

    async def examine(self, requirement: Requirement, ask: Callable[[Sequence[Requirement]], None]) -> Examined:
        """See `Examiner.examine`."""
        if requirement.path is not None:
            examined, asked = look_at_local(self._root, requirement)
            ask(asked)
            return examined
        pin = self._known.get(requirement.id)
        # A branch stays at its locked commit, and a commit can be nothing else.
        if pin is not None and pin.path is None and requirement.revision in {pin.revision, pin.commit}:
            ask([Requirement(id=e.id, revision=e.revision, asker=str(pin.id), at=e.at) for e in pin.dependencies])
            return Examined(pin=pin)
        return await self._listed(requirement, ask)

    async def _listed(self, requirement: Requirement, ask: Callable[[Sequence[Requirement]], None]) -> Examined:
        listing = await self._source.resolve(requirement.id, requirement.revision)
        looked = await look_into(self._source, self._store, listing)
        ask(looked.scan.requirements)
        others = await all_of(_entry(self._source, self._store, listing, file) for file in looked.others)
        return Examined(pin=_pin(listing, looked, others), warnings=looked.warnings)


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What a listed module asks for. `entries` are the files that say so, which are here; `others` the rest."""

    scan: Scan
    entries: tuple[FileEntry, ...]
    others: tuple[RemoteFile, ...]
    warnings: tuple[str, ...]

    @property
    def edges(self) -> tuple[Edge, ...]:
        """What the lock keeps of what it asks for."""
        return tuple(sorted(Edge(id=req.id, revision=req.revision, at=req.at) for req in self.scan.requirements))


async def look_into(source: Source, store: Store, listing: Listing) -> Looked:
    """Read what a listed module asks for; of its files only those that say so are fetched. Raises a `HubError`."""
    files = [file for file in listing.files if file.path != MODULE_ID_FILE]
    check_paths(listing.id, [file.path for file in listing.files])
    sources = [file for file in files if wanted(file.path) and file.size <= _LARGEST_SOURCE]
    others = [file for file in files if file not in set(sources)]
    entries = await all_of(_entry(source, store, listing, file) for file in sources)
    found = scan(listing.id, _contents(store, listing, entries))
    large = [file.path for file in others if wanted(file.path)]
    warnings = (*_moved(listing), *found.warnings, *(_unread(listing, path) for path in large))
    return Looked(scan=found, entries=tuple(entries), others=tuple(others), warnings=warnings)


async def _entry(source: Source, store: Store, listing: Listing, file: RemoteFile) -> FileEntry:
    return store.entry(listing.id, listing.commit, file) or await source.fetch(listing.id, listing.commit, file)


def _contents(store: Store, listing: Listing, entries: Sequence[FileEntry]) -> dict[str, bytes]:
    contents = {}
    for entry in entries:
        content = store.read(listing.id, listing.commit, entry)
        if content is None:
            raise UnsafeContent(listing.id, entry.path, "changed in the cache while it was read")
        contents[entry.path] = content
    return contents


def _pin(listing: Listing, looked: Looked, others: Sequence[FileEntry]) -> Pin:
    files = tuple(sorted([*looked.entries, *others]))
    return Pin(
        id=listing.id,
        revision=listing.revision,
        commit=listing.commit,
        license=listing.license,
        dependencies=looked.edges,
        requirements=tuple(sorted(looked.scan.python_requirements)),
        digest=tree_digest((entry.path, entry.sha256) for entry in files),
        files=files,
    )


def _unread(listing: Listing, path: str) -> str:
    return f"{listing.id}: {path} is too large to be read for what it asks for"


def _moved(listing: Listing) -> tuple[str, ...]:
    if listing.moved_to is None:
        return ()
    return (f"{listing.id} is called {listing.moved_to} on the Hub now; the old name still leads there",)
