"""What runs now, on standard error."""

from __future__ import annotations

import shutil
import sys

__all__ = ["Screen"]


class Screen:
    """On a terminal one line that changes, else a line for each thing that is begun."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def __call__(self, what: str, part: str = "", /) -> None:
        """Show what runs now."""
        if sys.stderr.isatty():
            text = f"{part}: {what}" if part else what
            print(f"\r\x1b[K{text[: shutil.get_terminal_size().columns - 1]}", end="", file=sys.stderr, flush=True)
        elif what not in self._said:
            print(f"... {what}", file=sys.stderr, flush=True)
        self._said.add(what)

    def clear(self) -> None:
        """Leave nothing of it on a terminal."""
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
