"""The modules of the benchmark: the same everywhere, and all of them reached."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest
from flowverse._scan import scan
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


@pytest.mark.parametrize("size", [*SIZES, 3000])
def test_module_asks_for_what_the_graph_says(size: int) -> None:
    """Whoever reads the texts finds the graph, and nothing that cannot be read."""
    for number in range(0, size, max(1, size // 100)):
        found = scan(ModuleId.parse(modules.module_id(size, number)), modules.contents(size, number))
        wishes = [(str(req.id), req.revision) for req in found.requirements]
        assert wishes == [(id, "main") for id in modules.dependencies(size, number)]
        assert not found.warnings
        assert not found.python_requirements


@pytest.mark.parametrize("size", [40, 1000, 3000])
def test_graph_has_five_layers_and_diamonds(size: int) -> None:
    """Each module below the first layer is asked for by three others, so a sync meets most modules more than once."""
    asked = Counter(id for number in range(size) for id in modules.dependencies(size, number))
    assert set(asked) == set(modules.world(size)) - set(modules.roots(size))
    assert set(asked.values()) == {3}
    depth, layer = 1, modules.roots(size)
    while layer := [id for one in set(layer) for id in modules.dependencies(*modules.known(one) or (0, 0))]:
        depth += 1
    assert depth == 5


def test_modules_are_the_same_on_every_machine() -> None:
    """What was measured a year ago was measured with the same bytes."""
    digest = hashlib.sha256()
    for number in range(40):
        for path, content in modules.contents(40, number).items():
            digest.update(f"{path} {len(content)}\n".encode() + content)
    assert digest.hexdigest() == "c1fbbfec202cf6bdf456d35fcf9bb4d2fa091c5928ea4fd408db8a10bd4bf16d"
