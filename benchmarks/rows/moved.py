"""One module of many moved, as after a pull: the lock has another commit of it than the tree."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from benchmarks.bench import Bench, Synced
from benchmarks.desk import LOCK, MANIFEST, declare
from benchmarks.hub_process import FAR, NEAR
from benchmarks.modules import FILES, module_id, roots, world
from benchmarks.names import ALONE, NOTHING, SYNC
from benchmarks.record import Row
from benchmarks.rows import nothing
from benchmarks.running import Contender, Job

__all__ = ["measure"]


def measure(bench: Bench) -> Iterator[Row]:
    """One row: the move, the move of a project that has nothing else, a sync with nothing to do, an interpreter."""
    size = 100 if bench.quick else 1000
    rounds = bench.rounds(9)
    bench.say(f"locks of {size} modules, of which one moves")
    many = _moves(bench, size, rounds)
    alone = _moves(bench, 1, rounds)
    # Another project than the one that moves: that one has just been written to, which a sync looks at more closely.
    contenders = [
        Contender(name=SYNC, ready=many),
        Contender(name=ALONE, ready=alone),
        nothing.ours(bench, bench.synced(size), NOTHING),
        nothing.bare(bench),  # of these alone it tells whether all of ours became slower
    ]
    bench.hub.set(FAR)
    title = f"One module moved of {size}: 3 of its {FILES} files changed, 40 ms a request"
    yield bench.race(f"moved-{size}", title, contenders, rounds=rounds)


def _moves(bench: Bench, size: int, rounds: int) -> Callable[[], Job]:
    """Each call puts the next lock in place: the first module's branch is another one, with a commit of its own."""
    project = bench.sync(_manifest(size, 0), world(size))
    locks = _locks(bench, project, size, rounds)
    versions = itertools.count(1)

    def ready() -> Job:
        version = next(versions)
        (project.root / MANIFEST).write_text(_manifest(size, version), encoding="utf-8")
        (project.root / LOCK).write_bytes(locks[version])
        mark = f"{size} 0 system {version}\n".encode()
        changed = project.tree / module_id(size, 0) / "prompts/system.jinja"

        def wrong() -> str:
            return "" if mark in changed.read_bytes() else "the module did not move"

        return bench.command(project.root, project.home, "sync", check=wrong)

    return ready


def _locks(bench: Bench, project: Synced, size: int, rounds: int) -> dict[int, bytes]:
    """The lock of each version, made with another cache: the files that change are to be fetched."""
    bench.hub.set(NEAR)
    home, locks = bench.desk.folder("home"), {}
    root = bench.desk.project(_manifest(size, 0), project.lock)
    for version in range(1, rounds + 2):
        (root / MANIFEST).write_text(_manifest(size, version), encoding="utf-8")
        bench.do(bench.command(root, home, "lock"))
        locks[version] = (root / LOCK).read_bytes()
    return locks


def _manifest(size: int, version: int) -> str:
    revisions = dict.fromkeys(roots(size), "main")
    if version:
        revisions[module_id(size, 0)] = f"next{version}"
    return declare(revisions)
