"""The screen: colours and progress on a terminal, plain lines elsewhere, questions only where one can answer."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import groupby
from typing import TYPE_CHECKING

import click

from flowverse._render.lines import Kind, Line
from flowverse.cli._group import PROGRAM
from flowverse.cli._progress import Plain
from flowverse.cli._screen import Part, Screen
from flowverse.model import Conflict, Wish
from flowverse.ports import SILENT, Chooser, Refuse, Reporter

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["Terminal"]

_STYLES = {
    "added": "green",
    "changed": "cyan",
    "removed": "red",
    "kept": "yellow",
    "backup": "yellow",
    "linked": "magenta",
    "note": "",
    "warning": "yellow",
    "error": "bold red",
    "hint": "cyan",
    "summary": "bold",
}
_IN_DIFFS = {"summary": "bold", "changed": "cyan", "added": "green", "removed": "red"}
_TO_STDERR = {"warning", "error", "hint"}
_PREFIXED = {"warning", "error", "hint"}


class Terminal:
    """Where lines go: results to standard output, warnings and errors to standard error."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False, program: str | None = None) -> None:
        self._quiet, self._verbose = quiet, verbose
        context = click.get_current_context(silent=True)
        self._program = program or (context.find_root().info_name if context is not None else None) or PROGRAM
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # lines and names that an old code page does not have
        self._out, self._err = Screen(), Screen(stderr=True)
        self._display: Progress | None = None

    def say(self, lines: Sequence[Line]) -> None:
        """Print lines; with `quiet`, only what went wrong."""
        self._print([line for line in lines if not self._quiet or line.kind in {*_TO_STDERR, "backup"}])

    def show(self, lines: Sequence[Line]) -> None:
        """Print lines that were asked for: all of them, whatever else is quiet."""
        self._print(lines, each=True)

    def tell(self, text: str) -> None:
        """Print what is neither a result nor an error."""
        self._err.print([[(self._err.fitting(text), "")]])

    def page(self, lines: Iterable[tuple[Kind, bytes]]) -> None:
        """Print lines of any encoding: through a pager and in colours on a terminal, as they are elsewhere."""
        if not self._out.is_terminal:
            out = getattr(sys.stdout, "buffer", None)
            for _, line in lines:
                if out is not None:
                    out.write(line)
                elif sys.stdout is not None:
                    click.echo(line.decode("utf-8", "replace"), nl=False)
            return
        text = "".join(self._coloured(kind, line) for kind, line in lines)
        if text:
            # What git has its pager do: end where it all fits, keep colours, leave the screen as it is.
            os.environ.setdefault("LESS", "FRX")
            click.echo_via_pager(text.removesuffix("\n"), color=self._out.is_coloured)

    def _coloured(self, kind: Kind, line: bytes) -> str:
        shown = "".join(c if c.isprintable() or c in "\t\n" else "^" for c in line.decode("utf-8", "replace"))
        end = "\n" if kind in _IN_DIFFS else ""
        return self._out.styled(shown.rstrip("\n"), _IN_DIFFS[kind]) + end if end else shown

    @property
    def width(self) -> int | None:
        """The columns of the screen; None where the output goes to a file or another program."""
        return self._out.columns if self._out.is_terminal else None

    def emit(self, text: str) -> None:
        """Print a JSON document for another program, in UTF-8 whatever the terminal has (RFC 8259).

        What UTF-8 cannot hold, such as a file's name that is no text, becomes an escape of JSON.
        """
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
        if sys.stdout is not None:
            click.echo(text, nl=False)

    def _print(self, lines: Sequence[Line], *, each: bool = False) -> None:
        """Print lines in their order. Of hints in a row `each` has the word before it, or the first alone."""
        before: str = ""
        for screen, some in groupby(lines, lambda line: self._err if line.kind in _TO_STDERR else self._out):
            parts = []
            for line in some:
                parts.append(self._parts(screen, line, again=not each and line.kind == before))
                before = line.kind
            screen.print(parts)

    def _parts(self, screen: Screen, line: Line, *, again: bool) -> list[Part]:
        prefix = f"{line.kind}: " if line.kind in _PREFIXED and (line.kind == "warning" or not again) else ""
        # What somebody is to run is what they can run: `pdm flowverse lock`, where that is how they came here.
        said = line.text if line.verbatim else line.text.replace(f"`{PROGRAM} ", f"`{self._program} ")
        if not line.verbatim:
            starts = [len(prefix) + start for start in line.starts]
            said = screen.fitting(prefix + said, starts, line.hang)[len(prefix) :]
        return [(prefix, _STYLES[line.kind]), (said, "" if line.kind in _PREFIXED else _STYLES[line.kind])]

    def chooser(self) -> Chooser:
        """Somebody to ask: nobody without a terminal, or in CI."""
        if sys.stdin is not None and sys.stdin.isatty() and self._err.is_seen and not os.environ.get("CI"):
            return _Ask(self._err, self._paused)
        return Refuse()

    def agrees(self, question: str) -> bool | None:
        """Whether a person says yes; None where there is nobody to ask: without a terminal, or in CI."""
        chooser = self.chooser()
        return None if isinstance(chooser, Refuse) else click.confirm(_asked(self._err, question, " [y/N]: "), err=True)

    @contextmanager
    def _paused(self) -> Iterator[None]:
        """Leave the screen to a question: the progress would be drawn over it."""
        display = self._display
        if display is not None:
            display.stop()
        try:
            yield
        finally:
            if display is not None:
                display.start()

    @contextmanager
    def progress(self) -> Iterator[Reporter]:
        """A Reporter for as long as a command works."""
        if self._quiet:
            yield SILENT
        elif self._err.is_seen and not self._err.is_dumb:  # colours may be forced on to a pipe, too
            from flowverse.cli._live import Live, moving

            self._display = display = moving()
            with display:
                yield Live(self._err, display, verbose=self._verbose)
        else:
            yield Plain(self._err, verbose=self._verbose)


def _asked(screen: Screen, question: str, rest: str) -> str:
    """A question as a terminal can show it; `rest` is what comes after its last word."""
    return screen.fitting(question + "_" * len(rest))[: -len(rest)]


class _Ask:
    """The Chooser that asks a person, with every chain in sight."""

    def __init__(self, screen: Screen, alone: Callable[[], AbstractContextManager[None]]) -> None:
        self._screen, self._alone = screen, alone

    def choose(self, conflict: Conflict) -> Wish | None:
        with self._alone():
            return self._ask(conflict)

    def _ask(self, conflict: Conflict) -> Wish:
        self._print(f"{conflict.id} is wanted at {len(conflict.wishes)} different commits:")
        for number, wish in enumerate(conflict.wishes, 1):
            self._print(f"  {number}) {wish.label}", style="bold")
            for chain in wish.chains:
                self._print(f"     asked for by {chain}")
        question = _asked(self._screen, "Which one? It will stand in [tool.flowverse.overrides]", ":")
        while True:
            answer = click.prompt(question, err=True).strip()
            if answer in map(str, range(1, len(conflict.wishes) + 1)):
                return conflict.wishes[int(answer) - 1]
            self._print(f"Answer with a number from 1 to {len(conflict.wishes)}.", style="yellow")

    def _print(self, text: str, style: str = "") -> None:
        self._screen.print([[(self._screen.fitting(text), style)]])
