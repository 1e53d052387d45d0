"""What is said while a command works."""

from __future__ import annotations

from flowverse._render.lines import render_waiting
from flowverse.cli._screen import Screen
from flowverse.model import ModuleId

__all__ = ["Plain"]


class Plain:
    """The Reporter of pipes and files: silent but for waits and, with `verbose`, details."""

    def __init__(self, screen: Screen, *, verbose: bool) -> None:
        self._screen, self._verbose = screen, verbose

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
        self._screen.print([[(self._screen.fitting(text), "")]])
