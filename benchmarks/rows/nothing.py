"""Nothing to do: the tree is what the lock says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from uv import find_uv_bin

from benchmarks.bench import Bench, Synced
from benchmarks.desk import MANIFEST
from benchmarks.hub_process import FAR
from benchmarks.modules import FILES
from benchmarks.names import BARE, GIT_STATUS, SYNC, UV_SYNC
from benchmarks.record import Row
from benchmarks.running import Contender, Job

__all__ = ["bare", "measure", "ours"]


def measure(bench: Bench) -> Iterator[Row]:
    """A row by size."""
    uv_sync = _uv_sync(bench)
    for size in (10, 100) if bench.quick else (10, 100, 1000):
        synced = bench.synced(size)
        bench.hub.set(FAR)
        title = f"Nothing to do: {size} modules x {FILES} files"
        contenders = [ours(bench, synced), _git_status(bench, synced), bare(bench), uv_sync]
        yield bench.race(f"nothing-{size}", title, contenders, rounds=bench.rounds(21, 7))


def ours(bench: Bench, synced: Synced, name: str = SYNC) -> Contender:
    """Our sync, of a project in sync."""
    return Contender(name=name, ready=lambda: bench.command(synced.root, synced.home, "sync"))


def bare(bench: Bench) -> Contender:
    """The interpreter that runs our command, with nothing to run."""

    def ready() -> Job:
        command = [str(bench.places.ours.python), "-c", "pass"]
        return Job(command=command, cwd=Path.cwd(), environ=bench.desk.environ(Path.cwd()))

    return Contender(name=BARE, ready=ready)


def _git_status(bench: Bench, synced: Synced) -> Contender:
    folder = bench.repository(synced)
    job = Job(command=["git", "status"], cwd=folder, environ=bench.desk.environ(folder))
    return Contender(name=GIT_STATUS, ready=lambda: job)


def _uv_sync(bench: Bench) -> Contender:
    """A project whose thirty packages are installed already; for scale."""
    folder = bench.desk.folder("uv")
    text = '[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.10"\n'
    packages = '["click", "cyclonedx-python-lib", "filelock", "huggingface-hub", "rich", "tomlkit"]'
    (folder / MANIFEST).write_text(f"{text}dependencies = {packages}\n", encoding="utf-8")
    python = str(bench.places.ours.python)
    job = Job(command=[find_uv_bin(), "sync", "--python", python], cwd=folder, environ=bench.places.installing())
    bench.say("a project for uv sync")
    bench.do(job)
    return Contender(name=UV_SYNC, ready=lambda: job)
