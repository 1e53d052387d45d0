"""The Hub's rate limits: what a sync costs of them, and what it does when they are reached.

docs/how-it-works.md counts on these numbers. The Hub of these tests allows so few requests that a small sync is too
much.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version

import pexpect
import pytest
from flowverse._hub.http import AT_ONCE
from huggingface_hub import close_session, snapshot_download

from tests.hub import FILE, INFO, Hub, Limit
from tests.integration.screen import run
from tests.integration.workspace import Workspace

FILES = 12
WAITING = re.compile(
    r"Waiting (\d) s: the Hub allows no more requests for now, and more with a token \(`hf auth login`\)"
)


def modules(hub: Hub, number: int, files: int = FILES) -> list[str]:
    """So many modules of so many files, no two of which are the same."""
    ids = [f"owner/Module{count}" for count in range(number)]
    for id in ids:
        hub.add(id, {f"file{count}.py": f"at = {(id, count)}\n" for count in range(files)})
    return ids


@pytest.fixture
def ten(space: Workspace, hub: Hub) -> list[str]:
    ids = modules(hub, 10)
    space.declare(dict.fromkeys(ids, "main"))
    return ids


def spent(limit: Limit) -> dict[str, int]:
    """What was used up of either limit, what was refused not among it."""
    return {
        "api": sum(window.answered for window in limit.windows("api")),
        "files": sum(window.answered for window in limit.windows("resolvers")),
    }


# --- what it costs ---------------------------------------------------------------------------------------------------


def test_a_module_costs_one_of_the_api_and_each_file_one(space: Workspace, hub: Hub, ten: list[str]) -> None:
    """Ten modules of twelve files, without a lock; with one, nothing of the API."""
    limit = hub.limit(api=10, files=10 * FILES)
    space.call("sync", "-q").worked()
    assert spent(limit) == {"api": len(ten), "files": len(ten) * FILES}

    limit = hub.limit(api=0, files=10 * FILES)
    clone = space.clone()
    clone.call("sync", "-q").worked()
    assert spent(limit) == {"api": 0, "files": len(ten) * FILES}
    assert all(clone.holds(hub, id) for id in ten)


@pytest.fixture
def own_connections() -> Iterator[None]:
    """The client keeps a session for the process; its connections end with the test's Hub."""
    yield
    close_session()


@pytest.mark.usefixtures("own_connections")
def test_the_client_alone_costs_twice_as_much(space: Workspace, hub: Hub, ten: list[str]) -> None:
    """`snapshot_download` asks for the revision and for the tree (once it did not), and twice for each file."""
    limit = hub.limit(api=1000, files=1000)

    snapshot_download(ten[0], endpoint=hub.endpoint, cache_dir=space.cache, token=False)

    once = version("huggingface-hub").startswith("1.")
    assert spent(limit) == {"api": 1 if once else 2, "files": 2 * FILES}


# --- at the limit ----------------------------------------------------------------------------------------------------


def test_a_sync_that_is_too_much_waits_and_goes_on(space: Workspace, hub: Hub, ten: list[str]) -> None:
    """One line a window, and not one a request; what is refused is what was on its way; everything is there then."""
    limit = hub.limit(files=50, retry_after=True)

    done = space.call("sync")

    done.worked("Synced 10 flow modules")
    assert all(space.holds(hub, id) for id in ten)
    windows = limit.windows("resolvers")
    assert [window.answered for window in windows] == [50, 50, 20]
    assert [0 < window.refused <= AT_ONCE for window in windows] == [True, True, False]
    assert windows[-1].refused == 0
    said = done.err.splitlines()
    assert 2 <= len(said) <= 4, said  # one more where an answer took longer than the whole window
    assert all(WAITING.fullmatch(line) for line in said), said
    assert spent(limit)["files"] == 10 * FILES


def test_the_way_in_which_the_hub_says_it(space: Workspace, hub: Hub, ten: list[str]) -> None:
    """`RateLimit`, in whole seconds: one more is waited, so that the window is over."""
    limit = hub.limit(api=5)

    done = space.call("sync")

    done.worked("Synced 10 flow modules")
    assert [window.answered for window in limit.windows("api")] == [5, 5]
    assert {WAITING.fullmatch(line)[1] for line in done.err.splitlines()} == {"2"}  # type: ignore[index]
    assert all(space.holds(hub, id) for id in ten)


def test_files_come_while_the_api_is_waited_for(space: Workspace, hub: Hub) -> None:
    """Modules that wait to be looked up are no reason to wait for the files of those that were."""
    ids = modules(hub, 2 * AT_ONCE, files=2)
    space.declare(dict.fromkeys(ids, "main"))
    hub.limit(api=20, seconds=600)
    files = hub.rule(FILE)

    with space.start("sync") as process:
        files.wait(20 * 2)
        process.kill()

    assert hub.count(contains="/resolve/") == 20 * 2
    assert hub.count(contains="/api/", status=200) == 20
    assert 0 < hub.count(contains="/api/", status=429) <= AT_ONCE


def test_nothing_is_lost_where_somebody_does_not_want_to_wait(space: Workspace, hub: Hub, ten: list[str]) -> None:
    """Ctrl-C ends the wait; the next sync asks only for what is still missing."""
    limit = hub.limit(files=50, seconds=600)

    def interrupt(child: pexpect.spawn[str]) -> None:
        child.expect_exact("Waiting 10 min 1 s: the Hub allows no more requests for now")
        child.sendintr()

    code, lines, _ = run(space, 100, "sync", act=interrupt)

    assert code == 130
    assert [line.partition(":")[0].removeprefix("^C") for line in lines] == [
        "Waiting 10 min 1 s",
        "Interrupted; no flow module is left half done.",
    ]
    assert spent(limit)["files"] == 50
    there = [path for path in space.cache.glob("*/blobs/*") if path.suffix != ".incomplete"]
    assert 0 < len(there) <= 50
    limit = hub.limit(files=1000)
    space.call("sync").worked("Synced 10 flow modules")
    assert spent(limit)["files"] == 10 * FILES - len(there)
    assert all(space.holds(hub, id) for id in ten)


def test_a_wait_that_is_too_long_is_an_error(space: Workspace, hub: Hub, ten: list[str]) -> None:
    """More than a quarter of an hour is not waited: it is said, and what to do."""
    limit = hub.limit(api=5, seconds=1000)

    space.call("sync").failed_plainly(3, "answered 429 for owner/Module", "what was fetched is kept")

    assert limit.windows("api")[0].answered == 5
    assert hub.rule(INFO).hits == 0
    assert len(ten) == 10
