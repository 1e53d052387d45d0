"""Questions to the graph of who asks for what. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from flowverse._view import Graph, asks
from flowverse.model import PROJECT, ModuleId

__all__ = ["Paths", "Step", "askers", "below", "leading_to", "only", "paths_to"]

_MOST_PATHS = 100
_MOST_TRIED = 10_000


@dataclass(frozen=True, kw_only=True)
class Step:
    """A module on a path, and where it is asked for: `pyproject.toml`, or a file and line of the module before it."""

    id: ModuleId
    at: str


@dataclass(frozen=True, kw_only=True)
class Paths:
    """Every path from the project to a module, the shortest first; not `complete` where there are too many."""

    id: ModuleId
    paths: tuple[tuple[Step, ...], ...]
    complete: bool


def paths_to(graph: Graph, id: ModuleId, depth: int | None = None) -> Paths:
    """Find the paths to a module; with `depth`, those of at most so many modules."""
    leads = leading_to(graph, id)
    queue: deque[tuple[Step, ...]] = deque((Step(id=root, at=PROJECT),) for root in graph.roots if root in leads)
    found: list[tuple[Step, ...]] = []
    for _ in range(_MOST_TRIED):
        if not queue or len(found) == _MOST_PATHS:
            break
        path = queue.popleft()
        if depth is not None and len(path) > depth:
            continue
        last = path[-1].id
        if last == id:
            found.append(path)
        elif last in graph.pins:
            seen = {step.id for step in path}
            edges = [edge for edge in asks(graph.pins[last]) if edge.id in leads and edge.id not in seen]
            queue += [(*path, Step(id=edge.id, at=edge.at)) for edge in edges]
    return Paths(id=id, paths=tuple(found), complete=not queue)


def leading_to(graph: Graph, id: ModuleId) -> set[ModuleId]:
    """A module, and all from which it can be reached."""
    above = askers(graph)
    found, todo = {id}, [id]
    while todo:
        fresh = set(above.get(todo.pop(), ())) - found
        found |= fresh
        todo += fresh
    return found


def askers(graph: Graph) -> Mapping[ModuleId, tuple[ModuleId, ...]]:
    """Which modules ask for each module, in the order of ids; the project is not among them."""
    found: dict[ModuleId, list[ModuleId]] = {id: [] for id in graph.pins}
    for id in sorted(graph.pins):
        for edge in asks(graph.pins[id]):
            found.setdefault(edge.id, []).append(id)
    return {id: tuple(ids) for id, ids in found.items()}


def below(graph: Graph, depth: int) -> set[ModuleId]:
    """The modules that are reached from the project over at most so many modules, themselves included."""
    found: set[ModuleId] = set()
    level = set(graph.roots)
    for _ in range(depth):
        found |= level
        level = {edge.id for id in level & set(graph.pins) for edge in asks(graph.pins[id])} - found
    return found


def only(graph: Graph, ids: Collection[ModuleId]) -> Graph:
    """The graph with no other pins than those."""
    kept = {id: pin for id, pin in graph.pins.items() if id in ids}
    return replace(graph, roots=tuple(id for id in graph.roots if id in ids), pins=kept)
