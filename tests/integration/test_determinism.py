"""Same inputs and same Hub, same lock, byte for byte, whatever the order of the answers."""

from __future__ import annotations

from pathlib import Path

from flowverse.model import Result

from tests.hub import Hub
from tests.integration.workspace import Workspace, asking


def fill(hub: Hub) -> None:
    """Twelve modules: diamonds, circles, a shared file, several names of one commit, and things worth a warning."""
    ids = [f"o{number % 3}/M{number}" for number in range(12)]
    for number, id in enumerate(ids):
        below = [ids[(number * step + step) % 12] for step in (2, 3, 5)]
        hub.add(
            id,
            {
                "__init__.py": "",
                "flow.py": asking(*below),
                "other.py": asking((ids[(number + 7) % 12], "main" if number % 2 else "v1")),
                "computed.py": "from flows import flow_verse\nflow_verse.sync_dependencies(compute())\n",
                "shared.txt": "shared\n",
                "pip_requirements.txt": f"pyyaml>={number}\nnumpy\n",
            },
        )
    for id in ids:
        hub.tag(id, "v1", hub.commit(id).id)


WISHES = {"o0/M0": "main", "o1/M1": "v1", "o2/M5": "main"}


def test_the_order_of_answers_does_not_matter(tmp_path: Path) -> None:
    """Locks made with answers in five random orders, each with an empty cache, are the same bytes; so is the report."""
    found: set[bytes] = set()
    reports: list[Result] = []
    orders: set[tuple[str, ...]] = set()
    with Hub() as hub:
        fill(hub)
        for seed in range(5):
            space = Workspace(tmp_path / str(seed), hub.endpoint)
            space.declare(WISHES, overrides={"o1/M4": "v1"})
            hub.clear()
            hub.shuffle(seed, 0.03)
            reports.append(space.lock())
            found.add(space.lock_path.read_bytes())
            orders.add(tuple(request.path for request in hub.requests))

    assert len(found) == 1
    assert len(space.locked) == 12
    assert len(orders) > 1  # otherwise this test shows nothing
    assert len({(report.notes, report.warnings, report.locked) for report in reports}) == 1
    assert reports[0].warnings


def test_the_order_of_hashes_and_keys_does_not_matter(tmp_path: Path) -> None:
    """Two processes with other hash seeds, and a manifest in another order, write the same lock and the same lines."""
    found: set[bytes] = set()
    said: set[tuple[str, str]] = set()
    with Hub() as hub:
        fill(hub)
        for seed, wishes in (("1", WISHES), ("2", dict(reversed(WISHES.items())))):
            space = Workspace(tmp_path / seed, hub.endpoint)
            space.declare(wishes)
            done = space.run("sync", PYTHONHASHSEED=seed)
            assert done.code == 0, done
            said.add((done.out, done.err))
            found.add(space.lock_path.read_bytes())

    assert (len(found), len(said)) == (1, 1)


def test_a_lock_says_nothing_of_the_machine(space: Workspace, hub: Hub) -> None:
    """No path, no host, no time: a lock that is made again elsewhere is the same file."""
    fill(hub)
    space.declare(WISHES)
    space.lock()

    text = space.lock_path.read_text(encoding="utf-8")

    assert str(space.base) not in text
    assert "127.0.0.1" not in text
    assert "\r" not in text
    assert text.endswith("\n")
