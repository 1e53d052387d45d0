"""The engine for hosts and scripts. Light to import: no Hub client, no click, no rich.

Every function takes the folder of a project, reads what it needs, and raises `flowverse.errors.FlowverseError` for
everything that a person, a network or a disk can cause; `explain` puts that in words, `render` a result.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from flowverse import _glance

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from flowverse._cache import Cache
    from flowverse._engine import Engine
    from flowverse._hub.client import Hub
    from flowverse._project import Project
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
    from flowverse._view import Graph, Status
    from flowverse.model import ModuleId, Requirement, Result
    from flowverse.ports import Chooser, Reporter, Source

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

_ELSEWHERE = {
    "_render.graph": ("render_tree",),
    "_render.lines": ("Line", "render_waiting"),
    "_render.results": ("explain", "render"),
    "_render.shipped": (
        "licenses_document",
        "render_licenses",
        "render_requirements",
        "render_verified",
        "requirements_document",
        "verified_document",
    ),
    "_render.views": ("render_status", "status_document"),
    "_settings": ("Settings",),
    "_view": ("Graph", "Status"),
}
"""What is passed on, by the file that it is from. A host that finds everything in sync needs none of it."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Import what is passed on when somebody asks for it (https://peps.python.org/pep-0562/)."""
        for file, names in _ELSEWHERE.items():
            if name in names:
                value = globals()[name] = getattr(import_module(f"flowverse.{file}"), name)
                return value
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)


def declared(root: Path) -> bool:
    """Whether the project at `root` has a `[tool.flowverse]` table. Cheap; False where that cannot be read."""
    try:
        content = (root / "pyproject.toml").read_bytes()
    except OSError:
        return False
    if b"flowverse" not in content:
        return False
    import tomli

    try:
        tool = tomli.loads(content.decode()).get("tool")
    except ValueError:
        return True  # it is there, and wrong: whoever syncs will say how
    return not isinstance(tool, dict) or "flowverse" in tool


def overlooked(root: Path) -> Line | None:
    """A warning of a table that was probably meant to be `[tool.flowverse]`, where that is missing. Never raises."""
    from flowverse._project import Project
    from flowverse._render.lines import Line
    from flowverse.errors import FlowverseError

    try:
        warnings = Project.read(root).manifest.warnings
    except FlowverseError:
        return None
    return Line("warning", warnings[0]) if warnings else None


def sync(root: Path, settings: Settings, *, reporter: Reporter | None = None, chooser: Chooser | None = None) -> Result:
    """Lock if the lock is stale, then make `flow_modules` what the lock says."""
    found = None if settings.force or settings.merge else _glance.known(str(root))
    if found is not None:
        from flowverse.model import Plan, Result

        return Result(modules=found[0], plan=Plan(unchanged=found[0]), dry_run=settings.dry_run, untouched=True)
    from flowverse._tasks import run

    return run(engine_of(root, settings, reporter, chooser).sync)


def lock(root: Path, settings: Settings, *, reporter: Reporter | None = None, chooser: Chooser | None = None) -> Result:
    """Lock if the lock is stale. What is locked is downloaded to the cache; the tree stays as it is."""
    from flowverse._tasks import run

    return run(engine_of(root, settings, reporter, chooser).lock)


def check(root: Path, settings: Settings) -> tuple[str, ...]:
    """Why the lock does not answer to the manifest, one clause a difference; nothing if it does."""
    from flowverse._project import Project
    from flowverse._state import stale

    return stale(Project.of(root, frozen=settings.frozen))


def status(root: Path, settings: Settings) -> Status:
    """How every module's folder compares with the lock. Reads, and writes nothing."""
    from flowverse._project import Project
    from flowverse._view import status_of

    return status_of(Project.of(root, frozen=settings.frozen))


def tree(root: Path, settings: Settings) -> Graph:
    """Who asks for what, from the lock. Raises `UsageError` where there is no lock."""
    from flowverse._project import Project
    from flowverse._view import graph_of

    return graph_of(Project.of(root, frozen=settings.frozen))


def sync_script(
    root: Path, requirements: Sequence[Requirement], settings: Settings, *, reporter: Reporter | None = None
) -> Result:
    """Sync what a script asks for, in a folder that declares nothing: the lock beside it answers to the script.

    What earlier scripts of that folder asked for stays, unless it is asked for again.
    """
    from flowverse._project import Project
    from flowverse._tasks import run

    return run(engine_of(root, settings, reporter, read=lambda: Project.scripted(root, requirements)).sync)


def known_ids(root: Path) -> tuple[ModuleId, ...]:
    """The ids that the manifest and the lock name, sorted. Raises what reading them does."""
    from flowverse._project import Project

    project = Project.read(root)
    pins = project.lock.pins if project.lock is not None else ()
    return tuple(sorted({req.id for req in project.manifest.dependencies} | {pin.id for pin in pins}))


def in_sync(root: Path) -> bool:
    """Whether nothing was touched since the last complete sync: one stat a file, no network, no lock parse."""
    if _glance.known(str(root)) is not None:
        return True
    from flowverse._project import Project
    from flowverse._state import untouched
    from flowverse._tree import Tree
    from flowverse.errors import FlowverseError

    try:
        project = Project.read(root)
        return untouched(project, Tree(project.tree_root)) is not None
    except FlowverseError:
        return False


def needs_hub(root: Path, settings: Settings) -> bool:
    """Whether a sync would ask the Hub. False too where it would fail before that, or is offline."""
    if settings.offline or _glance.known(str(root)) is not None:
        return False
    from flowverse._cache import Cache
    from flowverse._project import Project
    from flowverse._state import would_fetch
    from flowverse.errors import FlowverseError

    try:
        project = Project.of(root, frozen=settings.frozen)
        return would_fetch(project, Cache(settings.cache), locked=settings.locked, frozen=settings.frozen)
    except FlowverseError:
        return False


def fingerprint(root: Path) -> str:
    """A word that changes when the manifest's meaning, the lock or the tree does. Never raises."""
    found = _glance.known(str(root))
    if found is not None:
        return found[1]
    from flowverse._digest import sha256
    from flowverse._project import Project
    from flowverse._state import fingerprint, untouched
    from flowverse._tree import Tree
    from flowverse.errors import FlowverseError

    try:
        project = Project.read(root)
        return fingerprint(project, untouched(project, Tree(project.tree_root)))
    except FlowverseError as error:
        return sha256(str(error).encode("utf-8", "surrogateescape"))


def editable_files(root: Path, name: str) -> dict[str, str]:
    """The files for site-packages, by name, that make the modules of the project at `root` importable from any folder.

    `name` is the distribution's.
    """
    from flowverse import _editable
    from flowverse._project import Project

    project = Project.read(root)
    return _editable.editable_files(name, str(project.tree_root.parent), project.manifest.build.into)


def modules_dir(root: Path) -> Path:
    """The project's `flow_modules` folder."""
    from flowverse._project import Project

    return Project.read(root).tree_root


def source_of(
    settings: Settings, cache: Cache, reporter: Reporter
) -> Callable[[], AbstractAsyncContextManager[Source]]:
    """What opens the Hub, as the settings want it."""
    return lambda: hub_of(settings, cache, reporter)


def hub_of(settings: Settings, cache: Cache, reporter: Reporter | None = None) -> Hub:
    """The Hub of the settings, to be used as an async context manager."""
    from flowverse._hub.client import Hub
    from flowverse.ports import SILENT

    return Hub(settings.endpoint, cache, reporter or SILENT, settings.patience, offline=settings.offline)


def engine_of(
    root: Path,
    settings: Settings,
    reporter: Reporter | None = None,
    chooser: Chooser | None = None,
    *,
    read: Callable[[], Project] | None = None,
    renew: frozenset[ModuleId] = frozenset(),
) -> Engine:
    """The engine for a project; `read` gives it, where it is not as it is on disk. `renew` is that of `Mode`."""
    from flowverse._cache import Cache
    from flowverse._engine import Engine, Mode
    from flowverse._project import Project
    from flowverse.ports import SILENT, Refuse

    reporter, cache = reporter or SILENT, Cache(settings.cache)
    mode = Mode(
        locked=settings.locked,
        frozen=settings.frozen,
        force=settings.force,
        merge=settings.merge,
        dry_run=settings.dry_run,
        renew=renew,
    )
    return Engine(
        read=read or (lambda: Project.of(root, frozen=settings.frozen)),
        cache=cache,
        source=source_of(settings, cache, reporter),
        reporter=reporter,
        chooser=chooser or Refuse(),
        mode=mode,
    )
