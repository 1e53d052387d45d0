"""Files and folders with as few calls to the system as there can be: a tree of 1,000 modules has 12,000 files.

For a small file, `pathlib` and `open` cost more than the system does, so paths are strings here.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

__all__ = ["make_folder", "read_all", "read_at_most", "write_new"]

_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_CHUNK = 1 << 16
_WRITE_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def read_at_most(path: str, size: int) -> bytes:
    """The first `size` bytes of a file, or fewer. Raises `OSError`, and `ValueError` for a name with a NUL in it."""
    file = os.open(path, _READ)
    try:
        return os.read(file, size)
    finally:
        os.close(file)


def read_all(path: str) -> Iterator[bytes]:
    """All of a file, in pieces. Raises `OSError`, and `ValueError` for a name with a NUL in it."""
    file = os.open(path, _READ)
    try:
        while chunk := os.read(file, _CHUNK):
            yield chunk
    finally:
        os.close(file)


def write_new(path: str, content: bytes) -> None:
    """Write a file that is not there yet; a link in its place is not followed. Raises `OSError`."""
    file = os.open(path, _WRITE_NEW, 0o666)
    try:
        written = os.write(file, content)
        while written < len(content):
            written += os.write(file, content[written:])
    finally:
        os.close(file)


def make_folder(path: str) -> bool:
    """Make a folder; False if something else is in its place, such as a link to a folder. Raises `OSError`."""
    try:
        os.mkdir(path)
    except FileExistsError:
        there = os.lstat(path)
        junction = getattr(there, "st_reparse_tag", 0) == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)
        return stat.S_ISDIR(there.st_mode) and not junction
    return True
