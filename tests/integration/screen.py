"""A person at a terminal: what they type, and what is on the screen then."""

from __future__ import annotations

import os
import re
import termios
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import pexpect
import pyte

from tests.integration.workspace import COMMAND, Workspace

ROWS = 60
"""Of every terminal here."""
_PROMPT = re.compile(r"\[(\d+)\] \$ $")
_TIMEOUT = 60


class Shown(NamedTuple):
    """What a command left on the screen: its exit code, the lines, and all that was written to have them there."""

    code: int | None
    lines: list[str]
    written: str


class Screen:
    """The screen of a terminal, fed by a program that runs on it."""

    def __init__(self, columns: int) -> None:
        self._screen = pyte.HistoryScreen(columns, ROWS, history=10_000)
        self._stream = pyte.Stream(self._screen)
        self.written: list[str] = []

    def write(self, text: str) -> None:
        self.written.append(text)
        self._stream.feed(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def clear(self) -> None:
        """Have an empty one, as it was at first."""
        self._screen.reset()
        self.written.clear()

    @property
    def lines(self) -> list[str]:
        """What can be read, also above the screen, down to the last line that is not empty."""
        assert not self._screen.cursor.hidden
        assert self._screen.cursor.attrs == self._screen.default_char, "a colour was left behind"
        above = [
            "".join(row[column].data for column in range(self._screen.columns)) for row in self._screen.history.top
        ]
        return "\n".join(line.rstrip() for line in (*above, *self._screen.display)).rstrip("\n").split("\n")


def run(
    space: Workspace,
    columns: int,
    *arguments: str,
    act: Callable[[pexpect.spawn[str]], None] | None = None,
    program: str = str(COMMAND),
    **more: str,
) -> Shown:
    """Run the installed command (or another program) on a terminal of its own; `act` is what the person does then."""
    screen = Screen(columns)
    child = _spawn(space, screen, columns, program, arguments, more)
    if act is not None:
        act(child)
    child.expect(pexpect.EOF)
    child.close()
    return Shown(child.exitstatus, [line for line in screen.lines if line], "".join(screen.written))


def _spawn(
    space: Workspace, screen: Screen, columns: int, program: str, arguments: Sequence[str], more: dict[str, str]
) -> pexpect.spawn[str]:
    child: pexpect.spawn[str] = pexpect.spawn(
        program,
        list(arguments),
        cwd=space.root,
        env=space.environ(**more),
        encoding="utf-8",
        timeout=_TIMEOUT,
        dimensions=(ROWS, columns),
    )
    child.delaybeforesend = None
    child.logfile_read = screen
    return child


class Shell:
    """A shell on a terminal. Every command is checked to leave the terminal as it was."""

    def __init__(self, child: pexpect.spawn[str], screen: Screen) -> None:
        self._child, self._screen = child, screen
        child.expect(_PROMPT)
        self._modes = termios.tcgetattr(child.child_fd)

    def type(self, line: str, *answers: tuple[str, str]) -> Shown:
        """Type a command, and what it waits for: pairs of a text that it shows and of keys that are pressed then."""
        self._screen.clear()
        self._child.sendline(line)
        for text, keys in answers:
            self._child.expect_exact(text)
            self._child.send(keys)
        self._child.expect(_PROMPT)
        found = self._child.match
        assert isinstance(found, re.Match)
        assert termios.tcgetattr(self._child.child_fd) == self._modes, "the terminal is not as it was"
        first, *lines = self._screen.lines
        while len(first) < len(line):  # typed over the end of a line
            first += lines.pop(0)
        assert first.startswith(line)
        assert lines.pop() == found[0].strip(), "the last line has no end"
        return Shown(int(found[1]), lines, "".join(self._screen.written))


@contextmanager
def shell(space: Workspace, columns: int, **more: str) -> Iterator[Shell]:
    """A shell in the project's folder, which finds the installed command."""
    screen = Screen(columns)
    path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
    ours = {"PATH": path, **more, "PS1": "[$?] $ ", "ENV": "", "HISTFILE": ""}
    child = _spawn(space, screen, columns, "/bin/sh", ["-i", "+o", "emacs"], ours)
    try:
        yield Shell(child, screen)
    finally:
        child.close(force=True)
