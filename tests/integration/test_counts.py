"""What a sync asks of the Hub, counted."""

from __future__ import annotations

import shutil
from collections import Counter

import pytest
from flowverse._hub.http import AT_ONCE

from tests.hub import FILE, INFO, LFS, TREE, Hub, Request, names_only, without_blob_ids
from tests.integration.workspace import Workspace, asking

SHARED = "shared = True\n"


def fill(hub: Hub) -> None:
    """Three modules in a chain, with empty files, and content that is there several times."""
    hub.add("a/Top", {"__init__.py": "", "top.py": asking("b/Middle"), "shared.py": SHARED, "data.bin": b"\0" * 5000})
    hub.add("b/Middle", {"__init__.py": "", "middle.py": asking("c/Leaf"), "shared.py": SHARED, "again.py": SHARED})
    hub.add("c/Leaf", {"__init__.py": "", "leaf.py": "leaf = True\n", "copied.py": SHARED})


DISTINCT = 5  # top.py, data.bin, middle.py, leaf.py, and the shared one


def kinds(requests: list[Request]) -> Counter[str]:
    """How many requests there were of each kind."""

    def kind(request: Request) -> str:
        if request.method != "GET":
            return request.method
        return "file" if "/resolve/" in request.path else "tree" if "/tree/" in request.path else "info"

    return Counter(kind(request) for request in requests)


@pytest.fixture
def synced(space: Workspace, hub: Hub) -> Workspace:
    fill(hub)
    space.declare({"a/Top": "main"})
    space.sync()
    return space


def test_a_cold_sync_asks_once_a_module_and_once_a_distinct_file(space: Workspace, hub: Hub) -> None:
    """One info request a module, one GET a distinct file that is not empty, and nothing else: no HEAD, no tree."""
    fill(hub)
    space.declare({"a/Top": "main"})

    space.run("sync").worked("Synced 3 flow modules")

    assert kinds(hub.requests) == {"info": 3, "file": DISTINCT}
    assert all(space.holds(hub, id) for id in ("a/Top", "b/Middle", "c/Leaf"))
    assert {request.status for request in hub.requests} == {200}


def test_a_large_file_is_asked_for_once_and_found_behind_its_redirect(space: Workspace, hub: Hub) -> None:
    """A file in LFS costs the request that redirects, and one to the store that it leads to."""
    hub.add("a/Top", {"__init__.py": "", "model.bin": b"\1" * 4000, "same.bin": b"\1" * 4000}, lfs=["*.bin"])
    space.declare({"a/Top": "main"})

    space.sync()

    assert [(request.origin, request.status) for request in hub.requests[1:]] == [("hub", 302), ("files", 200)]
    assert space.holds(hub, "a/Top")


@pytest.mark.parametrize("number", [10, 20])
def test_requests_grow_with_modules_and_files_and_nothing_else(space: Workspace, hub: Hub, number: int) -> None:
    """One info request a module and one GET a file; no more of them at a time than a server bears."""
    ids = [f"a/M{count}" for count in range(number)]
    for id in ids:
        hub.add(id, {f"f{count}.py": f"at = {(id, count)}\n" for count in range(12)})
    space.declare(dict.fromkeys(ids, "main"))

    space.sync()

    assert kinds(hub.requests) == {"info": number, "file": 12 * number}
    assert len({(request.method, request.path) for request in hub.requests}) == 13 * number
    assert hub.peak <= AT_ONCE


def test_large_data_does_not_keep_the_next_level_waiting(space: Workspace, hub: Hub) -> None:
    """While more data of one module hangs than is fetched at a time, what the module asks for is found and read."""
    data = {f"{number}.bin": f"{number}\n" * 100 for number in range(2 * AT_ONCE)}
    hub.add("a/Top", {"__init__.py": "", **data, "top.py": asking("b/Middle")})
    hub.add("b/Middle", {"__init__.py": "", "middle.py": asking("c/Leaf")})
    hub.add("c/Leaf", {"__init__.py": "", "leaf.py": "leaf = True\n"})
    space.declare({"a/Top": "main"})
    hanging, leaf = hub.rule(FILE + ".*bin$", action="stall"), hub.rule(FILE + ".*leaf.py$")

    with space.start("sync") as process:
        leaf.wait(1)
        hung = hanging.hits
        hanging.release()
        _, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (0, "")
    assert hung <= AT_ONCE - AT_ONCE // 4
    assert kinds(hub.requests) == {"info": 3, "file": 2 * AT_ONCE + 3}
    paths = [request.path for request in hub.requests if "/resolve/" in request.path]
    assert paths[0].endswith("top.py")


def test_connections_are_kept_while_there_is_nothing_to_ask(space: Workspace, hub: Hub) -> None:
    """However the width of the graph changes, no more connections are made than are in use at the same time."""
    for number in range(6):
        below = asking(f"a/M{number + 1}") if number < 5 else "leaf = True\n"
        files = {f"f{count}.txt": f"{(number, count)}\n" for count in range(40 * (number % 2))}
        hub.add(f"a/M{number}", {"__init__.py": below, **files})
    space.declare({"a/M0": "main"})

    space.sync()

    assert kinds(hub.requests) == {"info": 6, "file": 6 + 3 * 40}
    assert hub.connections <= AT_ONCE


@pytest.mark.parametrize("lfs", [False, True])
def test_content_that_is_on_its_way_is_not_asked_for_again(space: Workspace, hub: Hub, lfs: bool) -> None:
    """Ten modules list a blob while it is being fetched for one of them: it is asked for once, and all get it."""
    ids = [f"a/M{number}" for number in range(10)]
    for id in ids:
        same = dict.fromkeys(["same.bin", "sub/again.bin"], b"\3" * 3000)
        hub.add(id, {"own.txt": f"{id}\n", **same}, lfs=["*.bin"] * lfs)
    space.declare(dict.fromkeys(ids, "main"))
    first, own = hub.rule(FILE + ".*bin$", action="stall"), hub.rule(FILE + ".*own.txt$")

    with space.start("sync") as process:
        own.wait(len(ids))  # so that all are known, and what they want of the other
        first.release()
        _, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (0, "")
    assert first.hits == 1
    assert hub.count(origin="files") == int(lfs)
    assert kinds(hub.requests)["file"] == len(ids) + 1
    assert all(space.holds(hub, id) for id in ids)


def test_two_ways_to_one_module_are_asked_for_once(space: Workspace, hub: Hub) -> None:
    """However many modules want a third at one revision, it is looked up once."""
    hub.add("c/Leaf", {"leaf.py": "leaf = True\n"})
    ids = [f"a/M{number}" for number in range(5)]
    for id in ids:
        hub.add(id, {"own.py": f"# {id}\n{asking('c/Leaf')}"})
    space.declare(dict.fromkeys([*ids, "c/Leaf"], "main"))

    space.sync()

    assert kinds(hub.requests) == {"info": 6, "file": 6}


def test_a_lock_and_an_empty_cache_need_no_info(synced: Workspace, hub: Hub) -> None:
    """A clone with a lock fetches the files of the locked commits, and asks what nothing is."""
    shutil.rmtree(synced.home)
    shutil.rmtree(synced.tree)
    lock = synced.lock_path.read_bytes()
    hub.clear()

    synced.sync(locked=True)

    assert kinds(hub.requests) == {"file": DISTINCT}
    assert all(synced.holds(hub, id) for id in ("a/Top", "b/Middle", "c/Leaf"))
    assert synced.lock_path.read_bytes() == lock


def test_a_filled_cache_is_enough(synced: Workspace, hub: Hub) -> None:
    """With the lock and a filled cache a new tree needs no request at all."""
    shutil.rmtree(synced.tree)
    hub.clear()

    synced.sync()

    assert hub.requests == []
    assert all(synced.holds(hub, id) for id in ("a/Top", "b/Middle", "c/Leaf"))


def test_a_filled_cache_leaves_only_the_question_what_a_branch_means(synced: Workspace, hub: Hub) -> None:
    """Without a lock the branches are asked for, and no file that is here."""
    synced.lock_path.unlink()
    hub.clear()

    synced.sync()

    assert kinds(hub.requests) == {"info": 3}


def test_a_new_commit_costs_only_its_new_files(synced: Workspace, hub: Hub) -> None:
    """What another commit of the module brought is not fetched again."""
    files = {path: file.content for path, file in hub.commit("c/Leaf").files.items()}
    hub.add("c/Leaf", {**files, "leaf.py": "leaf = 2\n"}, branch="next")
    synced.declare({"a/Top": "main", "c/Leaf": "next"})
    hub.clear()

    synced.sync()

    assert kinds(hub.requests) == {"info": 1, "file": 1}
    assert synced.holds(hub, "c/Leaf", "next")


def test_a_lock_from_elsewhere_costs_only_its_new_files(synced: Workspace, hub: Hub) -> None:
    """After a pull that moved a module, what its folder has already, under whatever name, is not fetched again."""
    files = {path: file.content for path, file in hub.commit("c/Leaf").files.items()}
    hub.add("c/Leaf", {**files, "leaf.py": "leaf = 2\n", "renamed.py": files["copied.py"]}, branch="next")
    synced.declare({"a/Top": "main", "c/Leaf": "next"})
    other = synced.clone("other")
    other.lock()
    synced.lock_path.write_bytes(other.lock_path.read_bytes())
    hub.clear()

    synced.sync(locked=True)

    assert kinds(hub.requests) == {"file": 1}
    assert synced.holds(hub, "c/Leaf", "next")


def test_what_was_edited_here_is_not_taken_for_what_is_asked_for(synced: Workspace, hub: Hub) -> None:
    """A file that is given up for another commit is fetched, though its name and its size are the same."""
    (synced.place("c/Leaf") / "copied.py").write_text(SHARED.replace("T", "F"), encoding="utf-8")
    files = {path: file.content for path, file in hub.commit("c/Leaf").files.items()}
    hub.add("c/Leaf", {**files, "leaf.py": "leaf = 2\n"}, branch="next")
    synced.declare({"a/Top": "main", "c/Leaf": {"revision": "next", "overwrite": True}})
    other = synced.clone("other")
    other.lock()
    synced.lock_path.write_bytes(other.lock_path.read_bytes())

    synced.sync(locked=True)

    assert synced.holds(hub, "c/Leaf", "next")


def test_more_files_than_one_answer_lists(space: Workspace, hub: Hub) -> None:
    """Above 1,000 files the whole tree is listed, page by page."""
    hub.add("a/Wide", {f"data/{number:04}.txt": f"{number % 3}\n" for number in range(2100)})
    space.declare({"a/Wide": "main"})

    space.sync()

    assert kinds(hub.requests) == {"info": 1, "tree": 3, "file": 3}
    assert len(space.locked["a/Wide"]["files"]) == 2100
    assert space.holds(hub, "a/Wide")


@pytest.mark.parametrize("poor", [names_only, without_blob_ids])
def test_a_mirror_that_tells_no_blob_ids_is_asked_for_the_tree(space: Workspace, hub: Hub, poor: object) -> None:
    """Where model info does not say enough, the tree is listed at the commit."""
    fill(hub)
    space.declare({"c/Leaf": "main"})
    hub.rule(INFO, listing=names_only if poor is names_only else without_blob_ids)
    hub.rule(TREE, listing=without_blob_ids)

    space.sync()

    assert kinds(hub.requests) == {"info": 1, "tree": 1, "file": 2}
    assert space.holds(hub, "c/Leaf")


def test_all_modules_are_asked_for_at_once(space: Workspace, hub: Hub) -> None:
    """Answers that come only when all the questions are there: six modules are asked for side by side."""
    ids = [f"a/M{number}" for number in range(6)]
    for id in ids:
        hub.add(id, {"__init__.py": f"# {id}\n", "more.py": f"more = {id!r}\n"})
    space.declare(dict.fromkeys(ids, "main"))
    hub.rule(INFO, together=6)
    hub.rule(FILE, together=12)

    space.sync()

    assert all(space.holds(hub, id) for id in ids)


def test_more_files_than_a_process_may_open(space: Workspace, hub: Hub) -> None:
    """Files that stand in line are not open: 256 is what some systems allow a process, and it needs some itself."""
    pytest.importorskip("resource")
    ids = [f"a/M{number}" for number in range(30)]
    for id in ids:
        hub.add(id, {f"{number}.txt": f"{id} {number}\n" for number in range(12)})
    space.declare(dict.fromkeys(ids, "main"))
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))\n"
        "from flowverse.cli import main; sys.argv = ['flowverse', 'sync', '-q']; main()"
    )

    space.python("-c", code).worked()

    assert all(space.holds(hub, id) for id in ids)


def test_a_module_is_followed_before_the_others_of_its_level_are_known(space: Workspace, hub: Hub) -> None:
    """What a module asks for is looked up while another module, and its own large file, are still on their way."""
    hub.add("a/Quick", {"quick.py": asking("b/Below"), "model.bin": b"\2" * 3000}, lfs=["*.bin"])
    hub.add("a/Slow", {"slow.py": "slow = True\n"})
    hub.add("b/Below", {"below.py": "below = True\n"})
    space.declare({"a/Quick": "main", "a/Slow": "main"})
    slow = hub.rule("^/api/models/a/Slow/", action="stall")
    large = hub.rule(LFS, action="stall")
    below = hub.rule("^/b/Below/resolve/")

    with space.start("sync") as process:
        below.wait()
        slow.release()
        large.release()
        _, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (0, "")


def test_a_renamed_repository_is_still_found(space: Workspace, hub: Hub) -> None:
    """The Hub redirects from the old name; the user is told the new one."""
    hub.add("a/Old", {"__init__.py": "", "old.py": "old = True\n"})
    hub.rename("a/Old", "a/New")
    space.declare({"a/Old": "main"})

    result = space.sync()

    assert result.warnings == ("a/Old is called a/New on the Hub now; the old name still leads there",)
    assert "old.py" in space.files("a/Old")
