"""The verbs about edits: what was changed in the tree, and what becomes of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from flowverse import api, edits
from flowverse._names import pick
from flowverse._render.edits import (
    backups_document,
    developed_document,
    diff_document,
    render_backups,
    render_changed,
    render_developed,
    render_diff,
    render_stat,
)
from flowverse.cli._options import as_json, common, module_argument, offered, project_root
from flowverse.cli._terminal import Terminal
from flowverse.errors import UsageError
from flowverse.ports import Reporter

__all__ = ["COMMANDS"]

offline = click.option("--offline", is_flag=True, help="Use the cache only, never the network.")


def _carry_out(
    terminal: Terminal, work: Callable[[api.Settings, Reporter], edits.Changed], nothing: str = "", *, offline: bool
) -> None:
    settings = api.Settings.from_environ(os.environ, offline=offline)
    with terminal.progress() as reporter:
        changed = work(settings, reporter)
    terminal.say(render_changed(changed, nothing))


def _edited_paths(root: Path, ctx: click.Context) -> list[str]:
    """The edited files of the module that is named on the line already."""
    rows = {row.id: row for row in api.status(root, api.Settings.from_environ(os.environ)).rows}
    row = rows[pick(ctx.params["id"], rows)]
    return sorted({*row.edit.changed, *row.edit.added, *row.edit.deleted, *row.conflicts})


@click.command(short_help="Show what was edited.", epilog="Example: flowverse diff saibo/ChatFlows")
@module_argument("ids", many=True)
@click.option("--stat", is_flag=True, help="Show how many lines came and went, file by file.")
@click.option("--exit-code", is_flag=True, help="End with 1 if there is any difference.")
@offline
@as_json
@common
def diff(
    project: Path | None,
    quiet: bool,
    verbose: bool,
    ids: tuple[str, ...],
    stat: bool,
    exit_code: bool,
    offline: bool,
    as_json: bool,
) -> int:
    """Show what was edited in flow_modules/, against what was synced."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    settings = api.Settings.from_environ(os.environ, offline=offline)
    with terminal.progress() as reporter:
        diffs = edits.diff(project_root(project), settings, ids, reporter=reporter)
    if as_json:
        terminal.emit(diff_document(diffs))
    elif stat:
        terminal.show(render_stat(diffs))
    else:
        terminal.page(render_diff(diffs))
    return 1 if exit_code and diffs else 0


@click.command(
    short_help="Give up edits; a backup is kept.", epilog="Example: flowverse restore saibo/ChatFlows ChatGPT4.py"
)
@module_argument("id")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=offered("path", _edited_paths))
@offline
@common
def restore(
    project: Path | None, quiet: bool, verbose: bool, id: str | None, paths: tuple[str, ...], offline: bool
) -> None:
    """Give up the edits of all modules, of one, or of some of its files; a backup is kept."""
    root = project_root(project)
    _carry_out(
        Terminal(quiet=quiet, verbose=verbose),
        lambda settings, reporter: edits.restore(root, settings, id, paths, reporter=reporter),
        "Nothing was edited",
        offline=offline,
    )


@click.command(short_help="End the conflicts that a merge left.", epilog="Example: flowverse resolve saibo/ChatFlows")
@module_argument("id", required=True)
@click.option("--force", is_flag=True, help="Say so though markers are left, because the text is about them.")
@common
def resolve(project: Path | None, quiet: bool, verbose: bool, id: str, force: bool) -> None:
    """Say that you have dealt with the conflicts that a merge left in a module."""
    root = project_root(project)
    _carry_out(
        Terminal(quiet=quiet, verbose=verbose),
        lambda settings, reporter: edits.resolve(root, settings, id, force=force, reporter=reporter),
        offline=True,
    )


@click.command(
    short_help="Save the edits of a module with the project.", epilog="Example: flowverse patch saibo/ChatFlows"
)
@module_argument("id", required=True)
@click.option("--remove", is_flag=True, help="End the patch: what it changed are edits again.")
@offline
@common
def patch(project: Path | None, quiet: bool, verbose: bool, id: str, remove: bool, offline: bool) -> None:
    """Save the edits of a module in flow_patches/, so that every sync applies them."""
    root = project_root(project)
    verb = edits.remove_patch if remove else edits.patch
    _carry_out(
        Terminal(quiet=quiet, verbose=verbose),
        lambda settings, reporter: verb(root, settings, id, reporter=reporter),
        offline=offline,
    )


@click.command(
    short_help="List what was discarded, or bring it back.",
    epilog="Example: flowverse backups 20261125-101500/saibo/ChatFlows --restore",
)
@click.argument("name", required=False, type=offered("name", lambda root, _: (b.name for b in edits.backups(root))))
@click.option("--restore", is_flag=True, help="Put this backup back in its place.")
@as_json
@common
def backups(project: Path | None, quiet: bool, verbose: bool, name: str | None, restore: bool, as_json: bool) -> None:
    """List what was discarded of flow_modules/ and is kept, or bring it back."""
    root, terminal = project_root(project), Terminal(quiet=quiet, verbose=verbose)
    if restore:
        if name is None:
            raise UsageError("--restore needs the name of a backup.", hint="`flowverse backups` lists them.")
        word = name
        _carry_out(
            terminal,
            lambda settings, reporter: edits.bring_back_backup(root, settings, word, reporter=reporter),
            offline=True,
        )
        return
    found = edits.backups(root, name)
    if as_json:
        terminal.emit(backups_document(found))
    else:
        terminal.show(render_backups(found))


@click.command(
    short_help="Take a module from a folder, on this machine only.",
    epilog="Example: flowverse develop saibo/ChatFlows ../ChatFlows",
)
@module_argument("id")
@click.argument("path", required=False, type=click.Path())
@click.option("--undo", is_flag=True, help="Take the module from the lock again.")
@offline
@as_json
@common
def develop(
    project: Path | None,
    quiet: bool,
    verbose: bool,
    id: str | None,
    path: str | None,
    undo: bool,
    offline: bool,
    as_json: bool,
) -> None:
    """Take a module from a folder on this machine only, or list those that are."""
    root, terminal = project_root(project), Terminal(quiet=quiet, verbose=verbose)
    if id is None:
        found = edits.developed(root)
        if as_json:
            terminal.emit(developed_document(found))
        else:
            terminal.show(render_developed(found))
        return
    if undo == (path is not None):
        wrong = "--undo takes no path." if undo else f"Where is {id} to be taken from?"
        hint = f"flowverse develop {'--undo ' if undo else ''}{id}{'' if undo else ' PATH'}"
        raise UsageError(wrong, hint=f"Write `{hint}`.")
    word, where = id, path
    _carry_out(
        terminal,
        lambda settings, reporter: (
            edits.end_develop(root, settings, word, reporter=reporter)
            if where is None
            else edits.develop(root, settings, word, where, reporter=reporter)
        ),
        offline=offline,
    )


COMMANDS = (diff, restore, resolve, patch, backups, develop)
