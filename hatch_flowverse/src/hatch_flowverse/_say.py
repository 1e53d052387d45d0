"""The engine's lines and progress, in the voice of Hatch and hatchling (both know these methods)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from flowverse import api

from hatch_flowverse._relay import pass_on

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from flowverse.api import Line
    from flowverse.errors import FlowverseError
    from flowverse.model import ModuleId, Result

    class App(Protocol):
        """The part of Hatch's and of hatchling's application that is used."""

        def display_info(self, message: str, /) -> None: ...

        def display_waiting(self, message: str, /) -> None: ...

        def display_success(self, message: str, /) -> None: ...

        def display_warning(self, message: str, /) -> None: ...

        def display_debug(self, message: str, /) -> None: ...

        def abort(self, message: str, code: int, /) -> None: ...


__all__ = ["Voice"]


class Voice:
    """Says results and errors with an application, and is a Reporter: what happens is said as it happens."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._fetching = False

    def result(self, result: Result) -> None:
        """Say what a sync did, if it did anything."""
        if result.plan.steps or result.lock_written or result.notes or result.warnings:
            self.lines(api.render(result))

    def lines(self, lines: Sequence[Line]) -> None:
        """Say lines, and pass them on."""
        pass_on(lines)
        for line in lines:
            if line.kind == "warning":
                self._app.display_warning(f"flowverse: {line.text}")
            elif line.kind == "summary":
                self._app.display_success(line.text)
            else:
                self._app.display_info(line.text)

    def fail(self, error: FlowverseError) -> NoReturn:
        """Say what is wrong and what to do next, and end the program with the error's exit code."""
        lines = api.explain(error)
        pass_on(lines, error.exit_code)
        self.end(lines, error.exit_code)

    def end(self, lines: Sequence[Line], code: int) -> NoReturn:
        """End the program with these lines."""
        said = {"error": "flowverse: ", "hint": "hint: "}
        # Only the first line of each kind has the word before it; what follows belongs to it.
        text = "\n".join(said.pop(line.kind, "") + line.text for line in lines)
        self._app.abort(text, code)
        raise SystemExit(code)

    # --- Reporter ----------------------------------------------------------------------------------------------------

    def phase(self, name: str) -> None:
        """See `flowverse.ports.Reporter`."""
        self._app.display_debug(f"{name.capitalize()} flow modules")

    def found(self, id: ModuleId, total: int) -> None:
        """See `flowverse.ports.Reporter`."""
        self._app.display_debug(f"Found {id} ({total:,})")

    def fetching(self, files: int, size: int) -> None:  # noqa: ARG002
        """Said once: there is no place for a count that moves."""
        if not self._fetching:
            self._app.display_waiting("Fetching flow modules")
        self._fetching = True

    def fetched(self, size: int) -> None:
        """Not said: see `fetching`."""

    def waiting(self, what: str, seconds: float) -> None:
        """See `flowverse.ports.Reporter`."""
        self._app.display_warning(f"flowverse: {api.render_waiting(what, seconds)}")

    def detail(self, message: str) -> None:
        """See `flowverse.ports.Reporter`."""
        self._app.display_debug(message)
