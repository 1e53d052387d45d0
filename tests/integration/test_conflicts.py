"""Two modules want different commits of a third: an error with both chains, or a question where one can answer."""

from __future__ import annotations

import io

import pexpect
import pytest
import tomli
from flowverse.model import Conflict, Wish

from tests.hub import Hub
from tests.integration.workspace import COMMAND, Workspace, asking


class Choose:
    """A Chooser that takes a revision."""

    def __init__(self, revision: str) -> None:
        self._revision = revision

    def choose(self, conflict: Conflict) -> Wish | None:
        return next(wish for wish in conflict.wishes if wish.revision == self._revision)


@pytest.fixture
def torn(space: Workspace, hub: Hub) -> Workspace:
    """`a/One` asks for `c/Leaf` at v1, `b/Mid` (asked for by `a/Two`) for its main, which is another commit."""
    first = hub.add("c/Leaf", {"leaf.py": "leaf = 1\n"})
    hub.tag("c/Leaf", "v1", first)
    hub.add("c/Leaf", {"leaf.py": "leaf = 2\n"})
    hub.add("a/One", {"one.py": asking(("c/Leaf", "v1"))})
    hub.add("a/Two", {"two.py": asking("b/Mid")})
    hub.add("b/Mid", {"mid.py": asking(("c/Leaf", "main"))})
    space.declare({"a/One": "main", "a/Two": "main"})
    return space


def test_without_a_terminal_it_is_an_error(torn: Workspace, hub: Hub) -> None:
    """Exit code 1; both chains down from the project, and the lines to paste. Nothing is written."""
    old, new = hub.commit("c/Leaf", "v1").id, hub.commit("c/Leaf").id
    before = torn.visible()

    done = torn.run("sync")

    done.failed_plainly(
        1,
        "c/Leaf is wanted at 2 different commits:",
        f"main ({new[:7]}) by pyproject.toml -> a/Two (two.py:2) -> b/Mid (mid.py:2)",
        f"v1 ({old[:7]}) by pyproject.toml -> a/One (one.py:2)",
        '[tool.flowverse.overrides]\n  "c/Leaf" = "main"',
    )
    assert torn.visible() == before


def test_a_conflict_leaves_an_earlier_lock_and_tree_as_they_are(torn: Workspace) -> None:
    """A requirement that brings a conflict changes nothing of what was synced before."""
    torn.declare({"a/One": "main"})
    torn.sync()
    before = torn.visible()
    torn.declare({"a/One": "main", "a/Two": "main"})

    torn.call("sync").failed_plainly(1, "c/Leaf is wanted at 2 different commits:")

    assert {**torn.visible(), "pyproject.toml": b""} == {**before, "pyproject.toml": b""}


def test_the_line_to_paste_settles_it(torn: Workspace, hub: Hub) -> None:
    """With the override of the hint the next sync works, and says once what is used instead of what."""
    torn.declare({"a/One": "main", "a/Two": "main"}, overrides={"c/Leaf": "main"})

    done = torn.call("sync")

    done.worked("c/Leaf: the project's override main is used, not v1 by a/One")
    assert torn.holds(hub, "c/Leaf")


def test_the_project_s_own_requirement_wins(torn: Workspace, hub: Hub) -> None:
    """What the project itself asks for is no conflict."""
    torn.declare({"a/One": "main", "a/Two": "main", "c/Leaf": "v1"})

    torn.call("sync").worked("c/Leaf: the project's requirement v1 is used, not main by b/Mid")

    assert torn.holds(hub, "c/Leaf", "v1")


def test_two_names_of_one_commit_are_no_conflict(torn: Workspace, hub: Hub) -> None:
    """A tag and a branch that mean the same commit agree; the lock keeps the branch, which can move."""
    hub.tag("c/Leaf", "v1", hub.commit("c/Leaf").id)

    torn.sync()

    assert torn.holds(hub, "c/Leaf")


def test_a_circle_of_modules_is_fine(space: Workspace, hub: Hub) -> None:
    """Modules may ask for each other, and for themselves."""
    hub.add("a/One", {"one.py": asking("a/Two", "a/One")})
    hub.add("a/Two", {"two.py": asking("a/Three")})
    hub.add("a/Three", {"three.py": asking("a/One")})
    space.declare({"a/One": "main"})

    space.sync()

    assert space.modules == {"a/One", "a/Two", "a/Three"}


PROJECT = """\
# A project with things to keep.\r
[project]   # odd spacing\r
name = 'demo'\r
version = "1"\r
\r
[tool.flowverse.dependencies]  # what we use\r
"a/One" = "main"\r
# the second\r
"a/Two" = 'main'\r
\r
[tool.other]\r
text = \"\"\"\r
several\r
lines\"\"\"\r
"""


def test_with_a_terminal_it_is_a_question(torn: Workspace, hub: Hub) -> None:
    """Every chain is shown; the answer stands in the overrides, and comments and line ends are as they were."""
    torn.manifest.write_bytes(PROJECT.encode())
    screen = io.StringIO()
    child = pexpect.spawn(
        str(COMMAND), ["sync"], cwd=torn.root, env=torn.environ(), encoding="utf-8", timeout=60, dimensions=(40, 120)
    )
    child.logfile_read = screen
    child.expect_exact("Which one?")
    child.sendline("7")
    child.expect_exact("Which one?")
    child.sendline("2")
    child.expect(pexpect.EOF)
    child.close()

    assert child.exitstatus == 0, screen.getvalue()
    assert "asked for by pyproject.toml -> a/Two (two.py:2) -> b/Mid (mid.py:2)" in screen.getvalue()
    assert "c/Leaf = v1 was added to [tool.flowverse.overrides]" in screen.getvalue()
    assert torn.holds(hub, "c/Leaf", "v1")
    text = torn.manifest.read_bytes().decode()
    added = '[tool.flowverse.overrides]\r\n"c/Leaf" = "v1"\r\n'
    assert added in text
    assert text.replace(added, "").replace("\r\n", "") == PROJECT.replace("\r\n", "")
    assert text.count("\n") == text.count("\r\n")
    assert torn.call("sync").out.endswith("4 flow modules in sync\n")


def test_ctrl_c_at_the_question_changes_nothing(torn: Workspace) -> None:
    """Nobody has to answer: exit code 130, and project, lock and tree are as they were."""
    before = torn.visible()
    child = pexpect.spawn(
        str(COMMAND), ["sync"], cwd=torn.root, env=torn.environ(), encoding="utf-8", timeout=60, dimensions=(40, 120)
    )
    child.expect_exact("Which one?")
    child.sendintr()
    child.expect_exact("Interrupted")
    child.expect(pexpect.EOF)
    child.close()

    assert child.exitstatus == 130
    assert torn.visible() == before


MANIFESTS = {
    "a table of its own": '[tool.flowverse.dependencies]\n"a/One" = "main"\n"a/Two" = "main"\n',
    "other overrides": '[tool.flowverse.overrides]\n"x/Y" = "v9" # old\n\n'
    '[tool.flowverse.dependencies]\n"a/One" = "main"\n"a/Two" = "main"\n',
    "no newline at the end": '[tool.flowverse.dependencies]\n"a/One" = "main"\n"a/Two" = "main"',
    "one table for all": '[tool.flowverse]\ndependencies = { "a/One" = "main", "a/Two" = "main" }\n[tool.x]\ny = 1\n',
    "dotted keys": '[tool]\nflowverse.dependencies."a/One" = "main"\nflowverse.dependencies."a/Two" = "main"\n',
    "an inline table": '[tool]\nflowverse = { dependencies = { "a/One" = "main", "a/Two" = "main" } }\n',
    "apart": '[tool.flowverse.dependencies]\n"a/One" = "main"\n"a/Two" = "main"\n\n[tool.x]\ny = 1\n\n'
    '[tool.flowverse]\nowners = ["a", "b", "c"]\n',
    "the list form": '[[tool.flowverse.dependencies]]\nurl = "a/One"\n\n'
    '[[tool.flowverse.dependencies]]\nurl = "a/Two"\n',
    "inline overrides": '[tool.flowverse]\noverrides = { "x/Y" = "v9" }\n'
    '[tool.flowverse.dependencies]\n"a/One" = "main"\n"a/Two" = "main"\n',
}


@pytest.mark.parametrize("shape", MANIFESTS)
def test_the_answer_is_written_into_any_manifest(torn: Workspace, hub: Hub, shape: str) -> None:
    """However the tables are written, the file stays TOML, means what it meant, and says one thing more."""
    torn.manifest.write_text(MANIFESTS[shape], encoding="utf-8")
    before = tomli.loads(MANIFESTS[shape])

    torn.sync(chooser=Choose("v1"))

    text = torn.manifest.read_text(encoding="utf-8")
    after = tomli.loads(text)
    overrides = after["tool"]["flowverse"]["overrides"]
    assert overrides.pop("c/Leaf") == "v1"
    if not overrides:
        del after["tool"]["flowverse"]["overrides"]
    assert after == before
    assert torn.sync().lock_written is False
    assert torn.holds(hub, "c/Leaf", "v1")
    assert ("# old" in text) is ("# old" in MANIFESTS[shape])
