"""The verbs: arguments to calls of the api, results to lines. Nothing is decided here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import click

from flowverse import __version__, api
from flowverse.cli._terminal import Terminal
from flowverse.errors import FlowverseError, NoProject, TreeError

__all__ = ["cli", "run"]

F = TypeVar("F", bound=Callable[..., Any])
_INTERRUPTED = 130


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code. Whatever a person, a network or a disk did ends in a sentence."""
    try:
        code = cli.main(list(arguments), prog_name="flowverse", standalone_mode=False)
    except FlowverseError as error:
        Terminal().say(api.explain(error))
        return error.exit_code
    except OSError as error:
        _drop_output()
        where, why = str(error.filename or "the output"), (error.strerror or str(error)).lower()
        Terminal().say(api.explain(TreeError(where, why)))
        return TreeError.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted; the tree is as it was, or whole.", err=True)
        return _INTERRUPTED
    return code if isinstance(code, int) else 0


def _drop_output() -> None:
    """Let nothing more go to a standard output that is full or gone: the interpreter would complain at its end."""
    with suppress(OSError, ValueError):
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())


def _common(command: F) -> F:
    """The options that every verb has."""
    options = [
        click.option(
            "--project",
            type=click.Path(path_type=Path),
            default=None,
            help="The project's folder. [default: the nearest with a pyproject.toml]",
        ),
        click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong."),
        click.option("-v", "--verbose", is_flag=True, help="Say everything."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _modes(command: F) -> F:
    """The options of the verbs that may lock and fetch."""
    options = [
        click.option("--locked", is_flag=True, help="Fail if the lock is stale, rather than rewrite it."),
        click.option("--frozen", is_flag=True, help="Take the lock as it is, without a look at the manifest."),
        click.option("--offline", is_flag=True, help="Use the cache only, never the network."),
        click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="flowverse %(version)s")
def cli() -> None:
    """Flow modules of the Hugging Face Hub as locked dependencies of a project."""


@cli.command(epilog="Example: flowverse sync --locked")
@_modes
@click.option("--force", is_flag=True, help="Remove modules that nothing asks for even if they were edited.")
@_common
def sync(project: Path | None, quiet: bool, verbose: bool, **flags: bool) -> None:
    """Lock if the lock is stale, then make flow_modules/ what it says."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    settings = api.Settings.from_environ(os.environ, **flags)
    with terminal.progress() as reporter:
        result = api.sync(_root(project), settings, reporter=reporter, chooser=terminal.chooser())
    terminal.say(api.render(result, verbose=verbose))


@cli.command(epilog="Example: flowverse lock --dry-run")
@_modes
@_common
def lock(project: Path | None, quiet: bool, verbose: bool, **flags: bool) -> None:
    """Write flowverse.lock if it is stale; flow_modules/ stays as it is."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    settings = api.Settings.from_environ(os.environ, **flags)
    with terminal.progress() as reporter:
        result = api.lock(_root(project), settings, reporter=reporter, chooser=terminal.chooser())
    terminal.say(api.render(result, verbose=verbose))


@cli.command(epilog="Example: flowverse status")
@_common
def status(project: Path | None, quiet: bool, verbose: bool) -> None:
    """Show how every module in flow_modules/ compares with the lock."""
    settings = api.Settings.from_environ(os.environ)
    Terminal(quiet=quiet, verbose=verbose).show(api.render_status(api.status(_root(project), settings)))


@cli.command(epilog="Example: flowverse tree")
@_common
def tree(project: Path | None, quiet: bool, verbose: bool) -> None:
    """Show who asks for what."""
    settings = api.Settings.from_environ(os.environ)
    Terminal(quiet=quiet, verbose=verbose).show(api.render_tree(api.tree(_root(project), settings)))


def _root(project: Path | None) -> Path:
    """The project's folder: the one named, or the nearest one upwards that has a pyproject.toml."""
    if project is not None:
        return project
    try:
        here = Path.cwd()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise NoProject("The current folder", why, hint="Go to a folder that is there.") from None
    return next((folder for folder in (here, *here.parents) if (folder / "pyproject.toml").is_file()), here)
