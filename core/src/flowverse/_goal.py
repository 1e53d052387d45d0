"""What the tree is to hold: the lock's pins, each with its patch, and what this machine takes from elsewhere."""

from __future__ import annotations

from flowverse._edits.patch import patched_pin
from flowverse._project import Project
from flowverse.errors import StaleLock
from flowverse.model import Pin

__all__ = ["goal", "patch_reasons"]


def goal(project: Project, *, strict: bool = True) -> tuple[Pin, ...]:
    """The pins as the tree is to hold them, by id; none where nothing is locked.

    Raises `BrokenPatch`, and `StaleLock` for a patch that is not the one that is locked; not so if not `strict`: such a
    module is then as if it had no patch.
    """
    pins = project.lock.pins if project.lock is not None else ()
    reasons = patch_reasons(project)
    if reasons and strict:
        raise StaleLock(reasons)
    return tuple(_as_it_is_to_be(project, pin) for pin in pins)


def _as_it_is_to_be(project: Project, pin: Pin) -> Pin:
    if pin.id in project.developed:
        return Pin(id=pin.id, path=project.developed[pin.id], developed=True)
    patch = project.patches.get(pin.id) if pin.patch else None
    return patched_pin(pin, patch) if patch is not None and patch.sha256 == pin.patch else pin


def patch_reasons(project: Project) -> tuple[str, ...]:
    """How the patches differ from what is locked, one clause a difference."""
    reasons = []
    for pin in project.lock.pins if project.lock is not None else ():
        patch = project.patches.get(pin.id) if pin.path is None else None
        now = patch.sha256 if patch is not None else ""
        if now != pin.patch:
            how = "has changed" if now and pin.patch else "is new" if now else "is gone"
            reasons.append(f"the patch of {pin.id} {how}")
    return tuple(reasons)
