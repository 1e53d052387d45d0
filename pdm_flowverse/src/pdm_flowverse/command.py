"""`pdm flowverse`: the command `flowverse`, run by PDM, which loads this when it starts: it is light."""

from __future__ import annotations

import os
from argparse import REMAINDER
from typing import TYPE_CHECKING

from pdm.cli.commands.base import BaseCommand

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pdm.project import Project

__all__ = ["Command"]


class Command(BaseCommand):
    """`pdm flowverse ARGS...`."""

    description = "Flow modules of the Hugging Face Hub"
    arguments = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take everything as it is, options too: no argument begins with this."""
        parser.prefix_chars = "\0"
        parser.add_argument("words", nargs=REMAINDER)
        parser.set_defaults(project_path=os.getenv("PDM_PROJECT"))  # as PDM's own --project does

    def handle(self, project: Project, options: Namespace) -> None:
        """Run it, and end with its exit code."""
        from pdm_flowverse.forward import forward

        if code := forward(project, options.words):
            raise SystemExit(code)
