"""`flowverse migrate` and `flowverse init`: from scripts of aiFlows to a project that syncs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pexpect
import pytest

from tests.hub import Hub
from tests.integration.workspace import COMMAND, Workspace
from tests.schemas import checked

MANIFEST = '[project]\nname = "demo"  # ours\nversion = "1"\n'
HATCH = f'[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n{MANIFEST}'

SCRIPTS = {
    "a_list_in_a_name.py": """\
import os

dependencies = [
    {"url": "aiflows/AutoGPT", "revision": "main"},
    {"url": "aiflows/Tools", "revision": "v1"},
]

from aiflows import flow_verse
flow_verse.sync_dependencies(dependencies)
from flow_modules.aiflows.AutoGPT import name
from flow_modules.aiflows.Tools.tools import tool

if __name__ == "__main__":
    print(name, tool, os.sep != "")
""",
    "an_inline_list.py": """\
from flows.flow_verse import sync_dependencies as sync

sync(dependencies=[{"url": "aiflows/Tools", "revision": "v1", "overwrite": True}])

from flow_modules.aiflows.Tools.tools import tool

print(tool)
""",
    "several_calls.py": """\
from aiflows import flow_verse
dependencies = [{"url": "aiflows/AutoGPT"}]
flow_verse.sync_dependencies(dependencies)
from flow_modules.aiflows.AutoGPT import name
dependencies = [{"url": "aiflows/Local", "revision": "../dev_Local"}]
flow_verse.sync_dependencies(dependencies)
from flow_modules.aiflows.Local import here
print(name, here)
""",
    "a_call_in_a_function.py": """\
def create_flow():
    from aiflows import flow_verse

    dependencies = [
        {"url": "aiflows/AutoGPT", "revision": "main"},
    ]
    flow_verse.sync_dependencies(dependencies)
    from flow_modules.aiflows.AutoGPT import name

    return name


def prepare():
    from aiflows import flow_verse
    flow_verse.sync_dependencies([{"url": "aiflows/Tools", "revision": "v1"}])


if __name__ == "__main__":
    prepare()
    print(create_flow())
""",
}
SAID = {
    "a_list_in_a_name.py": "AutoGPT hammer True\n",
    "an_inline_list.py": "hammer\n",
    "several_calls.py": "AutoGPT here\n",
    "a_call_in_a_function.py": "AutoGPT\n",
}


@pytest.fixture
def scripts(space: Workspace, hub: Hub) -> Workspace:
    """A project with scripts in the styles of aiFlows, none of which can run where there is no aiFlows."""
    tool = hub.add("aiflows/Tools", {"tools.py": "tool = 'hammer'\n"})
    hub.tag("aiflows/Tools", "v1", tool)
    hub.add("aiflows/Tools", {"tools.py": "tool = 'chisel'\n"})
    text = 'from flows import flow_verse\nflow_verse.sync_dependencies([{"url": "aiflows/Tools", "revision": "v1"}])\n'
    hub.add("aiflows/AutoGPT", {"__init__.py": "name = 'AutoGPT'\n", "more.py": text})
    (space.base / "dev_Local").mkdir()
    (space.base / "dev_Local/__init__.py").write_text("here = 'here'\n", encoding="utf-8")
    space.manifest.write_text(MANIFEST, encoding="utf-8")
    for name, content in SCRIPTS.items():
        (space.root / name).write_text(content, encoding="utf-8")
    return space


def test_scripts_run_after_they_were_migrated(scripts: Workspace, hub: Hub) -> None:
    """`migrate --write`, `sync`, and every script finds its modules without a network, and without aiFlows."""
    assert scripts.python("several_calls.py").code != 0

    scripts.call("migrate", "--write").worked("Wrote 3 requirements and deleted 6 calls")
    assert scripts.manifest.read_text(encoding="utf-8") == MANIFEST + (
        "\n[tool.flowverse.dependencies]\n"
        '"aiflows/AutoGPT" = "main"\n'
        '"aiflows/Local" = { path = "../dev_Local" }\n'
        '"aiflows/Tools" = { revision = "v1", overwrite = true }\n'
    )
    scripts.call("sync").worked("Synced 3 flow modules")
    hub.clear()

    for name, said in SAID.items():
        text = (scripts.root / name).read_text(encoding="utf-8")
        assert "flow_verse" not in text
        assert "dependencies" not in text
        done = scripts.python(name, HF_ENDPOINT="http://127.0.0.1:9")
        assert (done.code, done.out, done.err) == (0, said, "")
    assert hub.requests == []
    scripts.call("migrate").worked("There is nothing to migrate")


def test_what_would_be_done_is_shown(scripts: Workspace) -> None:
    """A diff of every file, and nothing changes; the exit code is 0, as nothing is left to a person."""
    before = scripts.visible()

    done = scripts.call("migrate")

    done.worked("--- a/pyproject.toml\n+++ b/pyproject.toml\n", "-flow_verse.sync_dependencies(dependencies)\n")
    done.worked('+ aiflows/Local = { path = "../dev_Local" }  (several_calls.py:5)\n', "--write does it")
    assert done.err == ""
    assert scripts.visible() == before


def test_what_is_left_to_a_person(scripts: Workspace) -> None:
    """It is a warning each, and the exit code is 1, with and without --write; -q leaves only the warnings."""
    (scripts.root / "more.py").write_text(
        "from aiflows import flow_verse\nimport os\n"
        'found = flow_verse.sync_dependencies([{"url": "aiflows/Tools", "revision": "v2"}])\n'
        'flow_verse.sync_dependencies([{"url": "aiflows/Here", "revision": os.getcwd()}])\n',
        encoding="utf-8",
    )
    for arguments in (["migrate"], ["migrate", "--write", "-q"]):
        done = scripts.call(*arguments)
        assert done.code == 1
        conflict, used, computed = done.err.splitlines()
        assert conflict.startswith('warning: aiflows/Tools is asked for at "v1" (a_call_in_a_function.py:')
        assert used == "warning: more.py:3: the call stays: what it returns is used"
        assert computed.startswith("warning: more.py:4: aiflows/Here is asked for at a path that is computed")
    assert done.out == ""


def test_the_checked(scripts: Workspace) -> None:
    """All of it is there for other programs, in order."""
    (scripts.root / "more.py").write_text(
        "from aiflows import flow_verse\n"
        'flow_verse.sync_dependencies([{"url": "aiflows/Tools", "revision": "v2"}])\nflow_verse.sync_dependencies(x)\n',
        encoding="utf-8",
    )
    (scripts.root / "x.ipynb").write_text("sync_dependencies(")
    done = scripts.call("migrate", "--json")

    assert (done.code, done.err) == (1, "")
    found = checked(done.out, "migrate")
    assert found["written"] is False
    assert [req["id"] for req in found["requirements"]] == ["aiflows/AutoGPT", "aiflows/Local"]
    assert found["requirements"][1] == {
        "id": "aiflows/Local",
        "revision": None,
        "path": "../dev_Local",
        "overwrite": False,
        "places": [{"file": "several_calls.py", "line": 5}],
    }
    (clash,) = found["conflicts"]
    assert sorted(req["revision"] for req in clash["requirements"]) == ["v1", "v2"]
    assert found["calls"] == [
        {"file": "a_call_in_a_function.py", "line": 7},
        {"file": "several_calls.py", "line": 3},
        {"file": "several_calls.py", "line": 6},
    ]
    assert found["by_hand"] == [
        {"file": "more.py", "line": 3, "why": "the argument of sync_dependencies is not a literal list"},
        {"file": "x.ipynb", "line": None, "why": "a notebook that calls sync_dependencies is not changed"},
    ]
    assert [change["file"] for change in found["changes"]] == [
        "a_call_in_a_function.py",
        "pyproject.toml",
        "several_calls.py",
    ]
    assert str(scripts.base) not in done.out


def test_the_document_of_what_was_written(scripts: Workspace) -> None:
    """What is there already is told with what the manifest says."""
    assert checked(scripts.call("migrate", "--write", "--json").out, "migrate")["written"] is True
    (scripts.root / "more.py").write_text(
        'from flows import flow_verse\nflow_verse.sync_dependencies([{"url": "aiflows/Tools"}])\n', encoding="utf-8"
    )
    (present,) = checked(scripts.call("migrate", "--json").out, "migrate")["present"]
    assert (present["id"], present["revision"], present["declared"]) == ("aiflows/Tools", "main", "v1")


def test_only_what_is_named_is_migrated(scripts: Workspace) -> None:
    """Files and folders, from the current folder."""
    done = scripts.call("migrate", "an_inline_list.py", "--json")
    assert [call["file"] for call in checked(done.out, "migrate")["calls"]] == ["an_inline_list.py"]
    scripts.call("migrate", "nowhere").failed_plainly(2, "There is no ", "nowhere")


def test_without_a_manifest_init_comes_first(scripts: Workspace) -> None:
    """`migrate` says so, and works after it."""
    scripts.manifest.unlink()
    scripts.call("migrate", "--write").failed_plainly(2, "flowverse init")

    scripts.call("init", "--yes").worked("pyproject.toml was written")
    scripts.call("migrate", "--write").worked("Wrote 3 requirements")
    scripts.call("sync").worked("Synced 3 flow modules")


# --- init -------------------------------------------------------------------------------------------------------------


def test_without_a_terminal_nothing_is_written(space: Workspace) -> None:
    """The diff is shown, and how to have it; the exit code says that there is a difference."""
    space.manifest.write_text(HATCH, encoding="utf-8")

    done = space.call("init")

    assert done.code == 1
    assert '+requires = ["hatchling", "hatch-flowverse"]\n' in done.out
    assert done.err == "hint: Nothing was written; --yes writes it.\n"
    assert space.manifest.read_text(encoding="utf-8") == HATCH


def test_yes_writes_once(space: Workspace) -> None:
    """The second time there is nothing to do, and no question."""
    space.manifest.write_text(HATCH, encoding="utf-8")

    space.call("init", "--yes").worked("pyproject.toml was written", "built by hatchling")
    written = space.manifest.read_text(encoding="utf-8")
    space.call("init").worked("Nothing is to be done")

    assert "[tool.hatch.build.hooks.flowverse]" in written
    assert space.manifest.read_text(encoding="utf-8") == written
    space.call("status").worked("0 flow modules")


def test_dynamic_is_offered_to_hatchling_only(space: Workspace) -> None:
    """Other backends are told what serves them."""
    space.manifest.write_text(MANIFEST, encoding="utf-8")
    space.call("init", "--dynamic").failed_plainly(2, "Only hatchling", "flowverse requirements --write")


@pytest.mark.parametrize(
    ("answer", "code", "last"), [("y", 0, "pyproject.toml was written"), ("n", 1, "Nothing was written.")]
)
def test_on_a_terminal_it_is_asked(space: Workspace, answer: str, code: int, last: str) -> None:
    """The diff, in colours, and then the question; what was said before it is not said again after it."""
    space.manifest.write_text(HATCH, encoding="utf-8")

    ended, said = _on_a_terminal(space, "init", act=lambda child: child.sendline(answer))

    assert ended == code
    assert "\x1b[32m+" in said.partition("Write this to")[0]
    assert last in said.partition("Write this to")[2]
    assert said.count("This project is built by hatchling") == 1
    assert ("hatch-flowverse" in space.manifest.read_text(encoding="utf-8")) == (answer == "y")


def _on_a_terminal(
    space: Workspace, *arguments: str, act: Callable[[pexpect.spawn[str]], Any]
) -> tuple[int | None, str]:
    child: pexpect.spawn[str] = pexpect.spawn(
        str(COMMAND), list(arguments), cwd=space.root, env=space.environ(), encoding="utf-8", timeout=30
    )
    child.setwinsize(60, 120)
    child.expect_exact("[y/N]: ")
    before = child.before or ""
    act(child)
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, before + "[y/N]: " + (child.before or "")


@pytest.mark.parametrize("verb", ["init", "migrate"])
def test_help_has_an_example(space: Workspace, verb: str) -> None:
    """As of any verb."""
    space.call(verb, "--help").worked(f"Usage: flowverse {verb}", "--project", f"Example: flowverse {verb}")
