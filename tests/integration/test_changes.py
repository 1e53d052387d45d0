"""The tree follows the manifest and the lock, and mends itself."""

from __future__ import annotations

import shutil

import pytest

from tests.hub import Hub
from tests.integration.workspace import Workspace, asking, snapshot


@pytest.fixture
def synced(space: Workspace, hub: Hub) -> Workspace:
    """Two requirements, of which each asks for one more; `c/Shared` is asked for by both."""
    hub.add("a/One", {"one.py": asking("b/OnlyOne", "c/Shared"), "more/data.txt": "1\n"})
    hub.add("a/Two", {"two.py": asking("c/Shared")})
    hub.add("b/OnlyOne", {"only.py": "only = 1\n"})
    hub.add("c/Shared", {"shared.py": "shared = 1\n"})
    space.declare({"a/One": "main", "a/Two": "main"})
    space.sync()
    return space


def test_an_edited_table_is_followed(synced: Workspace, hub: Hub) -> None:
    """Another revision in the manifest: lock and tree move, and the command says from where to where."""
    old = hub.commit("a/Two").id
    new = hub.add("a/Two", {"two.py": "two = 2\n", "new.py": "new = True\n"}, branch="next")
    synced.declare({"a/One": "main", "a/Two": "next"})

    synced.call("sync").worked(f"~ a/Two@next ({new[:7]}), was main ({old[:7]})", "Synced 1 flow module (3 in place")

    assert synced.holds(hub, "a/Two", "next")
    assert synced.locked["a/Two"]["commit"] == new
    assert synced.modules == {"a/One", "a/Two", "b/OnlyOne", "c/Shared"}


def test_a_branch_stays_where_it_was_locked(synced: Workspace, hub: Hub) -> None:
    """A branch that moved on the Hub moves neither the lock nor the tree."""
    lock, tree = synced.lock_path.read_bytes(), snapshot(synced.tree)
    hub.add("a/Two", {"two.py": "two = 2\n"})
    hub.add("d/New", {"new.py": "new = 1\n"})

    synced.sync()
    assert (synced.lock_path.read_bytes(), snapshot(synced.tree)) == (lock, tree)

    synced.declare({"a/One": "main", "a/Two": "main", "d/New": "main"})
    synced.sync()
    assert synced.files("a/Two") == {"two.py": asking("c/Shared").encode()}


@pytest.mark.parametrize(
    "gone", ["a/One", "a", "", "a/One/more", "a/One/FLOW_MODULE_ID", "a/__init__.py", "__init__.py", ".gitignore"]
)
def test_what_is_deleted_comes_back(synced: Workspace, hub: Hub, gone: str) -> None:
    """A deleted folder or generated file is put back; but a file deleted from inside a module is an edit."""
    before = synced.visible()
    place = synced.tree / gone
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()
    hub.clear()

    result = synced.sync()

    if gone == "a/One/more":
        assert [step.edit.deleted for step in result.plan.steps] == [("more/data.txt",)]
    else:
        assert synced.visible() == before
    assert hub.requests == []


def test_a_requirement_that_is_dropped_goes_with_what_only_it_needed(synced: Workspace, hub: Hub) -> None:
    """`b/OnlyOne` goes with `a/One`; `c/Shared` stays, `a/Two` needs it. An owner without modules goes too."""
    synced.declare({"a/Two": "main"})

    synced.call("sync").worked("- a/One", "- b/OnlyOne", "Removed 2 flow modules (2 in place already)")

    assert synced.modules == {"a/Two", "c/Shared"}
    assert set(synced.locked) == {"a/Two", "c/Shared"}
    assert not (synced.tree / "b").exists()


def test_dropping_everything_leaves_no_module(synced: Workspace) -> None:
    """Without any requirement nothing stays."""
    synced.declare({})

    synced.sync()

    assert synced.modules == set()
    assert synced.locked == {}


def test_a_package_of_ones_own_beside_the_modules_is_left_alone(synced: Workspace) -> None:
    """A folder in the tree that no sync made stays as it is, also if there is only an `__init__.py` in it."""
    own = synced.tree / "mine" / "__init__.py"
    own.parent.mkdir()
    own.write_text("important = True\n")
    synced.declare({"a/Two": "main"})

    synced.sync()

    assert own.read_text() == "important = True\n"


def test_offline_with_lock_and_cache_works(synced: Workspace, hub: Hub) -> None:
    """FLOWVERSE_OFFLINE=1: a new tree from the lock and the cache, without a request."""
    shutil.rmtree(synced.tree)
    hub.clear()

    synced.run("sync", FLOWVERSE_OFFLINE="1").worked("Synced 4 flow modules")

    assert synced.holds(hub, "a/One")
    assert hub.requests == []


@pytest.mark.parametrize("name", ["FLOWVERSE_OFFLINE", "HF_HUB_OFFLINE"])
@pytest.mark.parametrize("locked", [True, False])
def test_offline_without_a_cache_is_one_sentence(synced: Workspace, hub: Hub, name: str, locked: bool) -> None:
    """What is missing is named, nothing is asked for, and nothing changes."""
    shutil.rmtree(synced.home)
    shutil.rmtree(synced.tree)
    if not locked:
        synced.lock_path.unlink()
    before = synced.visible()
    hub.clear()

    done = synced.call("sync", **{name: "1"})

    done.failed_plainly(3, "is not in the cache, and flowverse is offline.", "a/One")
    assert hub.requests == []
    assert synced.visible() == {**before, **({"flow_modules": None} if locked else {})}
