"""Resolving and locking by size, with the Hub next door: what grows, and how fast.

The lock of one module is what a run takes before the size tells: the exponents are of what is above it.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.desk import LOCK, declare
from benchmarks.hub_process import NEAR
from benchmarks.modules import FILES, roots
from benchmarks.names import LOCKING, START
from benchmarks.record import Row
from benchmarks.rows.nothing import bare
from benchmarks.running import Contender, Job

__all__ = ["measure"]

SIZES = (100, 300, 1000, 3000)


def measure(bench: Bench) -> Iterator[Row]:
    """A row by size."""
    bench.hub.set(NEAR)
    for size in SIZES[:2] if bench.quick else SIZES:
        title = f"Resolve and lock: {size} modules x {FILES} files, no delay"
        rounds = bench.rounds({100: 5, 300: 5, 1000: 3, 3000: 2}[size])
        contenders = [_ours(bench, size, LOCKING), _ours(bench, 1, START), bare(bench)]
        yield bench.race(f"resolving-{size}", title, contenders, rounds=rounds, size=size)


def _ours(bench: Bench, size: int, name: str) -> Contender:
    manifest = declare(dict.fromkeys(roots(size), "main"))

    def ready() -> Job:
        root = bench.desk.project(manifest)

        def wrong() -> str:
            found = (root / LOCK).read_text(encoding="utf-8").count("[[module]]")
            return "" if found == size else f"{found} modules of {size} are locked"

        return bench.command(root, bench.desk.folder("home"), "lock", check=wrong)

    return Contender(name=name, ready=ready, warm_up=size < 1000)
