"""The story: read, resolve, lock, plan, fetch, apply.

The engine does no IO of its own: it is given a project, a cache and a source, tells a Reporter and asks a Chooser.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from flowverse._cache import Cache
from flowverse._examine import ModuleExaminer
from flowverse._install import install
from flowverse._project import Outdated, Project
from flowverse._resolve import Resolution, resolve
from flowverse._state import stale, untouched
from flowverse._tree import Tree
from flowverse.errors import NotShippable, StaleLock, TreeError
from flowverse.lock import Lock, dump_lock, wanted
from flowverse.model import LockChange, ModuleId, Pin, Requirement, Result
from flowverse.ports import Chooser, Reporter, Source

__all__ = ["Engine", "Mode"]

_MOST_CHANGES = 10


@dataclass(frozen=True, kw_only=True)
class Mode:
    """What may happen.

    `locked`: a stale lock is an error. `frozen`: the lock is the truth, the manifest is not looked at. `force`: edits
    of modules that are to go are given up. `dry_run`: nothing is written but the cache.
    """

    locked: bool = False
    frozen: bool = False
    force: bool = False
    dry_run: bool = False


@dataclass(kw_only=True)
class Engine:
    """One project, one run."""

    read: Callable[[], Project]
    cache: Cache
    source: Callable[[], AbstractAsyncContextManager[Source]]
    reporter: Reporter
    chooser: Chooser
    mode: Mode

    def __post_init__(self) -> None:
        self.project = self.read()

    @property
    def tree(self) -> Tree:
        """The project's tree."""
        return Tree(self.project.tree_root)

    async def sync(self) -> Result:
        """Lock if the lock is stale, then make the tree what the lock says."""
        return await self._current(self._sync)

    async def lock(self) -> Result:
        """Lock if the lock is stale; the tree stays as it is."""

        async def only() -> Result:
            async with self.source() as source:
                return await self._lock(source)

        return await self._current(only)

    async def _current(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do it again if the project was changed meanwhile: the newest wish wins, not the slowest answer."""
        for _ in range(_MOST_CHANGES):
            try:
                return await work()
            except Outdated:  # noqa: PERF203 - the loop is for it
                self.reporter.detail("pyproject.toml or flowverse.lock was changed meanwhile; beginning again")
                self.project = self.read()
        why = "its pyproject.toml or flowverse.lock keeps changing"
        raise TreeError(str(self.project.root), why, hint="Try again.")

    async def _sync(self) -> Result:
        # What an earlier sync kept counts as untouched; `force` is there to take it away.
        nothing = None if self.mode.force else untouched(self.project, self.tree)
        if nothing is not None:
            return replace(nothing, dry_run=self.mode.dry_run)
        self.tree.check_root()  # before anything is asked for that could not be put there
        async with self.source() as source:
            result = await self._lock(source)
            self.reporter.phase("installing")
            done = await install(
                self.project,
                self.tree,
                self.cache,
                source,
                self.reporter,
                check_current=self.project.check_current,
                cache=str(self.cache.root),
                force=self.mode.force,
                dry_run=self.mode.dry_run,
            )
        warnings = (*result.warnings, *done.warnings)
        return replace(result, plan=done.plan, backups=done.backups, warnings=warnings, synced=True)

    async def _lock(self, source: Source) -> Result:
        old = self.project.lock
        reasons = () if self.mode.frozen and old is not None else stale(self.project)
        if not reasons:
            return self._result(len(old.pins) if old is not None else 0)
        if self.mode.locked or self.mode.frozen:
            raise StaleLock(reasons)
        if self.project.unpacked:
            raise NotShippable(reasons, hint="The sdist was built with another lock; build it again.")
        for reason in reasons:
            self.reporter.detail(reason)
        resolution = await self._resolve(source, {pin.id: pin for pin in old.pins} if old is not None else {})
        return self._write(old, resolution)

    async def _resolve(self, source: Source, known: dict[ModuleId, Pin]) -> Resolution:
        self.reporter.phase("resolving")
        manifest = self.project.manifest
        return await resolve(
            manifest.dependencies,
            manifest.overrides,
            ModuleExaminer(source, self.cache, self.project.root, known),
            self.chooser,
            self.reporter,
            manifest.owners,
            manifest.licenses,
        )

    def _write(self, old: Lock | None, resolution: Resolution) -> Result:
        overrides: dict[ModuleId, Requirement] = {req.id: req for req in self.project.manifest.overrides}
        overrides.update({req.id: req for req in resolution.chosen})
        lock = Lock(
            dependencies=wanted(self.project.manifest.dependencies),
            overrides=wanted(tuple(overrides.values())),
            pins=resolution.pins,
        )
        changed = dump_lock(lock).encode() != self.project.lock_bytes
        if not self.mode.dry_run:
            self.project.check_current()
            if resolution.chosen:
                self.project.add_overrides(resolution.chosen)
                self.project = Project.read(self.project.root)
            self.project = self.project.write_lock(lock) if changed else self.project
        else:
            self.project = self.project.with_lock(lock)
        chosen = tuple(
            f"{req.id} = {req.revision} was added to [tool.flowverse.overrides]" for req in resolution.chosen
        )
        return replace(
            self._result(len(lock.pins)),
            locked=_changes(old, lock),
            lock_written=changed,
            notes=(*resolution.notes, *chosen),
            warnings=(*self.project.manifest.warnings, *resolution.warnings),
        )

    def _result(self, modules: int) -> Result:
        warnings = self.project.manifest.warnings
        return Result(modules=modules, dry_run=self.mode.dry_run, synced=False, warnings=warnings)


def _changes(old: Lock | None, new: Lock) -> tuple[LockChange, ...]:
    before = {} if old is None else old.by_id
    after = new.by_id
    return tuple(
        LockChange(id=id, old=before.get(id), new=after.get(id))
        for id in sorted({*before, *after})
        if before.get(id) != after.get(id)
    )
