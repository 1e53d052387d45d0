"""Which licences a project allows, decided when it locks; and the table of those that it has."""

from __future__ import annotations

import pytest

from tests.hub import Hub
from tests.integration.workspace import Workspace, asking

CARD = "---\nlicense: {}\n---\n"


@pytest.fixture
def licensed(space: Workspace, hub: Hub) -> Workspace:
    """Two requirements; the first asks for one under another licence, and for one that declares none."""
    wishes = asking("b/Free", "c/Silent")
    hub.add("a/One", {"README.md": CARD.format("mit"), "one.py": wishes, "LICENSE": "MIT\n", "docs/NOTICE.md": "One\n"})
    hub.add("a/Two", {"README.md": CARD.format("apache-2.0"), "two.py": ""})
    hub.add("b/Free", {"README.md": CARD.format("gpl-3.0"), "free.py": ""})
    hub.add("c/Silent", {"silent.py": ""})
    return space


def test_licences_that_are_not_listed_are_refused_at_lock_time(licensed: Workspace) -> None:
    """All at once, with who asks for them; neither lock nor tree is there then. Case does not matter."""
    licensed.declare({"a/One": "main", "a/Two": "main"}, more='licenses = ["MIT", "apache-2.0"]')

    done = licensed.call("sync")

    done.failed_plainly(
        2,
        "b/Free is under 'gpl-3.0' (asked for by pyproject.toml -> a/One (one.py:2))",
        "c/Silent is under 'unknown' (asked for by pyproject.toml -> a/One (one.py:3))",
        'Add "gpl-3.0", "unknown" to licenses in [tool.flowverse] if you may use it',
    )
    assert not licensed.lock_path.exists()
    assert licensed.modules == set()

    licensed.declare({"a/One": "main", "a/Two": "main"}, more='licenses = ["mit", "apache-2.0", "gpl-3.0", "unknown"]')
    licensed.call("sync").worked("Synced 4 flow modules")


def test_a_lock_from_before_the_rule_is_stale(licensed: Workspace) -> None:
    """Whoever tightens the rule is told of what is locked already, in CI too."""
    licensed.declare({"a/Two": "main"})
    licensed.sync()
    licensed.declare({"a/Two": "main"}, more='licenses = ["mit"]')

    licensed.call("sync", "--locked").failed_plainly(
        1, "a/Two is locked, its licence 'apache-2.0' is not in tool.flowverse.licenses"
    )
    licensed.call("sync").failed_plainly(2, "a/Two is under 'apache-2.0' (asked for by pyproject.toml)")


def test_a_local_module_is_its_authors_own(licensed: Workspace) -> None:
    """Nobody has to license to himself what he works on."""
    (licensed.base / "dev").mkdir()
    licensed.declare({"a/Dev": {"path": "../dev"}}, more='licenses = ["mit"]')
    licensed.call("sync").worked("Synced 1 flow module")


def test_the_table_of_licences(licensed: Workspace) -> None:
    """Every module, its licence, and the files that hold it; and how many of each."""
    licensed.declare({"a/One": "main", "a/Two": "main"})
    licensed.call("licenses").failed_plainly(2, "There is no flowverse.lock.")
    licensed.sync()

    done = licensed.call("licenses")

    assert done.code == 0
    rows = [line.split("  ") for line in done.out.splitlines()]
    assert [[row[0].partition("@")[0], *(cell.strip() for cell in row[1:] if cell.strip())] for row in rows] == [
        ["a/One", "mit", "LICENSE, docs/NOTICE.md"],
        ["a/Two", "apache-2.0", "no licence file"],
        ["b/Free", "gpl-3.0", "no licence file"],
        ["c/Silent", "unknown", "no licence file"],
        ["4 flow modules: 1 apache-2.0, 1 gpl-3.0, 1 mit, 1 unknown"],
    ]
    assert done.err == ""
