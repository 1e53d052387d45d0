"""One project with everything that its edits are worked on with, and what came of that."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from flowverse import api
from flowverse._cache import Cache
from flowverse._edits.bases import Bases
from flowverse._goal import goal
from flowverse._index import Record
from flowverse._names import pick
from flowverse._plan import Found
from flowverse._project import Project
from flowverse._settings import Settings
from flowverse._survey import survey
from flowverse._tasks import run
from flowverse._tree import Tree
from flowverse.errors import UsageError
from flowverse.model import ModuleId, Pin, Result
from flowverse.ports import Reporter

__all__ = ["Changed", "Desk"]


@dataclass(frozen=True, kw_only=True)
class Changed:
    """What a verb did: sentences, where discarded content is kept by module id, and what a sync after it did."""

    done: tuple[str, ...]
    backups: tuple[tuple[ModuleId, str], ...] = ()
    warnings: tuple[str, ...] = ()
    result: Result | None = None


class Desk:
    """One project with everything that its edits are worked on with."""

    def __init__(self, root: Path, settings: Settings, reporter: Reporter) -> None:
        self.settings, self.reporter = settings, reporter
        self.project = Project.of(root, frozen=settings.frozen)
        self.tree = Tree(self.project.tree_root)
        self.cache = Cache(settings.cache)
        source = api.source_of(settings, self.cache, reporter)
        self.bases = Bases(self.cache, source, self.tree.contents.kept)

    def survey(self) -> tuple[dict[ModuleId, Found], dict[ModuleId, Record]]:
        """What is there, looked at now."""
        return survey(self.project, self.tree, goal(self.project, strict=False))

    def pick(self, text: str) -> ModuleId:
        """The module that is meant, of those that are locked or in the tree."""
        return pick(text, {*(pin.id for pin in self.pins), *self.tree.load().modules})

    @property
    def pins(self) -> tuple[Pin, ...]:
        """The lock's pins, as they stand there."""
        return self.project.lock.pins if self.project.lock is not None else ()

    def pin(self, id: ModuleId) -> Pin:
        """A module's pin. Raises `UsageError` if it is not locked."""
        found = next((pin for pin in self.pins if pin.id == id), None)
        if found is None:
            hint = "`flowverse status` shows what is." if self.pins else "Run `flowverse sync`."
            raise UsageError(f"{id} is not locked.", hint=hint)
        return found

    def said(self, place: str) -> str:
        """A path as a person is told it."""
        return os.path.relpath(place, self.project.root)

    def sync_only(self, *ids: ModuleId, overwrite: bool = False, frozen: bool = False) -> Result:
        """Have the tree follow, for some modules; with `frozen`, whatever else is stale."""
        settings = replace(self.settings, frozen=frozen or self.settings.frozen)
        engine = api.engine_of(self.project.root, settings, self.reporter)
        return run(lambda: engine.sync_only(frozenset(ids), overwrite=overwrite))

    def must_lock(self, what: str) -> None:
        """Raise `UsageError` where the lock must not be rewritten."""
        if self.settings.locked or self.settings.frozen:
            raise UsageError(
                f"{what} changes flowverse.lock, which --locked, --frozen, their variables or CI forbid.",
                hint="Do it where you develop, and commit flowverse.lock.",
            )
