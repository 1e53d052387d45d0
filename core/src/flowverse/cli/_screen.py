"""Where text goes: whether that is a terminal, how wide it is, and whether it takes colours.

Without rich, which is there for what moves: to import it takes longer than most commands do.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

import click

from flowverse._plain import fold

__all__ = ["Part", "Screen"]

Part = tuple[str, str]
"""Some text, and its style: words of `bold` and one colour, or nothing."""

_DUMB = ("dumb", "unknown")


class Screen:
    """Standard output, or standard error."""

    def __init__(self, *, stderr: bool = False) -> None:
        self._stderr = stderr

    @property
    def file(self) -> TextIO:
        """The stream, as it is now: also where rich has put one of its own before it, to keep its line the last."""
        stream = sys.stderr if self._stderr else sys.stdout
        own: TextIO = getattr(stream, "rich_proxied_file", stream)
        return own

    @property
    def is_terminal(self) -> bool:
        """Whether somebody sees it, or wants it as if somebody did (https://force-color.org)."""
        return bool(os.environ.get("FORCE_COLOR")) or self.is_seen

    @property
    def is_seen(self) -> bool:
        """Whether it is a terminal in fact. A stream that was closed from the start is none at all."""
        stream: TextIO | None = self.file
        return stream is not None and stream.isatty()

    @property
    def is_dumb(self) -> bool:
        """Whether the terminal can do nothing but go on to the next line."""
        return self.is_terminal and os.environ.get("TERM", "").lower() in _DUMB

    @property
    def is_coloured(self) -> bool:
        """Whether it takes colours (https://no-color.org); what is bold stays so in any case."""
        return self.is_styled and not os.environ.get("NO_COLOR")

    @property
    def is_styled(self) -> bool:
        """Whether it takes more than plain text."""
        return self.is_terminal and not self.is_dumb

    @property
    def columns(self) -> int:
        """How wide it is."""
        with_fallback = shutil.get_terminal_size()
        if "COLUMNS" in os.environ:
            return with_fallback.columns
        try:
            return os.get_terminal_size(self.file.fileno()).columns or with_fallback.columns
        except (OSError, ValueError, AttributeError):
            return with_fallback.columns

    def fitting(self, text: str, starts: Sequence[int] = (), hang: str | None = None) -> str:
        """The text as a terminal can show it without breaking a word; as it is, where there is none."""
        return fold(text, self.columns, starts=starts, hang=hang) if self.is_seen else text

    def styled(self, text: str, style: str) -> str:
        """The text in a style, as far as it is taken here."""
        known: dict[str, Any] = {}
        for word in style.split():
            if word == "bold":
                known["bold"] = True
            elif self.is_coloured:
                known["fg"] = word
        return click.style(text, **known) if known and text and self.is_styled else text

    def print(self, lines: Iterable[Sequence[Part]]) -> None:
        """Print lines, all at once."""
        texts = ["".join(self.styled(text, style) for text, style in line) for line in lines]
        if texts and self.file is not None:  # a stream may be closed from the start, which mypy does not know
            click.echo("\n".join(texts), file=self.file, color=self.is_styled)
