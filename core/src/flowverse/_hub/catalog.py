"""The Hub as a catalogue: what there is for some words, and everything that is worth knowing of one module."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from flowverse._examine import ModuleExaminer, is_read
from flowverse._hub.answers import Hit, Refs
from flowverse._project import Project
from flowverse._tasks import all_of
from flowverse.errors import AccessDenied
from flowverse.model import MODULE_ID_FILE, FileEntry, Listing, ModuleId, Pin, RemoteFile, Requirement
from flowverse.ports import Examined, Source, Store

__all__ = ["Catalog", "Hits", "Info", "Use", "info", "search", "use_of"]

LOOKED_THROUGH = 100
"""How many repositories one search asks for, because what may be a flow module is sorted out here."""


class Catalog(Source, Protocol):
    """A Source that can be searched."""

    async def refs(self, id: ModuleId) -> Refs | None:
        """The branches and tags of a repository that is there; None where they are not told."""

    async def search(self, words: str, owner: str | None, limit: int) -> tuple[list[Hit], bool]:
        """The first repositories with these words in their ids, and whether there are more. Raises a `HubError`."""


@dataclass(frozen=True, kw_only=True)
class Hits:
    """What was found for `words`, or of an `owner`.

    `rows` are the best ones, `left_out` counts those that are not among them, and `more` says that the Hub may have
    further ones.
    """

    words: str
    owner: str | None
    rows: tuple[Hit, ...]
    left_out: int
    more: bool


@dataclass(frozen=True, kw_only=True)
class Use:
    """A module in a project: the requirement or the override for it, its pin, and the modules that ask for it."""

    requirement: Requirement | None = None
    pin: Pin | None = None
    askers: tuple[ModuleId, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Info:
    """One module at one revision.

    `examined` has what it asks for (its files are not those of a lock), None where this token may not read them. `refs`
    is None where a mirror does not tell them, `use` where there is no project. `warnings` are sentences.
    """

    listing: Listing
    examined: Examined | None
    refs: Refs | None
    use: Use | None = None
    warnings: tuple[str, ...] = ()

    @property
    def files(self) -> int:
        """How many files would be synced."""
        return sum(1 for file in self.listing.files if file.path != MODULE_ID_FILE)

    @property
    def size(self) -> int:
        """Their size in bytes."""
        return sum(file.size for file in self.listing.files if file.path != MODULE_ID_FILE)


async def search(catalog: Catalog, words: str, owner: str | None, limit: int) -> Hits:
    """The `limit` best of what the Hub finds: its order, but repositories without a Python file at their top last.

    No tag marks a flow module; but one without a Python file has nothing to import.
    """
    found, more = await catalog.search(words, owner, max(limit, LOOKED_THROUGH))
    ranked = sorted(found, key=lambda hit: hit.python is False)
    return Hits(words=words, owner=owner, rows=tuple(ranked[:limit]), left_out=len(ranked[limit:]), more=more)


async def info(catalog: Catalog, store: Store, id: ModuleId, revision: str) -> Info:
    """Ask for all of one module: what it is, which revisions it has, and, read as for a lock, what it asks for.

    Costs one request, one for the revisions, and one a Python file that is not in the store.
    """
    listing = await catalog.resolve(id, revision)
    refs: list[Refs | None] = []
    examined: list[Examined] = []
    refused: list[str] = []

    async def list_refs() -> None:
        refs.append(await catalog.refs(id))

    async def look() -> None:
        try:
            examined.append(await _examine(catalog, store, listing))
        except AccessDenied as error:  # what it is may be seen by everybody, what is in it not
            refused.append(f"{str(error).rstrip('.')}, so it is not known what it asks for. {error.hint}")

    await all_of([list_refs(), look()])
    read = examined[0] if examined else None
    warnings = (*refused, *(read.warnings if read is not None else ()))
    return Info(listing=listing, examined=read, refs=refs[0], warnings=warnings)


async def _examine(source: Source, store: Store, listing: Listing) -> Examined:
    """Examine a listed module as for a lock, but without the files that do not say what it asks for."""
    only = _OnlyWhatIsRead(source, store, listing)
    requirement = Requirement(id=listing.id, revision=listing.revision)
    return await ModuleExaminer(only, only, Path(), {}).examine(requirement, lambda _: None)  # they are in the pin, too


class _OnlyWhatIsRead:
    """A Source and a Store of one module, in which nothing is fetched but what says what the module asks for."""

    def __init__(self, source: Source, store: Store, listing: Listing) -> None:
        self._source, self._store, self._listing = source, store, listing

    async def resolve(self, id: ModuleId, revision: str) -> Listing:  # noqa: ARG002
        """See `Source.resolve`: it was asked for already."""
        return self._listing

    async def fetch(self, id: ModuleId, commit: str, file: RemoteFile, *, patient: bool = False) -> FileEntry:
        """See `Source.fetch`."""
        return await self._source.fetch(id, commit, file, patient=patient)

    def entry(self, id: ModuleId, commit: str, file: RemoteFile) -> FileEntry | None:
        """See `Store.entry`; of what need not be read, no hash."""
        if not is_read(file):
            return FileEntry(path=file.path, size=file.size, sha256="")
        return self._store.entry(id, commit, file)

    def read(self, id: ModuleId, commit: str, entry: FileEntry) -> bytes | None:
        """See `Store.read`."""
        return self._store.read(id, commit, entry)

    def copy(self, id: ModuleId, commit: str, entry: FileEntry, to: str) -> bool:
        """See `Store.copy`: nothing is built of these files."""
        return self._store.copy(id, commit, entry, to)


def use_of(project: Project, id: ModuleId) -> Use:
    """Look a module up in a project. Raises `BrokenLock` and `NewerLock`."""
    wishes = {req.id: req for req in (*project.manifest.dependencies, *project.manifest.overrides)}
    pins = project.lock.by_id if project.lock is not None else {}
    askers = sorted(pin.id for pin in pins.values() if any(edge.id == id for edge in pin.dependencies))
    return Use(requirement=wishes.get(id), pin=pins.get(id), askers=tuple(askers))
