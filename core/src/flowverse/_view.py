"""What a project looks like, for people: how every folder compares with the lock, and who asks for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from flowverse._goal import goal, orphans
from flowverse._index import Record
from flowverse._plan import Found
from flowverse._project import Project
from flowverse._state import stale
from flowverse._survey import survey
from flowverse._tree import Tree
from flowverse.errors import UsageError
from flowverse.model import Edge, Edit, ModuleId, Pin

__all__ = ["Graph", "Row", "Status", "graph_of", "status_of"]

State = Literal["clean", "edited", "patched", "linked", "missing", "moved", "conflicted", "unlocked"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One module. `moved`: its pin is another commit than its folder; `unlocked`: it is in the tree only.

    `conflicts` are the files that a merge left to a person, `base` is what the folder was synced from, in words, where
    that is something else than its pin. `revision`, `commit`, `path`, `patch` and `developed` are
    those of its pin; without one, of what it was synced from, as far as known.
    """

    id: ModuleId
    label: str
    state: State
    edit: Edit
    conflicts: tuple[str, ...] = ()
    base: str = ""
    revision: str = ""
    commit: str = ""
    path: str | None = None
    patch: str = ""
    developed: bool = False


@dataclass(frozen=True, kw_only=True)
class Status:
    """Every module, by id, why the lock is stale (nothing if it is not), and what is probably not as it was meant."""

    rows: tuple[Row, ...]
    stale: tuple[str, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Who asks for what: the project's own modules, and every pin by id with its dependencies."""

    project: str
    roots: tuple[ModuleId, ...]
    pins: Mapping[ModuleId, Pin]


def status_of(project: Project) -> Status:
    """Compare the tree with the lock. Writes nothing."""
    pins = goal(project, strict=False)
    by_id = {pin.id: pin for pin in pins}
    found, records = survey(project, Tree(project.tree_root), pins)
    rows = [
        _row(id, by_id.get(id), there, records.get(id))
        for id, there in sorted(found.items())
        if there.exists or id in by_id
    ]
    try:
        reasons = stale(project)
    except UsageError as error:  # a local folder that is gone: what else there is can be shown all the same
        reasons = (str(error).rstrip("."),)
    return Status(rows=tuple(rows), stale=reasons, warnings=(*project.manifest.warnings, *orphans(project)))


def _row(id: ModuleId, pin: Pin | None, there: Found, record: Record | None) -> Row:
    pinned = pin
    if pin is None and record is not None and record.commit:
        pinned = Pin(id=id, revision=record.revision, commit=record.commit)
    state: State = "clean"
    if not there.exists:
        state = "missing"
    elif there.conflicts:
        state = "conflicted"
    elif there.edit:
        state = "edited"
    elif pin is None:
        state = "unlocked"
    elif not there.same:
        state = "moved"
    elif there.link is not None or there.copied:
        state = "linked"
    elif pin.patch:
        state = "patched"
    if pinned is None:
        return Row(id=id, label=str(id), state=state, edit=there.edit)
    return Row(
        id=id,
        label=pinned.brief,
        state=state,
        edit=there.edit,
        conflicts=there.conflicts,
        base=there.base if pin is not None and there.exists and not there.same else "",
        revision=pinned.revision,
        commit=pinned.commit,
        path=pinned.path,
        patch=pinned.patch,
        developed=pinned.developed,
    )


def graph_of(project: Project) -> Graph:
    """Read the graph from the lock. Raises `UsageError` where there is none."""
    lock = project.locked
    pins = lock.by_id
    roots = tuple(sorted(ModuleId.parse(id) for id, _, _ in lock.dependencies))
    return Graph(project=project.name, roots=roots, pins=pins)


def asks(pin: Pin) -> tuple[Edge, ...]:
    """What a pin asks for, each module once, in the order of ids."""
    return tuple({edge.id: edge for edge in sorted(pin.dependencies, reverse=True)}.values())[::-1]
