"""A cold sync from a Hub that is far away: of requirements, and of a lock."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.desk import declare, missing
from benchmarks.hub_process import FAR
from benchmarks.modules import FILES, contents, known, roots, world
from benchmarks.names import AIFLOWS, CLONE, FLOOR, ONE_AFTER_THE_OTHER, SYNC, THREADS
from benchmarks.record import Row
from benchmarks.running import Contender, Job
from tests.hub.repository import Repository

__all__ = ["measure"]


SIZE = 40
_PEERS = Path(__file__).parents[1] / "peers"


def measure(bench: Bench) -> Iterator[Row]:
    """The two rows."""
    manifest = declare(dict.fromkeys(roots(SIZE), "main"))
    lock = bench.synced(SIZE).lock
    bench.hub.set(FAR)
    what = f"{SIZE} modules x {FILES} files, 40 ms a request and 2 x 40 ms a connection"
    peers = [_floor(bench, infos=True), _threads(bench), _clone(bench), _aiflows(bench)]
    if not bench.quick:
        peers.append(_one_after_the_other(bench))
    cold = [_ours(bench, manifest, None), *peers]
    yield bench.race(f"cold-{SIZE}", f"Cold sync: {what}", cold, rounds=bench.rounds(7))
    locked = [_ours(bench, manifest, lock), _floor(bench, infos=False)]
    yield bench.race(f"locked-{SIZE}", f"Cold sync of a lock: {what}", locked, rounds=bench.rounds(7))


def _ours(bench: Bench, manifest: str, lock: bytes | None) -> Contender:
    def ready() -> Job:
        return bench.command(bench.desk.project(manifest, lock), bench.desk.folder("home"), "sync", whole=world(SIZE))

    return Contender(name=SYNC, ready=ready)


def _floor(bench: Bench, *, infos: bool) -> Contender:
    plan = bench.desk.folder("plan") / "plan.json"
    plan.write_text(json.dumps(_plan(bench.hub.endpoint, infos=infos)), encoding="utf-8")

    def ready() -> Job:
        folder = bench.desk.folder("floor")
        return _python(bench, "floor.py", str(plan), str(folder), check=lambda _: missing(folder, world(SIZE), FILES))

    return Contender(name=FLOOR, ready=ready)


def _plan(endpoint: str, *, infos: bool) -> list[tuple[str, list[str]]]:
    """What is asked for: a module's info, if that is wanted, and each content once."""
    asked: dict[str, tuple[str, list[str]]] = {}
    for id in world(SIZE):
        size, number = known(id) or (SIZE, 0)
        commit = Repository(id=id).commit(contents(size, number), message="Add files", branch="main", lfs=())
        if infos:
            asked[id] = (f"{endpoint}/api/models/{id}/revision/main?blobs=true", [])
        for path, file in commit.files.items():
            asked.setdefault(file.blob_id, (f"{endpoint}/{id}/resolve/{commit.id}/{path}", []))[1].append(
                f"{id}/{path}"
            )
    return sorted(asked.values(), key=lambda each: len(each[1]) > 0)


def _threads(bench: Bench) -> Contender:
    def ready() -> Job:
        return _python(bench, "snapshots.py", "8", *world(SIZE), check=_not_in_cache)

    return Contender(name=THREADS, ready=ready)


def _one_after_the_other(bench: Bench) -> Contender:
    def ready() -> Job:
        return _python(bench, "snapshots.py", "1", *world(SIZE), check=_not_in_cache)

    return Contender(name=ONE_AFTER_THE_OTHER, ready=ready, rounds=3, warm_up=False)


def _not_in_cache(home: Path) -> str:
    """Say which module is not whole in the cache of the Hub's client."""
    folders = [f"models--{id.replace('/', '--')}/snapshots" for id in world(SIZE)]
    return missing(home / "hub", folders, FILES)


def _python(bench: Bench, script: str, *arguments: str, check: Callable[[Path], str]) -> Job:
    """A run of a script of ours; `check` is given its home."""
    command = [str(bench.places.ours.python), str(_PEERS / script), *arguments]
    home = bench.desk.folder("home")
    return Job(command=command, cwd=home, environ=bench.desk.environ(home), check=lambda: check(home))


def _clone(bench: Bench) -> Contender:
    """Eight clones at a time, of repositories that are known beforehand."""
    addresses = bench.desk.folder("addresses") / "addresses.txt"
    lines = [f"{bench.hub.endpoint}/{id}.git {id}\n" for id in world(SIZE)]
    addresses.write_text("".join(lines), encoding="utf-8")
    line = 'xargs -P 8 -n 2 git clone --quiet --depth 1 < "$1"'

    def ready() -> Job:
        folder = bench.desk.folder("clones")
        return Job(
            command=["sh", "-c", line, "sh", str(addresses)],
            cwd=folder,
            environ=bench.desk.environ(folder),
            check=lambda: missing(folder, world(SIZE), FILES),
        )

    return Contender(name=CLONE, ready=ready)


def _aiflows(bench: Bench) -> Contender:
    """Its own sync, which learns of a module's dependencies by importing it."""

    def ready() -> Job:
        folder = bench.desk.folder("aiflows")
        command = [str(bench.places.aiflows.python), str(_PEERS / "aiflows_sync.py"), *roots(SIZE)]
        return Job(
            command=command,
            cwd=folder,
            environ=bench.desk.environ(folder / "hf", HOME=str(folder)),
            check=lambda: missing(folder / "flow_modules", world(SIZE), FILES),
        )

    return Contender(name=AIFLOWS, ready=ready, rounds=bench.rounds(3, 1), warm_up=False)
