"""Wheels of our three distributions, for the hosts that are to install them; built once, whoever asks first.

The index is what this machine has configured; the folder of wheels is only one more place to look in.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from uv import find_uv_bin

__all__ = ["Wheelhouse", "build_wheelhouse"]

_ROOT = Path(__file__).parents[2]
_DISTRIBUTIONS = ("core", "hatch_flowverse", "pdm_flowverse")


@dataclass(frozen=True, kw_only=True)
class Wheelhouse:
    """A folder of wheels."""

    folder: Path

    def find_links(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The variables that make pip, uv, Hatch and build find the wheels, beside what `environ` says already."""
        pip = environ.get("PIP_FIND_LINKS", "").split()
        uv = [place for place in environ.get("UV_FIND_LINKS", "").split(",") if place]
        return {
            "PIP_FIND_LINKS": " ".join([*pip, str(self.folder)]),
            "UV_FIND_LINKS": ",".join([*uv, str(self.folder)]),
        }

    def wheel(self, name: str) -> Path:
        """The wheel of a distribution, by its import name."""
        (found,) = self.folder.glob(f"{name}-*.whl")
        return found


def build_wheelhouse(shared: Path) -> Wheelhouse:
    """Build the wheels below `shared`, a folder of all workers, unless they are there for the sources as they are."""
    folder = shared / f"wheels-{_hash_of_sources()}"
    with FileLock(f"{folder}.lock"):
        if not (folder / "complete").exists():
            for distribution in _DISTRIBUTIONS:
                command = [find_uv_bin(), "build", "--quiet", "--wheel", "--out-dir", str(folder), distribution]
                subprocess.run(command, cwd=_ROOT, check=True, env=_quiet(os.environ))
            (folder / "complete").touch()
    return Wheelhouse(folder=folder)


def _hash_of_sources() -> str:
    """Of everything that can come into a wheel, names and contents."""
    hasher = hashlib.sha256()
    for distribution in _DISTRIBUTIONS:
        for file in sorted(path for path in (_ROOT / distribution).rglob("*") if path.is_file()):
            if not any(part.startswith(".") or part == "__pycache__" for part in file.relative_to(_ROOT).parts):
                content = file.read_bytes()
                hasher.update(f"{file.relative_to(_ROOT).as_posix()}\0{len(content)}\0".encode() + content)
    return hasher.hexdigest()[:16]


def _quiet(environ: Mapping[str, str]) -> dict[str, str]:
    """Without what belongs to the environment that the tests run in."""
    return {name: value for name, value in environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}
