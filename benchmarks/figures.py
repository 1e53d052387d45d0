"""Medians, spreads, ratios and slopes. Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Spread", "differences", "ratios", "slope", "spread"]


@dataclass(frozen=True, kw_only=True)
class Spread:
    """The median of some numbers, their extremes, and the range that the middle half of them is in."""

    median: float
    least: float
    most: float
    lower: float
    upper: float


def spread(values: Sequence[float]) -> Spread:
    """The spread of at least one number."""
    lower, upper = min(values), max(values)
    if len(values) > 1:
        lower, _, upper = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median=statistics.median(values), least=min(values), most=max(values), lower=lower, upper=upper)


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Ours by theirs, round by round; rounds in which they did not run are left out."""
    return [mine / other for mine, other in zip(ours, theirs, strict=False)]


def differences(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Ours less theirs, round by round."""
    return [mine - other for mine, other in zip(ours, theirs, strict=False)]


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The exponent with which values grow with sizes: the slope of the straight line through their logarithms.

    1 is linear, 0 does not grow. It needs two sizes or more, all greater than zero.
    """
    points = [(math.log(size), math.log(value)) for size, value in zip(sizes, values, strict=True)]
    middle = statistics.fmean(x for x, _ in points), statistics.fmean(y for _, y in points)
    across = sum((x - middle[0]) ** 2 for x, _ in points)
    return sum((x - middle[0]) * (y - middle[1]) for x, y in points) / across
