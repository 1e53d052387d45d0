"""PDM's terminal for flow modules: lines in its colours, a spinner, and the question about a conflict."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pdm import termui
from pdm.termui import UI, Verbosity
from rich.markup import escape

if TYPE_CHECKING:
    from flowverse.api import Line
    from flowverse.model import Conflict, ModuleId, Wish
    from pdm._types import Spinner

__all__ = ["Asker", "Progress", "can_ask", "show"]

_STYLES = {
    "added": "success",
    "changed": "primary",
    "removed": "error",
    "kept": "warning",
    "backup": "warning",
    "linked": "info",
    "note": "none",
    "warning": "none",
    "error": "none",
    "hint": "none",
    "summary": "bold",
}
_LABELS = {"warning": "[warning]WARNING:[/] ", "error": "[error]ERROR:[/] ", "hint": "[info]HINT:[/] "}


def show(ui: UI, lines: Iterable[Line]) -> None:
    """Print lines: trouble on the standard error under PDM's labels, the rest on the standard output.

    With `-q` only errors and their hints are left. Commands are named as a user of PDM has them.
    """
    before = ""
    for line in lines:
        label = _LABELS.get(line.kind, "") if line.kind == "warning" or line.kind != before else ""
        text = line.text.replace("`flowverse ", "`pdm flowverse ")
        verbosity = Verbosity.QUIET if line.kind in {"error", "hint", "backup"} else Verbosity.NORMAL
        _echo(ui, text, _STYLES[line.kind], label=label, err=line.kind in _LABELS, verbosity=verbosity)
        before = line.kind


def _echo(
    ui: UI, text: str, style: str, *, label: str = "", err: bool = False, verbosity: Verbosity = Verbosity.QUIET
) -> None:
    """Print a text as it is: it may hold `[tool.flowverse]`, which is markup to PDM."""
    plain = {"emoji": False, "highlight": False, "soft_wrap": True}
    ui.echo(f"{label}[{style}]{escape(text)}[/]", err=err, verbosity=verbosity, **plain)


def can_ask() -> bool:
    """Whether somebody can answer: a terminal on both sides, and neither CI nor `pdm --non-interactive`."""
    return sys.stdin.isatty() and sys.stdout.isatty() and termui.is_interactive() and not os.environ.get("CI")


class Progress:
    """The Reporter: a spinner while a terminal looks on, and sentences for `-v`."""

    def __init__(self, ui: UI) -> None:
        self._ui = ui
        watched = sys.stderr.isatty() and termui.is_interactive() and ui.verbosity == Verbosity.NORMAL
        self._spinner: Spinner | None = ui.open_spinner("Looking at flow modules...") if watched else None
        self._wanted = self._done = 0

    def __enter__(self) -> Progress:
        if self._spinner is not None:
            self._spinner.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        if self._spinner is not None:
            self._spinner.__exit__(*error)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the terminal to somebody else for a while."""
        self.__exit__(None, None, None)
        try:
            yield
        finally:
            self.__enter__()

    def phase(self, name: str) -> None:
        """Say what is done now: "resolving", "fetching", "installing"."""
        self._say(f"{name.capitalize()} flow modules...")

    def found(self, id: ModuleId, total: int) -> None:
        """Say how many modules are known."""
        self._say(f"Resolving flow modules, {total:,} so far: {id}...")

    def fetching(self, files: int, size: int) -> None:  # noqa: ARG002
        """Count files that are to come."""
        self._wanted += files
        self._say(f"Fetching flow modules, {self._done:,} of {self._wanted:,} files...")

    def fetched(self, size: int) -> None:  # noqa: ARG002
        """Count a file that came."""
        self._done += 1
        self._say(f"Fetching flow modules, {self._done:,} of {self._wanted:,} files...")

    def waiting(self, what: str, seconds: float) -> None:
        """Say what is waited for."""
        from flowverse.api import render_waiting

        told = render_waiting(what, seconds)
        self._say(f"{told}...")
        if self._spinner is None:
            _echo(self._ui, told, "dim", err=True, verbosity=Verbosity.NORMAL)

    def detail(self, message: str) -> None:
        """Say a sentence to somebody who asked for all of them."""
        _echo(self._ui, message, "dim", err=True, verbosity=Verbosity.DETAIL)

    def _say(self, text: str) -> None:
        if self._spinner is not None:
            self._spinner.update(escape(text))


class Asker:
    """The Chooser of a terminal."""

    def __init__(self, ui: UI, progress: Progress) -> None:
        self._ui, self._progress = ui, progress

    def choose(self, conflict: Conflict) -> Wish | None:
        """Show who wants what and ask for a number; None if the person does not want to say."""
        wishes = {str(number): wish for number, wish in enumerate(conflict.wishes, 1)}
        with self._progress.paused():
            _echo(self._ui, f"{conflict.id} is wanted at {len(wishes)} different commits:", "bold")
            for number, wish in wishes.items():
                _echo(self._ui, f"  {number}) {wish.label}", "primary")
                for chain in wish.chains:
                    _echo(self._ui, f"     asked for by {chain}", "none")
            question = escape("Which one? It will stand in [tool.flowverse.overrides]; n to give up")
            try:
                answer = termui.ask(question, choices=[*wishes, "n"])
            except EOFError:
                return None
        return wishes.get(answer)
