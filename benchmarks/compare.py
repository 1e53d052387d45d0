"""A run against one before: what became slower beyond what either run varies by itself. Pure.

Times of two machines, or of two days, cannot be compared; ratios to a peer in the same run can. A peer has bad luck as
well: we are slower where we are slower against every peer of the row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from benchmarks.figures import Spread, ratios, spread
from benchmarks.record import Entry, Record, Row

__all__ = ["Change", "changes", "lines"]

_LEAST = 0.1
"""A change by less than this share is none, however little the runs vary."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is compared: by row and peer the ratio of our time to the peer's; our requests; our peak of memory in MB."""

    row: str
    what: str
    before: Spread
    now: Spread
    agreed: bool = True
    """Whether all peers of the row say the same."""

    @property
    def share(self) -> float:
        """How much more it is than before; 0.1 is ten per cent, and anything is endlessly more than nothing."""
        if self.before.median == 0:
            return math.inf if self.now.median else 0.0
        return self.now.median / self.before.median - 1

    @property
    def worse(self) -> bool:
        """Whether it became more, and the middle halves of both runs lie apart."""
        return self.share > _LEAST and self.now.lower > self.before.upper

    @property
    def better(self) -> bool:
        """Whether it became less, in the same sense."""
        return self.share < -_LEAST and self.now.upper < self.before.lower

    @property
    def regressed(self) -> bool:
        """Whether it is worse, and no other peer says otherwise."""
        return self.worse and self.agreed

    @property
    def improved(self) -> bool:
        """Whether it is better, and no other peer says otherwise."""
        return self.better and self.agreed


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
    by_peer = [
        Change(row=row.key, what=f"ours by {peer.name}", before=_ratio(old, same), now=_ratio(row, peer))
        for peer in row.entries[1:]
        if (same := old.entry(peer.name)) is not None and old.ours.name == row.ours.name
    ]
    agreed = all(change.worse for change in by_peer) or all(change.better for change in by_peer)
    yield from (replace(change, agreed=agreed) for change in by_peer)
    if old.ours.counts() | row.ours.counts() != {0}:
        yield Change(row=row.key, what="requests", before=_requests(old), now=_requests(row))
    if row.size is not None:
        yield Change(row=row.key, what="peak of memory", before=spread(old.ours.peaks), now=spread(row.ours.peaks))


def _ratio(row: Row, peer: Entry) -> Spread:
    return spread(ratios(row.ours.seconds, peer.seconds))


def _requests(row: Row) -> Spread:
    return spread([sample.requests.get("requests", 0) for sample in row.ours.samples])
