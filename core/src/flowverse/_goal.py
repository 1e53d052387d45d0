"""What the tree is to hold: the lock's pins, each with its patch, and what this machine takes from elsewhere."""

from __future__ import annotations

from collections.abc import Collection

from flowverse._patches import patch_name
from flowverse._project import Project
from flowverse.errors import StaleLock
from flowverse.model import ModuleId, Pin

__all__ = ["goal", "orphans", "patch_reasons"]


def goal(project: Project, *, only: Collection[ModuleId] | None = None, strict: bool = True) -> tuple[Pin, ...]:
    """The pins as the tree is to hold them, by id; none where nothing is locked.

    Raises `BrokenPatch`, and `StaleLock` for a patch (of the modules `only`, None for all) that is not the one that is
    locked; not so if not `strict`: such a module is then as if it had no patch.
    """
    pins = project.lock.pins if project.lock is not None else ()
    for pin in pins if strict else ():
        if pin.id in project.broken_patches and (only is None or pin.id in only):
            raise project.broken_patches[pin.id]
    if strict and (reasons := patch_reasons(project, only)):
        raise StaleLock(reasons)
    return tuple(_as_it_is_to_be(project, pin) for pin in pins)


def _as_it_is_to_be(project: Project, pin: Pin) -> Pin:
    if pin.id in project.developed:
        return Pin(id=pin.id, path=project.developed[pin.id], developed=True)
    patch = project.patches.get(pin.id) if pin.patch else None
    if patch is None or patch.sha256 != pin.patch:
        return pin
    from flowverse._edits.patch import patched_pin  # few modules have one

    return patched_pin(pin, patch)


def patch_reasons(project: Project, only: Collection[ModuleId] | None = None) -> tuple[str, ...]:
    """How the patches (of some modules; None for all) differ from what is locked, one clause a difference."""
    reasons = []
    pins = project.lock.pins if project.lock is not None else ()
    for pin in pins if only is None else [pin for pin in pins if pin.id in only and pin.id not in project.developed]:
        if pin.id in project.broken_patches and pin.path is None:
            reasons.append(str(project.broken_patches[pin.id]).rstrip("."))
            continue
        patch = project.patches.get(pin.id) if pin.path is None else None
        now = patch.sha256 if patch is not None else ""
        if now != pin.patch:
            how = "has changed" if now and pin.patch else "is new" if now else "is gone"
            reasons.append(f"the patch of {pin.id} {how}")
    return tuple(reasons)


def orphans(project: Project) -> tuple[str, ...]:
    """A sentence for each patch of a module that is not locked, or is at a local path."""
    patchable = {pin.id for pin in project.lock.pins if pin.path is None} if project.lock is not None else set()
    return tuple(
        f"{patch_name(id)} is of no module that is locked; delete it, unless the module is to come back"
        for id in sorted(project.patch_texts)
        if id not in patchable
    )
