"""Modules that this machine alone takes from a folder."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from flowverse._develop import write_developed
from flowverse._edits.desk import Changed, Desk
from flowverse._goal import patch_reasons
from flowverse._local import expanded, look_at_local
from flowverse._names import pick
from flowverse._project import Project
from flowverse._settings import Settings
from flowverse.errors import StaleLock, UsageError
from flowverse.model import ModuleId, Requirement
from flowverse.ports import SILENT, Reporter

__all__ = ["develop", "developed", "end_develop"]


def develop(root: Path, settings: Settings, module: str, path: str, *, reporter: Reporter = SILENT) -> Changed:
    """Take a module from a folder, on this machine only: what is declared and locked stays as it is.

    `path` is relative to the current folder. Raises `UsageError` if it is no folder, or the module is edited.
    """
    desk = Desk(root, settings, reporter)
    id = desk.pick(module)
    desk.pin(id)
    where = path if expanded(path).is_absolute() or path.startswith("~") else os.path.relpath(path, desk.project.root)
    where = where.replace(os.sep, "/")
    if not (desk.project.root / expanded(where)).is_dir():
        raise UsageError(f"{id} cannot be taken from {path}, which is not a folder.", hint="Correct the path.")
    examined, asked = look_at_local(desk.project.root, Requirement(id=id, path=where, asker="the command line"))
    found, _ = desk.survey()
    if found[id].edit and found[id].link is None:
        raise UsageError(
            f"{id} was edited ({found[id].edit}), and its folder would become a link.",
            hint=f"Save the edits with `flowverse patch {id}`, or give them up with `flowverse restore {id}`.",
        )
    with desk.tree.locked(reporter):
        write_developed(desk.tree.root, {**desk.project.developed, id: where})
    result = desk.sync_only(id, frozen=True)
    locked = {pin.id for pin in desk.pins}
    missing = [
        f"{id} at {where} asks for {req.id} ({req.at}), which is not locked" for req in asked if req.id not in locked
    ]
    return Changed(
        done=(f"{id} is taken from {where}, on this machine only",),
        backups=result.backups,
        warnings=(*examined.warnings, *missing, *result.warnings),
        result=result,
    )


def end_develop(root: Path, settings: Settings, module: str, *, reporter: Reporter = SILENT) -> Changed:
    """Take a module from the lock again. Its folder stays as it is."""
    desk = Desk(root, settings, reporter)
    if not desk.project.developed:
        raise UsageError("No flow module is developed here.", hint="`flowverse develop ID PATH` begins that.")
    id = pick(module, set(desk.project.developed), of="that is developed here")
    rest = {one: where for one, where in desk.project.developed.items() if one != id}
    if reasons := patch_reasons(replace(desk.project, developed=rest), {id}):
        raise StaleLock(reasons)
    with desk.tree.locked(reporter):
        write_developed(desk.tree.root, rest)
    result = desk.sync_only(id, frozen=True)
    done = (f"{id} is what is locked again",)
    return Changed(done=done, backups=result.backups, warnings=result.warnings, result=result)


def developed(root: Path) -> tuple[tuple[ModuleId, str], ...]:
    """The modules that this machine takes from elsewhere, with the paths, by id."""
    return tuple(sorted(Project.read(root).developed.items()))
