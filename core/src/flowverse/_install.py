"""The tree made what it is to be: plan, fetch what the store lacks, build, put in place, record."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from flowverse._edits.bases import Bases
from flowverse._edits.materials import Materials
from flowverse._edits.weave import Unmergeable, weave
from flowverse._goal import goal
from flowverse._guard import FLOW_MOD, flow_mod, tree_sources
from flowverse._index import Index, Record, Recorded, look, stat_row
from flowverse._linking import is_link
from flowverse._local import stats_of
from flowverse._plan import make_plan
from flowverse._project import Project
from flowverse._survey import survey
from flowverse._tasks import all_of, each
from flowverse._tree import Tree
from flowverse.errors import UsageError
from flowverse.model import MODULE_ID_FILE, FileEntry, ModuleId, Pin, Plan, PlanStep, RemoteFile
from flowverse.ports import Reporter, Source, Store

__all__ = ["How", "Installed", "install"]

_IGNORE = "*\n"


@dataclass(frozen=True, kw_only=True)
class How:
    """What is wanted beyond the lock.

    `overwrite` are modules whose edits are given up, beside those that the manifest names; `only` the modules that are
    looked at, None for all. `force` gives up edits of modules that are to go, `merge` has edits become edits of what
    the pin holds. `dry_run` writes nothing.
    """

    overwrite: frozenset[ModuleId] = frozenset()
    only: frozenset[ModuleId] | None = None
    force: bool = False
    merge: bool = False
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class Installed:
    """What was done (or, in a dry run, would be): the plan, where discarded edits are, and warnings.

    `recorded` is the record that was written, if any.
    """

    plan: Plan
    recorded: Recorded | None = None
    backups: tuple[tuple[ModuleId, str], ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(kw_only=True)
class _Work:
    project: Project
    tree: Tree
    pins: tuple[Pin, ...]
    records: dict[ModuleId, Record]
    materials: Materials
    only: frozenset[ModuleId] | None = None
    backups: list[tuple[ModuleId, str]] = field(default_factory=list)
    copied: list[str] = field(default_factory=list)

    def target(self, pin: Pin) -> Path | None:
        return None if pin.path is None else self.project.target(pin.path)

    def is_settled(self, pin: Pin) -> bool:
        """Whether the tree has a pin now, edited or not."""
        return (self.only is None or pin.id in self.only) and not self.records[pin.id].behind


async def install(
    project: Project,
    store: Store,
    source: Source,
    reporter: Reporter,
    how: How,
    *,
    check_current: Callable[[], None],
    cache: str,
) -> Installed:
    """Sync the tree with the lock of a project (which must have one, or need none).

    `check_current` is called once no other sync of the tree can run, and may raise to end this one.
    """
    pins, tree = goal(project, only=how.only), Tree(project.tree_root)
    if not pins and not tree.private.exists():
        return Installed(plan=Plan())
    _check_developed(project, [pin for pin in pins if how.only is None or pin.id in how.only])
    overwrite = {req.id for req in project.manifest.dependencies if req.overwrite} | how.overwrite
    with nullcontext() if how.dry_run else tree.locked(reporter):
        if not how.dry_run:
            check_current()  # while this sync waited or fetched, another may have locked something newer
        known = tree.load()
        found, records = survey(project, tree, pins, known)
        plan = make_plan(pins, found, overwrite=overwrite, force=how.force, merge=how.merge)
        if how.only is not None:
            plan = plan.limited(how.only)
            records = {**known.modules, **{id: record for id, record in records.items() if id in how.only}}
        if how.dry_run:
            return Installed(plan=plan)
        locked = project.lock.by_id if project.lock is not None else {}
        materials = Materials(store, locked, project.patches, records, tree.place)
        work = _Work(project=project, tree=tree, pins=pins, records=records, materials=materials, only=how.only)
        fresh, plan = await _build(work, plan, source, reporter)
        _put_in_place(work, plan, fresh)
        aside = _generate(work, cache, known, fresh)
        recorded = _record(work, complete=how.only is None)
    return Installed(plan=plan, recorded=recorded, backups=tuple(work.backups), warnings=(*work.copied, *aside))


def _check_developed(project: Project, pins: Collection[Pin]) -> None:
    """Raise `UsageError` for a module that this machine takes from a folder that is gone."""
    for pin in pins:
        if pin.developed and pin.path is not None and not project.target(pin.path).is_dir():
            raise UsageError(
                f"{pin.id} is taken from {pin.path} on this machine, which is not a folder any more.",
                hint=f"`flowverse develop --undo {pin.id}` ends that, `flowverse develop {pin.id} PATH` names another.",
            )


async def _build(work: _Work, plan: Plan, source: Source, reporter: Reporter) -> tuple[dict[ModuleId, Record], Plan]:
    """Stage every module that is to be installed, replaced or merged, fetching all that is missing at once.

    The plan comes back as it can be carried out: what cannot be merged is kept, and a merge knows its conflicts.
    """
    pins = [step.pin for step in plan.writes if step.pin is not None and step.pin.path is None]
    fresh: dict[ModuleId, Record] = {}
    lacking: list[tuple[Pin, list[FileEntry]]] = []
    for pin, (missing, record) in zip(pins, each(partial(_stage, work), pins), strict=True):
        if record is not None:
            fresh[pin.id] = record
        else:
            lacking.append((pin, missing))
    if lacking:
        reporter.phase("fetching")
        raw = [(pin, work.materials.raw(pin, entry)) for pin, missing in lacking for entry in missing]
        await all_of(_fetch(source, pin, entry) for pin, entry in raw if entry is not None)
        fresh.update((record.id, record) for record in each(partial(_complete, work), lacking))
    for pin in pins:
        for content in work.materials.own(pin):
            work.tree.contents.keep(content)
    bases = Bases(work.materials.store, lambda: nullcontext(source), work.tree.contents.kept)
    steps = []
    for step in plan.steps:
        if step.action != "merge":
            steps.append(step)
            continue
        fresh[step.id], merged = await _merge(work, step, fresh[step.id], bases)
        steps.append(merged)
    return fresh, replace(plan, steps=tuple(steps))


def _stage(work: _Work, pin: Pin) -> tuple[list[FileEntry], Record | None]:
    """Build a module: what is missing, or its record once it is there."""
    missing = work.tree.staging.stage(pin, pin.files, work.materials)
    return missing, None if missing else work.tree.staging.finish(pin, work.tree.place(pin.id))


def _complete(work: _Work, lacking: tuple[Pin, list[FileEntry]]) -> Record:
    pin, missing = lacking
    work.tree.staging.complete(pin, missing, work.materials)
    return work.tree.staging.finish(pin, work.tree.place(pin.id))


async def _merge(work: _Work, step: PlanStep, fresh: Record, bases: Bases) -> tuple[Record, PlanStep]:
    """Put the edits of a module into what is staged of its pin."""
    edit, record = step.edit, work.records[step.id]
    contents = await bases.read(record, [*edit.changed, *edit.added, *edit.deleted])
    staged = work.tree.staging.place(step.id)
    label = step.pin.label if step.pin is not None else ""
    try:
        conflicts = weave(work.tree.place(step.id), staged, edit, contents, label=label)
    except Unmergeable as error:
        return fresh, replace(step, action="keep", behind="moved", backup=False, why=error.why)
    pinned = {path: seen.base for path, seen in fresh.files.items() if seen.base is not None}
    files = look(str(staged), pinned, {})
    return replace(fresh, files=files, conflicts=conflicts), replace(step, conflicts=conflicts)


async def _fetch(source: Source, pin: Pin, entry: FileEntry) -> None:
    file = RemoteFile(path=entry.path, size=entry.size, sha256=entry.sha256)
    await source.fetch(pin.id, pin.commit, file)


def _put_in_place(work: _Work, plan: Plan, fresh: Mapping[ModuleId, Record]) -> None:
    for step in plan.steps:
        if step.action == "keep":
            work.records[step.id] = replace(work.records[step.id], behind=step.behind)
    if not plan.writes:
        return
    meant = {**work.records, **fresh}
    work.tree.announce(Index(modules={step.id: meant[step.id] for step in plan.writes if step.id in meant}))
    for step in plan.writes:
        target = work.target(step.pin) if step.pin is not None else None
        backup = work.tree.apply(step, target, work.records.get(step.id))
        if backup is not None:
            work.backups.append((step.id, os.path.relpath(backup, work.project.root)))
        if step.action == "prune":
            work.records.pop(step.id, None)
        elif target is not None:
            work.records[step.id] = _linked(work, step.id, target)
        else:
            work.records[step.id] = fresh[step.id]


def _linked(work: _Work, id: ModuleId, target: Path) -> Record:
    """The record of a module at a local path; what had to be copied is said."""
    place = work.tree.place(id)
    record = Record(id=id, link=str(target), sources=stats_of(target) if target.is_dir() else {})
    if is_link(place):
        return record
    work.copied.append(f"{id} is a copy of {target}, no link can be made here; sync again after each change there")
    files = look(str(place), {}, {})
    return replace(record, files={path: seen._replace(base=seen.now) for path, seen in files.items()})


def _generate(work: _Work, cache: str, known: Index, fresh: Mapping[ModuleId, Record]) -> tuple[str, ...]:
    """Write the generated files; what a person had written in the guard's place is kept aside, and said.

    `known` is the record as it was, and `fresh` are the modules that were built now, with their FLOW_MODULE_ID.
    """
    tree, said = work.tree, []
    texts = {".gitignore": _IGNORE, **tree_sources({id.package for id in work.records})}
    here = [pin for pin in work.pins if pin.id in work.records]
    # aiFlows compares the tree with the current folder as the system names it, without links.
    where = {"tree": str(tree.root.resolve()), "project": str(work.project.root), "cache": cache}
    texts[FLOW_MOD] = flow_mod(_as_synced(work, here), **where)
    for path, text in texts.items():
        if known.generated.get(path) != stat_row(tree.root / path) and tree.holds_other(path, text):
            aside = os.path.relpath(tree.keep_aside(path), work.project.root)
            said.append(f"{path} of the tree was not as flowverse wrote it; it is kept as {aside}")
        tree.generate(path, text)
    for pin in here:
        if pin.path is None and work.is_settled(pin) and pin.id not in fresh and not _is_named(tree, pin, known):
            tree.rename_pin(pin)
            work.records[pin.id] = replace(work.records[pin.id], revision=pin.revision, commit=pin.commit)
    tree.drop_owners({id.package for id in work.records})
    return tuple(said)


def _is_named(tree: Tree, pin: Pin, known: Index) -> bool:
    """Whether FLOW_MODULE_ID says a pin already, as far as the record tells without opening it."""
    record, file = known.modules.get(pin.id), f"{pin.id.folder}/{MODULE_ID_FILE}"
    if record is None or (record.revision, record.commit, record.patch) != (pin.revision, pin.commit, pin.patch):
        return False
    return known.generated.get(file) == stat_row(f"{tree.root}/{file}")


def _as_synced(work: _Work, pins: list[Pin]) -> list[Pin]:
    """The pins as the tree has them: an edited module that was kept is still at its old commit."""
    synced = []
    for pin in pins:
        record = work.records[pin.id]
        if pin.path is not None or work.is_settled(pin):
            synced.append(pin)
        elif record.commit:
            synced.append(replace(pin, revision=record.revision, commit=record.commit))
    return synced


def _record(work: _Work, *, complete: bool) -> Recorded:
    """Write the record; where not every module was looked at, it answers to nothing: the next sync looks at all."""
    answers = work.project.answers if complete else {}
    paths = [".gitignore", FLOW_MOD, *tree_sources({id.package for id in work.records})]
    paths += [f"{id.folder}/{MODULE_ID_FILE}" for id, record in sorted(work.records.items()) if record.link is None]
    generated = {path: stat_row(f"{work.tree.root}/{path}") for path in paths}
    index = Index(answers=answers, generated=generated, modules=work.records)
    work.tree.record(index)
    return stat_row(work.tree.index_path), index
