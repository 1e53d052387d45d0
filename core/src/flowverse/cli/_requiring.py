"""The verbs about requirements: what is asked for, by whom, what is newer, and whether anything is to be done."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from flowverse import api, requiring
from flowverse._render.graph import render_askers, render_paths, render_tree, tree_document
from flowverse._render.requiring import (
    outdated_document,
    render_changed,
    render_outdated,
    render_updated,
)
from flowverse.cli._options import MODULE, as_json, common, module_argument, project_root
from flowverse.cli._terminal import Terminal

__all__ = ["COMMANDS"]

F = TypeVar("F", bound=Callable[..., Any])


def _writes(command: F) -> F:
    """The options of the verbs that change requirements."""
    options = [
        click.option("--no-sync", is_flag=True, help="Only lock; flow_modules/ stays as it is."),
        click.option("--offline", is_flag=True, help="Use the cache only, never the network."),
        click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command(epilog="Example: flowverse add saibo/ChatFlows aiflows/ChatFlowModule@v1.0")
@click.argument("ids", nargs=-1, required=True, metavar="ID[@REVISION]...")
@click.option("--path", type=click.Path(path_type=Path), help="The folder where the module is developed.")
@_writes
@common
def add(
    project: Path | None,
    quiet: bool,
    verbose: bool,
    ids: tuple[str, ...],
    path: Path | None,
    no_sync: bool,
    **flags: bool,
) -> None:
    """Ask for modules in pyproject.toml, lock them, and sync."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    root, settings = project_root(project), api.Settings.from_environ(os.environ, **flags)
    with terminal.progress() as reporter:
        changed = requiring.add(
            root, settings, ids, path=path, sync=not no_sync, reporter=reporter, chooser=terminal.chooser()
        )
    terminal.say(render_changed(changed, verbose=verbose))


@click.command(epilog="Example: flowverse remove saibo/ChatFlows")
@module_argument("ids", many=True, required=True)
@_writes
@common
def remove(
    project: Path | None, quiet: bool, verbose: bool, ids: tuple[str, ...], no_sync: bool, **flags: bool
) -> None:
    """Take modules out of pyproject.toml, lock, and sync."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    root, settings = project_root(project), api.Settings.from_environ(os.environ, **flags)
    with terminal.progress() as reporter:
        changed = requiring.remove(root, settings, ids, sync=not no_sync, reporter=reporter, chooser=terminal.chooser())
    terminal.say(render_changed(changed, verbose=verbose))


@click.command(
    short_help="Move modules to where their branches are now.", epilog="Example: flowverse update saibo/ChatFlows"
)
@module_argument("ids", many=True)
@click.option("--merge", is_flag=True, help="Merge edits with what the lock wants, where a module has moved.")
@_writes
@common
def update(project: Path | None, quiet: bool, verbose: bool, ids: tuple[str, ...], no_sync: bool, **flags: bool) -> int:
    """Move modules, or all of them, to where their branches are now, and sync."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    root, settings = project_root(project), api.Settings.from_environ(os.environ, **flags)
    with terminal.progress() as reporter:
        updated = requiring.update(root, settings, ids, sync=not no_sync, reporter=reporter, chooser=terminal.chooser())
    terminal.say(render_updated(updated, verbose=verbose))
    return 1 if updated.result.conflicted else 0


@click.command(
    short_help="Show which modules the Hub has something newer of.", epilog="Example: flowverse outdated --exit-code"
)
@module_argument("ids", many=True)
@click.option("--exit-code", is_flag=True, help="Exit with 1 if anything is outdated.")
@as_json
@common
def outdated(
    project: Path | None, quiet: bool, verbose: bool, ids: tuple[str, ...], exit_code: bool, as_json: bool
) -> int:
    """Show which modules the Hub has something newer of; nothing is changed."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    settings = api.Settings.from_environ(os.environ)
    with terminal.progress() as reporter:
        rows = requiring.outdated(project_root(project), settings, ids, reporter=reporter)
    if as_json:
        terminal.emit(outdated_document(rows))
    else:
        terminal.show(render_outdated(rows, verbose=verbose))
    problems = [row.problem for row in rows if row.problem is not None]
    if problems:
        return problems[0].exit_code
    return 1 if exit_code and any(row.outdated for row in rows) else 0


@click.command(
    short_help="Show who asks for what.", epilog="Example: flowverse tree --why martinjosifoski/ChatAtomicFlow"
)
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="Show so many modules deep.")
@click.option("--why", metavar="ID", type=MODULE, help="Show every path that leads to this module, the shortest first.")
@click.option("--invert", is_flag=True, help="Show for every module, or for that of --why, who asks for it.")
@as_json
@common
def tree(
    project: Path | None,
    quiet: bool,
    verbose: bool,
    depth: int | None,
    why: str | None,
    invert: bool,
    as_json: bool,
) -> None:
    """Show who asks for what; what is marked (*) was opened further up."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    found = requiring.asked(
        project_root(project), api.Settings.from_environ(os.environ), why=why, depth=None if invert else depth
    )
    if as_json:
        terminal.emit(tree_document(found.graph, found.why))
    elif invert:
        ids = sorted(found.graph.pins) if found.why is None else [found.why.id]
        terminal.show(render_askers(found.graph, ids, depth))
    elif found.why is not None:
        terminal.show(render_paths(found.graph, found.why))
    else:
        terminal.show(render_tree(found.graph, depth))


COMMANDS = (add, remove, update, outdated, tree)
