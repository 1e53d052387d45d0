"""What is measured: a file a group of rows, each with a function `measure` that yields them as they are done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from benchmarks.bench import Bench
from benchmarks.record import Row
from benchmarks.rows import cached, cold, guard, hosts, moved, nothing, resolving

__all__ = ["GROUPS", "KEYS"]

GROUPS: Mapping[str, Callable[[Bench], Iterator[Row]]] = {
    "cold": cold.measure,
    "cached": cached.measure,
    "nothing": nothing.measure,
    "moved": moved.measure,
    "hosts": hosts.measure,
    "guard": guard.measure,
    "resolving": resolving.measure,
}

KEYS: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in GROUPS},
    "cold": ("cold", "locked"),
    "hosts": ("pdm", "hatch"),
}
"""How the keys of a group's rows begin."""
