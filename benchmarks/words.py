"""Numbers and limits as words; used by the page, by the terminal and by comparisons. Pure."""

from __future__ import annotations

from benchmarks.figures import Spread, spread
from benchmarks.goals import Goal, Judged
from benchmarks.record import Entry

__all__ = ["asked", "duration", "limit", "many", "measured", "peak", "range_of", "rounds", "times", "verdict"]


def duration(seconds: float) -> str:
    """Milliseconds below a second, else seconds, with three digits that mean something."""
    if seconds >= 1:
        return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:.0f} s"
    return f"{1000 * seconds:.3g} ms"


def range_of(found: Spread) -> str:
    """The extremes."""
    return f"{duration(found.least)} to {duration(found.most)}"


def rounds(entry: Entry) -> str:
    """How often a program ran."""
    return many(str(len(entry.samples)), "round")


def many(number: str, what: str) -> str:
    """A number of things, or one thing."""
    return f"{number} {what}{'' if number == '1' else 's'}"


def times(ratio: float) -> str:
    """How many times as long; small ratios as one part of so many."""
    return f"{ratio:.2f} x" if ratio >= 0.1 or ratio <= 0 else f"1/{1 / ratio:.1f}"


def asked(entry: Entry) -> str:
    """How many requests there were, and how many connections they came over; nothing where no Hub was asked."""
    requests, connections = entry.counts("requests"), entry.counts("connections")
    if requests == {0}:
        return ""
    return f"{many(_between(requests), 'request')} on {many(_between(connections), 'connection')}"


def limit(goal: Goal) -> str:
    """A goal in words."""
    peers = " and ".join(goal.peers)
    number = goal.words or f"{goal.limit:g}"
    return {
        "ratio": f"at most {number} x {peers}" if not goal.words else f"at most {number} of {peers}",
        "over": f"at most {number} ms over {peers}",
        "sum": f"at most {peers}, together",
        "requests": "no request",
        "api": "no info request",
        "time exponent": f"time above the start grows with an exponent of at most {number}",
        "memory exponent": f"memory above the start grows with an exponent of at most {number}",
        "memory": f"at most {number} MB",
    }[goal.measure]


def measured(judged: Judged) -> str:
    """What was measured for a goal."""
    value = judged.measured
    if value is None:
        return "not measured"
    match judged.goal.measure:
        case "ratio" | "sum":
            return times(value)
        case "over":
            return f"{value:.1f} ms"
        case "memory":
            return f"{value:.0f} MB"
        case "requests" | "api":
            return f"{value:.0f}"
        case _:
            return f"{value:.2f}"


def verdict(judged: Judged) -> str:
    """Met or missed."""
    return {True: "met", False: "**missed**", None: "not measured"}[judged.met]


def peak(entry: Entry) -> str:
    """The median of the peaks of memory."""
    return f"{spread(entry.peaks).median:.0f} MB"


def _between(numbers: set[int]) -> str:
    return str(min(numbers)) if len(numbers) == 1 else f"{min(numbers)} to {max(numbers)}"
