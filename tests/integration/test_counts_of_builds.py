"""What a build asks, imports and reads of a project that is in sync: every file of the tree once, and little else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from flowverse import api, shipping
from flowverse._index import Index
from flowverse._tree import Tree
from flowverse.errors import NotShippable
from flowverse.model import ModuleId

from tests.hub import Hub
from tests.integration.test_counts_of_nothing import CLIENT, fill
from tests.integration.watching import watch
from tests.integration.workspace import Workspace

SHIP = """
import os, sys
from pathlib import Path
from flowverse import api, shipping
scratch = Path(sys.argv[2])
scratch.mkdir()
settings = api.Settings.from_environ(os.environ)
shipping.shipment(Path.cwd(), settings, sys.argv[1], name="app", version="1", scratch=scratch)
"""
NOT_NEEDED = {"asyncio", "click", "cyclonedx", "filelock", "license_expression", "packageurl", "rich", "tomlkit"}
"""Beside the Hub's client; a wheel from an sdist would have to install them."""
FOR_MORE = {"flowverse._engine", "flowverse._scan", "flowverse._survey", "flowverse._tree", "flowverse._ship.vendor"}
"""What syncs, or moves modules below a package of the project."""


@pytest.mark.parametrize("archive", ["wheel", "sdist"])
def test_a_build_in_sync(space: Workspace, hub: Hub, archive: str) -> None:
    """No request, no engine; every file of a module is read once, and so are the project's own files."""
    fill(space, hub, 3)
    hub.clear()

    seen = watch(space, SHIP, archive, str(space.base / "scratch"))

    assert hub.requests == []
    assert seen.packages.isdisjoint(CLIENT | NOT_NEEDED)
    assert seen.imported.isdisjoint(FOR_MORE)
    opened = Counter(seen.opened_below(space.root))
    files = [file for file in (space.root / "flow_modules/a").rglob("*") if file.is_file()]
    assert len(files) == 3 * 13 + 1  # each has its id, and the owner a package
    for file in (*files, space.manifest, space.root / "flowverse.lock"):
        assert opened.pop(file.relative_to(space.root).as_posix()) == 1
    assert set(opened) <= {
        "flow_modules/__init__.py",
        "flow_modules/_flowverse.py",
        "flow_modules/.flowverse/develop.json",
    }


def test_the_tree_says_of_a_file_that_it_did_not_change(space: Workspace, hub: Hub) -> None:
    """A build believes its own eyes: it has read the file."""
    fill(space, hub, 2, files=2)
    tree, id = Tree(space.root / "flow_modules"), ModuleId.parse("a/M1")
    file = tree.place(id) / "f1.py"
    file.write_text("mine = 1\n", encoding="utf-8")
    stat = file.stat()
    index = tree.load()
    record = index.modules[id]
    seen = record.files["f1.py"]._replace(size=stat.st_size, mtime=stat.st_mtime_ns, ctime=stat.st_ctime_ns)
    forged = replace(record, files={**record.files, "f1.py": seen})
    _write(tree, replace(index, modules={**index.modules, id: forged}))
    (tree.private / "glance").unlink()
    assert api.in_sync(space.root)

    scratch = space.base / "scratch"
    scratch.mkdir()
    with space.inside(), pytest.raises(NotShippable, match=r"a/M1 was edited \(1 changed: f1.py\)"):
        shipping.shipment(space.root, space.settings(), "wheel", name="app", version="1", scratch=scratch)


def _write(tree: Tree, index: Index) -> None:
    Path(tree.index_path).write_text(index.dump(1 << 63), encoding="utf-8")
