"""`tree`, `lock --check` and `sync --check`: what is asked of a project, for people and for other programs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hub import Hub
from tests.integration.workspace import Done, Workspace, asking
from tests.schemas import checked


def valid(name: str, done: Done, code: int) -> Any:
    """The one document that a command printed, which is as its schema says."""
    assert (done.code, done.err) == (code, ""), done
    return checked(done.out, name)


@pytest.fixture
def diamond(space: Workspace, hub: Hub) -> Workspace:
    """The project asks for a/One and d/Four; a/One asks for two others, which ask for d/Four, which asks for a/One."""
    hub.add("a/One", {"one.py": asking("b/Two", "c/Three")})
    hub.add("b/Two", {"two.py": asking("d/Four")})
    hub.add("c/Three", {"three.py": asking("d/Four")})
    hub.add("d/Four", {"four.py": asking("a/One")})
    space.declare({"a/One": "main", "d/Four": "main"})
    space.sync()
    hub.clear()
    return space


def short(space: Workspace, text: str) -> str:
    """A text without the commits."""
    for module in space.locked.values():
        text = text.replace(f"@main ({module['commit'][:7]})", "")
    return text


def test_tree(diamond: Workspace) -> None:
    """Each module is opened once."""
    done = diamond.call("tree")
    assert short(diamond, done.out).splitlines() == [
        "demo",
        "├── a/One",
        "│   ├── b/Two",
        "│   │   └── d/Four",
        "│   │       └── a/One (*)",
        "│   └── c/Three",
        "│       └── d/Four (*)",
        "└── d/Four (*)",
    ]


@pytest.mark.parametrize(
    ("depth", "lines"), [("1", ["├── a/One", "└── d/Four"]), ("2", ["├── a/One", "│   ├── b/Two", "│   └── c/Three"])]
)
def test_tree_so_deep(diamond: Workspace, depth: str, lines: list[str]) -> None:
    assert short(diamond, diamond.call("tree", "--depth", depth).out).splitlines()[1 : 1 + len(lines)] == lines
    found = valid("tree", diamond.call("tree", "--depth", depth, "--json"), 0)
    assert len(found["modules"]) == {"1": 2, "2": 4}[depth]
    assert diamond.call("tree", "--depth", "0").code == 2


def test_why(diamond: Workspace) -> None:
    """Every path, the shortest first, with file and line of each step."""
    done = diamond.call("tree", "--why", "four")
    assert short(diamond, done.out).splitlines() == [
        "pyproject.toml -> d/Four",
        "pyproject.toml -> a/One (one.py:2) -> b/Two (two.py:2) -> d/Four",
        "pyproject.toml -> a/One (one.py:3) -> c/Three (three.py:2) -> d/Four",
        "3 paths lead to d/Four",
    ]
    assert "1 path leads to" in diamond.call("tree", "--why", "d/Four", "--depth", "2").out
    diamond.call("tree", "--why", "d/For").failed_plainly(2, "Did you mean d/Four?")


def test_why_for_programs(diamond: Workspace) -> None:
    """The paths, and the modules that lead there."""
    found = valid("tree", diamond.call("tree", "--why", "b/Two", "--json"), 0)
    ids = [[step["id"] for step in path] for path in found["why"]["paths"]]
    assert ids == [["a/One", "b/Two"], ["d/Four", "a/One", "b/Two"]]
    assert found["why"]["complete"] is True
    assert [module["id"] for module in found["modules"]] == ["a/One", "b/Two", "c/Three", "d/Four"]


def test_inverted(diamond: Workspace) -> None:
    """From a module up to the project."""
    done = diamond.call("tree", "--invert", "--why", "b/Two")
    assert short(diamond, done.out).splitlines() == [
        "b/Two",
        "└── a/One",
        "    ├── demo (pyproject.toml)",
        "    └── d/Four",
        "        ├── demo (pyproject.toml)",
        "        ├── b/Two (*)",
        "        └── c/Three",
        "            └── a/One (*)",
    ]
    lines = short(diamond, diamond.call("tree", "--invert", "--depth", "1").out).splitlines()
    assert lines[:4] == ["a/One", "├── demo (pyproject.toml)", "└── d/Four", "b/Two"]


def test_too_many_paths(space: Workspace, hub: Hub) -> None:
    """A graph has more of them than anybody reads: a hundred are shown."""
    layers = [[f"l{layer}/M{number}" for number in range(3)] for layer in range(6)]
    for layer, ids in enumerate(layers):
        for id in ids:
            below = layers[layer + 1] if layer + 1 < len(layers) else ["z/End"]
            hub.add(id, {"flow.py": asking(*below)})
    hub.add("z/End", {"flow.py": ""})
    space.declare(dict.fromkeys(layers[0], "main"))
    space.lock()

    done = space.call("tree", "--why", "End")
    assert len(done.out.splitlines()) == 101
    done.worked("100 paths and more lead to z/End")
    assert valid("tree", space.call("tree", "--why", "End", "--json"), 0)["why"]["complete"] is False


def test_tree_for_programs(space: Workspace, hub: Hub) -> None:
    """Local modules have a path, the others a revision and a commit."""
    commit = hub.add("a/One", {"one.py": ""})
    (space.root / "dev").mkdir()
    (space.root / "dev" / "mine.py").write_text(asking("a/One"))
    space.declare({"me/Mine": {"path": "dev"}})
    space.lock()

    found = valid("tree", space.call("tree", "--json"), 0)

    edges = [{"id": "a/One", "revision": "main", "at": "mine.py:2"}]
    assert found == {
        "schema": "flowverse.tree/1",
        "project": "demo",
        "roots": ["me/Mine"],
        "modules": [
            {"id": "a/One", "revision": "main", "commit": commit, "path": None, "dependencies": []},
            {"id": "me/Mine", "revision": None, "commit": None, "path": "dev", "dependencies": edges},
        ],
        "why": None,
    }


# --- lock --check, sync --check --------------------------------------------------------------------------------------


def test_nothing_is_to_be_done(diamond: Workspace, hub: Hub) -> None:
    """Exit code 0; nothing is asked for or written."""
    before = diamond.visible()

    diamond.call("lock", "--check").worked("flowverse.lock answers to pyproject.toml")
    diamond.call("sync", "--check").worked("The lock answers to pyproject.toml, and the tree to the lock")
    diamond.settle()
    diamond.call("sync", "--check").worked("The lock answers")
    assert valid("lock-check", diamond.call("lock", "--check", "--json"), 0)["stale"] is False
    assert valid("sync-check", diamond.call("sync", "--check", "--json"), 0)["in_sync"] is True
    assert diamond.visible() == before
    assert hub.requests == []


@pytest.mark.parametrize("variable", ["CI", "FLOWVERSE_FROZEN", "NO_COLOR"])
def test_a_stale_lock(diamond: Workspace, hub: Hub, variable: str) -> None:
    """Exit code 1, and every reason."""
    diamond.declare({"a/One": "main", "e/Five": "main"})
    before = diamond.visible()

    more = {variable: "1"}
    diamond.call("lock", "--check", **more).failed_plainly(1, "e/Five is not locked yet", "d/Four is no longer asked")
    found = valid("lock-check", diamond.call("lock", "--check", "--json", **more), 1)
    assert found["reasons"] == ["d/Four is no longer asked for", "e/Five is not locked yet"]
    done = diamond.call("sync", "--check", **more)
    if variable == "FLOWVERSE_FROZEN":  # only the lock counts
        assert done.code == 0, done
    else:
        assert done.code == 1
        assert "flowverse.lock is stale: e/Five is not locked yet" in done.err
        assert valid("sync-check", diamond.call("sync", "--check", "--json", **more), 1)["stale"] == found["reasons"]
    assert diamond.visible() == before
    assert hub.requests == []


def test_a_tree_that_is_not_what_is_locked(diamond: Workspace, hub: Hub) -> None:
    """What is missing, at another commit, or to be removed, is said; an edit at its own pin is no difference."""
    (diamond.place("b/Two") / "mine.py").write_text("mine\n")
    diamond.call("sync", "--check").worked("b/Two was edited (1 added)", "The lock answers")
    found = valid("sync-check", diamond.call("sync", "--check", "--json"), 0)
    assert [(step["id"], step["action"], step["difference"]) for step in found["steps"]] == [("b/Two", "keep", False)]
    assert found["steps"][0]["edit"] == {"changed": [], "added": ["mine.py"], "deleted": []}

    hub.add("a/One", {"one.py": ""})
    hub.add("d/Four", {"four.py": asking("b/Two", "e/Five")})
    hub.add("b/Two", {"two.py": ""})
    hub.add("e/Five", {"five.py": ""})
    diamond.call("update", "--no-sync").worked()
    before = diamond.visible()

    done = diamond.call("sync", "--check")

    assert done.code == 1
    for text in (
        "a/One is at main (",
        "b/Two was edited (1 added) at main (",
        "c/Three is in the tree, and not in the lock",
        "e/Five is missing",
    ):
        assert text in done.err
    steps = valid("sync-check", diamond.call("sync", "--check", "--json"), 1)["steps"]
    assert [(step["id"], step["action"], step["behind"]) for step in steps] == [
        ("a/One", "replace", None),
        ("b/Two", "keep", "moved"),
        ("c/Three", "prune", None),
        ("d/Four", "replace", None),
        ("e/Five", "install", None),
    ]
    assert diamond.visible() == before


def test_other_differences(diamond: Workspace) -> None:
    """An edited module that nothing asks for, one that is to be a link, one whose edits are given up."""
    (diamond.place("c/Three") / "mine.py").write_text("mine\n")
    (diamond.root / "dev").mkdir()
    diamond.declare({"d/Four": {"path": "dev"}, "c/Three": {"revision": "main", "overwrite": True}})
    diamond.call("lock")
    err = diamond.call("sync", "--check").err
    assert "d/Four is at main (" in err
    assert "the lock wants dev" in err
    assert "c/Three is at main (" in err
    assert "; it was edited (1 added)" in err
    diamond.declare({"d/Four": {"path": "dev"}})
    diamond.call("lock")
    assert "c/Three was edited (1 added), nothing asks for it any more" in diamond.call("sync", "--check").err
    step = valid("sync-check", diamond.call("sync", "--check", "--json"), 1)["steps"][-1]
    assert (step["path"], step["revision"], step["commit"]) == ("dev", None, None)


def test_a_guard_that_is_gone(diamond: Workspace) -> None:
    """The modules are there, and could not be imported."""
    (diamond.tree / "_flowverse.py").unlink()
    (diamond.tree / "b" / "__init__.py").write_text("mine = 1\n")

    done = diamond.call("sync", "--check")
    assert done.code == 1
    assert "warning: _flowverse.py of the tree is not as flowverse writes it" in done.err
    found = valid("sync-check", diamond.call("sync", "--check", "--json"), 1)
    assert found["generated"] == ["_flowverse.py", "b/__init__.py"]


def test_a_project_without_modules(space: Workspace) -> None:
    """There is nothing to be done."""
    space.declare({})
    space.call("sync", "--check").worked("The lock answers")
    space.call("lock", "--check").worked("flowverse.lock answers")


@pytest.mark.parametrize("verb", ["sync", "lock"])
def test_json_goes_with_check(diamond: Workspace, verb: str) -> None:
    diamond.call(verb, "--json").failed_plainly(2, "--check")
