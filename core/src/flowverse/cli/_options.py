"""The options that verbs share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from flowverse import api
from flowverse._project import MANIFEST_NAME
from flowverse.cli._at_once import nearest_project
from flowverse.errors import NoProject, UsageError

__all__ = ["MODULE", "as_json", "common", "loudness", "modes", "module_argument", "offered", "project_root"]

F = TypeVar("F", bound=Callable[..., Any])


def common(command: F) -> F:
    """The options that every verb of a project has."""
    project = click.option(
        "-p",
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


class _Module(click.ParamType):  # type: ignore[type-arg] # a subscript fails in older versions
    """A word that means a module of the project. It stays text: the verb finds out which is meant, and says so."""

    name = "id"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """The ids that begin like this, or else those whose name does. Nothing in any trouble: nobody could read it."""
        try:
            ids = [str(id) for id in api.known_ids(project_root(ctx.params.get("project")))]
        except Exception:  # noqa: BLE001 - in the middle of a line that somebody types
            return []
        word = incomplete.casefold()
        found = [id for id in ids if id.casefold().startswith(word)]
        found = found or [id for id in ids if id.casefold().partition("/")[2].startswith(word)]
        return [CompletionItem(id) for id in found]


MODULE = _Module()
"""The type of an argument or option that means a module of the project: text, which a shell completes."""


class _Offered(click.ParamType):  # type: ignore[type-arg] # as above
    """Text for which a shell is offered some words."""

    def __init__(self, name: str, words: Callable[[click.Context], Iterable[str]]) -> None:
        self.name, self.words = name, words

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Those that begin like this. Nothing in any trouble."""
        try:
            return [CompletionItem(word) for word in self.words(ctx) if word.startswith(incomplete)]
        except Exception:  # noqa: BLE001 - as above
            return []


def offered(name: str, words: Callable[[Path, click.Context], Iterable[str]]) -> click.ParamType:  # type: ignore[type-arg]
    """A type of text, for which a shell completes what `words` says of the project's folder and the line so far."""
    return _Offered(name, lambda ctx: words(project_root(ctx.params.get("project")), ctx))


def module_argument(name: str, *, many: bool = False, required: bool = False) -> Callable[[F], F]:
    """An argument for one module of the project (text, None where it is left out), or for many (a tuple of texts)."""
    metavar = "ID..." if many else "ID"
    metavar = metavar if required else f"[{metavar}]"
    return click.argument(name, type=MODULE, nargs=-1 if many else 1, required=required, metavar=metavar)


def project_root(project: Path | None) -> Path:
    """The project's folder: the one named, or the nearest one upwards that has a pyproject.toml."""
    if project is not None:
        _check_folder(project)
        return project
    try:
        here = Path.cwd()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise NoProject("The current folder", why, hint="Go to a folder that is there.") from None
    return Path(nearest_project(str(here)) or here)


def _check_folder(project: Path) -> None:
    if project.is_file():
        folder = str(project.parent) if project.name == MANIFEST_NAME else "with its folder"
        raise UsageError(f"{project} is a file, and --project names a folder.", hint=f"Write --project {folder}.")
    if not project.is_dir():
        raise UsageError(f"There is no folder {project}.", hint=f"Name the one that has the project's {MANIFEST_NAME}.")
