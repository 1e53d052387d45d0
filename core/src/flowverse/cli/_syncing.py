"""The verbs about the lock and the tree as a whole: what is to be there, and whether it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from flowverse import api
from flowverse.cli._options import as_json, common, modes, project_root
from flowverse.cli._terminal import Terminal
from flowverse.errors import StaleLock, UsageError

__all__ = ["COMMANDS"]

F = TypeVar("F", bound=Callable[..., Any])


def _checks(command: F) -> F:
    """The options of `lock` and `sync` that only ask."""
    command = as_json(command)
    return click.option("--check", is_flag=True, help="Only say whether there is anything to do: exit code 1.")(command)


@click.command(short_help="Make flow_modules/ what the lock says.", epilog="Example: flowverse sync --locked")
@modes
@click.option("--merge", is_flag=True, help="Merge edits with what the lock wants, where a module has moved.")
@click.option("--force", is_flag=True, help="Remove modules that nothing asks for even if they were edited.")
@_checks
@common
def sync(project: Path | None, quiet: bool, verbose: bool, check: bool, as_json: bool, **flags: bool) -> int:
    """Lock if the lock is stale, then make flow_modules/ what it says."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    settings = api.Settings.from_environ(os.environ, **flags)
    if _only_asks(check, as_json):
        return _sync_check(project_root(project), settings, terminal, as_json=as_json)
    with terminal.progress() as reporter:
        result = api.sync(project_root(project), settings, reporter=reporter, chooser=terminal.chooser())
    terminal.say(api.render(result, verbose=verbose))
    return 1 if result.conflicted else 0


@click.command(short_help="Write flowverse.lock if it is stale.", epilog="Example: flowverse lock --dry-run")
@modes
@_checks
@common
def lock(project: Path | None, quiet: bool, verbose: bool, check: bool, as_json: bool, **flags: bool) -> int:
    """Write flowverse.lock if it is stale; flow_modules/ stays as it is."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    settings = api.Settings.from_environ(os.environ, **flags)
    if _only_asks(check, as_json):
        return _lock_check(project_root(project), settings, terminal, as_json=as_json)
    with terminal.progress() as reporter:
        result = api.lock(project_root(project), settings, reporter=reporter, chooser=terminal.chooser())
    terminal.say(api.render(result, verbose=verbose))
    return 0


@click.command(epilog="Example: flowverse status -v")
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


# --- only asked -------------------------------------------------------------------------------------------------------


def _only_asks(check: bool, as_json: bool) -> bool:
    if as_json and not check:
        raise UsageError("--json says what --check found.", hint="Add --check, or leave out --json.")
    return check


def _lock_check(root: Path, settings: api.Settings, terminal: Terminal, *, as_json: bool) -> int:
    """Say whether the lock is stale, and why."""
    from flowverse._render.requiring import lock_check_document

    reasons = api.check(root, replace(settings, frozen=False))  # the question is whether it may be frozen to
    if as_json:
        terminal.emit(lock_check_document(reasons))
    elif reasons:
        raise StaleLock(reasons)
    else:
        terminal.say([api.Line("summary", "flowverse.lock answers to pyproject.toml")])
    return StaleLock.exit_code if reasons else 0


def _sync_check(root: Path, settings: api.Settings, terminal: Terminal, *, as_json: bool) -> int:
    """Say whether a sync would do anything."""
    from flowverse import requiring
    from flowverse._render.requiring import render_difference, sync_check_document

    difference = requiring.check_tree(root, settings)
    if as_json:
        terminal.emit(sync_check_document(difference))
    else:
        terminal.say(render_difference(difference))
    return StaleLock.exit_code if difference.differs else 0


COMMANDS = (lock, sync, status)
