"""A module at a local path: its folder is linked into the tree, its requirements are read where it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from flowverse._scan import wanted
from flowverse.errors import UsageError

__all__ = ["read_local", "stats_of"]

_NOT_THEIRS = {"__pycache__", "flow_modules", "node_modules", "site-packages"}


def _sources(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files that say what a module asks for, by path with `/`; not those of environments and caches inside it."""
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


def read_local(folder: Path, key: str) -> dict[str, bytes]:
    """The files that say what the module at `folder` asks for. Raises `UsageError`, naming `key`."""
    if not folder.is_dir():
        raise UsageError(
            f"{key} points at {folder}, which is not a folder.", hint="Correct the path in pyproject.toml."
        )
    return {path: file.read_bytes() for path, file in _sources(folder)}


def stats_of(folder: Path) -> dict[str, list[int]]:
    """Size, and times of change in nanoseconds, of the files that `read_local` reads: to see that nothing changed."""
    found = {}
    for path, file in _sources(folder):
        stat = file.stat()
        found[path] = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
    return found
