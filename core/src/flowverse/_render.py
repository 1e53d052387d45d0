"""Results and errors as lines, once for every host: what is said, not how it is coloured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flowverse._view import Graph, Row, Status, asks
from flowverse.errors import FlowverseError
from flowverse.model import LockChange, ModuleId, Pin, PlanStep, Result

if TYPE_CHECKING:
    from flowverse._ship.licenses import LicenseRow
    from flowverse._ship.requirements import Requirements
    from flowverse._ship.verify import Verified

__all__ = [
    "Kind",
    "Line",
    "count",
    "explain",
    "render",
    "render_licenses",
    "render_requirements",
    "render_status",
    "render_tree",
    "render_verified",
]

_MOST_WARNINGS = 20

Kind = Literal["added", "changed", "removed", "kept", "linked", "backup", "note", "warning", "error", "hint", "summary"]


@dataclass(frozen=True)
class Line:
    """One line (never more) for a person. `kind` is for the host's colours and for what `-q` leaves out."""

    kind: Kind
    text: str


def count(number: int, what: str) -> str:
    """`1 flow module`, `2 flow modules`."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


# --- results ---------------------------------------------------------------------------------------------------------


def render(result: Result, *, verbose: bool = False) -> list[Line]:
    """What a command did, as few lines as tell it; with `verbose`, every note as well."""
    lines = [_lock_line(change) for change in result.locked] if verbose or not result.synced else []
    lines += [line for step in result.plan.steps if (line := _step_line(step)) is not None]
    lines += [Line("backup", f"{id}: what was discarded is in {place}") for id, place in result.backups]
    lines += [Line("note", note) for note in result.notes]
    lines += _warnings(result.warnings, verbose=verbose)
    lines.append(Line("summary", _summary(result)))
    return lines


def _warnings(warnings: Sequence[str], *, verbose: bool) -> list[Line]:
    """All of them with `verbose`: a module that is written to annoy can cause thousands."""
    shown = warnings if verbose else warnings[:_MOST_WARNINGS]
    lines = [Line("warning", warning) for warning in shown]
    more = len(warnings) - len(shown)
    return [*lines, Line("warning", f"{count(more, 'more warning')}; -v shows all")] if more else lines


def _lock_line(change: LockChange) -> Line:
    if change.new is None:
        return Line("removed", f"- {change.id}")
    if change.old is None:
        return Line("added", f"+ {change.new.label}")
    if change.old.label == change.new.label:
        return Line("changed", f"~ {change.new.label} asks for something else")
    return Line("changed", f"~ {change.old.label} -> {_target(change.new)}")


def _target(pin: Pin) -> str:
    """What a pin is at, where its id was said already: `main (0123456)`, or `../path`."""
    return pin.label.removeprefix(f"{pin.id}@") if pin.path is None else pin.path


def _step_line(step: PlanStep) -> Line | None:
    label = step.pin.label if step.pin is not None else str(step.id)
    if step.action == "install":
        return Line("added", f"+ {label}")
    if step.action == "link":
        return Line("linked", f"+ {label}")
    if step.action == "prune":
        return Line("removed", f"- {step.id}")
    if step.action == "replace":
        was = f", was {step.old}" if step.old and f"({step.old.rpartition('(')[2]}" not in label else ""
        return Line("changed", f"~ {label}{was}")
    return _kept_line(step)


def _kept_line(step: PlanStep) -> Line:
    edited = f"{step.id} was edited ({step.edit}) and is kept"
    if step.behind == "moved":
        base = f" as edited from {step.old}" if step.old else ""
        wanted = _target(step.pin) if step.pin is not None else "another commit"
        return Line(
            "warning",
            f"{edited}{base}; the lock wants {wanted}. Set overwrite = true to give the edits up",
        )
    if step.behind == "gone":
        why = "though nothing asks for it any more, nor for what it asks for"
        return Line("warning", f"{edited}, {why}; --force removes it")
    return Line("kept", edited)


def _summary(result: Result) -> str:
    if not (result.modules or result.plan.steps or result.locked or result.lock_written):
        return "No flow modules are declared in [tool.flowverse.dependencies]"
    if not result.synced:
        changed = result.locked or result.lock_written
        done = "Would lock" if result.dry_run and changed else "Locked"
        state = "" if changed else ", nothing changed"
        return f"{done} {count(result.modules, 'flow module')}{state}"
    writes = result.plan.writes
    if not writes:
        lock = ", the lock would change" if result.dry_run else " and locked"
        lock = lock if result.lock_written else ""
        behind = sum(1 for step in result.plan.steps if step.behind)
        state = f", {behind:,} kept as edited" if behind else " in sync"
        return f"{count(result.modules, 'flow module')}{state}{lock}"
    came = sum(1 for step in writes if step.action != "prune")
    gone = len(writes) - came
    parts = [f"{'sync' if result.dry_run else 'Synced'} {count(came, 'flow module')}"] if came else []
    parts += [f"{'remove' if result.dry_run else 'removed' if came else 'Removed'} {gone:,}"] if gone else []
    rest = f" ({result.plan.unchanged:,} in place already)" if result.plan.unchanged else ""
    return ("Would " if result.dry_run else "") + ", ".join(parts) + rest


# --- errors ----------------------------------------------------------------------------------------------------------


def explain(error: FlowverseError) -> list[Line]:
    """What went wrong, and what to do next."""
    lines = [Line("error", line) for line in str(error).splitlines()]
    if error.asked_by is not None:
        lines.append(
            Line("hint", f"{error.asked_by} asks for it; an override in [tool.flowverse.overrides] wins over that.")
        )
    return lines + [Line("hint", line) for line in (error.hint or "").splitlines()]


# --- status and tree -------------------------------------------------------------------------------------------------


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
        "edited": "kept",
        "linked": "linked",
        "missing": "removed",
        "moved": "changed",
        "unlocked": "warning",
    }
    detail = f" ({row.edit})" if row.edit else ""
    return Line(kind[row.state], f"{row.label:<{width}}  {row.state}{detail}")


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


# --- what is shipped -------------------------------------------------------------------------------------------------


def render_licenses(rows: Sequence[LicenseRow]) -> list[Line]:
    """Every module with its licence and its licence files, and a count of each licence."""
    width = max((len(row.label) for row in rows), default=0)
    second = max((len(row.license or "unknown") for row in rows), default=0)
    lines = [
        Line(
            "note" if row.license else "kept",
            f"{row.label:<{width}}  {row.license or 'unknown':<{second}}  {', '.join(row.files) or 'no licence file'}",
        )
        for row in rows
    ]
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.license or "unknown"] = counts.get(row.license or "unknown", 0) + 1
    told = ", ".join(f"{number:,} {license}" for license, number in sorted(counts.items()))
    return [*lines, Line("summary", f"{count(len(rows), 'flow module')}" + (f": {told}" if told else ""))]


def render_requirements(requirements: Requirements) -> list[Line]:
    """Every Python requirement with who asks for it, then what cannot be had at the same time."""
    askers = requirements.grouped
    width = max(map(len, askers), default=0)
    lines = [Line("note", f"{text:<{width}}  {', '.join(who)}") for text, who in askers.items()]
    lines += [Line("warning", text) for text in requirements.unusable]
    lines += [Line("warning", str(clash)) for clash in requirements.clashes]
    clashes = f", {count(len(requirements.clashes), 'conflict')}" if requirements.clashes else ""
    return [*lines, Line("summary", f"{count(len(askers), 'Python requirement')} of flow modules{clashes}")]


def render_verified(verified: Verified) -> list[Line]:
    """What was checked, and against what."""
    told = f"{count(verified.modules, 'flow module')}, {count(verified.files, 'file')}, as in its {verified.against}"
    return [Line("summary", f"{verified.what} is as it was shipped: {told}")]
