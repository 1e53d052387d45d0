"""The verbs: arguments to calls of the api, results to lines. Nothing is decided here."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from flowverse import __version__, api
from flowverse.cli._adopting import COMMANDS as ADOPTING
from flowverse.cli._edits import COMMANDS as EDITS
from flowverse.cli._options import common, modes, project_root
from flowverse.cli._shipping import COMMANDS as SHIPPING
from flowverse.cli._terminal import Terminal
from flowverse.errors import FlowverseError, TreeError

__all__ = ["cli", "run"]

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


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="flowverse %(version)s")
def cli() -> None:
    """Flow modules of the Hugging Face Hub as locked dependencies of a project."""


@cli.command(epilog="Example: flowverse sync --locked")
@modes
@click.option("--merge", is_flag=True, help="Merge edits with what the lock wants, where a module has moved.")
@click.option("--force", is_flag=True, help="Remove modules that nothing asks for even if they were edited.")
@common
def sync(project: Path | None, quiet: bool, verbose: bool, **flags: bool) -> int:
    """Lock if the lock is stale, then make flow_modules/ what it says."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    settings = api.Settings.from_environ(os.environ, **flags)
    with terminal.progress() as reporter:
        result = api.sync(project_root(project), settings, reporter=reporter, chooser=terminal.chooser())
    terminal.say(api.render(result, verbose=verbose))
    return 1 if result.conflicted else 0


@cli.command(epilog="Example: flowverse lock --dry-run")
@modes
@common
def lock(project: Path | None, quiet: bool, verbose: bool, **flags: bool) -> None:
    """Write flowverse.lock if it is stale; flow_modules/ stays as it is."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    settings = api.Settings.from_environ(os.environ, **flags)
    with terminal.progress() as reporter:
        result = api.lock(project_root(project), settings, reporter=reporter, chooser=terminal.chooser())
    terminal.say(api.render(result, verbose=verbose))


@cli.command(epilog="Example: flowverse status")
@common
def status(project: Path | None, quiet: bool, verbose: bool) -> None:
    """Show how every module in flow_modules/ compares with the lock."""
    settings = api.Settings.from_environ(os.environ)
    Terminal(quiet=quiet, verbose=verbose).show(api.render_status(api.status(project_root(project), settings)))


@cli.command(epilog="Example: flowverse tree")
@common
def tree(project: Path | None, quiet: bool, verbose: bool) -> None:
    """Show who asks for what."""
    settings = api.Settings.from_environ(os.environ)
    Terminal(quiet=quiet, verbose=verbose).show(api.render_tree(api.tree(project_root(project), settings)))


for command in (*ADOPTING, *EDITS, *SHIPPING):
    cli.add_command(command)
