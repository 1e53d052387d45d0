"""Whether the lock answers to the manifest."""

from __future__ import annotations

from flowverse._goal import patch_reasons
from flowverse._project import Project
from flowverse.model import ModuleId, Pin, Requirement

__all__ = ["stale"]


def stale(project: Project) -> tuple[str, ...]:
    """Why the lock does not answer to the manifest, one clause a difference; nothing if it does.

    Raises `BrokenLock` or `NewerLock` for a lock that cannot be read, `UsageError` for a local path that leads nowhere.
    """
    manifest, lock = project.manifest, project.lock
    if lock is None:
        return ("there is no flowverse.lock yet",) if manifest.dependencies else ()
    reasons = list(lock.stale(manifest.dependencies, manifest.overrides))
    if manifest.owners is not None:
        reasons += [
            f"{pin.id} is locked, its owner is not in tool.flowverse.owners"
            for pin in lock.pins
            if pin.id.owner not in manifest.owners
        ]
    if manifest.licenses is not None:
        reasons += [
            f"{pin.id} is locked, its licence {license!r} is not in tool.flowverse.licenses"
            for pin in lock.pins
            for license in pin.license_ids
            if pin.path is None and license not in manifest.licenses
        ]
    reasons += patch_reasons(project)
    if not reasons:
        reasons += [f"what {pin.id} at {pin.path} asks for has changed" for pin in lock.pins if _moved(project, pin)]
    return tuple(reasons)


def _moved(project: Project, pin: Pin) -> bool:
    """Whether a local module asks for something else than the lock says; on which line does not matter."""
    if pin.path is None:
        return False
    from flowverse._local import look_at_local  # few projects have local modules

    now = look_at_local(project.root, Requirement(id=pin.id, path=pin.path))[0].pin
    return _asks(now) != _asks(pin) or now.requirements != pin.requirements


def _asks(pin: Pin) -> set[tuple[ModuleId, str]]:
    return {(edge.id, edge.revision) for edge in pin.dependencies}
