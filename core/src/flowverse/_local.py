"""A module at a local path: its folder is linked into the tree, its requirements are read where it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from flowverse.errors import UsageError
from flowverse.model import PACKAGE, Edge, Pin, Requirement

if TYPE_CHECKING:
    from flowverse.ports import Examined

__all__ = ["expanded", "look_at_local", "stats_of"]

_NOT_THEIRS = {"__pycache__", "flow_modules", "node_modules", "site-packages"}


def _sources(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files that say what a module asks for, by path with `/`; not those of environments and caches inside it."""
    from flowverse._scan import wanted

    for parent, folders, files in os.walk(folder):
        here = Path(parent)
        folders[:] = sorted(
            name
            for name in folders
            if name not in _NOT_THEIRS and not name.startswith(".") and not (here / name / "pyvenv.cfg").exists()
        )
        for name in sorted(files):
            path = (here / name).relative_to(folder).as_posix()
            if wanted(path):
                yield path, here / name


def look_at_local(root: Path, requirement: Requirement) -> tuple[Examined, tuple[Requirement, ...]]:
    """A module in a folder, pinned to it, and what it asks for. Raises `UsageError` if the folder is none.

    Its path is relative to the project at `root`; paths that it asks for are relative to itself, and are told relative
    to the project.
    """
    from flowverse._scan import scan  # which parses Python; every project asks this file for `expanded`
    from flowverse.ports import Examined

    path = requirement.path or ""
    folder = root / expanded(path)
    inside = Path(os.path.relpath(folder.resolve(), root.resolve())).parts
    if PACKAGE in inside or set(inside) <= {os.pardir}:
        what = "in a tree of synced modules" if PACKAGE in inside else "the project itself, or holds it"
        raise UsageError(
            f"{requirement.id} is wanted from {path}, which is {what} ({requirement.asker}).",
            hint="Name the folder where the module is developed.",
        )
    if not folder.is_dir():
        raise UsageError(
            f"{requirement.id} is wanted from {path}, which is not a folder ({requirement.asker}).",
            hint="Correct the path, or take the line out.",
        )
    found = scan(requirement.id, {name: file.read_bytes() for name, file in _sources(folder)}, local=True)
    asked = tuple(
        replace(req, path=_rebased(path, req.path)) if req.path is not None else req for req in found.requirements
    )
    pin = Pin(
        id=requirement.id,
        path=path,
        dependencies=tuple(sorted(Edge(id=req.id, revision=req.target, at=req.at) for req in asked)),
        requirements=tuple(sorted(found.python_requirements)),
    )
    return Examined(pin=pin, warnings=found.warnings), asked


def _rebased(base: str, path: str) -> str:
    if expanded(path).is_absolute():
        return path
    return Path(os.path.normpath(Path(base) / path)).as_posix()


def expanded(path: str) -> Path:
    """A path with `~` in place; as it is where there is no such home, which `Path.expanduser` would raise for."""
    return Path(os.path.expanduser(path))  # noqa: PTH111


def stats_of(folder: Path) -> dict[str, list[int]]:
    """Size, and times of change in nanoseconds, of the files that `look_at_local` reads: to see a change."""
    found = {}
    for path, file in _sources(folder):
        stat = file.stat()
        found[path] = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
    return found
