"""The tree made what the lock says: plan, fetch what the store lacks, build, put in place, record."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from flowverse._guard import FLOW_MOD, flow_mod, tree_sources
from flowverse._index import Index, Record, stat_row
from flowverse._local import stats_of
from flowverse._plan import make_plan
from flowverse._project import Project
from flowverse._survey import survey
from flowverse._tasks import all_of
from flowverse._tree import Tree
from flowverse.model import MODULE_ID_FILE, FileEntry, ModuleId, Pin, Plan, RemoteFile
from flowverse.ports import Reporter, Source, Store

__all__ = ["Installed", "install"]

_IGNORE = "*\n"


@dataclass(frozen=True, kw_only=True)
class Installed:
    """What was done (or, in a dry run, would be): the plan, where discarded edits are, and warnings."""

    plan: Plan
    backups: tuple[tuple[ModuleId, str], ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(kw_only=True)
class _Work:
    project: Project
    tree: Tree
    pins: tuple[Pin, ...]
    records: dict[ModuleId, Record]
    backups: list[tuple[ModuleId, str]] = field(default_factory=list)

    def target(self, pin: Pin) -> Path | None:
        return None if pin.path is None else self.project.target(pin.path)


async def install(
    project: Project,
    tree: Tree,
    store: Store,
    source: Source,
    reporter: Reporter,
    *,
    check_current: Callable[[], None],
    cache: str,
    force: bool,
    dry_run: bool,
) -> Installed:
    """Sync the tree with the lock of a project (which must have one, or need none).

    `check_current` is called once no other sync of the tree can run, and may raise to end this one.
    """
    pins = project.lock.pins if project.lock is not None else ()
    if not pins and not tree.private.exists():
        return Installed(plan=Plan())
    overwrite = {req.id for req in project.manifest.dependencies if req.overwrite}
    with nullcontext() if dry_run else tree.locked(reporter):
        if not dry_run:
            check_current()  # while this sync waited or fetched, another may have locked something newer
        found, records = survey(project, tree, pins)
        plan = make_plan(pins, found, overwrite=overwrite, force=force)
        if dry_run:
            return Installed(plan=plan)
        work = _Work(project=project, tree=tree, pins=pins, records=records)
        fresh = await _build(work, plan, store, source, reporter)
        _put_in_place(work, plan, fresh)
        aside = _generate(work, cache)
        _record(work)
    return Installed(plan=plan, backups=tuple(work.backups), warnings=aside)


async def _build(work: _Work, plan: Plan, store: Store, source: Source, reporter: Reporter) -> dict[ModuleId, Record]:
    """Stage every module that is to be installed or replaced, fetching all that is missing at once."""
    pins = [step.pin for step in plan.writes if step.pin is not None and step.pin.path is None]
    missing: list[tuple[Pin, FileEntry]] = []
    for pin in pins:
        missing += [(pin, entry) for entry in work.tree.stage(pin, store)]
    if missing:
        reporter.phase("fetching")
        await all_of(_fetch(source, pin, entry) for pin, entry in missing)
        for pin in {pin.id: pin for pin, _ in missing}.values():
            work.tree.complete(pin, store)
    return {pin.id: work.tree.finish_staging(pin) for pin in pins}


async def _fetch(source: Source, pin: Pin, entry: FileEntry) -> None:
    file = RemoteFile(path=entry.path, size=entry.size, sha256=entry.sha256)
    await source.fetch(pin.id, pin.commit, file)


def _put_in_place(work: _Work, plan: Plan, fresh: Mapping[ModuleId, Record]) -> None:
    for step in plan.steps:
        if step.action == "keep":
            work.records[step.id] = replace(work.records[step.id], behind=step.behind)
    if not plan.writes:
        return
    work.tree.announce(Index(modules={**work.records, **fresh}))
    for step in plan.writes:
        target = work.target(step.pin) if step.pin is not None else None
        backup = work.tree.apply(step, target, work.records.get(step.id))
        if backup is not None:
            work.backups.append((step.id, os.path.relpath(backup, work.project.root)))
        if step.action == "prune":
            work.records.pop(step.id, None)
        elif target is not None:
            sources = stats_of(target) if target.is_dir() else {}
            work.records[step.id] = Record(id=step.id, link=str(target), sources=sources)
        else:
            work.records[step.id] = fresh[step.id]


def _generate(work: _Work, cache: str) -> tuple[str, ...]:
    """Write the generated files; what a person had written in the guard's place is kept aside, and said."""
    tree, said = work.tree, []
    texts = {".gitignore": _IGNORE, **tree_sources({id.package for id in work.records})}
    here = [pin for pin in work.pins if pin.id in work.records]
    # aiFlows compares the tree with the current folder as the system names it, without links.
    where = {"tree": str(tree.root.resolve()), "project": str(work.project.root), "cache": cache}
    texts[FLOW_MOD] = flow_mod(_as_synced(work, here), **where)
    index = tree.load()
    for path, text in texts.items():
        if index.generated.get(path) != stat_row(tree.root / path) and tree.holds_other(path, text):
            aside = os.path.relpath(tree.keep_aside(path), work.project.root)
            said.append(f"{path} of the tree was not as flowverse wrote it; it is kept as {aside}")
        tree.generate(path, text)
    for pin in here:
        record = work.records[pin.id]
        if pin.path is None and not record.behind:
            tree.rename_pin(pin)
            work.records[pin.id] = replace(record, revision=pin.revision, commit=pin.commit)
    tree.drop_owners({id.package for id in work.records})
    return tuple(said)


def _as_synced(work: _Work, pins: list[Pin]) -> list[Pin]:
    """The pins as the tree has them: an edited module that was kept is still at its old commit."""
    synced = []
    for pin in pins:
        record = work.records[pin.id]
        if pin.path is not None:
            synced.append(pin)
        elif record.behind and record.commit:
            synced.append(replace(pin, revision=record.revision, commit=record.commit))
        elif not record.behind:
            synced.append(pin)
    return synced


def _record(work: _Work) -> None:
    paths = [".gitignore", FLOW_MOD, *tree_sources({id.package for id in work.records})]
    paths += [f"{id.folder}/{MODULE_ID_FILE}" for id, record in sorted(work.records.items()) if record.link is None]
    work.tree.record(
        Index(
            answers=work.project.answers,
            generated={path: stat_row(work.tree.root / path) for path in paths},
            modules=work.records,
        )
    )
