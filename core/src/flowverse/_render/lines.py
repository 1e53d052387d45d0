"""What is said, line by line; not how it is coloured."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flowverse._render.words import count

__all__ = ["Kind", "Line", "count", "document", "human", "render_waiting", "table", "warnings_of"]

_MOST_WARNINGS = 20

Kind = Literal["added", "changed", "removed", "kept", "linked", "backup", "note", "warning", "error", "hint", "summary"]


@dataclass(frozen=True)
class Line:
    """One line (never more) for a person. `kind` is for the host's colours and for what `-q` leaves out.

    The rest is for a terminal that is too narrow for it: `starts` are where in the text the columns of a table begin,
    but for the first; `hang` is what the lines go on with that it is broken into; what is `verbatim` is not broken.
    """

    kind: Kind
    text: str
    starts: tuple[int, ...] = ()
    hang: str | None = None
    verbatim: bool = False

    def __post_init__(self) -> None:
        """Let no name of a file, nor a title from the Hub, move the cursor or colour the screen."""
        if not self.text.isprintable():
            object.__setattr__(self, "text", "".join(c if c.isprintable() or c in "\t\n" else "?" for c in self.text))


def table(rows: Sequence[tuple[Kind, Sequence[str]]]) -> list[Line]:
    """Rows of as many cells each as lines, their columns one below the other."""
    widths = [max(map(len, column)) for column in zip(*(cells for _, cells in rows), strict=True)]
    starts = tuple(sum(widths[:number]) + 2 * number for number in range(1, len(widths)))
    return [Line(kind, "  ".join(map(str.ljust, cells, widths)).rstrip(), starts) for kind, cells in rows]


def warnings_of(warnings: Sequence[str], *, verbose: bool) -> list[Line]:
    """All of them with `verbose`: a module that is written to annoy can cause thousands."""
    shown = warnings if verbose else warnings[:_MOST_WARNINGS]
    lines = [Line("warning", warning) for warning in shown]
    more = len(warnings) - len(shown)
    return [*lines, Line("warning", f"{count(more, 'more warning')}; -v shows all")] if more else lines


def human(size: int) -> str:
    """A size in bytes with three digits: `812 B`, `34.5 kB` (of 1,000 bytes)."""
    value, units = float(size), ["TB", "GB", "MB", "kB", "B"]
    while value >= 999.5 and len(units) > 1:
        value /= 1000
        units.pop()
    return f"{value:.0f} {units[-1]}" if units[-1] == "B" or value >= 99.95 else f"{value:.1f} {units[-1]}"


def render_waiting(what: str, seconds: float) -> str:
    """What is waited for: nobody reads of a pause that is over before they have."""
    if not seconds:
        return f"Waiting for {what}"
    if seconds < 1:
        return f"Trying again: {what}"
    minutes, rest = divmod(round(seconds), 60)
    parts = [f"{minutes} min"] if minutes else []
    parts += [f"{rest} s"] if rest or not minutes else []
    return f"Waiting {' '.join(parts)}: {what}"


def document(name: str, version: int, body: Mapping[str, Any]) -> str:
    """One JSON document for other programs. Its `schema` is `flowverse.<name>/<version>` (docs/json.md).

    A version only ever gains keys; what is renamed, dropped or means something else gets the next one.
    """
    return json.dumps({"schema": f"flowverse.{name}/{version}", **body}, ensure_ascii=False, indent=2) + "\n"
