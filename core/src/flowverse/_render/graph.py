"""Who asks for what: as a tree, upside down, path by path, and for other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from flowverse._render.lines import Line, count, document
from flowverse._require.graph import Paths, askers
from flowverse._view import Graph, asks
from flowverse.model import ModuleId, Pin

__all__ = ["render_askers", "render_paths", "render_tree", "tree_document"]

Below = Callable[[ModuleId], Sequence[ModuleId]]


def render_tree(graph: Graph, depth: int | None = None) -> list[Line]:
    """The graph as a tree; a module that was shown above is marked `(*)` and not opened again.

    With `depth`, so many modules deep.
    """

    def below(id: ModuleId) -> Sequence[ModuleId]:
        return [edge.id for edge in asks(graph.pins[id])] if id in graph.pins else ()

    drawn = _branches(graph.roots, partial(_label, graph), below, depth, "", set())
    return [Line("summary", graph.project), *drawn]


def render_askers(graph: Graph, ids: Sequence[ModuleId], depth: int | None = None) -> list[Line]:
    """For each of these modules a tree of who asks for it, up to the project."""
    asking = askers(graph)
    project = ModuleId("", graph.project)  # no module has such an id

    def above(id: ModuleId) -> Sequence[ModuleId]:
        return () if id == project else [*([project] if id in graph.roots else []), *asking.get(id, ())]

    lines = []
    shown: set[ModuleId] = set()
    for id in ids:
        again = id in shown and bool(above(id))
        lines.append(Line("summary", _label(graph, id) + (" (*)" if again else "")))
        if not again:
            shown.add(id)
            lines += _branches(above(id), partial(_label, graph), above, depth, "", shown)
    return lines


def _branches(
    ids: Sequence[ModuleId],
    label: Callable[[ModuleId], str],
    below: Below,
    depth: int | None,
    indent: str,
    shown: set[ModuleId],
) -> Iterator[Line]:
    if depth == 0:
        return
    for number, id in enumerate(ids):
        last = number == len(ids) - 1
        again = id in shown and bool(below(id))
        inner = indent + ("    " if last else "│   ")
        text = f"{indent}{'└── ' if last else '├── '}{label(id)}{' (*)' if again else ''}"
        yield Line("note", text, hang=f"{inner}    ")
        if not again:
            shown.add(id)
            deeper = None if depth is None else depth - 1
            yield from _branches(below(id), label, below, deeper, inner, shown)


def _label(graph: Graph, id: ModuleId) -> str:
    if not id.owner:
        return f"{id.name} (pyproject.toml)"
    pin = graph.pins.get(id)
    return pin.label if pin is not None else f"{id} (not locked)"


def render_paths(graph: Graph, found: Paths) -> list[Line]:
    """Every path from the project to a module, one a line, with where each step is asked for."""
    lines = []
    for path in found.paths:
        first, *rest = [step.id for step in path]
        steps = [str(first), *(f"({step.at}) -> {id}" for id, step in zip(rest, path[1:], strict=True))]
        lines.append(Line("note", f"{path[0].at} -> {' '.join(steps)}"))
    many = count(len(found.paths), "path") if found.complete else f"{len(found.paths):,} paths and more"
    verb = "leads" if found.complete and len(found.paths) == 1 else "lead"
    return [*lines, Line("summary", f"{many} {verb} to {_label(graph, found.id)}")]


def tree_document(graph: Graph, why: Paths | None = None) -> str:
    """The graph, and with `why` the paths to one module, for other programs (docs/schemas/tree-1.json)."""
    told = None
    if why is not None:
        paths = [[{"id": str(step.id), "at": step.at} for step in path] for path in why.paths]
        told = {"id": str(why.id), "complete": why.complete, "paths": paths}
    body = {
        "project": graph.project,
        "roots": [str(id) for id in graph.roots],
        "modules": [_module(graph.pins[id]) for id in sorted(graph.pins)],
        "why": told,
    }
    return document("tree", 1, body)


def _module(pin: Pin) -> dict[str, Any]:
    return {
        "id": str(pin.id),
        "revision": pin.revision or None,
        "commit": pin.commit or None,
        "path": pin.path,
        "dependencies": [
            {"id": str(edge.id), "revision": edge.revision, "at": edge.at} for edge in sorted(pin.dependencies)
        ],
    }
