"""Two questions before any work: whether the lock answers to the manifest, and the tree is as it was left."""

from __future__ import annotations

from dataclasses import replace

from flowverse._goal import patch_reasons
from flowverse._index import Index, edit_of, looks_same, stat_row
from flowverse._linking import is_link, target_of_link
from flowverse._local import look_at_local, stats_of
from flowverse._project import Project
from flowverse._tree import Tree
from flowverse.model import ModuleId, Pin, Plan, PlanStep, Requirement, Result

__all__ = ["stale", "untouched"]


def stale(project: Project) -> tuple[str, ...]:
    """Why the lock does not answer to the manifest, one clause a difference; nothing if it does.

    Raises `BrokenLock` or `NewerLock` for a lock that cannot be read, `UsageError` for a local path that leads nowhere.
    """
    manifest, lock = project.manifest, project.lock
    if lock is None:
        return ("there is no flowverse.lock yet",) if manifest.dependencies else ()
    reasons = list(lock.stale(manifest.dependencies, manifest.overrides))
    if manifest.owners is not None:
        reasons += [
            f"{pin.id} is locked, its owner is not in tool.flowverse.owners"
            for pin in lock.pins
            if pin.id.owner not in manifest.owners
        ]
    if manifest.licenses is not None:
        reasons += [
            f"{pin.id} is locked, its licence {license!r} is not in tool.flowverse.licenses"
            for pin in lock.pins
            for license in pin.license_ids
            if pin.path is None and license not in manifest.licenses
        ]
    reasons += patch_reasons(project)
    if not reasons:
        reasons += [f"what {pin.id} at {pin.path} asks for has changed" for pin in lock.pins if _moved(project, pin)]
    return tuple(reasons)


def _moved(project: Project, pin: Pin) -> bool:
    """Whether a local module asks for something else than the lock says; on which line does not matter."""
    if pin.path is None:
        return False
    now = look_at_local(project.root, Requirement(id=pin.id, path=pin.path))[0].pin
    return _asks(now) != _asks(pin) or now.requirements != pin.requirements


def _asks(pin: Pin) -> set[tuple[ModuleId, str]]:
    return {(edge.id, edge.revision) for edge in pin.dependencies}


def untouched(project: Project, tree: Tree) -> Result | None:
    """The fast answer: a Result if nothing was touched since the last complete sync, None if a closer look is due.

    Costs one stat a file. Neither parses the lock nor opens a file of the tree.
    """
    index = Index.load(tree.index_path)
    if not index.answers or dict(index.answers) != project.answers or tree.interrupted:
        return None
    if any(stat_row(tree.root / path) != row for path, row in index.generated.items()):
        return None
    kept = []
    for id, record in index.modules.items():
        place = tree.place(id)
        if record.copied:
            return None  # to see whether the folder that it is a copy of has changed, it has to be read
        if record.link is not None:
            if not _still_linked(tree, id, record.link, record.sources):
                return None
        elif not looks_same(str(place), record):
            return None
        elif (edit := edit_of(record.files)) or record.conflicts:
            step = PlanStep(action="keep", id=id, old=record.base, edit=edit, behind=record.behind)
            kept.append(replace(step, conflicts=record.conflicts))
    total = sum(1 for record in index.modules.values() if record.behind != "gone")
    plan = Plan(steps=tuple(sorted(kept, key=lambda step: step.id)), unchanged=total - len(kept))
    return Result(modules=total, plan=plan, untouched=True)


def _still_linked(tree: Tree, id: ModuleId, link: str, sources: object) -> bool:
    place = tree.place(id)
    return is_link(place) and target_of_link(place) == link and place.is_dir() and stats_of(place) == sources
