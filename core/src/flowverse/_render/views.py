"""What somebody wants to see of a project: its modules."""

from __future__ import annotations

from flowverse._render.lines import Kind, Line, count
from flowverse._view import Row, Status

__all__ = ["render_status"]


def render_status(status: Status) -> list[Line]:
    """Every module with its state, the lock's staleness, and a count."""
    width = max((len(row.label) for row in status.rows), default=0)
    lines = [_row_line(row, width) for row in status.rows]
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
        "linked": "linked",
        "missing": "removed",
        "moved": "changed",
        "patched": "linked",
        "unlocked": "warning",
    }
    detail = f" ({row.edit})" if row.edit else ""
    return Line(kind[row.state], f"{row.label:<{width}}  {row.state}{detail}")
