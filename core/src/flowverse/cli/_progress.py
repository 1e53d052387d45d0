"""What is said while a command works, and lines that fit the terminal."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.text import Text

from flowverse._plain import fold
from flowverse._render.lines import count, render_waiting
from flowverse.model import ModuleId

__all__ = ["Live", "Plain", "columns", "fitting", "moving"]

_WITH_BAR = 60
"""The columns that a terminal needs to have a bar beside what is said of progress."""


def fitting(console: Console, text: str, starts: Sequence[int] = (), hang: str | None = None) -> str:
    """The text as a terminal can show it without breaking a word; as it is, where there is none."""
    return fold(text, columns(console), starts=starts, hang=hang) if console.file.isatty() else text


def columns(console: Console) -> int:
    """How wide the terminal is. To rich, one that can do nothing is as wide as most are."""
    return shutil.get_terminal_size().columns if console.is_dumb_terminal else console.width


def moving(console: Console) -> Progress:
    """The line that moves, which is gone at the end."""
    # Where it filled the line, what a terminal echoes of Ctrl-C would begin another, and this one would stay.
    bar = [BarColumn(24)] if console.width >= _WITH_BAR else []
    return Progress(SpinnerColumn(), TextColumn("{task.description}"), *bar, console=console, transient=True)


class Plain:
    """The Reporter of pipes and files: silent but for waits and, with `verbose`, details."""

    def __init__(self, console: Console, *, verbose: bool) -> None:
        self._console, self._verbose = console, verbose

    def phase(self, name: str) -> None: ...

    def found(self, id: ModuleId, total: int) -> None: ...

    def fetching(self, files: int, size: int) -> None: ...

    def fetched(self, size: int) -> None: ...

    def waiting(self, what: str, seconds: float) -> None:
        self._tell(render_waiting(what, seconds))

    def detail(self, message: str) -> None:
        if self._verbose:
            self._tell(message)

    def _tell(self, text: str) -> None:
        self._console.print(Text(fitting(self._console, text)))


class Live(Plain):
    """The Reporter of a terminal: one line that moves, gone at the end."""

    def __init__(self, display: Progress, *, verbose: bool) -> None:
        super().__init__(display.console, verbose=verbose)
        self._display = display
        self._task: TaskID = display.add_task("Reading the project", total=None)
        self._wanted = self._done = 0

    def phase(self, name: str) -> None:
        self._show(f"{name.capitalize()} flow modules")

    def found(self, id: ModuleId, total: int) -> None:  # noqa: ARG002
        self._show(f"Resolving {count(total, 'flow module')}")

    def fetching(self, files: int, size: int) -> None:  # noqa: ARG002
        self._wanted += files
        self._files()

    def fetched(self, size: int) -> None:  # noqa: ARG002
        self._done += 1
        self._files()

    def _files(self) -> None:
        self._show(f"Fetching {self._done:,} of {count(self._wanted, 'file')}", self._done, self._wanted)

    def _show(self, description: str, done: int = 0, total: int | None = None) -> None:
        self._display.update(self._task, description=description, completed=done, total=total)
