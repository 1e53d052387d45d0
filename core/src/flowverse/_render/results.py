"""What a command did, and what went wrong, as lines."""

from __future__ import annotations

from collections.abc import Collection

from flowverse._render.lines import Line, count, warnings_of
from flowverse._render.words import in_sync
from flowverse.errors import FlowverseError
from flowverse.model import LockChange, ModuleId, Pin, PlanStep, Result

__all__ = ["explain", "render", "target_of"]


def render(result: Result, *, verbose: bool = False, told: Collection[ModuleId] = ()) -> list[Line]:
    """What a command did, as few lines as tell it; with `verbose`, every note as well.

    `told` are modules of which it was said already how they changed.
    """
    locked = [change for change in result.locked if change.id not in told]
    steps = [step for step in result.plan.steps if step.action in ("keep", "merge") or step.id not in told]
    lines = [_lock_line(change) for change in locked] if verbose or not result.synced else []
    lines += [line for step in steps if (line := _step_line(step, told=step.id in told)) is not None]
    lines += [_conflict_line(step) for step in result.plan.steps if step.conflicts]
    merged = {step.id for step in result.plan.steps if step.action == "merge"}
    lines += [Line("backup", _backup(id, place, merged=id in merged)) for id, place in result.backups]
    lines += [Line("note", note) for note in result.notes]
    lines += warnings_of(result.warnings, verbose=verbose)
    lines.append(Line("summary", _summary(result)))
    return lines


def _lock_line(change: LockChange) -> Line:
    if change.new is None:
        return Line("removed", f"- {change.id}")
    if change.old is None:
        return Line("added", f"+ {change.new.label}")
    if change.old.label == change.new.label:
        return Line("changed", f"~ {change.new.label} asks for something else")
    return Line("changed", f"~ {change.old.label} -> {target_of(change.new)}")


def target_of(pin: Pin) -> str:
    """What a pin is at, where its id was said already: `main (0123456)`, or `../path`."""
    return pin.label.removeprefix(f"{pin.id}@") if pin.path is None else pin.path


def _step_line(step: PlanStep, *, told: bool) -> Line | None:
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
    if step.action == "merge":
        where = f"{step.id}:" if told else f"~ {label}, was {step.old};"
        return Line("changed", f"{where} your edits ({step.edit}) are merged")
    return _kept_line(step)


def _backup(id: ModuleId, place: str, *, merged: bool) -> str:
    what = (
        "its patch as it was"
        if place.endswith(".patch")
        else "what was there before"
        if merged
        else "what was discarded"
    )
    return f"{id}: {what} is in {place}"


def _conflict_line(step: PlanStep) -> Line:
    files = ", ".join(step.conflicts)
    return Line("warning", f"{step.id} has conflicts in {files}; mend them, then run `flowverse resolve {step.id}`")


def _kept_line(step: PlanStep) -> Line | None:
    if step.conflicts and not step.behind:
        return None  # it waits for a person to say what is to be of a merge, which a line of its own says
    edited = f"{step.id} was edited ({step.edit}) and is kept"
    if step.behind == "moved":
        base = f" as edited from {step.old}" if step.old else ""
        why = f" and cannot be merged, {step.why}" if step.why else ""
        wanted = target_of(step.pin) if step.pin is not None else "another commit"
        give_up = f"`flowverse restore {step.id}` gives the edits up"
        fits = (step.pin is None or step.pin.path is None) and step.old and not step.why
        ways = f"`flowverse sync --merge` merges them, {give_up}" if fits else give_up
        return Line("warning", f"{edited}{base}; the lock wants {wanted}{why}. {ways}")
    if step.behind == "gone":
        why = "though nothing asks for it any more, nor for what it asks for"
        return Line("warning", f"{edited}, {why}; `flowverse sync --force` removes it")
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
        conflicted = sum(1 for step in result.plan.steps if step.conflicts and not step.behind)
        kept = f", {behind:,} kept as edited" if behind else ""
        kept += f", {conflicted:,} conflicted" if conflicted else ""
        if kept and lock and not result.dry_run:
            return f"{count(result.modules, 'flow module')} locked{kept}"
        if kept:
            return f"{count(result.modules, 'flow module')}{kept}{lock}"
        return f"{in_sync(result.modules)}{lock}"
    came = sum(1 for step in writes if step.action != "prune")
    gone = len(writes) - came
    parts = [f"{'sync' if result.dry_run else 'Synced'} {count(came, 'flow module')}"] if came else []
    went = f"{gone:,}" if came else count(gone, "flow module")
    parts += [f"{'remove' if result.dry_run else 'removed' if came else 'Removed'} {went}"] if gone else []
    rest = f" ({result.plan.unchanged:,} in place already)" if result.plan.unchanged else ""
    return ("Would " if result.dry_run else "") + ", ".join(parts) + rest


def explain(error: FlowverseError) -> list[Line]:
    """What went wrong, and what to do next."""
    lines = [Line("error", line) for line in str(error).splitlines()]
    if error.asked_by is not None:
        lines.append(
            Line("hint", f"{error.asked_by} asks for it; an override in [tool.flowverse.overrides] wins over that.")
        )
    return lines + [Line("hint", line) for line in (error.hint or "").splitlines()]
