"""A module taken from a folder on one machine only: nothing of it is committed, and nothing of it is built."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from flowverse import shipping
from flowverse.errors import NotShippable

from tests.hub import Hub
from tests.integration.workspace import Workspace, asking, snapshot
from tests.schemas import checked

ID = "a/Top"


@pytest.fixture
def synced(space: Workspace, hub: Hub) -> Workspace:
    """`a/Top` asks for `b/Leaf`; a folder `dev` beside the project has somebody's own version of it."""
    hub.add(ID, {"top.py": asking("b/Leaf")})
    hub.add("b/Leaf", {"leaf.py": "leaf = 1\n"})
    space.declare({ID: "main"})
    space.sync()
    dev = space.base / "dev"
    dev.mkdir()
    (dev / "top.py").write_text("dev = 1\n" + asking("b/Leaf"))
    return space


def committed(space: Workspace) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in space.root.iterdir() if path.is_file()}


def test_a_module_is_taken_from_a_folder(synced: Workspace, hub: Hub) -> None:
    """A change there is one here at once; the manifest and the lock stay, and neither check finds anything to do."""
    before = committed(synced)
    hub.clear()

    synced.call("develop", "top", "../dev").worked("a/Top is taken from ../dev, on this machine only")

    assert committed(synced) == before
    assert synced.place(ID).resolve() == synced.base / "dev"
    synced.call("status").worked("a/Top -> ../dev (developed here)  linked")
    rows = checked(synced.call("status", "--json").out, "status")["modules"]
    assert [(row["id"], row["path"], row["developed"]) for row in rows] == [
        (ID, "../dev", True),
        ("b/Leaf", None, False),
    ]
    (synced.base / "dev" / "top.py").write_text("dev = 2\n")
    for words in (["sync"], ["sync", "--locked"], ["sync", "--frozen"], ["sync", "--check"], ["lock", "--check"]):
        assert synced.call(*words).code == 0
    assert synced.call("diff").out == ""
    assert (synced.place(ID) / "top.py").read_text() == "dev = 2\n"
    assert hub.requests == []


def test_what_is_developed_is_listed(synced: Workspace) -> None:
    """For people, and for programs."""
    synced.call("develop").worked("No flow module is developed here")
    assert checked(synced.call("develop", "--json").out, "develop")["modules"] == []
    synced.call("develop", ID, "../dev").worked()
    assert synced.call("develop").out == "a/Top -> ../dev\n1 flow module is developed here\n"
    assert checked(synced.call("develop", "--json").out, "develop")["modules"] == [{"id": ID, "path": "../dev"}]


def test_the_end_of_it(synced: Workspace, hub: Hub) -> None:
    """The module is what is locked again; the folder stays, with whatever is in it."""
    (synced.base / "dev" / "mine.py").write_text("mine = 1\n")
    before = snapshot(synced.base / "dev")
    synced.call("develop", ID, "../dev").worked()

    synced.call("develop", "--undo", ID, "--offline").worked("a/Top is what is locked again")

    assert synced.holds(hub, ID)
    assert snapshot(synced.base / "dev") == before
    assert synced.state(ID) == "clean"
    assert synced.call("sync").out == "2 flow modules in sync\n"
    assert synced.call("develop").out == "No flow module is developed here\n"


def test_the_path_is_that_of_who_types_it(synced: Workspace) -> None:
    """Relative to the current folder, which may be another than the project's; absolute and in the home as well."""
    below = synced.root / "src" / "deep"
    below.mkdir(parents=True)
    done = synced.run("develop", ID, "../../../dev", cwd=below)
    done.worked("a/Top is taken from ../dev, on this machine only")
    for path in (str(synced.base / "dev"), "~/dev"):
        synced.call("develop", ID, path).worked(f"a/Top is taken from {path}, on this machine only")
        assert synced.place(ID).resolve() == synced.base / "dev"
    (synced.base / "dev2").mkdir()
    synced.call("develop", ID, "../dev2").worked()
    assert synced.place(ID).resolve() == synced.base / "dev2"


def test_what_cannot_be_developed(synced: Workspace) -> None:
    """Each in a sentence, and nothing is changed."""
    before = snapshot(synced.root)
    (synced.base / "file").write_text("")
    synced.call("develop", ID, "../nowhere").failed_plainly(
        2, "../nowhere, which is not a folder.", "Correct the path."
    )
    synced.call("develop", ID, "../file").failed_plainly(2, "../file, which is not a folder")
    synced.call("develop", ID, ".").failed_plainly(2, "the project itself, or holds it (the command line)")
    synced.call("develop", ID, "flow_modules/b/Leaf").failed_plainly(2, "in a tree of synced modules")
    synced.call("develop", "a/Tap", "../dev").failed_plainly(2, "Did you mean a/Top?")
    synced.call("develop", ID).failed_plainly(2, "Where is a/Top to be taken from?", "flowverse develop a/Top PATH")
    synced.call("develop", "--undo", ID, "../dev").failed_plainly(2, "--undo takes no path.")
    synced.call("develop", "--undo", ID).failed_plainly(2, "No flow module is developed here.", "develop ID PATH")
    assert snapshot(synced.root) == before
    synced.call("develop", "b/Leaf", "../dev").worked()
    synced.call("develop", "--undo", ID).failed_plainly(2, "a/Top is no flow module that is developed here.")


def test_where_a_patched_module_is_kept(synced: Workspace, hub: Hub) -> None:
    """Its folder was more than the Hub has, so there is a backup of it, and its place is said."""
    (synced.place(ID) / "top.py").write_text("mine = 1\n")
    synced.call("patch", ID).worked()

    synced.call("develop", ID, "../dev").worked("a/Top: what was there before is in flow_modules/.flowverse/backups/")

    assert b"mine = 1\n" in synced.backups.values()
    assert re.fullmatch(r"\S+/a/Top  not edited", synced.call("backups").out.splitlines()[0])


def test_an_edited_module_is_not_replaced_by_a_link(synced: Workspace) -> None:
    """The edits are to be saved, or given up, before."""
    (synced.place(ID) / "top.py").write_text("mine = 1\n")

    done = synced.call("develop", ID, "../dev")

    done.failed_plainly(2, "a/Top was edited (1 changed)", "flowverse patch a/Top", "flowverse restore a/Top")
    assert (synced.place(ID) / "top.py").read_text() == "mine = 1\n"
    synced.call("develop").worked("No flow module is developed here")
    synced.call("restore", ID).worked()
    synced.call("develop", ID, "../dev").worked()
    synced.call("develop", ID, "../dev").worked()  # again is no matter


def test_what_it_asks_for_there(synced: Workspace) -> None:
    """The lock stays as it is, so what it does not hold is warned about."""
    (synced.base / "dev" / "top.py").write_text(asking("b/Leaf", "c/New"))

    done = synced.call("develop", ID, "../dev")

    assert done.code == 0
    assert done.err == "warning: a/Top at ../dev asks for c/New (top.py:3), which is not locked\n"


def test_nobody_else_sees_it(synced: Workspace, hub: Hub) -> None:
    """A clone has what is locked; and so has this machine when it deletes its tree."""
    synced.call("develop", ID, "../dev").worked()
    clone = synced.clone()
    clone.sync(locked=True)
    assert clone.holds(hub, ID)
    clone.call("develop").worked("No flow module is developed here")

    shutil.rmtree(synced.tree)
    synced.call("sync").worked("+ a/Top@main")

    assert synced.holds(hub, ID)
    assert (synced.base / "dev" / "top.py").exists()


def test_the_link_comes_back(synced: Workspace) -> None:
    """If it was taken away, or something else is in its place."""
    synced.call("develop", ID, "../dev").worked()
    synced.place(ID).unlink()
    assert synced.call("sync", "--check").code == 1
    synced.call("sync").worked("+ a/Top -> ../dev (developed here)")
    synced.place(ID).unlink()
    synced.place(ID).symlink_to(synced.base)
    synced.sync()
    assert synced.place(ID).resolve() == synced.base / "dev"
    synced.place(ID).unlink()
    synced.place(ID).mkdir()
    (synced.place(ID) / "mine.py").write_text("mine = 1\n")
    done = synced.call("sync")
    assert "a/Top was edited (1 added) and is kept" in done.err
    synced.call("restore", ID).worked()
    assert synced.place(ID).resolve() == synced.base / "dev"
    assert b"mine = 1\n" in synced.backups.values()


def test_the_folder_is_gone(synced: Workspace) -> None:
    """It is said, with the way out; other modules can be restored meanwhile."""
    synced.call("develop", ID, "../dev").worked()
    shutil.rmtree(synced.base / "dev")
    assert synced.call("status").code == 0
    before = synced.visible()
    synced.call("sync").failed_plainly(2, "../dev on this machine, which is not a folder any more.", "--undo a/Top")
    assert synced.visible() == before
    (synced.place("b/Leaf") / "leaf.py").write_text("mine\n")
    synced.call("restore").worked("b/Leaf is as it is locked again")
    synced.call("develop", "--undo", ID).worked()
    assert synced.state(ID) == "clean"


def test_the_lock_moves_on_meanwhile(synced: Workspace, hub: Hub) -> None:
    """The link stays; at its end, the module is what is locked then."""
    synced.call("develop", ID, "../dev").worked()
    hub.add(ID, {"top.py": asking("b/Leaf"), "more.py": ""})

    synced.call("update").worked()

    assert synced.place(ID).resolve() == synced.base / "dev"
    assert synced.call("lock", "--check").code == 0
    synced.call("develop", "--undo", ID).worked()
    assert synced.holds(hub, ID)


def test_a_patched_module_that_is_developed(synced: Workspace) -> None:
    """The patch waits; it cannot be saved anew meanwhile, and it is there again afterwards."""
    (synced.place(ID) / "top.py").write_text("mine = 1\n")
    synced.call("patch", ID).worked()
    saved = snapshot(synced.place(ID))
    synced.call("develop", ID, "../dev").worked()
    synced.call("lock", "--check").worked()
    synced.call("patch", ID).failed_plainly(2, "is linked to a folder of yours")
    synced.call("develop", "--undo", ID).worked()
    assert snapshot(synced.place(ID)) == saved
    assert synced.state(ID) == "patched"
    synced.call("develop", ID, "../dev").worked()
    (synced.root / "flow_patches" / "a" / "Top.patch").unlink()
    synced.call("develop", "--undo", ID).failed_plainly(1, "the patch of a/Top is gone")
    assert synced.place(ID).is_symlink()


@pytest.mark.parametrize("archive", ["sdist", "wheel"])
def test_builds_refuse_it(synced: Workspace, tmp_path: Path, archive: str) -> None:
    """Nobody else has the folder; the sentence says how it ends."""
    synced.call("develop", ID, "../dev").worked()
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    with synced.inside(), pytest.raises(NotShippable) as caught:
        shipping.shipment(synced.root, synced.settings(), archive, name="demo", version="1", scratch=scratch)  # type: ignore[arg-type]

    assert str(caught.value) == (
        "The flow modules cannot be shipped: a/Top is taken from ../dev, on this machine only."
    )
    assert caught.value.hint == "`flowverse develop --undo` takes a module from the lock again."
    assert "a/Top" in shipping.export(synced.root, "json", synced.settings())


RECORDS = {
    "empty": "",
    "list": "[]",
    "half": "{",
    "number": '{"a/Top": 1}',
    "id": '{"no id": "../dev"}',
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_that_cannot_be_read(synced: Workspace, hub: Hub, name: str) -> None:
    """Then nothing is developed here, and the module is what is locked."""
    synced.call("develop", ID, "../dev").worked()
    record = synced.tree / ".flowverse" / "develop.json"
    assert json.loads(record.read_text()) == {ID: "../dev"}
    record.write_text(RECORDS[name])
    synced.call("sync").worked()
    assert synced.holds(hub, ID)
    synced.call("develop").worked("No flow module is developed here")
