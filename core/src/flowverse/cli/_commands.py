"""The verbs: arguments to calls of the api, results to lines. Nothing is decided here."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from flowverse import __version__, api
from flowverse.cli._adopting import COMMANDS as ADOPTING
from flowverse.cli._completion import COMMANDS as COMPLETION
from flowverse.cli._edits import COMMANDS as EDITS
from flowverse.cli._finding import COMMANDS as FINDING
from flowverse.cli._group import PROGRAM, Group, misused
from flowverse.cli._options import as_json, common, modes, project_root
from flowverse.cli._requiring import COMMANDS as REQUIRING
from flowverse.cli._requiring import checks, lock_check, sync_check
from flowverse.cli._shipping import COMMANDS as SHIPPING
from flowverse.cli._terminal import Terminal
from flowverse.errors import FlowverseError, HubClientMissing, TreeError, UsageError

__all__ = ["cli", "run"]

_INTERRUPTED = 130


def run(
    arguments: Sequence[str],
    *,
    program: str = PROGRAM,
    defaults: Mapping[str, Any] | None = None,
    hub_client: str | None = None,
) -> int:
    """Run one command line; the exit code. Whatever a person, a network or a disk did ends in a sentence.

    A host that runs it as one of its own commands says what `program` it is then, what options (by name) are where
    they are not given, and how its user gets a Hub client.
    """
    every = dict.fromkeys(cli.commands, defaults) if defaults else None
    try:
        code = cli.main(list(arguments), prog_name=program, standalone_mode=False, default_map=every)
    except FlowverseError as error:
        if isinstance(error, HubClientMissing) and hub_client is not None:
            error.hint = hub_client
        return _fail(error, program)
    except OSError as error:
        _drop_output()
        where, why = str(error.filename or "the output"), (error.strerror or str(error)).lower()
        return _fail(TreeError(where, why), program)
    except click.ClickException as error:
        verbs = [word for word in arguments if word in cli.commands]
        return _fail(misused(error, " ".join([program, *verbs[:1]])), program)
    except (KeyboardInterrupt, click.Abort):
        Terminal(program=program).tell("Interrupted; no flow module is left half done.")
        return _INTERRUPTED
    return code if isinstance(code, int) else 0


def _fail(error: FlowverseError, program: str) -> int:
    Terminal(program=program).say(api.explain(error))
    return error.exit_code


def _drop_output() -> None:
    """Let nothing more go to a standard output that is full or gone: the interpreter would complain at its end."""
    with suppress(OSError, ValueError):
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())


def _only_asks(check: bool, as_json: bool) -> bool:
    if as_json and not check:
        raise UsageError("--json says what --check found.", hint="Add --check, or leave out --json.")
    return check


@click.group(
    cls=Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="flowverse %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Flow modules of the Hugging Face Hub as locked dependencies of a project."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@cli.command(short_help="Make flow_modules/ what the lock says.", epilog="Example: flowverse sync --locked")
@modes
@click.option("--merge", is_flag=True, help="Merge edits with what the lock wants, where a module has moved.")
@click.option("--force", is_flag=True, help="Remove modules that nothing asks for even if they were edited.")
@checks
@common
def sync(project: Path | None, quiet: bool, verbose: bool, check: bool, as_json: bool, **flags: bool) -> int:
    """Lock if the lock is stale, then make flow_modules/ what it says."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    settings = api.Settings.from_environ(os.environ, **flags)
    if _only_asks(check, as_json):
        return sync_check(project_root(project), settings, terminal, as_json=as_json)
    with terminal.progress() as reporter:
        result = api.sync(project_root(project), settings, reporter=reporter, chooser=terminal.chooser())
    terminal.say(api.render(result, verbose=verbose))
    return 1 if result.conflicted else 0


@cli.command(short_help="Write flowverse.lock if it is stale.", epilog="Example: flowverse lock --dry-run")
@modes
@checks
@common
def lock(project: Path | None, quiet: bool, verbose: bool, check: bool, as_json: bool, **flags: bool) -> int:
    """Write flowverse.lock if it is stale; flow_modules/ stays as it is."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    settings = api.Settings.from_environ(os.environ, **flags)
    if _only_asks(check, as_json):
        return lock_check(project_root(project), settings, terminal, as_json=as_json)
    with terminal.progress() as reporter:
        result = api.lock(project_root(project), settings, reporter=reporter, chooser=terminal.chooser())
    terminal.say(api.render(result, verbose=verbose))
    return 0


@cli.command(epilog="Example: flowverse status -v")
@as_json
@common
def status(project: Path | None, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Show how every module in flow_modules/ compares with the lock."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    found = api.status(project_root(project), api.Settings.from_environ(os.environ))
    if as_json:
        terminal.emit(api.status_document(found))
    else:
        terminal.show(api.render_status(found, verbose=verbose))


for command in (*REQUIRING, *EDITS, *FINDING, *ADOPTING, *SHIPPING, *COMPLETION):
    cli.add_command(command)
