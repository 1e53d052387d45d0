"""What is said of requirements: what was added, removed and moved, what is newer, and what a sync would do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowverse._render.lines import Line, count, document, table
from flowverse._render.results import render, target_of
from flowverse._toml import quote
from flowverse.model import Edit, ModuleId, PlanStep, Requirement, is_commit

if TYPE_CHECKING:
    from flowverse._require.outdated import Standing
    from flowverse._require.rewrite import Entry
    from flowverse.requiring import Changed, Difference, Move, Updated

__all__ = [
    "lock_check_document",
    "outdated_document",
    "render_changed",
    "render_difference",
    "render_outdated",
    "render_updated",
    "sync_check_document",
]

_MOST_TITLES = 10


# --- add, remove, update ---------------------------------------------------------------------------------------------


def render_changed(changed: Changed, *, verbose: bool = False) -> list[Line]:
    """The lines of `pyproject.toml` that came, changed or went, and what that did."""
    lines = [_entry_line(entry) for entry in changed.entries]
    for id, who in changed.stays:
        asking = f"{' and '.join(map(str, who))} {'asks' if len(who) == 1 else 'ask'} for it"
        lines.append(Line("note", f"{id} stays, {asking}"))
    return lines + render(changed.result, verbose=verbose)


def _entry_line(entry: Entry) -> Line:
    if entry.new is None:
        return Line("removed", f"- {entry.id} from pyproject.toml")
    value = _value(entry.new)
    if entry.old is None:
        return Line("added", f"+ {entry.id} = {value} in pyproject.toml")
    if _value(entry.old) == value:
        return Line("note", f"{entry.id} = {value} is in pyproject.toml already")
    return Line("changed", f"~ {entry.id} = {value} in pyproject.toml, was {_value(entry.old)}")


def _value(requirement: Requirement) -> str:
    return quote(requirement.revision) if requirement.path is None else f"{{ path = {quote(requirement.path)} }}"


def render_updated(updated: Updated, *, verbose: bool = False) -> list[Line]:
    """Every module that moved, with the titles of the commits in between, and what that did."""
    lines = [line for move in updated.moves for line in _move_lines(move)]
    for pin in updated.fixed:
        way = f"`flowverse add {pin.id}@REVISION` asks for another" if pin.path is None else "it is as it is there"
        lines.append(Line("note", f"{pin.id} cannot move, it is wanted at {target_of(pin)}; {way}"))
    *rest, summary = render(updated.result, verbose=verbose, told=[move.new.id for move in updated.moves])
    moved = f"{'would move' if updated.result.dry_run else 'moved'} {count(len(updated.moves), 'flow module')}"
    first = moved[0].upper() + moved[1:] if updated.moves else "Nothing moved"
    then = summary.text if summary.text[1:2].isupper() else summary.text[:1].lower() + summary.text[1:]
    return [*lines, *rest, Line("summary", f"{first}; {then}")]


def _move_lines(move: Move) -> list[Line]:
    old, new = move.old, move.new
    before = "" if is_commit(old.revision) else f"{old.revision} "
    after = "" if is_commit(new.revision) or new.revision == old.revision else f"{new.revision} "
    lines = [Line("changed", f"~ {new.id} {before}{old.commit[:7]} -> {after}{new.commit[:7]}")]
    if move.history is None:
        return lines
    if move.history.end == "rewritten":
        return [*lines, Line("note", f"    {old.commit[:7]} is not in the history of {new.commit[:7]}")]
    titles = move.history.titles
    lines += [Line("note", f"    {title}") for title in titles[:_MOST_TITLES]]
    more = len(titles) - _MOST_TITLES
    if more > 0:
        least = "" if move.history.end == "reached" else "at least "
        lines.append(Line("note", f"    and {least}{more:,} more"))
    return lines


# --- outdated --------------------------------------------------------------------------------------------------------


def render_outdated(rows: Sequence[Standing], *, verbose: bool = False) -> list[Line]:
    """Every module that has something newer; with `verbose`, every other too. Then what could not be asked."""
    shown = [row for row in rows if row.outdated or (verbose and row.problem is None)]
    lines = table([("changed" if row.outdated else "note", (str(row.id), _revision(row), _news(row))) for row in shown])
    lines += [Line("warning", str(row.problem)) for row in rows if row.problem is not None]
    behind = sum(1 for row in rows if row.outdated)
    of = f" of {count(len(rows), 'flow module')}" if behind else ""
    verb = "is" if behind == 1 else "are"
    told = f"{behind:,}{of} {verb} outdated" if behind else f"{count(len(rows), 'flow module')}, none outdated"
    return [*lines, Line("summary", told)]


def _revision(row: Standing) -> str:
    return row.revision[:7] if is_commit(row.revision) else row.revision


def _news(row: Standing) -> str:
    moved = f"{row.commit[:7]} -> {row.now[:7]}" if row.now not in (None, row.commit) and row.now else row.commit[:7]
    return moved + (f", {row.newest} is newer" if row.newest is not None else "")


def outdated_document(rows: Sequence[Standing]) -> str:
    """The same of every module, for other programs (docs/schemas/outdated-1.json)."""
    modules = [
        {
            "id": str(row.id),
            "revision": row.revision,
            "commit": row.commit,
            "now": row.now,
            "newest": row.newest,
            "outdated": row.outdated,
            "problem": str(row.problem) if row.problem is not None else None,
        }
        for row in sorted(rows, key=lambda row: row.id)
    ]
    return document("outdated", 1, {"outdated": any(row.outdated for row in rows), "modules": modules})


# --- lock --check and sync --check -----------------------------------------------------------------------------------


def lock_check_document(reasons: Sequence[str]) -> str:
    """Whether the lock is stale, and why, for other programs (docs/schemas/lock-check-1.json)."""
    return document("lock-check", 1, {"stale": bool(reasons), "reasons": sorted(reasons)})


def render_difference(difference: Difference) -> list[Line]:
    """Everything that a sync would do, and what was edited."""
    lines = [Line("warning", f"flowverse.lock is stale: {reason}") for reason in difference.stale]
    lines += [Line("warning" if step.id in difference.moved else "kept", _step_text(step)) for step in difference.steps]
    lines += [Line("warning", f"{path} of the tree is not as flowverse writes it") for path in difference.generated]
    if difference.differs:
        return lines + [Line("hint", text) for text in _ways(difference)]
    return [*lines, Line("summary", "The lock answers to pyproject.toml, and the tree to the lock")]


def _ways(difference: Difference) -> Iterator[str]:
    """What brings the tree to the lock: edits are never in the way of a sync, nor touched by it."""
    behind = {step.behind for step in difference.steps}
    if difference.stale or difference.generated or any(step.action != "keep" for step in difference.steps):
        yield "`flowverse sync` makes the tree what pyproject.toml and the lock say."
    if "moved" in behind:
        yield "`flowverse sync --merge` merges edits with what the lock wants, `flowverse restore ID` gives them up."
    if "gone" in behind:
        yield "`flowverse sync --force` removes what nothing asks for even if it was edited."


def _step_text(step: PlanStep) -> str:
    wanted = target_of(step.pin) if step.pin is not None else "another commit"
    was = step.old or "something else"
    if step.action == "keep":
        edited = f"{step.id} was edited ({step.edit})"
        told = {"moved": f" at {was}, the lock wants {wanted}", "gone": ", nothing asks for it any more"}
        return edited + told.get(step.behind, "")
    if step.action == "prune":
        return f"{step.id} is in the tree, and not in the lock"
    if step.action == "install" or (step.action == "link" and not step.old):
        return f"{step.id} is missing"
    return f"{step.id} is at {was}, the lock wants {wanted}" + (f"; it was edited ({step.edit})" if step.edit else "")


def sync_check_document(difference: Difference) -> str:
    """The same for other programs (docs/schemas/sync-check-1.json)."""
    body = {
        "in_sync": not difference.differs,
        "stale": sorted(difference.stale),
        "steps": [_step(step, difference.moved) for step in sorted(difference.steps, key=lambda step: step.id)],
        "generated": sorted(difference.generated),
    }
    return document("sync-check", 1, body)


def _step(step: PlanStep, moved: Collection[ModuleId]) -> dict[str, Any]:
    pin = step.pin
    return {
        "id": str(step.id),
        "action": step.action,
        "difference": step.id in moved,
        "revision": (pin.revision or None) if pin is not None else None,
        "commit": (pin.commit or None) if pin is not None else None,
        "path": pin.path if pin is not None else None,
        # The target of a link is a place on this machine.
        "was": step.old if step.old and not Path(step.old).is_absolute() else None,
        "behind": step.behind or None,
        "edit": _edit(step.edit),
    }


def _edit(edit: Edit) -> dict[str, list[str]]:
    return {"changed": sorted(edit.changed), "added": sorted(edit.added), "deleted": sorted(edit.deleted)}
