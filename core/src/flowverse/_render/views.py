"""What somebody wants to see of a project: its modules, and who asks for what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flowverse._plain import plain
from flowverse._render.lines import Kind, Line, count, document
from flowverse._view import Graph, Row, Status, asks
from flowverse.model import Edit, ModuleId

__all__ = ["render_status", "render_tree", "status_document"]


def render_status(status: Status, *, verbose: bool = False) -> list[Line]:
    """Every module with its state, the lock's staleness, and a count; with `verbose` the edited files below a row."""
    width = max((len(row.label) for row in status.rows), default=0)
    lines = []
    for row in status.rows:
        lines += [_row_line(row, width), *(_edit_lines(row.edit) if verbose else ())]
    lines += [Line("warning", f"flowverse.lock is stale: {reason}") for reason in status.stale]
    states: dict[str, int] = {}
    for row in status.rows:
        states[row.state] = states.get(row.state, 0) + 1
    told = ", ".join(f"{number:,} {state}" for state, number in sorted(states.items()))
    lines.append(Line("summary", f"{count(len(status.rows), 'flow module')}" + (f": {told}" if told else "")))
    return lines


def _row_line(row: Row, width: int) -> Line:
    kind: dict[str, Kind] = {
        "clean": "note",
        "conflicted": "removed",
        "edited": "kept",
        "patched": "linked",
        "linked": "linked",
        "missing": "removed",
        "moved": "changed",
        "unlocked": "kept",
    }
    detail = f" ({row.edit})" if row.edit else ""
    return Line(kind[row.state], f"{row.label:<{width}}  {row.state}{detail}")


def _edit_lines(edit: Edit) -> list[Line]:
    """The files of an edit, each with what happened to it."""
    kinds: list[tuple[Kind, str, Sequence[str]]] = [
        ("changed", "changed", edit.changed),
        ("added", "added", edit.added),
        ("removed", "deleted", edit.deleted),
    ]
    return [Line(kind, f"    {what:<7}  {plain(path)}") for kind, what, paths in kinds for path in paths]


def status_document(status: Status) -> str:
    """The same for other programs."""
    rows = [
        {
            "id": str(row.id),
            "revision": row.revision or None,
            "commit": row.commit or None,
            "path": row.path,
            "state": row.state,
            "edit": {
                "changed": sorted(row.edit.changed),
                "added": sorted(row.edit.added),
                "deleted": sorted(row.edit.deleted),
            },
            "conflicts": sorted(row.conflicts),
            "patch": f"sha256:{row.patch}" if row.patch else None,
            "developed": row.developed,
        }
        for row in status.rows
    ]
    return document("status", 1, {"modules": rows, "stale": list(status.stale)})


def render_tree(graph: Graph) -> list[Line]:
    """The graph as a tree; a module that was shown above is marked `(*)` and not opened again."""
    shown: set[ModuleId] = set()
    lines = [Line("summary", graph.project)]
    lines += [Line("note", text) for text in _branches(graph, graph.roots, "", shown)]
    return lines


def _branches(graph: Graph, ids: tuple[ModuleId, ...], indent: str, shown: set[ModuleId]) -> Iterator[str]:
    for number, id in enumerate(ids):
        last = number == len(ids) - 1
        pin = graph.pins.get(id)
        label = pin.label if pin is not None else f"{id} (not locked)"
        below = tuple(edge.id for edge in asks(pin)) if pin is not None else ()
        again = id in shown and bool(below)
        yield f"{indent}{'└── ' if last else '├── '}{label}{' (*)' if again else ''}"
        if not again:
            shown.add(id)
            yield from _branches(graph, below, indent + ("    " if last else "│   "), shown)
