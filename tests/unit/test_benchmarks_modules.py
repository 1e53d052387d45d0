"""The modules of the benchmark: the same everywhere, and all of them reached."""

from __future__ import annotations

import pytest
from flowverse.model import ModuleId

from benchmarks import modules

SIZES = [1, 7, 10, 40, 100]


@pytest.mark.parametrize("size", SIZES)
def test_every_module_is_reached_from_the_first_layer(size: int) -> None:
    """A sync of the roots is a sync of the world."""
    found, todo = set(), modules.roots(size)
    while todo:
        id = todo.pop()
        if id not in found:
            found.add(id)
            known = modules.known(id)
            assert known is not None
            todo += modules.dependencies(*known)
    assert found == set(modules.world(size))


def test_ids_are_known_again() -> None:
    """A Hub makes a module from its id; another id is none of its modules."""
    assert [modules.known(id) for id in modules.world(40)] == [(40, number) for number in range(40)]
    for id in ("w40b/Mod0", "w40a/Mod40", "w40a/Mod", "saibo/ChatFlows", "w40a/Mod0/x"):
        assert modules.known(id) is None


def test_modules_are_the_same_each_time_and_of_real_sizes() -> None:
    """Twelve files, most of them of 1 to 20 kB, which Python can read."""
    for number in range(40):
        files = modules.contents(40, number)
        assert files == modules.contents(40, number)
        assert len(files) == modules.FILES
        assert sum(1000 <= len(content) <= 22_000 for content in files.values()) >= 9
        for path, content in files.items():
            if path.endswith(".py"):
                compile(content, path, "exec")


def test_further_version_moves_three_files() -> None:
    """As a commit does that changes a few."""
    first, second = modules.contents(40, 3), modules.contents(40, 3, 1)
    assert sum(first[path] != second[path] for path in first) == 3
    assert first.keys() == second.keys()


def test_module_asks_for_what_the_graph_says() -> None:
    """In the words that flow modules use."""
    text = modules.contents(40, 0)["__init__.py"].decode()
    asked = modules.dependencies(40, 0)
    assert len(asked) == 3
    assert all(f'{{"url": "{ModuleId.parse(id)}", "revision": "main"}}' in text for id in asked)
