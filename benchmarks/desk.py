"""Folders and environments for what is measured: each run gets its own.

ext4 makes new files slowly, for minutes, where many were deleted: 0.7 ms each instead of 0.02 ms. So all is in memory,
if there is enough: what programs do is to be compared, not what happened on a disk before. On a disk nothing is deleted
before the end. In memory the folders of a run are, as soon as it was measured: memory that a virtual machine has not
used before costs its system up to twice as much.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["LOCK", "MANIFEST", "TREE", "Desk", "declare", "missing", "outside", "workshop"]

LOCK, MANIFEST, TREE = "flowverse.lock", "pyproject.toml", "flow_modules"

_MEMORY, _ENOUGH = Path("/dev/shm"), 8e9  # noqa: S108 - where Linux has a file system in memory; in bytes
_DROPPED = ("FLOWVERSE_", "HF_", "HUGGING", "TRANSFORMERS_", "HATCH_", "PYTHON", "XDG_", "GIT_", "COVERAGE", "VIRTUAL_")
_DROPPED_PDM, _KEPT_PDM = "PDM_", "PDM_PYPI_"
_DROPPED_NAMES = {"CI", "UV", "UV_PROJECT_ENVIRONMENT", "UV_FROZEN", "UV_LOCKED", "CONDA_PREFIX", "FORCE_COLOR"}


@contextmanager
def workshop(below: Path | None, *, keep: bool) -> Iterator[Path]:
    """A folder to work in: below a folder that is named, else in memory, else where temporary files are."""
    if below is None and _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH:
        below = _MEMORY
    place = Path(tempfile.mkdtemp(prefix="bench-", dir=below)).resolve()
    try:
        yield place
    finally:
        if not keep:
            shutil.rmtree(place, ignore_errors=True)


def outside() -> dict[str, str]:
    """The variables of whoever runs the benchmark, without those that would decide what is measured.

    Where packages come from stays as it is on this machine.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_DROPPED)
        and name not in _DROPPED_NAMES
        and (name.startswith(_KEPT_PDM) or not name.startswith(_DROPPED_PDM))
    }


def declare(revisions: Mapping[str, str], *, head: str = '[project]\nname = "app"\nversion = "1"\n') -> str:
    """The text of a `pyproject.toml` that asks for these modules at these revisions."""
    lines = "".join(f'"{id}" = "{revision}"\n' for id, revision in revisions.items())
    return f"{head}\n[tool.flowverse.dependencies]\n{lines}"


class Desk:
    """Hands out fresh folders below `root`, and the environments that the programs see."""

    def __init__(self, root: Path, endpoint: str, *, keep: bool = False) -> None:
        self._root = root
        self._clears = not keep and _MEMORY in root.parents
        self._numbers = itertools.count(1)
        self._endpoint = endpoint
        self._passing: list[Path] = []

    def folder(self, what: str) -> Path:
        """A new, empty folder."""
        folder = self._root / f"{next(self._numbers):04}-{what}"
        folder.mkdir(parents=True)
        self._passing.append(folder)
        return folder

    @contextmanager
    def passing(self) -> Iterator[None]:
        """What is handed out meanwhile is of no use afterwards, and removed if that costs what comes next nothing."""
        self._passing.clear()
        yield
        for folder in self._passing if self._clears else ():
            shutil.rmtree(folder)

    def project(self, manifest: str, lock: bytes | None = None) -> Path:
        """A new project, with a lock if there is one."""
        folder = self.folder("project")
        (folder / MANIFEST).write_text(manifest, encoding="utf-8")
        if lock is not None:
            (folder / LOCK).write_bytes(lock)
        return folder

    def environ(self, home: Path, **more: str) -> dict[str, str]:
        """What a program sees that asks the Hub; its cache is below `home`. No proxy stands before our Hub."""
        kept = {name: value for name, value in outside().items() if not name.lower().endswith("_proxy")}
        theirs = {
            "HF_ENDPOINT": self._endpoint,
            "HF_HOME": str(home),
            "HF_TOKEN_PATH": os.devnull,
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }
        return {**kept, **theirs, **more}


def missing(root: Path, ids: Sequence[str], files: int) -> str:
    """Say which module is not whole below a folder that holds `owner/name` folders; nothing if all are."""
    for id in ids:
        found = sum(len(names) for _, _, names in os.walk(root / id))
        if found < files:
            return f"{id} has {found} files of {files}"
    return ""
