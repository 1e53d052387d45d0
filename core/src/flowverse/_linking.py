"""A folder of the user's in the tree: a link, a junction on Windows, or a copy where the file system has neither."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

__all__ = ["copied_names", "is_link", "put_link", "target_of_link"]

_NOT_COPIED = ("__pycache__", "flow_modules", "node_modules", ".git", ".venv")


def is_link(place: Path | str) -> bool:
    """Whether a path is a link to another place, whatever the system calls it."""
    try:
        there = os.lstat(place)
    except OSError:
        return False
    junction = getattr(there, "st_reparse_tag", 0) == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)
    return stat.S_ISLNK(there.st_mode) or junction


def target_of_link(place: Path) -> str:
    """Where a link leads, without the prefix that Windows puts before a junction's."""
    return str(place.readlink()).removeprefix("\\\\?\\")


def put_link(place: Path, target: Path) -> bool:
    """Link a folder; False where it had to be copied. Raises `OSError`."""
    try:
        place.symlink_to(target, target_is_directory=True)
    except (OSError, NotImplementedError):
        if os.path.lexists(place) or not target.is_dir():
            raise
    else:
        return True
    if _put_junction(place, target):
        return True
    shutil.copytree(target, place, symlinks=True, ignore=lambda _, names: copied_names(names))
    return False


def copied_names(names: list[str]) -> set[str]:
    """What of a folder is left out of a copy: environments, caches, version control, trees of modules."""
    return {name for name in names if name in _NOT_COPIED}


def _put_junction(place: Path, target: Path) -> bool:
    if sys.platform == "win32":
        import _winapi

        try:
            _winapi.CreateJunction(str(target), str(place))
        except OSError:
            return False
        return True
    return False
