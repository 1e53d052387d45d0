"""Two syncs of one tree wait for each other."""

from __future__ import annotations

import shutil

from tests.hub import FILE, INFO, Hub
from tests.integration.workspace import Workspace, asking


def fill(hub: Hub, space: Workspace) -> None:
    hub.add("a/One", {"one.py": asking("b/Two"), "data.txt": "data\n"})
    hub.add("b/Two", {"two.py": "two = 2\n"})
    space.declare({"a/One": "main"})


def test_two_syncs_of_one_tree_wait_for_each_other(space: Workspace, hub: Hub) -> None:
    """The second says what it waits for, goes on when the first is through, and both succeed."""
    fill(hub, space)
    space.lock()
    shutil.rmtree(space.home)
    hub.clear()
    rule = hub.rule(FILE + ".*data.txt", action="stall")

    with space.start("sync") as first:
        rule.wait()
        with space.start("sync") as second:
            assert second.stderr is not None
            assert second.stderr.readline() == f"Waiting for another sync of {space.tree}\n"
            rule.release()
            one, two = first.communicate(timeout=60), second.communicate(timeout=60)

    assert (first.returncode, second.returncode) == (0, 0), (one, two)
    assert one[0].endswith("Synced 2 flow modules\n")
    assert two[0] == "2 flow modules in sync\n"
    assert space.holds(hub, "a/One")
    assert hub.count(contains="/resolve/") == 3


def test_a_waiting_sync_is_not_held_up_by_a_killed_one(space: Workspace, hub: Hub) -> None:
    """The lock of a process that is gone is no lock."""
    fill(hub, space)
    space.lock()
    shutil.rmtree(space.home)
    rule = hub.rule(FILE + ".*data.txt", action="stall", first=1)

    with space.start("sync") as first:
        rule.wait()
        with space.start("sync") as second:
            assert second.stderr is not None
            assert second.stderr.readline().startswith("Waiting for another sync of")
            first.kill()
            out, err = second.communicate(timeout=60)

    assert second.returncode == 0, (out, err)
    assert space.holds(hub, "a/One")


def test_two_first_syncs_at_once(space: Workspace, hub: Hub) -> None:
    """Both resolve at the same time, with one cache, and write the same lock and tree."""
    fill(hub, space)
    hub.rule("^/api/models/a/One", together=2)

    with space.start("sync") as first, space.start("sync") as second:
        ends = [process.communicate(timeout=60) for process in (first, second)]

    assert (first.returncode, second.returncode) == (0, 0), ends
    assert space.holds(hub, "a/One")
    assert space.holds(hub, "b/Two")
    assert space.call("sync", "--locked").out == "2 flow modules in sync\n"


def test_two_projects_share_a_cache(space: Workspace, hub: Hub) -> None:
    """Two projects of one user fetch the same module at the same time into one cache."""
    fill(hub, space)
    other = Workspace(space.base / "other", hub.endpoint)
    other.home, other.cache = space.home, space.cache
    other.declare({"b/Two": "main"})
    rule = hub.rule(FILE + ".*two.py", together=2)

    with space.start("sync") as first, other.start("sync") as second:
        ends = [process.communicate(timeout=60) for process in (first, second)]

    assert (first.returncode, second.returncode) == (0, 0), ends
    assert rule.hits == 2
    assert space.holds(hub, "b/Two")
    assert other.holds(hub, "b/Two")


def test_the_newest_wish_wins_not_the_slowest_answer(space: Workspace, hub: Hub) -> None:
    """A sync whose manifest was changed, and synced, while it waited for the Hub begins again."""
    fill(hub, space)
    hub.add("o/Y", {"y.py": "y = 1\n"})
    rule = hub.rule(INFO + ".*", action="stall", first=1)

    with space.start("sync") as slow:
        rule.wait()
        space.declare({"a/One": "main", "o/Y": "main"})
        space.sync()
        rule.release()
        out, err = slow.communicate(timeout=60)

    assert slow.returncode == 0, (out, err)
    assert space.modules == {"a/One", "b/Two", "o/Y"}
    assert set(space.locked) == {"a/One", "b/Two", "o/Y"}
