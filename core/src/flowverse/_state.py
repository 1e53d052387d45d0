"""Two questions before any work: whether the lock answers to the manifest, and the tree is as it was left."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from flowverse._cache import Cache
from flowverse._digest import sha256
from flowverse._edits.materials import Materials
from flowverse._glance import Look, look, note
from flowverse._goal import goal
from flowverse._index import Index, Recorded, edit_of, stat_row
from flowverse._linking import is_link, target_of_link
from flowverse._local import stats_of
from flowverse._plan import make_plan
from flowverse._project import Outdated, Project
from flowverse._stale import stale
from flowverse._survey import survey
from flowverse._tree import Tree
from flowverse.model import MODULE_ID_FILE, ModuleId, Plan, PlanStep, Result

__all__ = ["fingerprint", "settle", "stale", "untouched", "would_fetch"]


def untouched(project: Project, tree: Tree) -> Result | None:
    """The fast answer: a Result if nothing was touched since the last complete sync, None if a closer look is due.

    Costs one stat a file. Neither parses the lock nor opens a file of the tree.
    """
    return _compare(project, tree, Index.load(tree.index_path))[0]


def settle(project: Project, tree: Tree, recorded: Recorded | None = None) -> Result | None:
    """The fast answer, and a note of it for `_glance.known`, which tells it faster still. `recorded` is what it is now.

    Where a module is a link or was edited, or a revision could be a folder, nothing is noted.
    """
    row, index = recorded or (stat_row(tree.index_path), Index.load(tree.index_path))
    if not row or not _shows_all(project, index):
        return _compare(project, tree, index)[0]
    # Whatever changes from now on has a later time than whatever is seen with an earlier one.
    clock = tree.tick_after(max([index.newest, *row[1:]]))
    found, seen = _compare(project, tree, index)
    if found is not None and seen is not None and list(seen.record[1:]) == row and seen.newest < clock:
        # It was looked before anything was compared: what has changed since does not look like that any more.
        with suppress(Outdated):
            project.check_current()
            tree.note(note(seen, found.modules, fingerprint(project, found)))
    return found


def _shows_all(project: Project, index: Index) -> bool:
    """Whether stats of a project and its tree tell all that a sync has to know, and nothing is to be said each time."""
    said = any(
        record.link is not None or record.conflicts or edit_of(record.files) for record in index.modules.values()
    )
    if said or not index.modules or project.manifest_bytes is None:
        return False
    return not any(req.path or "/" in req.revision for req in project.manifest.dependencies)


def would_fetch(project: Project, cache: Cache, *, locked: bool, frozen: bool) -> bool:
    """Whether a sync would ask the Hub. False where it would fail before that. Raises what looking does."""
    tree = Tree(project.tree_root)
    if project.unpacked or untouched(project, tree) is not None:
        return False
    if stale(project) and not frozen:
        return not locked
    pins = goal(project)
    found, records = survey(project, tree, pins)
    plan = make_plan(pins, found, overwrite={req.id for req in project.manifest.dependencies if req.overwrite})
    locked_pins = project.lock.by_id if project.lock is not None else {}
    materials = Materials(cache, locked_pins, project.patches, records, tree.place)
    wanted = [step.pin for step in plan.writes if step.pin is not None]
    raw = [(pin, materials.raw(pin, entry)) for pin in wanted for entry in pin.files]
    files = [(pin, entry) for pin, entry in raw if entry is not None and not cache.has(pin.id, pin.commit, entry)]
    return any(materials.here(pin.id, entry) is None for pin, entry in files)


def fingerprint(project: Project, found: Result | None) -> str:
    """A word that changes when what a sync answers to does, or the tree is touched; `found` is the fast answer."""
    parts = [*project.answers.values(), "touched" if found is None else "in sync"]
    return sha256("\0".join(parts).encode("utf-8", "surrogateescape"))


def _compare(project: Project, tree: Tree, index: Index) -> tuple[Result | None, Look | None]:
    """What was left by the last sync, against what is there, and how that looks."""
    if not index.answers or dict(index.answers) != project.answers or tree.interrupted:
        return None, None
    seen = look(str(project.root), str(tree.root))
    return (None, None) if seen is None else (_judge(tree, index, seen), seen)


def _judge(tree: Tree, index: Index, seen: Look) -> Result | None:
    modules, generated = _sorted(seen)
    if any(generated.get(path) != tuple(row) for path, row in index.generated.items()):
        return None
    kept = []
    for id, record in index.modules.items():
        if record.copied:
            return None  # to see whether the folder that it is a copy of has changed, it has to be read
        if record.link is not None:
            if not _still_linked(tree, id, record.link, record.sources):
                return None
        elif modules.get(id.folder) != {path: file[1:4] for path, file in record.files.items() if file.now is not None}:
            return None
        elif (edit := edit_of(record.files)) or record.conflicts:
            step = PlanStep(action="keep", id=id, old=record.base, edit=edit, behind=record.behind)
            kept.append(replace(step, conflicts=record.conflicts))
    total = sum(1 for record in index.modules.values() if record.behind != "gone")
    plan = Plan(steps=tuple(sorted(kept, key=lambda step: step.id)), unchanged=total - len(kept))
    return Result(modules=total, plan=plan, untouched=True)


def _sorted(seen: Look) -> tuple[dict[str, dict[str, tuple[int, ...]]], dict[str, tuple[int, ...]]]:
    """How files look, by path: those of each module, by its folder; and those that are generated."""
    modules: dict[str, dict[str, tuple[int, ...]]] = {}
    generated: dict[str, tuple[int, ...]] = {}
    for folder, rows in seen.tree:
        owner, _, rest = folder.partition("/")
        name, slash, below = rest.partition("/")
        files = modules.setdefault(f"{owner}/{name}", {}) if slash else generated
        for row in rows:
            if slash and not below and row[0] == MODULE_ID_FILE:
                generated[folder + row[0]] = row[1:]
            else:
                files[below + row[0] if slash else folder + row[0]] = row[1:]
    return modules, generated


def _still_linked(tree: Tree, id: ModuleId, link: str, sources: object) -> bool:
    place = tree.place(id)
    return is_link(place) and target_of_link(place) == link and place.is_dir() and stats_of(place) == sources
