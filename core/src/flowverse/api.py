"""The engine for hosts and scripts. Light to import: no Hub client, no click, no rich.

Every function takes the folder of a project, reads what it needs, and raises `flowverse.errors.FlowverseError` for
everything that a person, a network or a disk can cause; `explain` puts that in words, `render` a result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from flowverse import _editable
from flowverse._cache import Cache
from flowverse._edits.materials import Materials
from flowverse._engine import Engine, Mode
from flowverse._goal import goal
from flowverse._plan import make_plan
from flowverse._project import MANIFEST_NAME, Project
from flowverse._render.graph import render_tree
from flowverse._render.lines import Line, render_waiting
from flowverse._render.results import explain, render
from flowverse._render.shipped import (
    licenses_document,
    render_licenses,
    render_requirements,
    render_verified,
    requirements_document,
    verified_document,
)
from flowverse._render.views import render_status, status_document
from flowverse._settings import Settings
from flowverse._state import stale, untouched
from flowverse._survey import survey
from flowverse._tasks import run
from flowverse._tree import Tree
from flowverse._view import Graph, Status, graph_of, status_of
from flowverse.errors import FlowverseError
from flowverse.model import ModuleId, Requirement, Result
from flowverse.ports import SILENT, Chooser, Refuse, Reporter, Source

if TYPE_CHECKING:
    from flowverse._hub.client import Hub

__all__ = [
    "Graph",
    "Line",
    "Settings",
    "Status",
    "check",
    "declared",
    "editable_files",
    "explain",
    "fingerprint",
    "in_sync",
    "known_ids",
    "licenses_document",
    "lock",
    "modules_dir",
    "needs_hub",
    "overlooked",
    "render",
    "render_licenses",
    "render_requirements",
    "render_status",
    "render_tree",
    "render_verified",
    "render_waiting",
    "requirements_document",
    "status",
    "status_document",
    "sync",
    "sync_script",
    "tree",
    "verified_document",
]


def declared(root: Path) -> bool:
    """Whether the project at `root` has a `[tool.flowverse]` table. Cheap; False where that cannot be read."""
    try:
        content = (root / MANIFEST_NAME).read_bytes()
    except OSError:
        return False
    if b"flowverse" not in content:
        return False
    try:
        return Project.read(root).manifest.declared
    except FlowverseError:
        return True  # it is there, and wrong: whoever syncs will say how


def overlooked(root: Path) -> Line | None:
    """A warning of a table that was probably meant to be `[tool.flowverse]`, where that is missing. Never raises."""
    try:
        warnings = Project.read(root).manifest.warnings
    except FlowverseError:
        return None
    return Line("warning", warnings[0]) if warnings else None


def sync(root: Path, settings: Settings, *, reporter: Reporter = SILENT, chooser: Chooser | None = None) -> Result:
    """Lock if the lock is stale, then make `flow_modules/` what the lock says."""
    return run(engine_of(root, settings, reporter, chooser).sync)


def lock(root: Path, settings: Settings, *, reporter: Reporter = SILENT, chooser: Chooser | None = None) -> Result:
    """Lock if the lock is stale. What is locked is downloaded to the cache; the tree stays as it is."""
    return run(engine_of(root, settings, reporter, chooser).lock)


def check(root: Path, settings: Settings) -> tuple[str, ...]:
    """Why the lock does not answer to the manifest, one clause a difference; nothing if it does."""
    return stale(Project.of(root, frozen=settings.frozen))


def status(root: Path, settings: Settings) -> Status:
    """How every module's folder compares with the lock. Reads, and writes nothing."""
    return status_of(Project.of(root, frozen=settings.frozen))


def tree(root: Path, settings: Settings) -> Graph:
    """Who asks for what, from the lock. Raises `UsageError` where there is no lock."""
    return graph_of(Project.of(root, frozen=settings.frozen))


def sync_script(
    root: Path, requirements: Sequence[Requirement], settings: Settings, *, reporter: Reporter = SILENT
) -> Result:
    """Sync what a script asks for, in a folder that declares nothing: the lock beside it answers to the script.

    What earlier scripts of that folder asked for stays, unless it is asked for again.
    """
    return run(_engine(lambda: Project.scripted(root, requirements), settings, reporter, None).sync)


def known_ids(root: Path) -> tuple[ModuleId, ...]:
    """The ids that the manifest and the lock name, sorted. Raises what reading them does."""
    project = Project.read(root)
    pins = project.lock.pins if project.lock is not None else ()
    return tuple(sorted({req.id for req in project.manifest.dependencies} | {pin.id for pin in pins}))


def in_sync(root: Path) -> bool:
    """Whether nothing was touched since the last complete sync: one stat a file, no network, no lock parse."""
    try:
        project = Project.read(root)
        return untouched(project, Tree(project.tree_root)) is not None
    except FlowverseError:
        return False


def needs_hub(root: Path, settings: Settings) -> bool:
    """Whether a sync would ask the Hub. False too where it would fail before that, or is offline."""
    if settings.offline:
        return False
    try:
        project = Project.of(root, frozen=settings.frozen)
        folder = Tree(project.tree_root)
        if project.unpacked or untouched(project, folder) is not None:
            return False
        if stale(project) and not settings.frozen:
            return not settings.locked
        pins = goal(project)
        found, _ = survey(project, folder, pins)
        overwrite = {req.id for req in project.manifest.dependencies if req.overwrite}
        plan = make_plan(pins, found, overwrite=overwrite)
    except FlowverseError:
        return False
    cache, locked = Cache(settings.cache), project.lock.by_id if project.lock is not None else {}
    materials = Materials(cache, locked, project.patches)
    wanted = [step.pin for step in plan.writes if step.pin is not None]
    raw = [(pin, materials.raw(pin, entry)) for pin in wanted for entry in pin.files]
    return any(entry is not None and not cache.has(pin.id, pin.commit, entry) for pin, entry in raw)


def fingerprint(root: Path) -> str:
    """A word that changes when the manifest's meaning, the lock or the tree does. Never raises."""
    try:
        project = Project.read(root)
        folder = Tree(project.tree_root)
        clean = untouched(project, folder) is not None
        parts = [*project.answers.values(), "in sync" if clean else "touched"]
    except FlowverseError as error:
        parts = [str(error)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def editable_files(root: Path, name: str) -> dict[str, str]:
    """The files for site-packages, by name, that make the modules of the project at `root` importable from any folder.

    `name` is the distribution's.
    """
    project = Project.read(root)
    return _editable.editable_files(name, str(project.tree_root.parent), project.manifest.build.into)


def modules_dir(root: Path) -> Path:
    """The project's `flow_modules` folder."""
    return Project.read(root).tree_root


def source_of(
    settings: Settings, cache: Cache, reporter: Reporter
) -> Callable[[], AbstractAsyncContextManager[Source]]:
    """What opens the Hub, as the settings want it."""
    return lambda: hub_of(settings, cache, reporter)


def hub_of(settings: Settings, cache: Cache, reporter: Reporter = SILENT) -> Hub:
    """The Hub of the settings, to be used as an async context manager."""
    from flowverse._hub.client import Hub  # not needed where nothing is to do

    return Hub(settings.endpoint, cache, reporter, settings.patience, offline=settings.offline)


def engine_of(
    root: Path,
    settings: Settings,
    reporter: Reporter = SILENT,
    chooser: Chooser | None = None,
    *,
    read: Callable[[], Project] | None = None,
    renew: frozenset[ModuleId] = frozenset(),
) -> Engine:
    """The engine for a project; `read` gives it, where it is not as it is on disk. `renew` is that of `Mode`."""
    return _engine(read or (lambda: Project.of(root, frozen=settings.frozen)), settings, reporter, chooser, renew)


def _engine(
    read: Callable[[], Project],
    settings: Settings,
    reporter: Reporter,
    chooser: Chooser | None,
    renew: frozenset[ModuleId] = frozenset(),
) -> Engine:
    cache = Cache(settings.cache)
    source = source_of(settings, cache, reporter)
    mode = Mode(
        locked=settings.locked,
        frozen=settings.frozen,
        force=settings.force,
        merge=settings.merge,
        dry_run=settings.dry_run,
        renew=renew,
    )
    return Engine(read=read, cache=cache, source=source, reporter=reporter, chooser=chooser or Refuse(), mode=mode)
