"""What must happen to the tree: the lock's pins against what is there. Pure; the table is design.md's "Edits"."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from flowverse.model import Action, Edit, ModuleId, Pin, Plan, PlanStep

__all__ = ["Found", "make_plan"]


@dataclass(frozen=True, kw_only=True)
class Found:
    """One module's folder as it is.

    `link` is where it points, as seen from the project, if it is a link. `base` says what it was synced from
    (`main (0123456)`), empty if that is not known. `same` means that its content was synced from the pin's commit, or
    already is the pin's content. `conflicts` are the files that a merge left to a person. `patched`: a patch is part of
    what it was synced with; `copied`: it is a copy of a local folder.
    """

    id: ModuleId
    exists: bool = True
    link: str | None = None
    base: str = ""
    same: bool = False
    edit: Edit = field(default_factory=Edit)
    conflicts: tuple[str, ...] = ()
    patched: bool = False
    copied: bool = False


def make_plan(
    pins: Sequence[Pin],
    found: Mapping[ModuleId, Found],
    *,
    overwrite: Collection[ModuleId] = (),
    force: bool = False,
    merge: bool = False,
) -> Plan:
    """Decide. `found` has every pinned module and every other that was synced before.

    `overwrite` are the modules whose edits the user gives up; `force` gives up those of modules that are to go; `merge`
    has edits become edits of what the pin holds.
    """
    steps = []
    pinned = {pin.id for pin in pins}
    for pin in pins:
        step = _pinned(pin, found[pin.id], overwrite=pin.id in overwrite, merge=merge)
        if step is not None:
            steps.append(step)
    for id, there in found.items():
        if id not in pinned and there.exists:
            steps.append(_gone(there, force=force))
    unchanged = len(pins) - sum(1 for step in steps if step.id in pinned)
    return Plan(steps=tuple(sorted(steps, key=lambda step: step.id)), unchanged=unchanged)


def _pinned(pin: Pin, there: Found, *, overwrite: bool, merge: bool) -> PlanStep | None:
    if not there.exists:
        return PlanStep(action="link" if pin.path is not None else "install", id=pin.id, pin=pin)
    if there.link is not None:
        # A link holds nothing itself: taking it away loses nothing.
        if pin.path is None:
            return PlanStep(action="replace", id=pin.id, pin=pin, old=there.link)
        return None if there.same else PlanStep(action="link", id=pin.id, pin=pin, old=there.link)
    action: Action = "link" if pin.path is not None else "replace"
    if not there.edit and not (there.same and there.conflicts):
        # Of a patch that is there no more, the tree may be the last place.
        lost = there.patched and not pin.patch
        return None if there.same else PlanStep(action=action, id=pin.id, pin=pin, old=there.base, backup=lost)
    if overwrite:
        return PlanStep(action=action, id=pin.id, pin=pin, old=there.base, edit=there.edit, backup=True)
    step = PlanStep(action="keep", id=pin.id, pin=pin, old=there.base, edit=there.edit, conflicts=there.conflicts)
    if there.same:
        return step
    if merge and there.base and not there.conflicts and pin.path is None:
        return replace(step, action="merge", backup=True)
    return replace(step, behind="moved")


def _gone(there: Found, *, force: bool) -> PlanStep:
    if (there.edit or there.conflicts) and not force:
        kept = PlanStep(action="keep", id=there.id, old=there.base, edit=there.edit, behind="gone")
        return replace(kept, conflicts=there.conflicts)
    backup = bool(there.edit) or there.patched
    return PlanStep(action="prune", id=there.id, old=there.link or there.base, edit=there.edit, backup=backup)
