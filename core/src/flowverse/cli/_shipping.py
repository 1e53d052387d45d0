"""The verbs about what leaves the project: requirements, licences, exports, and whether it arrived as it was sent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from flowverse import api, shipping
from flowverse._ship.values import FORMATS, Format
from flowverse.cli._options import as_json, common, project_root
from flowverse.cli._terminal import Terminal
from flowverse.errors import UsageError

__all__ = ["COMMANDS"]


@click.command(
    short_help="Show what the modules need of Python.", epilog="Example: flowverse requirements --write flows"
)
@click.option("--write", "group", metavar="GROUP", help="Make this dependency group in pyproject.toml what is needed.")
@as_json
@common
def requirements(project: Path | None, as_json: bool, quiet: bool, verbose: bool, group: str | None) -> int:
    """Show what the modules need of Python, who asks for it, and what cannot be had at the same time."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    if as_json and group is not None:
        raise UsageError("--json shows and --write writes: only one of them can be meant.", hint="Run them in turn.")
    root = project_root(project)
    asked = shipping.python_requirements(root)
    if as_json:
        terminal.emit(api.requirements_document(asked))
    elif group is None:
        terminal.show(api.render_requirements(asked))
    else:
        terminal.say([shipping.write_group(root, group)])
        terminal.say([line for line in api.render_requirements(asked) if line.kind == "warning"])
    return 1 if asked.clashes else 0


@click.command(epilog="Example: flowverse licenses --json")
@as_json
@common
def licenses(project: Path | None, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Show the licence of every module, and the files that hold it."""
    terminal, rows = Terminal(quiet=quiet, verbose=verbose), shipping.licenses(project_root(project))
    if as_json:
        terminal.emit(api.licenses_document(rows))
    else:
        terminal.show(api.render_licenses(rows))


@click.command(epilog="Example: flowverse export --format cyclonedx -o bom.json")
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    metavar="FORMAT",
    default="json",
    show_default=True,
    help=f"What to write: {', '.join(FORMATS)}.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write. [default: standard output]")
@common
def export(project: Path | None, quiet: bool, verbose: bool, format: Format, output: Path | None) -> None:
    """Write what the project is made of, for other programs."""
    root, settings = project_root(project), api.Settings.from_environ(os.environ)
    if output is None:
        sys.stdout.write(shipping.export(root, format, settings))
    else:
        Terminal(quiet=quiet, verbose=verbose).say([shipping.write_export(root, format, settings, output)])


@click.command(
    short_help="Check what was installed, or an archive.",
    epilog="Example: flowverse verify my-app --python .venv/bin/python",
)
@click.argument("target", metavar="DIST-OR-ARCHIVE", type=click.Path())
@click.option("--python", metavar="PYTHON", help="The interpreter of the environment to look in. [default: this one]")
@as_json
@click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
def verify(target: str, python: str | None, as_json: bool, quiet: bool) -> None:
    """Check an installed distribution, a wheel or an sdist against the SBOM or the lock in it."""
    path = None if python is None else _search_path(python)
    terminal, verified = Terminal(quiet=quiet), shipping.verify(target, path)
    if as_json:
        terminal.emit(api.verified_document(verified))
    else:
        terminal.say(api.render_verified(verified))


def _search_path(python: str) -> list[str]:
    """Where another interpreter finds what is installed."""
    command = [python, "-c", "import sys; print(*sys.path[1:], sep='\\n')"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        hint = "Name the interpreter of an environment, such as .venv/bin/python."
        raise UsageError(f"{python} is no Python that can be run.", hint=hint) from error
    return done.stdout.splitlines()


COMMANDS = (requirements, licenses, export, verify)
