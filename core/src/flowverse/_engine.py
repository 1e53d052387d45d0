"""The story: read, resolve, lock, plan, fetch, apply.

The engine does no IO of its own: it is given a project, a cache and a source, tells a Reporter and asks a Chooser.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from flowverse._cache import Cache
from flowverse._edits.patching import rebase, write_patches
from flowverse._examine import ModuleExaminer
from flowverse._goal import orphans, patch_reasons
from flowverse._install import How, install
from flowverse._project import Outdated, Project
from flowverse._resolve import Resolution, resolve
from flowverse._state import settle, stale, untouched
from flowverse._tree import Tree
from flowverse.errors import NotShippable, StaleLock, TreeError
from flowverse.lock import Lock, dump_lock, wanted
from flowverse.model import LockChange, ModuleId, Requirement, Result
from flowverse.ports import Chooser, Reporter, Source

__all__ = ["Engine", "Mode"]

_MOST_CHANGES = 10


@dataclass(frozen=True, kw_only=True)
class Mode:
    """What may happen.

    `locked`: a stale lock is an error. `frozen`: the lock is the truth, the manifest is not looked at. `force`: edits
    of modules that are to go are given up. `merge`: edits, and patches that conflict, become edits of what is locked.
    `dry_run`: nothing is written but the cache. `renew`: modules whose revision is looked up anew, whatever the lock
    says of it.
    """

    locked: bool = False
    frozen: bool = False
    force: bool = False
    merge: bool = False
    dry_run: bool = False
    renew: frozenset[ModuleId] = frozenset()


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

    async def sync_only(self, ids: frozenset[ModuleId], *, overwrite: bool = False) -> Result:
        """Lock if the lock is stale, then make some modules of the tree what the lock says; others stay as they are."""
        how = How(only=ids, overwrite=ids if overwrite else frozenset(), dry_run=self.mode.dry_run)

        async def some() -> Result:
            async with self.source() as source:
                return await self._install(await self._lock(source), source, how)

        return await self._current(some)

    async def lock(self) -> Result:
        """Lock if the lock is stale; the tree stays as it is."""

        async def only() -> Result:
            async with self.source() as source:
                return await self._lock(source)

        return await self._current(only)

    @property
    def _must_lock(self) -> bool:
        """Whether to resolve even if the lock answers to the manifest."""
        return bool(self.mode.renew) or self.project.pending is not None

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
        # What an earlier sync kept counts as untouched; `force` and `merge` are there to take it on.
        mode = self.mode
        fast = untouched if mode.dry_run or mode.frozen else settle
        nothing = None if mode.force or mode.merge or self._must_lock else fast(self.project, self.tree)
        if nothing is not None:
            return replace(nothing, dry_run=mode.dry_run)
        self.tree.check_root()  # before anything is asked for that could not be put there
        how = How(force=mode.force, merge=mode.merge, dry_run=mode.dry_run)
        async with self.source() as source:
            return await self._install(await self._lock(source), source, how)

    async def _install(self, result: Result, source: Source, how: How) -> Result:
        self.reporter.phase("installing")
        done = await install(
            self.project,
            self.cache,
            source,
            self.reporter,
            how,
            check_current=self.project.check_current,
            cache=str(self.cache.root),
        )
        if how.only is None and done.recorded is not None and not self.mode.frozen:
            settle(self.project, self.tree, done.recorded)
        warnings = (*result.warnings, *done.warnings)
        backups = (*result.backups, *done.backups)
        return replace(result, plan=done.plan, backups=backups, warnings=warnings, synced=True)

    async def _lock(self, source: Source) -> Result:
        old = self.project.lock
        reasons = () if self.mode.frozen and old is not None else stale(self.project)
        if not reasons and not self._must_lock:
            return self._result(len(old.pins) if old is not None else 0)
        if self.mode.locked or self.mode.frozen:
            raise StaleLock(reasons)
        if self.project.unpacked:
            raise NotShippable(reasons, hint="The sdist was built with another lock; build it again.")
        for reason in reasons:
            self.reporter.detail(reason)
        known, mode = old.by_id if old is not None else {}, self.mode
        root, patches = self.project.root, self.project.any_patches
        examiner = ModuleExaminer(source, self.cache, root, known, patches, renew=mode.renew, release=mode.merge)
        resolution = await self._resolve(examiner)
        released = {pin.id: False for pin in resolution.pins if (pin.id, pin.commit) in examiner.released}
        before = await self._release(source, released)
        result = self._write(old, resolution, released)
        return replace(
            result, backups=(*before.backups, *result.backups), warnings=(*before.warnings, *result.warnings)
        )

    async def _resolve(self, examiner: ModuleExaminer) -> Resolution:
        self.reporter.phase("resolving")
        manifest = self.project.manifest
        return await resolve(
            manifest.dependencies,
            manifest.overrides,
            examiner,
            self.chooser,
            self.reporter,
            manifest.owners,
            manifest.licenses,
        )

    async def _release(self, source: Source, released: dict[ModuleId, bool]) -> Result:
        """Have the patches of modules be edits in the tree, before they are patches no more; True for those that are.

        A tree that has not what is locked gets it first: nobody else has what the patch holds.
        """
        lock, result = self.project.lock, Result()
        pins = [pin for pin in lock.pins if pin.id in released and pin.patch] if lock is not None else []
        if self.mode.dry_run:
            released.update((pin.id, True) for pin in pins)
        elif pins:
            if not patch_reasons(self.project, released):
                result = await self._install(result, source, How(only=frozenset(released)))
            with self.tree.locked(self.reporter):
                released.update((pin.id, rebase(self.tree, replace(pin, patch=""))) for pin in pins)
        return result

    def _write(self, old: Lock | None, resolution: Resolution, released: Mapping[ModuleId, bool]) -> Result:
        overrides: dict[ModuleId, Requirement] = {req.id: req for req in self.project.manifest.overrides}
        overrides.update({req.id: req for req in resolution.chosen})
        lock = Lock(
            dependencies=wanted(self.project.manifest.dependencies),
            overrides=wanted(tuple(overrides.values())),
            pins=resolution.pins,
        )
        changed = dump_lock(lock).encode() != self.project.lock_bytes
        patches = self._patches(resolution)
        backups: tuple[tuple[ModuleId, str], ...] = ()
        if not self.mode.dry_run:
            self.project.check_current()
            self.project = self.project.write_manifest()
            if resolution.chosen:
                self.project.add_overrides(resolution.chosen)
                self.project = Project.read(self.project.root)
            self.project = self.project.write_lock(lock) if changed else self.project
            backups = write_patches(self.project.root, self.tree, patches)
        else:
            self.project = self.project.with_lock(lock)
        self.project = self.project.with_patches(patches)
        chosen = tuple(
            f"{req.id} = {req.revision} was added to [tool.flowverse.overrides]" for req in resolution.chosen
        )
        return replace(
            self._result(len(lock.pins)),
            locked=_changes(old, lock),
            lock_written=changed,
            backups=backups,
            notes=(*resolution.notes, *chosen, *_told(lock, patches, released)),
            warnings=(*self.project.manifest.warnings, *resolution.warnings, *orphans(self.project)),
        )

    def _patches(self, resolution: Resolution) -> dict[ModuleId, bytes | None]:
        """The patches that change with a lock: the new text, or None for one that is at its end."""
        changed: dict[ModuleId, bytes | None] = {}
        for pin in resolution.pins:
            before = self.project.patch_texts.get(pin.id)
            if before is not None and pin.path is None and not pin.patch:
                changed[pin.id] = None
            elif (after := resolution.patches.get(pin.id, before)) != before:
                changed[pin.id] = after
        return changed

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


def _told(new: Lock, patches: Mapping[ModuleId, bytes | None], released: Mapping[ModuleId, bool]) -> Iterator[str]:
    """What became of patches whose modules moved."""
    for id, text in sorted(patches.items()):
        pin = new.by_id[id]
        where = f"{pin.revision} ({pin.commit[:7]})"
        if text is not None:
            yield f"{id}: its patch was carried over to {where}"
        elif id not in released:
            yield f"{id}: its patch is part of {where} now, and is gone"
        elif released[id]:
            yield f"{id}: its patch is edits in the tree now; `flowverse patch {id}` saves them as one again"
        else:
            yield f"{id}: its patch does not fit {where} and is gone; it is in the backup alone"
