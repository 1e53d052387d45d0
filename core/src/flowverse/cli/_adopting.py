"""The verbs for a project that comes to flowverse: its calls to requirements, and the wiring of its host."""

from __future__ import annotations

from pathlib import Path

import click

from flowverse import adopting
from flowverse.api import Line
from flowverse.cli._options import as_json, common, project_root
from flowverse.cli._terminal import Terminal

__all__ = ["COMMANDS"]


@click.command(short_help="Turn the calls of scripts into requirements.", epilog="Example: flowverse migrate --write")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--write", is_flag=True, help="Write the requirements, and delete the calls.")
@as_json
@common
def migrate(
    project: Path | None, quiet: bool, verbose: bool, paths: tuple[Path, ...], write: bool, as_json: bool
) -> int:
    """Find the calls of sync_dependencies in the project's Python files, and what they become in pyproject.toml."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    done = adopting.migrate(project_root(project), paths, write=write)
    if as_json:
        terminal.emit(adopting.migration_document(done))
    elif write:
        terminal.say(adopting.render_migration(done))
    else:
        terminal.show(adopting.render_migration(done))
    return 0 if done.complete else 1


@click.command(short_help="Set up a project: the table, and its host.", epilog="Example: flowverse init --yes")
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option(
    "--dynamic",
    is_flag=True,
    help="Make the dependencies of a hatchling project dynamic, so that uv sees what modules need of Python.",
)
@common
def init(project: Path | None, quiet: bool, verbose: bool, yes: bool, dynamic: bool) -> int:
    """Write the table of flow modules, and the wiring of the project's host, to pyproject.toml."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    root = project_root(project)
    setup = adopting.setup(root, dynamic=dynamic)
    asked = bool(setup.changes) and not yes
    if asked:
        terminal.show(adopting.render_setup(setup))
        answer = terminal.agrees(f"Write this to {' and '.join(change.path for change in setup.changes)}?")
        if not answer:
            terminal.say([Line("hint" if answer is None else "note", "Nothing was written" + _HOW[answer is None])])
            return 1
    adopting.set_up(root, setup)
    done = adopting.render_setup(setup, written=True)
    terminal.say(done[: len(setup.changes)] if asked else done)  # the rest was shown before the question
    return 0


_HOW = {True: "; --yes writes it.", False: "."}

COMMANDS = (init, migrate)
