"""What somebody wants to see of a project: its modules, and who asks for what."""

from __future__ import annotations

from collections.abc import Iterator

from flowverse._render.lines import Kind, Line, count, table
from flowverse._view import Graph, Row, Status, asks
from flowverse.model import ModuleId

__all__ = ["render_status", "render_tree"]


def render_status(status: Status) -> list[Line]:
    """Every module with its state, the lock's staleness, and a count."""
    lines = table([_row(row) for row in status.rows])
    lines += [Line("warning", f"flowverse.lock is stale: {reason}") for reason in status.stale]
    lines += [Line("warning", warning) for warning in status.warnings]
    states: dict[str, int] = {}
    for row in status.rows:
        states[row.state] = states.get(row.state, 0) + 1
    told = ", ".join(f"{number:,} {state}" for state, number in sorted(states.items()))
    lines.append(Line("summary", f"{count(len(status.rows), 'flow module')}" + (f": {told}" if told else "")))
    return lines


def _row(row: Row) -> tuple[Kind, tuple[str, str]]:
    kind: dict[str, Kind] = {
        "clean": "note",
        "edited": "kept",
        "linked": "linked",
        "missing": "removed",
        "moved": "changed",
        "unlocked": "warning",
    }
    detail = f" ({row.edit})" if row.edit else ""
    return kind[row.state], (row.label, f"{row.state}{detail}")


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
