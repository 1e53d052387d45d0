"""A run against one before: what became slower beyond what either run varies by itself. Pure.

Times of two machines, or of two days, cannot be compared; ratios to a peer in the same run can. A peer has bad luck as
well: we are slower where we are slower against at least half of the peers, and runs of our own are not asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from benchmarks.figures import Spread, ratios, spread
from benchmarks.names import OF_OURS
from benchmarks.record import Entry, Record, Row

__all__ = ["Change", "changes", "lines", "vanished"]

_LEAST = 0.1
"""A change by less than this share is none, however little the runs vary."""
_ROUNDS = 5
"""Times of fewer rounds say nothing about how much they vary."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is compared: by row and peer the ratio of our time to the peer's; our requests; our peak of memory in MB."""

    row: str
    what: str
    before: Spread
    now: Spread
    counted: bool = False
    """Whether it is a count, which does not vary: any change is one."""
    few: bool = False
    """Whether it is of too few rounds to judge."""
    slower: bool = True
    """Whether the peers of the row agree that we became slower."""
    faster: bool = True
    """Whether the peers of the row agree that we became faster."""

    @property
    def share(self) -> float:
        """How much more it is than before; 0.1 is ten per cent, and anything is endlessly more than nothing."""
        before, now = self.shown
        if before == 0:
            return math.inf if now else 0.0
        return now / before - 1

    @property
    def shown(self) -> tuple[float, float]:
        """The number before and now: the most of a count, the median of what is measured."""
        return (self.before.most, self.now.most) if self.counted else (self.before.median, self.now.median)

    @property
    def worse(self) -> bool:
        """Whether it became more: a count at all; else the middle halves of both runs lie apart."""
        return self.share > 0 if self.counted else self.share > _LEAST and self.now.lower > self.before.upper

    @property
    def better(self) -> bool:
        """Whether it became less, in the same sense."""
        return self.share < 0 if self.counted else self.share < -_LEAST and self.now.upper < self.before.lower

    @property
    def regressed(self) -> bool:
        """Whether it is worse, of enough rounds, and the peers agree."""
        return self.worse and not self.few and self.slower

    @property
    def improved(self) -> bool:
        """Whether it is better, in the same sense."""
        return self.better and not self.few and self.faster


def changes(before: Record, now: Record) -> list[Change]:
    """Compare what both runs measured."""
    found: list[Change] = []
    for row in now.rows:
        old = before.row(row.key)
        if old is not None:
            found += _of_row(old, row)
    return found


def vanished(before: Record, now: Record, expected: Callable[[str], bool] = lambda _: True) -> list[str]:
    """Rows and programs that only the run before has; rows whose key is not `expected` of this run are left out.

    A quick run has other rows than a whole one, so nothing is missed in the one that is in the other.
    """
    if before.quick != now.quick:
        return []
    found = []
    for old in before.rows:
        row = now.row(old.key)
        if row is not None:
            found += [f"{old.key}: {entry.name}" for entry in old.entries if row.entry(entry.name) is None]
        elif expected(old.key):
            found.append(old.key)
    return found


def lines(found: Sequence[Change], gone: Sequence[str] = ()) -> list[str]:
    """The changes for a terminal, what is gone and regressions first."""
    lost = [f"  VANISHED   {name}" for name in gone]
    if not found:
        return [*lost, "Nothing that both runs measured."]
    ordered = sorted(found, key=lambda change: (not change.regressed, not change.improved))
    width = max(len(f"{change.row}: {change.what}") for change in ordered)
    return [*lost, *(_line(change, width) for change in ordered)]


def _line(change: Change, width: int) -> str:
    mark = "REGRESSED" if change.regressed else "improved " if change.improved else "         "
    before, now = change.shown
    few = ", too few rounds to judge" if change.few else ""
    return f"  {mark}  {f'{change.row}: {change.what}':{width}}  {before:.4g} -> {now:.4g}  ({change.share:+.0%}){few}"


def _of_row(old: Row, row: Row) -> Iterator[Change]:
    yield from _by_peer(old, row)
    for kind in ("requests", "api"):
        if old.ours.counts(kind) | row.ours.counts(kind) != {0}:
            what = "requests" if kind == "requests" else "requests to the API"
            yield Change(row=row.key, what=what, before=_counts(old, kind), now=_counts(row, kind), counted=True)
    if row.size is not None:
        yield Change(row=row.key, what="peak of memory", before=spread(old.ours.peaks), now=spread(row.ours.peaks))


def _by_peer(old: Row, row: Row) -> Iterator[Change]:
    """Our time by each peer's, and whether those that may judge agree."""
    found: dict[str, Change] = {}
    for peer in row.entries[1:]:
        same = old.entry(peer.name)
        if same is None or old.ours.name != row.ours.name:
            continue
        before, now = _ratios(old, same), _ratios(row, peer)
        few = min(len(before), len(now)) < _ROUNDS
        what = f"ours by {peer.name}"
        found[peer.name] = Change(row=row.key, what=what, before=spread(before), now=spread(now), few=few)
    sure = {name: change for name, change in found.items() if not change.few}
    judges = [change for name, change in sure.items() if name not in OF_OURS] or list(sure.values())
    slower = 2 * sum(change.worse for change in judges) >= len(judges)
    faster = 2 * sum(change.better for change in judges) > len(judges)
    yield from (replace(change, slower=slower, faster=faster) for change in found.values())


def _ratios(row: Row, peer: Entry) -> list[float]:
    return ratios(row.ours.seconds, peer.seconds)


def _counts(row: Row, kind: str) -> Spread:
    return spread([sample.requests.get(kind, 0) for sample in row.ours.samples])
