"""The commands `pdm flowverse ...`: what the command `flowverse` does, said through PDM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pdm.cli.commands.base import BaseCommand
from pdm.cli.options import ArgumentGroup, dry_run_option, project_option, verbose_option

from pdm_flowverse.shipping_commands import COMMANDS
from pdm_flowverse.subcommand import Subcommand

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pdm.project import Project

__all__ = ["Command"]

_MODES = {
    "locked": "Fail if the lock is stale, rather than rewrite it",
    "frozen": "Take the lock as it is, without a look at the manifest",
    "offline": "Use the cache only, never the network",
    "force": "Remove modules that nothing asks for even if they were edited",
}


def _modes(*names: str) -> ArgumentGroup:
    group = ArgumentGroup("Flow modules")
    for name in names:
        group.add_argument(f"--{name}", action="store_true", help=_MODES[name])
    return group


class SyncCommand(Subcommand):
    """`pdm flowverse sync`."""

    description = "Lock if the lock is stale, then make flow_modules what it says"
    arguments = (verbose_option, project_option, dry_run_option, _modes("locked", "frozen", "offline", "force"))

    def handle(self, project: Project, options: Namespace) -> None:
        """Sync."""
        from flowverse import api

        from pdm_flowverse.work import carry_out

        carry_out(project, api.sync, **{name: getattr(options, name) for name in ("dry_run", *_MODES)})


class LockCommand(Subcommand):
    """`pdm flowverse lock`."""

    description = "Write flowverse.lock if it is stale; flow_modules stays as it is"
    arguments = (verbose_option, project_option, dry_run_option, _modes("locked", "frozen", "offline"))

    def handle(self, project: Project, options: Namespace) -> None:
        """Lock."""
        from flowverse import api

        from pdm_flowverse.work import carry_out

        names = ("dry_run", "locked", "frozen", "offline")
        carry_out(project, api.lock, **{name: getattr(options, name) for name in names})


class StatusCommand(Subcommand):
    """`pdm flowverse status`."""

    description = "Show how every module in flow_modules compares with the lock"

    def handle(self, project: Project, options: Namespace) -> None:  # noqa: ARG002
        """Show the status."""
        from flowverse import api

        from pdm_flowverse.work import show_view

        show_view(project, lambda settings: api.render_status(api.status(project.root, settings)))


class TreeCommand(Subcommand):
    """`pdm flowverse tree`."""

    description = "Show who asks for what"

    def handle(self, project: Project, options: Namespace) -> None:  # noqa: ARG002
        """Show the tree."""
        from flowverse import api

        from pdm_flowverse.work import show_view

        show_view(project, lambda settings: api.render_tree(api.tree(project.root, settings)))


class Command(BaseCommand):
    """`pdm flowverse`, which only has commands below it."""

    description = "Flow modules of the Hugging Face Hub"
    arguments = (project_option,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the commands."""
        subparsers = parser.add_subparsers(title="commands", metavar="")
        SyncCommand.register_to(subparsers, "sync")
        LockCommand.register_to(subparsers, "lock")
        StatusCommand.register_to(subparsers, "status")
        TreeCommand.register_to(subparsers, "tree")
        for name, command in COMMANDS.items():
            command.register_to(subparsers, name)
        self._parser = parser

    def handle(self, project: Project, options: Namespace) -> None:  # noqa: ARG002
        """Say which commands there are."""
        self._parser.print_help()
