"""Environments of other people's software, which does not go together with the tests' own: made once for a machine."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import uv
from filelock import FileLock

__all__ = ["AIFLOWS", "AIFLOWS_INSTALLS", "environment"]

AIFLOWS = "aiflows==1.1.1"
_NEEDED = Path(__file__).parents[1] / "benchmarks/peers/aiflows_requirements.txt"
AIFLOWS_INSTALLS = (["-r", str(_NEEDED)], ["--no-deps", AIFLOWS])
"""For `environment`: of all that aiFlows asks for, what its sync imports."""


def environment(name: str, *installs: Sequence[str], cache: Path | None = None) -> Path:
    """Return the Python of an environment, made on first use and shared by all sessions of a machine.

    Each of `installs` are the arguments of one `uv pip install`; `name` must say the versions. The folder is `cache`,
    or `FLOWVERSE_TEST_CACHE`, or one of this user below the system's for temporary files.
    """
    default = Path(tempfile.gettempdir()) / f"flowverse-tests-{getpass.getuser()}"
    cache = cache or Path(os.environ.get("FLOWVERSE_TEST_CACHE") or default)
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"{name}-py{sys.version_info.major}.{sys.version_info.minor}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    complete = folder / "complete"
    with FileLock(f"{folder}.lock"):
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            _uv("venv", "--no-config", "--python", sys.executable, str(folder))
            for install in installs:
                _uv("pip", "install", "--python", str(python), *install)
            complete.touch()
    return python


def _uv(*arguments: str) -> None:
    kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(
        [uv.find_uv_bin(), *arguments],
        env=kept,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        msg = f"uv {' '.join(arguments)} failed:\n{done.stdout}"
        raise RuntimeError(msg)
