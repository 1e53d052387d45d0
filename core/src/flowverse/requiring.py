"""Requirements: adding, removing and moving them, what the Hub has newer, and whether anything is to be done.

Like `api`, everything takes the folder of a project and raises `flowverse.errors.FlowverseError`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flowverse import api
from flowverse._cache import Cache
from flowverse._goal import goal, patch_reasons
from flowverse._guard import tree_sources
from flowverse._names import in_full, pick
from flowverse._plan import make_plan
from flowverse._project import Project
from flowverse._require.graph import Paths, below, leading_to, only, paths_to
from flowverse._require.outdated import Standing, standings
from flowverse._require.rewrite import Entry, Rewrite, adding, picked, read_checkout, removing
from flowverse._require.wishes import wanted_all
from flowverse._settings import Settings
from flowverse._state import stale, untouched
from flowverse._survey import survey
from flowverse._tasks import all_of, run
from flowverse._tree import Tree
from flowverse._view import Graph
from flowverse.errors import HubError, UsageError
from flowverse.model import ModuleId, Pin, PlanStep, Result, is_commit
from flowverse.ports import SILENT, Chooser, Reporter

if TYPE_CHECKING:
    from flowverse._hub.client import History

__all__ = [
    "Asked",
    "Changed",
    "Difference",
    "Entry",
    "Move",
    "Paths",
    "Standing",
    "Updated",
    "add",
    "asked",
    "check_tree",
    "outdated",
    "remove",
    "update",
]

_TITLES_SECONDS = 10.0
"""How long the Hub is waited for in all, where it is asked for what is only nice to know."""


@dataclass(frozen=True, kw_only=True)
class Changed:
    """What became of the requirements, and what that did. `stays`: removed modules that others ask for, and those."""

    entries: tuple[Entry, ...]
    result: Result
    stays: tuple[tuple[ModuleId, tuple[ModuleId, ...]], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Move:
    """A module that is locked at another commit now. `history` is what happened in between, None if nobody says it."""

    old: Pin
    new: Pin
    history: History | None = None


@dataclass(frozen=True, kw_only=True)
class Updated:
    """What moved. `fixed` are modules that were named and cannot move: they are at a commit, or local."""

    moves: tuple[Move, ...]
    result: Result
    fixed: tuple[Pin, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What a sync would do: why the lock is `stale`, what becomes of modules, and which generated files are not whole.

    Among the steps are those of modules that were edited at their own pin, which are no difference.
    """

    stale: tuple[str, ...] = ()
    steps: tuple[PlanStep, ...] = ()
    generated: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether there is any."""
        return bool(self.stale or self.generated or self.moved)

    @property
    def moved(self) -> frozenset[ModuleId]:
        """The modules that a sync would change, or has to leave at another commit than the locked one."""
        return frozenset(step.id for step in self.steps if step.action != "keep" or step.behind)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who asks for what, or the part of it that was asked about; `why` is every path to one module, if it was that."""

    graph: Graph
    why: Paths | None = None


# --- what changes requirements ---------------------------------------------------------------------------------------


def add(
    root: Path,
    settings: Settings,
    names: Sequence[str],
    *,
    path: Path | None = None,
    sync: bool = True,
    reporter: Reporter = SILENT,
    chooser: Chooser | None = None,
) -> Changed:
    """Ask for modules in `pyproject.toml`, then lock, and sync unless `sync` is false.

    `names` are ids, ids with a revision (`owner/name@v1`), or addresses on the Hub; of what the project has already the
    name alone will do. `path` is a folder (relative to the current one) that the only module of `names` is in. Where
    anything fails, `pyproject.toml` and the lock are as they were. Raises `UsageError` also where the lock must not be
    rewritten.
    """
    settings = _may_write(settings, "add")
    known = api.known_ids(root)
    wanted = wanted_all([in_full(name, known) for name in names], settings.endpoint)
    if path is not None:
        _check_path(path, [one.revision for one in wanted])
    rewrite = Rewrite(root, [one.id for one in wanted], adding(wanted, path))
    result, _ = _carry_out(rewrite, settings, reporter, chooser, sync=sync)
    return Changed(entries=rewrite.entries, result=result)


def remove(
    root: Path,
    settings: Settings,
    names: Sequence[str],
    *,
    sync: bool = True,
    reporter: Reporter = SILENT,
    chooser: Chooser | None = None,
) -> Changed:
    """Take modules out of `pyproject.toml`, then lock, and sync unless `sync` is false. Raises as `add` does."""
    settings = _may_write(settings, "remove")
    ids = picked(Project.read(root), names)
    rewrite = Rewrite(root, ids, removing(ids))
    result, project = _carry_out(rewrite, settings, reporter, chooser, sync=sync)
    pins = project.lock.pins if project.lock is not None else ()
    stays = []
    for id in ids:
        who = tuple(pin.id for pin in pins if any(edge.id == id for edge in pin.dependencies))
        stays += [(id, who)] if any(pin.id == id for pin in pins) else []
    return Changed(entries=rewrite.entries, result=result, stays=tuple(stays))


def update(
    root: Path,
    settings: Settings,
    names: Sequence[str] = (),
    *,
    sync: bool = True,
    reporter: Reporter = SILENT,
    chooser: Chooser | None = None,
) -> Updated:
    """Move modules (all where none is named) to where their revisions are now, and sync unless `sync` is false.

    Every other module keeps its commit. Raises `UsageError` also where the lock must not be rewritten.
    """
    settings = _may_write(settings, "update")
    project = read_checkout(root)
    pins = project.lock.by_id if project.lock is not None else {}
    known = {*pins, *(req.id for req in project.manifest.dependencies)}
    meant = {pick(name, known) for name in names} or known
    moving = frozenset(id for id in meant & set(pins) if pins[id].path is None and not is_commit(pins[id].revision))
    engine = api.engine_of(root, settings, reporter, chooser, read=lambda: read_checkout(root), renew=moving)
    result = run(engine.sync if sync else engine.lock)
    moved = [(change.old, change.new) for change in result.locked if change.old is not None and change.new is not None]
    moved = [(old, new) for old, new in moved if old.commit and new.commit and old.commit != new.commit]
    histories = _histories(moved, settings)
    return Updated(
        moves=tuple(Move(old=old, new=new, history=histories.get(new.id)) for old, new in moved),
        result=result,
        fixed=tuple(pins[id] for id in sorted(meant & set(pins) - moving)) if names else (),
    )


def _may_write(settings: Settings, verb: str) -> Settings:
    """The settings to change requirements with. Raises `UsageError` where the lock must stay what it is."""
    if settings.dry_run and not settings.frozen:
        return replace(settings, locked=False)
    if settings.locked or settings.frozen:
        raise UsageError(
            f"`flowverse {verb}` has to rewrite flowverse.lock: FLOWVERSE_LOCKED, FLOWVERSE_FROZEN or CI forbids it.",
            hint="Run it where none of them is set, and commit pyproject.toml and flowverse.lock.",
        )
    return settings


def _check_path(path: Path, revisions: Sequence[str | None]) -> None:
    if len(revisions) != 1:
        raise UsageError("--path is where one module is.", hint="Add the modules one by one.")
    if revisions[0] is not None:
        raise UsageError("A module at a path has no revision.", hint="Leave out either --path or the revision.")
    if not path.is_dir():
        raise UsageError(f"{path} is no folder.", hint="Name the folder where the module is developed.")


def _carry_out(
    rewrite: Rewrite, settings: Settings, reporter: Reporter, chooser: Chooser | None, *, sync: bool
) -> tuple[Result, Project]:
    engine = api.engine_of(rewrite.root, settings, reporter, chooser, read=rewrite.read)
    try:
        result = run(engine.sync if sync else engine.lock)
    except BaseException:
        rewrite.undo(engine.project)
        raise
    return result, engine.project


def _histories(moved: Sequence[tuple[Pin, Pin]], settings: Settings) -> dict[ModuleId, History]:
    """What happened to modules on their way, as far as the Hub says it soon: nothing depends on it."""
    if not moved:
        return {}
    impatient = replace(settings, patience=replace(settings.patience, retries=0))
    found: dict[ModuleId, History] = {}

    async def read() -> None:
        async with api.hub_of(impatient, Cache(settings.cache)) as hub:

            async def one(old: Pin, new: Pin) -> None:
                try:
                    found[new.id] = await hub.history(new.id, new.commit, old.commit)
                except HubError:
                    return

            await asyncio.wait_for(all_of(one(*pins) for pins in moved), _TITLES_SECONDS)

    with suppress(asyncio.TimeoutError):
        run(read)
    return found


# --- what is only looked at ------------------------------------------------------------------------------------------


def outdated(
    root: Path, settings: Settings, names: Sequence[str] = (), *, reporter: Reporter = SILENT
) -> tuple[Standing, ...]:
    """What the Hub has newer than the lock, of all modules or of those that are named. Writes nothing.

    Raises `UsageError` where there is no lock, and a `HubError` that is not about one module alone.
    """
    pins = Project.read(root).locked.by_id
    ids = {pick(name, pins) for name in names} or set(pins)
    reporter.phase("comparing")

    async def ask() -> tuple[Standing, ...]:
        async with api.hub_of(settings, Cache(settings.cache), reporter) as hub:
            return await standings(hub, [pins[id] for id in sorted(ids)])

    return run(ask)


def check_tree(root: Path, settings: Settings) -> Difference:
    """Whether a sync would do anything. No network; writes nothing. With `frozen`, only the lock counts."""
    project = Project.of(root, frozen=settings.frozen)
    tree = Tree(project.tree_root)
    nothing = untouched(project, tree)
    if nothing is not None and not any(step.behind for step in nothing.plan.steps):
        return Difference(steps=nothing.plan.steps)
    reasons = patch_reasons(project) if settings.frozen else stale(project)
    pins = goal(project, strict=False)
    found, _ = survey(project, tree, pins)
    plan = make_plan(pins, found, overwrite={req.id for req in project.manifest.dependencies if req.overwrite})
    texts = tree_sources({pin.id.package for pin in pins}) if pins and not plan.writes else {}
    wrong = [path for path, text in texts.items() if not _holds(tree.root / path, text)]
    return Difference(stale=reasons, steps=plan.steps, generated=tuple(sorted(wrong)))


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


def asked(root: Path, settings: Settings, *, why: str | None = None, depth: int | None = None) -> Asked:
    """Who asks for what, from the lock: `depth` modules deep, or only what leads to the module `why`.

    Raises `UsageError` where there is no lock, or no such module.
    """
    graph = api.tree(root, settings)
    if why is None:
        return Asked(graph=graph if depth is None else only(graph, below(graph, depth)))
    id = pick(why, graph.pins)
    return Asked(graph=only(graph, leading_to(graph, id)), why=paths_to(graph, id, depth))
