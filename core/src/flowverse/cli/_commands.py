"""The command: its verbs, each imported when it is called, and how it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import click

from flowverse import __version__, api
from flowverse.cli._group import PROGRAM, Group, Verbs, misused
from flowverse.cli._terminal import Terminal
from flowverse.errors import FlowverseError, HubClientMissing, TreeError

__all__ = ["cli", "run"]

_INTERRUPTED = 130
_VERBS = {
    "_adopting": ("init", "migrate"),
    "_completion": ("completion",),
    "_edits": ("diff", "restore", "resolve", "patch", "backups", "develop"),
    "_finding": ("search", "info"),
    "_requiring": ("add", "remove", "update", "outdated", "tree"),
    "_shipping": ("requirements", "licenses", "export", "verify"),
    "_syncing": ("lock", "sync", "status"),
}
"""The verbs, by the file that has them in `COMMANDS`."""


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


@click.group(
    cls=Group,
    commands=Verbs(_VERBS),
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="flowverse %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Flow modules of the Hugging Face Hub as locked dependencies of a project."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
