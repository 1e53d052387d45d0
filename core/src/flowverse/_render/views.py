"""What somebody wants to see of a project: its modules."""

from __future__ import annotations

from collections.abc import Sequence

from flowverse._plain import plain
from flowverse._render.lines import Kind, Line, count, document, table
from flowverse._view import Row, Status

__all__ = ["render_status", "status_document"]


def render_status(status: Status, *, verbose: bool = False) -> list[Line]:
    """Every module with its state, the lock's staleness, and a count; with `verbose` the edited files below a row."""
    lines = []
    for row, line in zip(status.rows, table([_row(row) for row in status.rows]), strict=True):
        lines += [line, *(_edit_lines(row) if verbose else ())]
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
        "conflicted": "removed",
        "edited": "kept",
        "patched": "linked",
        "linked": "linked",
        "missing": "removed",
        "moved": "changed",
        "unlocked": "kept",
    }
    detail = f" ({row.edit})" if row.edit else ""
    base = f" from {row.base.partition('(')[2].replace(')', '')}" if row.base else ""
    return kind[row.state], (row.label, f"{row.state}{detail}{base}")


def _edit_lines(row: Row) -> list[Line]:
    """The files that were edited, each with what happened to it; first those that wait to be resolved."""
    kinds: list[tuple[Kind, str, Sequence[str]]] = [
        ("removed", "conflict", row.conflicts),
        ("changed", "changed", row.edit.changed),
        ("added", "added", row.edit.added),
        ("removed", "deleted", row.edit.deleted),
    ]
    shown = [(kind, what, path) for kind, what, paths in kinds for path in paths]
    rest = [(kind, what, path) for kind, what, path in shown if what == "conflict" or path not in row.conflicts]
    return [Line(kind, f"    {what:<8}  {plain(path)}") for kind, what, path in rest]


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
            "base": row.base or None,
            "conflicts": sorted(row.conflicts),
            "patch": f"sha256:{row.patch}" if row.patch else None,
            "developed": row.developed,
        }
        for row in status.rows
    ]
    return document("status", 1, {"modules": rows, "stale": list(status.stale)})
