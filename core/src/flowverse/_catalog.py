"""The Hub as a catalogue: what there is for some words, and everything that is worth knowing of one module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from flowverse._answers import Hit, Refs
from flowverse._examine import Looked, look_into
from flowverse._project import Project
from flowverse._tasks import all_of
from flowverse.errors import AccessDenied
from flowverse.model import MODULE_ID_FILE, Listing, ModuleId, Pin, Requirement
from flowverse.ports import Source, Store

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

    `looked` is what it asks for, None where this token may not read its files. `refs` is None where a mirror does not
    tell them. `use` is None where there is no project. `warnings` are sentences.
    """

    listing: Listing
    looked: Looked | None
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
    looked: list[Looked] = []
    refused: list[str] = []

    async def list_refs() -> None:
        refs.append(await catalog.refs(id))

    async def look() -> None:
        try:
            looked.append(await look_into(catalog, store, listing))
        except AccessDenied as error:  # what it is may be seen by everybody, what is in it not
            refused.append(f"{str(error).rstrip('.')}, so it is not known what it asks for. {error.hint}")

    await all_of([list_refs(), look()])
    read = looked[0] if looked else None
    warnings = (*refused, *(read.warnings if read is not None else ()))
    return Info(listing=listing, looked=read, refs=refs[0], warnings=warnings)


def use_of(project: Project, id: ModuleId) -> Use:
    """Look a module up in a project. Raises `BrokenLock` and `NewerLock`."""
    wishes = {req.id: req for req in (*project.manifest.dependencies, *project.manifest.overrides)}
    pins = project.lock.by_id if project.lock is not None else {}
    askers = sorted(pin.id for pin in pins.values() if any(edge.id == id for edge in pin.dependencies))
    return Use(requirement=wishes.get(id), pin=pins.get(id), askers=tuple(askers))
