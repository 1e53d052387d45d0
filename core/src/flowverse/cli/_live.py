"""The line that moves while a command works. The only file that draws: with rich, which takes its time to import."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.text import Text

from flowverse._render.words import count
from flowverse.cli._progress import Plain
from flowverse.cli._screen import Screen
from flowverse.model import ModuleId

__all__ = ["Live", "moving"]

_WITH_BAR = 60
"""The columns that a terminal needs to have a bar beside what is said of progress."""


def moving() -> Progress:
    """The line that moves, on standard error, which is gone at the end."""
    console = Console(highlight=False, soft_wrap=True, stderr=True)
    # Where it filled the line, what a terminal echoes of Ctrl-C would begin another, and this one would stay.
    bar = [BarColumn(24)] if console.width >= _WITH_BAR else []
    return Progress(SpinnerColumn(), TextColumn("{task.description}"), *bar, console=console, transient=True)


class Live(Plain):
    """The Reporter of a terminal: one line that moves, gone at the end."""

    def __init__(self, screen: Screen, display: Progress, *, verbose: bool) -> None:
        super().__init__(screen, verbose=verbose)
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

    def _tell(self, text: str) -> None:
        self._display.console.print(Text(self._screen.fitting(text)))
