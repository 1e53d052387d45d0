"""Runs the command `flowverse` for a PDM project: one implementation, told what PDM knows better."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pdm import termui
from pdm.termui import Verbosity

from pdm_flowverse.work import HUB_CLIENT

if TYPE_CHECKING:
    from pdm.project import Project

__all__ = ["forward"]

_ARCHIVES = (".whl", ".tar.gz")


def forward(project: Project, words: Sequence[str]) -> int:
    """Run one command line of `flowverse`; its exit code.

    The project is PDM's, unless the line names another; `pdm -q`, `-v` and `--non-interactive` count.
    """
    try:
        from flowverse.cli._commands import run
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in {"click", "rich"}:
            raise
        print(f"error: `pdm flowverse` needs {missing}.\nhint: {HUB_CLIENT}", file=sys.stderr)  # noqa: T201
        return 2
    if not termui.is_interactive():
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - nobody is there to answer
    return run(words, program="pdm flowverse", defaults=_defaults(project, words), hub_client=HUB_CLIENT)


def _defaults(project: Project, words: Sequence[str]) -> dict[str, Any]:
    verbosity = project.core.ui.verbosity
    defaults: dict[str, Any] = {
        "project": str(project.root),
        "quiet": verbosity < Verbosity.NORMAL,
        "verbose": verbosity > Verbosity.NORMAL,
    }
    if not any(word.endswith(_ARCHIVES) for word in words):  # what an archive holds is asked of no environment
        defaults["python"] = lambda: _python(project)
    return defaults


def _python(project: Project) -> str:
    """The interpreter of the project's environment; called for a verb that wants one, as PDM looks for it."""
    environment = project.environment
    if environment.is_local:  # __pypackages__, which the interpreter does not know of
        os.environ["PYTHONPATH"] = environment.get_paths()["purelib"]
    return str(environment.interpreter.executable)
