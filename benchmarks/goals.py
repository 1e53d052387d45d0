"""What is to be reached, and whether a run reached it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.figures import differences, ratios, slope, spread
from benchmarks.names import (
    AIFLOWS,
    ALONE,
    BARE,
    COPY,
    FLOOR,
    GIT_STATUS,
    NOTHING,
    START,
    THREADS,
    WITHOUT,
    WITHOUT_BUT_CLIENT,
)
from benchmarks.record import Entry, Record, Row

__all__ = ["GOALS", "Goal", "Judged", "judge"]

Measure = Literal["ratio", "over", "sum", "requests", "api", "time exponent", "memory exponent", "memory"]
"""What is held against the limit, medians of what was measured round by round.

`ratio`: our time by the peer's. `over`: our time less the peer's, in ms. `sum`: our time by that of the peers together.
`requests`, `api`: the most requests of ours, of all kinds or to the Hub's API. The exponents are over all rows whose
key begins with the goal's, and of what is above the start of the process: the medians less those of the lock of one
module, or of the bare interpreter where nobody measured that; a start that is the same for each size would flatter
them. Without either of them the smallest size is left out. `memory`: our peak in MB.
"""


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A limit for a row."""

    row: str
    measure: Measure
    limit: float
    peers: tuple[str, ...] = ()
    words: str = ""
    """The limit as people say it, if not in the number itself."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A goal, and what a run says of it: None if the run did not measure it."""

    goal: Goal
    measured: float | None

    @property
    def met(self) -> bool | None:
        """Whether it is reached."""
        return None if self.measured is None else self.measured <= self.goal.limit


GOALS: Sequence[Goal] = (
    Goal(row="cold-40", measure="ratio", limit=1 / 12, peers=(AIFLOWS,), words="1/12"),
    Goal(row="cold-40", measure="ratio", limit=1 / 3, peers=(THREADS,), words="1/3"),
    Goal(row="cold-40", measure="ratio", limit=1.5, peers=(FLOOR,)),
    Goal(row="locked-40", measure="ratio", limit=1.3, peers=(FLOOR,)),
    Goal(row="locked-40", measure="api", limit=0),
    Goal(row="cached-40", measure="requests", limit=0),
    Goal(row="cached-40", measure="ratio", limit=2, peers=(COPY,)),
    Goal(row="cached-1000", measure="requests", limit=0),
    Goal(row="cached-1000", measure="ratio", limit=2, peers=(COPY,)),
    Goal(row="nothing-10", measure="requests", limit=0),
    Goal(row="nothing-100", measure="requests", limit=0),
    Goal(row="nothing-1000", measure="requests", limit=0),
    Goal(row="nothing-10", measure="over", limit=30, peers=(BARE,)),
    Goal(row="nothing-1000", measure="ratio", limit=2.5, peers=(GIT_STATUS,)),
    Goal(row="moved-1000", measure="sum", limit=1, peers=(ALONE, NOTHING)),
    Goal(row="pdm-version", measure="over", limit=5, peers=(WITHOUT,)),
    Goal(row="pdm-version", measure="over", limit=5, peers=(WITHOUT_BUT_CLIENT,)),
    Goal(row="hatch-run", measure="over", limit=10, peers=(WITHOUT,)),
    Goal(row="hatch-build", measure="over", limit=50, peers=(WITHOUT,)),
    Goal(row="resolving", measure="time exponent", limit=1.1),
    Goal(row="resolving", measure="memory exponent", limit=1.1),
    Goal(row="resolving-3000", measure="memory", limit=150),
    Goal(row="guard", measure="over", limit=2, peers=(BARE,)),
)


def judge(record: Record, goals: Sequence[Goal] = GOALS) -> list[Judged]:
    """Hold a run against all goals."""
    return [Judged(goal=goal, measured=_measured(record, goal)) for goal in goals]


def _measured(record: Record, goal: Goal) -> float | None:
    if goal.measure in {"time exponent", "memory exponent"}:
        return _exponent(record, goal)
    row = record.row(goal.row)
    if row is None:
        return None
    if goal.measure in {"requests", "api"}:
        return max(row.ours.counts(goal.measure))
    if goal.measure == "memory":
        return spread(row.ours.peaks).median
    peers = [entry for name in goal.peers if (entry := row.entry(name)) is not None]
    return _against(row, goal, peers) if len(peers) == len(goal.peers) else None


def _against(row: Row, goal: Goal, peers: Sequence[Entry]) -> float:
    theirs = [sum(together) for together in zip(*(peer.seconds for peer in peers), strict=False)]
    if goal.measure == "over":
        return 1000 * spread(differences(row.ours.seconds, theirs)).median
    return spread(ratios(row.ours.seconds, theirs)).median


def _exponent(record: Record, goal: Goal) -> float | None:
    rows = [row for row in record.rows if row.key.startswith(f"{goal.row}-") and row.size]
    starts = [start for row in rows if (start := row.entry(START) or row.entry(BARE)) is not None]
    if len(starts) < len(rows):
        smallest = min(row.size or 0 for row in rows)
        above = [(row.size or 0, _median(row.ours, goal)) for row in rows if row.size != smallest]
    else:
        # A size that takes no more than the start is too small to tell anything.
        grown = [_median(row.ours, goal) - _median(start, goal) for row, start in zip(rows, starts, strict=True)]
        above = [(row.size or 0, more) for row, more in zip(rows, grown, strict=True) if more > 0]
    return slope([size for size, _ in above], [more for _, more in above]) if len(above) > 1 else None


def _median(entry: Entry, goal: Goal) -> float:
    return spread(entry.seconds if goal.measure == "time exponent" else entry.peaks).median
