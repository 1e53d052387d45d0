"""The one piece of TOML that is written by hand: a TOML writer cannot be told to keep one file of the lock a line."""

from __future__ import annotations

__all__ = ["quote"]

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def quote(text: str) -> str:
    """A TOML basic string."""
    out = [
        _ESCAPES.get(char) or (f"\\u{ord(char):04x}" if ord(char) < 0x20 or ord(char) == 0x7F else char)
        for char in text
    ]
    return f'"{"".join(out)}"'
