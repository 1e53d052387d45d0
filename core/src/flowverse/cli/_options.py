"""The options that verbs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from flowverse.errors import NoProject

__all__ = ["as_json", "common", "loudness", "modes", "project_root"]

F = TypeVar("F", bound=Callable[..., Any])


def common(command: F) -> F:
    """The options that every verb of a project has."""
    project = click.option(
        "--project",
        type=click.Path(path_type=Path),
        default=None,
        help="The project's folder. [default: the nearest with a pyproject.toml]",
    )
    return project(loudness(command))


def loudness(command: F) -> F:
    """How much is said: the options of every verb."""
    options = [
        click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong."),
        click.option("-v", "--verbose", is_flag=True, help="Say everything."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def as_json(command: F) -> F:
    """The option of the verbs that read: one JSON document on standard output instead of lines."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document (docs/json.md).")(command)


def modes(command: F) -> F:
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


def project_root(project: Path | None) -> Path:
    """The project's folder: the one named, or the nearest one upwards that has a pyproject.toml."""
    if project is not None:
        return project
    try:
        here = Path.cwd()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise NoProject("The current folder", why, hint="Go to a folder that is there.") from None
    return next((folder for folder in (here, *here.parents) if (folder / "pyproject.toml").is_file()), here)
