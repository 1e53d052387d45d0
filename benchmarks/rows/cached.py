"""A fresh clone of a project where the cache has the content: no request, and about what a copy costs."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench, Synced
from benchmarks.desk import TREE
from benchmarks.hub_process import FAR
from benchmarks.modules import FILES, world
from benchmarks.names import CHECKOUT, COPY, SYNC
from benchmarks.record import Row
from benchmarks.running import Contender, Job

__all__ = ["measure"]


def measure(bench: Bench) -> Iterator[Row]:
    """A row by size."""
    for size in (40, 100) if bench.quick else (40, 1000):
        synced = bench.synced(size)
        bench.hub.set(FAR)
        title = f"Fresh clone, filled cache: {size} modules x {FILES} files"
        contenders = [_ours(bench, synced, size), _copy(bench, synced), _checkout(bench, synced)]
        yield bench.race(f"cached-{size}", title, contenders, rounds=bench.rounds(9))


def _ours(bench: Bench, synced: Synced, size: int) -> Contender:
    manifest, lock = synced.manifest, synced.lock

    def ready() -> Job:
        return bench.command(bench.desk.project(manifest, lock), synced.home, "sync", whole=world(size))

    return Contender(name=SYNC, ready=ready)


def _copy(bench: Bench, synced: Synced) -> Contender:
    def ready() -> Job:
        folder = bench.desk.folder("copy")
        command = ["cp", "-r", str(synced.tree), str(folder / TREE)]
        return Job(command=command, cwd=folder, environ=bench.desk.environ(folder))

    return Contender(name=COPY, ready=ready)


def _checkout(bench: Bench, synced: Synced) -> Contender:
    """What git does for a fresh clone where it has the content."""
    source = bench.repository(synced)

    def ready() -> Job:
        folder = bench.desk.folder("checkout")
        command = ["git", "clone", "--quiet", str(source), str(folder / TREE)]
        return Job(command=command, cwd=folder, environ=bench.desk.environ(folder))

    return Contender(name=CHECKOUT, ready=ready)
