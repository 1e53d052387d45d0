"""The group of all verbs: its help in sections, examples that name the program as it was called, near words."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Any

import click

from flowverse._reader import nearest
from flowverse.errors import FlowverseError, UsageError

__all__ = ["PROGRAM", "Group", "Verbs", "misused"]

PROGRAM = "flowverse"

_SECTIONS = (
    ("Requirements", ("add", "remove", "update", "outdated", "tree", "lock", "sync")),
    ("Edits", ("status", "diff", "restore", "resolve", "patch", "backups", "develop")),
    ("Finding", ("search", "info")),
    ("Adopting", ("init", "migrate")),
    ("Shipping", ("requirements", "licenses", "export", "verify")),
)
_REST = "Others"
_MEANT = {
    "help": "--help",
    "install": "sync",
    "list": "status",
    "ls": "status",
    "rm": "remove",
    "show": "info",
    "uninstall": "remove",
    "upgrade": "update",
    "version": "--version",
    "why": "tree",
}
"""Verbs of other programs, and what they are called here."""

_OF_VERBS = {"-p", "--project", "-q", "--quiet", "-v", "--verbose"}


class _Formatter(click.HelpFormatter):
    """Help as wide as the terminal: click's own is never narrower than 50 columns, whatever there is."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.width = min(self.width, shutil.get_terminal_size().columns - 2)


class _Context(click.Context):
    formatter_class = _Formatter


class Verbs(MutableMapping[str, click.Command]):
    """The verbs by name, from files of `flowverse.cli` that are imported when one of theirs is asked for."""

    def __init__(self, files: Mapping[str, Iterable[str]]) -> None:
        self._files = {name: file for file, names in files.items() for name in names}
        self._here: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._here:
            module = import_module(f"flowverse.cli.{self._files[name]}")
            self._here.update((command.name, command) for command in module.COMMANDS)
        return self._here[name]

    def __contains__(self, name: object) -> bool:
        return name in self._files  # without a look at the file

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._files[name], self._here[name] = "", command

    def __delitem__(self, name: str) -> None:
        del self._files[name]
        self._here.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


class Group(click.Group):
    """All verbs. Their help is that of the program that somebody called, which may be `pdm flowverse`."""

    context_class = _Context

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb, with its example as it has to be typed, and never wrapped."""
        command = super().get_command(ctx, cmd_name)
        if command is None or command.epilog is None:
            return command
        shown = copy.copy(command)
        shown.context_class = _Context
        example = command.epilog.replace(f"{PROGRAM} ", f"{ctx.find_root().info_name} ", 1)
        shown.epilog = f"\b\n{example}"
        return shown

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that is meant. Raises `UsageError`, which names the nearest one."""
        name = args[0]
        if name in self.commands or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        meant = _MEANT.get(name.lower())
        if meant not in self.commands and not (meant or "").startswith("-"):
            meant = nearest(name.lower(), self.commands)
        hint = f"Did you mean {meant}?" if meant else f"`{ctx.command_path} --help` lists those that there are."
        raise UsageError(f"There is no verb {name!r}.", hint=hint)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the verbs, section by section, each with its sentence."""
        rest = set(self.commands).difference(*(names for _, names in _SECTIONS))
        width = max(map(len, self.commands))
        for title, names in (*_SECTIONS, (_REST, tuple(sorted(rest)))):
            rows = [
                (f"{name:<{width}}", self.commands[name].get_short_help_str(limit=1000))
                for name in names
                if name in self.commands
            ]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def misused(error: click.ClickException, called: str) -> FlowverseError:
    """What click says of a command line, as every other error is said: a sentence, and what to do next.

    `called` is the program and the verb, which click does not always know.
    """
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    path = called if ctx is None else ctx.command_path
    hint = f"`{path} --help` shows how it is used."
    if not isinstance(error, click.NoSuchOption):
        said = " ".join(error.format_message().split()).rstrip(".")
        return UsageError(f"{said}.", hint=hint)
    if error.possibilities:
        hint = f"Did you mean {error.possibilities[0]}?"
    if ctx is not None and isinstance(ctx.command, Group) and error.option_name in _OF_VERBS:
        hint = f"Write it after the verb, such as `{path} sync {error.option_name}`."
    return UsageError(f"`{path}` has no option {error.option_name}.", hint=hint)
