"""A requirement at a local path: linked, so that edits go both ways."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import tomli
from flowverse.model import Conflict, Wish

from tests.hub import Hub
from tests.integration.workspace import Workspace, asking, snapshot


@pytest.fixture
def linked(space: Workspace, hub: Hub) -> Workspace:
    """`y/Bots` is developed in a folder beside the project, and asks for `b/Two`."""
    hub.add("b/Two", {"__init__.py": "two = 2\n"})
    hub.add("c/Three", {"__init__.py": "three = 3\n"})
    folder = space.base / "dev_Bots"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "bots.py").write_text(asking("b/Two"))
    space.declare({"y/Bots": {"path": "../dev_Bots"}})
    space.sync()
    return space


def test_it_is_linked_and_its_requirements_are_followed(linked: Workspace, hub: Hub) -> None:
    """The folder in the tree is the folder itself; what it asks for is locked and synced."""
    place = linked.place("y/Bots")

    assert place.is_symlink()
    assert place.resolve() == linked.base / "dev_Bots"
    assert linked.holds(hub, "b/Two")
    assert linked.locked["y/Bots"]["path"] == "../dev_Bots"
    assert "files" not in linked.locked["y/Bots"]
    assert str(linked.base) not in linked.lock_path.read_text()
    (place / "bots.py").write_text("# through the tree\n")
    assert (linked.base / "dev_Bots" / "bots.py").read_text() == "# through the tree\n"


def test_nothing_is_written_into_it(linked: Workspace) -> None:
    """The folder is the person's: no FLOW_MODULE_ID, no record."""
    before = snapshot(linked.base / "dev_Bots")

    linked.sync()
    linked.declare({})
    linked.sync(force=True)

    assert snapshot(linked.base / "dev_Bots") == before
    assert set(before) == {"__init__.py", "bots.py"}
    assert linked.modules == set()


def test_a_change_of_its_requirements_makes_the_lock_stale(linked: Workspace, hub: Hub) -> None:
    """With --locked it is an error that says so; without it is followed."""
    (linked.base / "dev_Bots" / "bots.py").write_text(asking("c/Three"))
    before = linked.visible()

    linked.call("sync", "--locked").failed_plainly(1, "what y/Bots at ../dev_Bots asks for has changed")
    assert linked.visible() == before

    linked.sync()
    assert linked.modules == {"y/Bots", "c/Three"}
    assert linked.holds(hub, "c/Three")


def test_its_own_tree_is_not_a_part_of_it(linked: Workspace) -> None:
    """A module that is developed as a project has a tree of its own, and an environment: those ask for nothing."""
    for place in ("flow_modules/z/Other", ".venv/lib", "env/lib"):
        (linked.base / "dev_Bots" / place).mkdir(parents=True)
        (linked.base / "dev_Bots" / place / "asks.py").write_text(asking("c/Three"))
    (linked.base / "dev_Bots" / "env" / "pyvenv.cfg").touch()

    assert linked.call("sync", "--locked").code == 0
    assert linked.modules == {"y/Bots", "b/Two"}


def test_a_change_of_anything_else_does_not(linked: Workspace, hub: Hub) -> None:
    """Work on the module goes on without the lock or the tree having to move."""
    lock = linked.lock_path.read_bytes()
    (linked.base / "dev_Bots" / "more.py").write_text("more = 1\n")
    (linked.base / "dev_Bots" / "bots.py").write_text(asking("b/Two") + "\nmore = 2\n")
    hub.clear()

    linked.call("sync", "--locked").worked("2 flow modules in sync")

    assert linked.lock_path.read_bytes() == lock
    assert hub.requests == []


def test_a_folder_that_is_gone_is_a_sentence(linked: Workspace) -> None:
    """The key in the manifest and the folder are named; the tree stays."""
    shutil.rmtree(linked.base / "dev_Bots")
    before = linked.visible()

    linked.call("sync").failed_plainly(2, "y/Bots", "../dev_Bots", "is not a folder", "pyproject.toml")

    assert linked.visible() == before


def test_from_the_hub_to_a_path_and_back(linked: Workspace, hub: Hub) -> None:
    """A module can be taken from a folder for a while, and from the Hub again; the folder keeps its content."""
    before = snapshot(linked.base / "dev_Bots")
    hub.add("y/Bots", {"__init__.py": "", "bots.py": "from_the_hub = True\n"})
    for _ in range(2):
        linked.declare({"y/Bots": "main"})
        linked.sync()
        assert linked.holds(hub, "y/Bots")
        assert not linked.place("y/Bots").is_symlink()
        linked.declare({"y/Bots": {"path": "../dev_Bots"}})
        linked.sync()
        assert linked.place("y/Bots").is_symlink()

    assert snapshot(linked.base / "dev_Bots") == before


def test_another_path_moves_the_link(linked: Workspace) -> None:
    """The link follows the manifest."""
    shutil.copytree(linked.base / "dev_Bots", linked.root / "vendor" / "Bots")
    linked.declare({"y/Bots": {"path": "vendor/Bots"}})

    linked.sync()

    assert linked.place("y/Bots").resolve() == linked.root / "vendor" / "Bots"


def test_the_list_form_takes_a_folder_as_revision(space: Workspace, hub: Hub) -> None:
    """As in flow scripts: a revision that is an existing folder means that folder."""
    (space.base / "dev").mkdir()
    (space.base / "dev" / "__init__.py").write_text("answer = 42\n")
    entry = '[[tool.flowverse.dependencies]]\nurl = "y/Bots"\nrevision = "../dev"\n'
    space.manifest.write_text(entry)

    space.sync()

    assert space.place("y/Bots").resolve() == space.base / "dev"
    space.python("-c", "from flow_modules.y.Bots import answer; print(answer)").worked("42")


def test_a_link_that_was_replaced_by_a_folder_is_an_edit(linked: Workspace) -> None:
    """Somebody copied the module into the tree and works on it there: kept."""
    place = linked.place("y/Bots")
    place.unlink()
    place.mkdir()
    (place / "mine.py").write_text("mine = True\n")

    linked.sync()

    assert (place / "mine.py").read_text() == "mine = True\n"


@pytest.fixture
def split(space: Workspace, hub: Hub) -> Workspace:
    """Two local modules want `o/C`: from a folder, and from another folder or from the Hub."""
    hub.add("o/C", {"c.py": "c = 'hub'\n"})
    for name, wish in (("A", '{ path = "../C1" }'), ("B", '{ path = "../C2" }'), ("H", '"main"')):
        (space.base / name).mkdir()
        text = f'[tool.flowverse.dependencies]\n"o/C" = {wish}\n'
        (space.base / name / "pyproject.toml").write_text(text)
    for name in ("C1", "C2"):
        (space.base / name).mkdir()
    return space


@pytest.mark.parametrize("other", ["B", "H"])
def test_two_folders_or_a_folder_and_a_commit_are_a_conflict(split: Workspace, other: str) -> None:
    """Said with the paths, and settled by the line to paste."""
    wishes = {"me/A": {"path": "../A"}, f"me/{other}": {"path": f"../{other}"}}
    split.declare(wishes)
    done = split.call("sync")
    done.failed_plainly(1, "../C1 by pyproject.toml -> me/A", "[tool.flowverse.overrides]")
    line = done.err.rstrip().splitlines()[-1].removeprefix("hint: ").strip()
    assert line.startswith('"o/C" = ')
    split.manifest.write_text(f"{split.manifest.read_text()}{line}\n")
    split.sync()
    assert split.modules == {"me/A", f"me/{other}", "o/C"}


class Last:
    """A Chooser that takes the last."""

    def choose(self, conflict: Conflict) -> Wish | None:
        return conflict.wishes[-1]


def test_a_folder_that_was_chosen_is_written_down(split: Workspace) -> None:
    """The answer to the question is a path, and stands in the overrides as one."""
    split.declare({"me/A": {"path": "../A"}, "me/B": {"path": "../B"}})
    split.sync(chooser=Last())
    assert split.place("o/C").resolve() == split.base / "C2"
    overrides = tomli.loads(split.manifest.read_text())["tool"]["flowverse"]["overrides"]
    assert overrides == {"o/C": {"path": "../C2"}}
    assert split.sync().modules == 3


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (".", "the project itself"),
        ("..", "the project itself, or holds it"),
        ("../..", "the project itself, or holds it"),
        ("flow_modules", "in a tree of synced modules"),
        ("flow_modules/o", "in a tree of synced modules"),
        ("../other/flow_modules/o/Loop", "in a tree of synced modules"),
    ],
)
def test_the_project_and_its_tree_are_no_modules(space: Workspace, path: str, words: str) -> None:
    """A link to where it is would have no end; what is synced belongs to whoever syncs it."""
    (space.tree / "o").mkdir(parents=True)
    space.declare({"o/Loop": {"path": path}})
    space.call("sync").failed_plainly(2, words)


def test_a_home_that_is_not_there_is_a_sentence(space: Workspace) -> None:
    """`~somebody` of another machine is a path like any other."""
    space.declare({"o/Away": {"path": "~nosuchuser/dev"}})
    space.call("sync").failed_plainly(2, "~nosuchuser/dev", "not a folder")


def test_a_copy_where_links_cannot_be_made(space: Workspace, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems have no links: the folder is copied, that is said, and it follows at the next sync.

    What is edited in the copy is kept, as in any other module.
    """

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    dev = space.base / "dev"
    dev.mkdir()
    (dev / "a.py").write_text("a = 1\n")
    space.declare({"me/Mine": {"path": "../dev"}})

    done = space.call("sync")

    done.worked("+ me/Mine -> ../dev")
    assert f"me/Mine is a copy of {dev}, no link can be made here" in done.err
    assert space.files("me/Mine") == {"a.py": b"a = 1\n"}
    assert space.call("sync").out == "1 flow module in sync\n"
    (dev / "a.py").write_text("a = 2\n")
    space.call("sync").worked("+ me/Mine -> ../dev")
    assert space.files("me/Mine") == {"a.py": b"a = 2\n"}
    (space.place("me/Mine") / "a.py").write_text("a = 'edited'\n")
    (dev / "a.py").write_text("a = 3\n")
    done = space.call("sync")
    assert "me/Mine was edited (1 changed) and is kept" in done.err
    assert space.files("me/Mine") == {"a.py": b"a = 'edited'\n"}
    space.call("restore", "Mine").worked("me/Mine is as it is locked again")
    assert space.files("me/Mine") == {"a.py": b"a = 3\n"}
    assert b"a = 'edited'\n" in space.backups.values()
