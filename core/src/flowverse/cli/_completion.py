"""The verb that prints what a shell needs to complete all others."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from flowverse.cli._group import PROGRAM
from flowverse.errors import UsageError

__all__ = ["COMMANDS"]

_SHELLS = ("bash", "zsh", "fish")


@click.command(epilog="Example: flowverse completion bash")
@click.argument("shell", type=click.Choice(_SHELLS), required=False)
@click.pass_context
def completion(ctx: click.Context, shell: str | None) -> None:
    """Print what a shell needs to complete verbs, options and ids."""
    root = ctx.find_root()
    if root.info_name != PROGRAM:
        raise UsageError(
            f"A shell cannot be told of `{root.info_name}`: what it completes after `pdm` is PDM's to say.",
            hint='`pip install "flowverse[cli]"` brings the command `flowverse`, which completes itself.',
        )
    shell = shell or Path(os.environ.get("SHELL", "")).name.removesuffix(".exe")
    kind = get_completion_class(shell) if shell in _SHELLS else None
    if kind is None:
        raise UsageError(
            f"There is no completion for {shell!r}." if shell else "SHELL does not say which shell this is.",
            hint=f"Name one: {', '.join(_SHELLS)}.",
        )
    click.echo(kind(root.command, {}, PROGRAM, f"_{PROGRAM.upper()}_COMPLETE").source())


COMMANDS = (completion,)
