"""A sync that is killed at every step of its work on files, in turn, and the sync after it.

Run as a program of its own, without threads, so that it may fork: a child for each step, as a real kill needs one.
What went wrong is printed as lines; the last line says how many steps there were.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from flowverse import api
from flowverse._index import Index
from flowverse.model import PACKAGE

from tests.integration.workspace import Snapshot, snapshot

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_STEPS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.symlink", "os.link", "shutil.rmtree", "ctypes.dlsym"}
_KILLED, _THROUGH, _FAILED = 66, 0, 1


def main(template: str, then: str, work: str, edits: list[str]) -> None:
    """Sync undisturbed, to see what is right; then kill at step 0, 1, 2, ... until a sync runs through.

    Args:
        template: a project whose tree is not yet what its lock says.
        then: a folder with the manifest and the lock that the sync after the kill finds.
        work: a folder that is not there yet, for the project of each round.
        edits: contents that must not be lost.
    """
    place = Path(work)
    shutil.copytree(template, place, symlinks=True)
    before = _whole(place)
    _fork(lambda: _sync(place))
    between = _whole(place)
    _change(place, Path(then))
    _fork(lambda: _sync(place))
    expected, records = _whole(place), _records(place)
    shutil.rmtree(place)
    for step in count():
        shutil.copytree(template, place, symlinks=True)
        code = _fork(partial(_sync_killed_at, place, step))
        if code not in {_KILLED, _THROUGH}:
            print(f"step {step}: the sync failed with {code}")
        _check(f"step {step}: after the kill", place, edits)
        generated = (name for name, what in before.items() if name.count("/") < 3 and isinstance(what, bytes))
        for part in (*_modules(place), *generated):
            now = _below(_whole(place), part)
            if now and now not in (_below(before, part), _below(between, part)):
                print(f"step {step}: {part} is neither the old nor the new one: {sorted(now)}")
        _change(place, Path(then))
        if _fork(lambda: _sync(place)) != _THROUGH:
            print(f"step {step}: the next sync failed")
        _check(f"step {step}: after the next sync", place, edits)
        if _whole(place) != expected:
            print(f"step {step}: the next sync did not repair: {_difference(_whole(place), expected)}")
        if _records(place) != records:
            print(f"step {step}: the next sync knows less of the modules: {_records(place)}")
        shutil.rmtree(place)
        if code == _THROUGH:
            print(step)
            break


def _change(root: Path, then: Path) -> None:
    for name in ("pyproject.toml", "flowverse.lock"):
        if (then / name).exists():
            shutil.copyfile(then / name, root / name)


def _records(root: Path) -> list[tuple[str, str, str]]:
    """What the tree knows of its modules: id, what it was synced from, and why an edited one is behind."""
    modules = Index.load(root / PACKAGE / ".flowverse" / "index.json").modules
    return [(str(id), record.base, record.behind) for id, record in sorted(modules.items())]


def _sync(root: Path) -> None:
    api.sync(root, api.Settings.from_environ(os.environ))


def _sync_killed_at(root: Path, step: int) -> None:
    left = step

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING
        if event in _STEPS or writes:
            if left == 0:
                if writes and arguments[2] & os.O_TRUNC and os.path.exists(arguments[0]):  # noqa: PTH110
                    os.truncate(arguments[0], 0)  # it strikes when the file is open and nothing written yet
                os._exit(_KILLED)  # like SIGKILL: nothing is flushed, closed or cleared up
            left -= 1

    threading.settrace(None)  # for the reason in tests/conftest.py
    sys.addaudithook(hook)
    _sync(root)


def _fork(child: Callable[[], None]) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = _FAILED
        try:
            child()
            code = _THROUGH
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _whole(root: Path) -> Snapshot:
    """The project without the engine's own folder."""
    return {path: what for path, what in snapshot(root).items() if ".flowverse" not in path}


def _modules(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in (root / PACKAGE).glob("[a-z]*/[A-Z]*")}


def _below(everything: Snapshot, folder: str) -> Snapshot:
    return {path: what for path, what in everything.items() if path.startswith(f"{folder}/") or path == folder}


def _check(when: str, root: Path, edits: list[str]) -> None:
    contents = {what for what in snapshot(root).values() if isinstance(what, bytes)}
    for edit in edits:
        if edit.encode() not in contents:
            print(f"{when}: {edit!r} is lost")


def _difference(found: Snapshot, expected: Snapshot) -> list[str]:
    return sorted(path for path in {*found, *expected} if found.get(path, 0) != expected.get(path, 0))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
