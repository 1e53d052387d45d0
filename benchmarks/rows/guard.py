"""What a program pays that uses flow modules: the import of `flow_modules`, with the guard in it."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.names import IMPORT
from benchmarks.record import Row
from benchmarks.rows.nothing import bare
from benchmarks.running import Contender, Job

__all__ = ["measure"]


def measure(bench: Bench) -> Iterator[Row]:
    """One row."""
    synced = bench.synced(40)

    def ready() -> Job:
        command = [str(bench.places.ours.python), "-c", "import flow_modules"]
        return Job(command=command, cwd=synced.root, environ=bench.desk.environ(synced.home))

    contenders = [Contender(name=IMPORT, ready=ready), bare(bench)]
    yield bench.race("guard", "Import of flow_modules: 40 modules", contenders, rounds=bench.rounds(41, 15))
