"""What we are compared with: aiFlows' own sync of the benchmark's modules, for real, and what it asks the Hub."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from benchmarks import modules
from benchmarks.desk import missing
from tests.hub import Hub
from tests.trees import start

SCRIPT = Path(__file__).parents[2] / "benchmarks/peers/aiflows_sync.py"
SIZE = 10
WISHES = len(modules.roots(SIZE)) + sum(len(modules.dependencies(SIZE, number)) for number in range(SIZE))


@pytest.fixture
def world(hub: Hub) -> Hub:
    """A Hub with the smallest world of five layers."""
    for number, id in enumerate(modules.world(SIZE)):
        hub.add(id, modules.contents(SIZE, number))
    return hub


def sync(aiflows: Path, folder: Path, hub: Hub) -> CompletedProcess[str]:
    home = {"HOME": str(folder), "USERPROFILE": str(folder), "HF_HOME": str(folder / "hf")}
    environ = {**home, "HF_ENDPOINT": hub.endpoint, "HF_HUB_DISABLE_TELEMETRY": "1"}
    hub.clear()
    return start([str(SCRIPT), *modules.roots(SIZE)], python=aiflows, cwd=folder, env=environ)


def test_aiflows_syncs_the_modules_of_the_benchmark(aiflows: Path, tmp_path: Path, world: Hub) -> None:
    """From the roots alone and without a question; each request of a file is made twice, as HEAD and as GET."""
    done = sync(aiflows, tmp_path, world)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"{SIZE} modules synced"
    assert "(Y/N)" not in done.stdout + done.stderr
    assert missing(tmp_path / "flow_modules", modules.world(SIZE), modules.FILES) == ""
    files = SIZE * modules.FILES
    assert (world.count(method="HEAD"), world.count(method="GET", contains="/resolve/")) == (files, files)
    # Two when a module is fetched, and one for each further wish for it.
    assert world.count(contains="/api/") == 2 * SIZE + (WISHES - SIZE)


def test_aiflows_asks_again_at_each_start(aiflows: Path, tmp_path: Path, world: Hub) -> None:
    """With everything in place: a request for each wish of each module."""
    for _ in range(2):
        done = sync(aiflows, tmp_path, world)
        assert done.returncode == 0, done.stderr
    assert done.stdout.count("already synced, skip") == WISHES
    assert world.count() == world.count(contains="/api/") == WISHES


def test_aiflows_that_cannot_sync_is_not_measured(aiflows: Path, tmp_path: Path, world: Hub) -> None:
    """A module that nobody has: the program fails, and does not wait for an answer of anyone."""
    world.remove(modules.world(SIZE)[-1])
    done = sync(aiflows, tmp_path, world)
    assert done.returncode == 1
    assert "modules synced" not in done.stdout
