"""What the commands below `pdm flowverse` have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pdm.cli.commands.base import BaseCommand
from pdm.cli.options import Option, project_option, verbose_option

if TYPE_CHECKING:
    from argparse import _SubParsersAction
    from typing import Any

__all__ = ["Subcommand"]


class Subcommand(BaseCommand):
    """A command below `pdm flowverse`."""

    arguments: Sequence[Option] = (verbose_option, project_option)

    @classmethod
    def register_to(cls, subparsers: _SubParsersAction[Any], name: str | None = None, **kwargs: Any) -> None:
        """Register under the last word, and be known by both: PDM has rules of its own for a command named "sync"."""
        super().register_to(subparsers, name, **kwargs)
        subparsers.choices[name or ""].get_default("command").name = f"flowverse {name}"
