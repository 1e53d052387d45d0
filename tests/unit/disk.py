"""Being told of every change to the disk before it happens, and dying at any of them.

Python's audit events say what is opened for writing, made, moved and removed. A hook cannot be taken out again, so
there is one for the process, which does nothing outside of `watched`.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_CHANGES = {
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.symlink",
    "os.link",
    "os.truncate",
    "os.chmod",
    "os.utime",
}
# `exchange` calls the system without an event of its own; this one comes just before.
_CHANGES |= {"ctypes.dlopen"}


class Killed(BaseException):
    """The end of a process: nothing catches it, and nothing is written after it."""


@dataclass
class Watch:
    """What was changed by the thread that watches, in order, as (event, path); it dies before change `dies_at`.

    `steps` has each change once, with the last of its paths: `dies_at` is an index of it. `opened` has every file that
    was opened, for whatever.
    """

    dies_at: int | None = None
    changes: list[tuple[str, str]] = field(default_factory=list)
    steps: list[tuple[str, str]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    thread: int = field(default_factory=threading.get_ident)

    def see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if threading.get_ident() != self.thread:
            return
        if event == "open" and isinstance(arguments[0], (str, bytes)):
            self.opened.append(os.fsdecode(arguments[0]))
        if not _is_change(event, arguments):
            return
        paths = [os.fsdecode(path) for path in arguments[: 2 if event == "os.rename" else 1] if path is not None]
        self.changes += [(event, path) for path in paths]
        self.steps.append((event, paths[-1] if paths else ""))
        if self.dies_at is not None:
            self.dies_at -= 1
            if self.dies_at < 0:
                raise Killed

    def outside(self, *roots: Path) -> list[tuple[str, str]]:
        """What was changed outside of these folders; names without a folder are in one that is open already."""
        inside = tuple(f"{root}{os.sep}" for root in roots)
        return [
            (event, path)
            for event, path in self.changes
            if path.startswith(os.sep) and not f"{path}{os.sep}".startswith(inside) and path != os.devnull
        ]


def _is_change(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether something is about to be changed by its name.

    What is done to open files does not count: dying between opening a lock file and owning it would leave it open here,
    where a process that really dies closes it.
    """
    if event in _CHANGES and arguments and isinstance(arguments[0], int):
        return False
    if event == "open":
        flags = arguments[2] or 0
        return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    return event in _CHANGES


_watches: list[Watch] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    for watch in _watches:
        watch.see(event, arguments)


_hooked: list[bool] = []


@contextmanager
def watched(dies_at: int | None = None) -> Iterator[Watch]:
    """Watch what this thread does; with `dies_at`, let it die before its change of that number (from 0)."""
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_hook)
    watch = Watch(dies_at)
    _watches.append(watch)
    try:
        yield watch
    finally:
        _watches.remove(watch)
