"""A run against one before: what became slower beyond what either run varies by itself. Pure.

Times of two machines, or of two days, cannot be compared; ratios to a peer in the same run can.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.figures import Spread, ratios, spread
from benchmarks.record import Entry, Record, Row

__all__ = ["Change", "changes", "lines"]

_LEAST = 0.05
"""A change by less than this share is none, however little the runs vary."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is compared: by row and peer the ratio of our time to the peer's; our requests; our peak of memory in MB."""

    row: str
    what: str
    before: Spread
    now: Spread

    @property
    def share(self) -> float:
        """How much more it is than before; 0.1 is ten per cent, and anything is endlessly more than nothing."""
        if self.before.median == 0:
            return math.inf if self.now.median else 0.0
        return self.now.median / self.before.median - 1

    @property
    def regressed(self) -> bool:
        """Whether it became worse, and the middle halves of both runs lie apart."""
        return self.share > _LEAST and self.now.lower > self.before.upper

    @property
    def improved(self) -> bool:
        """Whether it became better, in the same sense."""
        return self.share < -_LEAST and self.now.upper < self.before.lower


def changes(before: Record, now: Record) -> list[Change]:
    """Compare what both runs measured."""
    found: list[Change] = []
    for row in now.rows:
        old = before.row(row.key)
        if old is not None:
            found += _of_row(old, row)
    return found


def lines(found: Sequence[Change]) -> list[str]:
    """The changes for a terminal, regressions first."""
    if not found:
        return ["Nothing that both runs measured."]
    ordered = sorted(found, key=lambda change: (not change.regressed, not change.improved))
    width = max(len(f"{change.row}: {change.what}") for change in ordered)
    return [
        f"  {_mark(change)}  {f'{change.row}: {change.what}':{width}}  "
        f"{change.before.median:.4g} -> {change.now.median:.4g}  ({change.share:+.0%})"
        for change in ordered
    ]


def _mark(change: Change) -> str:
    return "REGRESSED" if change.regressed else "improved " if change.improved else "         "


def _of_row(old: Row, row: Row) -> Iterator[Change]:
    for peer in row.entries[1:]:
        same = old.entry(peer.name)
        if same is not None and old.ours.name == row.ours.name:
            before, now = _ratio(old, same), _ratio(row, peer)
            yield Change(row=row.key, what=f"ours by {peer.name}", before=before, now=now)
    if old.ours.counts() | row.ours.counts() != {0}:
        yield Change(row=row.key, what="requests", before=_requests(old), now=_requests(row))
    if row.size is not None:
        yield Change(row=row.key, what="peak of memory", before=spread(old.ours.peaks), now=spread(row.ours.peaks))


def _ratio(row: Row, peer: Entry) -> Spread:
    return spread(ratios(row.ours.seconds, peer.seconds))


def _requests(row: Row) -> Spread:
    return spread([sample.requests.get("requests", 0) for sample in row.ours.samples])
