"""The picture of a run: a dot for each program on a logarithmic scale of time. An SVG for light and dark. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from xml.sax.saxutils import escape

from benchmarks.figures import spread
from benchmarks.record import Record, Row
from benchmarks.words import duration

__all__ = ["plot"]

_LEFT, _RIGHT, _WIDTH, _LINE, _TOP = 330, 90, 900, 19, 34
_STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 } .end { text-anchor: end } .middle { text-anchor: middle } .small { fill: #6e7781 }
.grid { stroke: #d0d7de } .ours { fill: #0969da; stroke: #0969da } .peer { fill: #8c959f; stroke: #8c959f }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small { fill: #8b949e } .grid { stroke: #30363d }
  .ours { fill: #58a6ff; stroke: #58a6ff } .peer { fill: #6e7681; stroke: #6e7681 }
}
"""


def plot(record: Record) -> str:
    """The text of the SVG; it needs one row or more."""
    every = [value for row in record.rows for entry in row.entries for value in entry.seconds]
    low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))
    scale = _Scale(low, max(high, low + 1))
    lines = sum(len(row.entries) + 1 for row in record.rows)
    height = _TOP + lines * _LINE + 26
    parts = [*_grid(scale, height), *_rows(record, scale)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">'
    title = "<title>Wall-clock time of each program, by row</title>"
    return "\n".join([head, title, f"<style>{_STYLE}</style>", *parts, "</svg>", ""])


class _Scale:
    """Powers of ten to places."""

    def __init__(self, low: int, high: int) -> None:
        self.powers = range(low, high + 1)

    def place(self, seconds: float) -> float:
        share = (math.log10(seconds) - self.powers[0]) / (self.powers[-1] - self.powers[0])
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)


def _grid(scale: _Scale, height: int) -> Iterator[str]:
    for power in scale.powers:
        x = scale.place(10.0**power)
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{_TOP - 8}" y2="{height - 22}"/>'
        for y in (_TOP - 14, height - 8):
            yield f'<text class="small middle" x="{x}" y="{y}">{_power(power)}</text>'


def _power(power: int) -> str:
    return f"{10**power} s" if power >= 0 else f"{10 ** (power + 3):g} ms"


def _rows(record: Record, scale: _Scale) -> Iterator[str]:
    y = _TOP
    for row in record.rows:
        y += _LINE
        yield f'<text class="title" x="8" y="{y - 4}">{escape(_short(row))}</text>'
        for entry in row.entries:
            y += _LINE
            found, kind = spread(entry.seconds), "ours" if entry is row.ours else "peer"
            ends = f'x1="{scale.place(found.least)}" x2="{scale.place(found.most)}"'
            yield f'<text class="end" x="{_LEFT - 12}" y="{y - 4}">{escape(entry.name)}</text>'
            yield f'<line class="{kind}" stroke-width="2" {ends} y1="{y - 8}" y2="{y - 8}"/>'
            yield f'<circle class="{kind}" cx="{scale.place(found.median)}" cy="{y - 8}" r="4"/>'
            x = scale.place(found.most) + 9
            yield f'<text class="small" x="{x}" y="{y - 4}">{duration(found.median)}</text>'


def _short(row: Row) -> str:
    return row.title.partition(", 40 ms")[0]
