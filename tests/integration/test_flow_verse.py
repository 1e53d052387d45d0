"""Flow scripts that sync for themselves, with the engine and a Hub: in a bare folder, and in a project."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import flowverse
import pytest
from flowverse import flow_verse
from flowverse.errors import UsageError
from flowverse.model import PACKAGE

from tests.hub import Hub
from tests.trees import asking, make_tree, start, write

SOURCES = Path(flowverse.__file__).parents[1]
ID = "saibo/ChatFlows"
NEEDED = "martinjosifoski/ChatAtomicFlow"
USE = "from flow_modules.saibo.ChatFlows import text\nprint(json.dumps(text))\n"


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A Hub with a module that needs another."""
    with Hub() as hub:
        hub.add(NEEDED, {"__init__.py": "text = 'atomic'\n"})
        asks = f"from flowverse import flow_verse\nflow_verse.sync_dependencies([{{'url': '{NEEDED}'}}])\n"
        for branch, text in (("main", "one"), ("v2", "two")):
            imports = "from flow_modules.martinjosifoski.ChatAtomicFlow import text as atomic\n"
            hub.add(ID, {"__init__.py": f"{asks}{imports}text = '{text} ' + atomic\n"}, branch=branch)
        hub.clear()
        yield hub


class Scripts:
    """Runs scripts against a Hub, each in a Python of its own."""

    def __init__(self, tmp_path: Path, hub: Hub) -> None:
        self.env = {
            "PYTHONPATH": str(SOURCES),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HF_HOME": str(tmp_path / "hf"),
            "HF_ENDPOINT": hub.endpoint,
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }

    def start(
        self,
        file: Path,
        wishes: Any,
        *,
        before: str = "",
        use: str = USE,
        cwd: Path | None = None,
        overwrite: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        code = f"{before}import json\nfrom flowverse import flow_verse\ndependencies = {wishes!r}\n"
        code += f"print(json.dumps(flow_verse.sync_dependencies(dependencies, {overwrite})))\n"
        return start([str(write(file, code + use))], cwd=cwd or file.parent, env=self.env)

    def run(self, file: Path, wishes: Any, **how: Any) -> list[Any]:
        done = self.start(file, wishes, **how)
        assert done.returncode == 0, done.stderr
        assert not done.stderr, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def scripts(tmp_path: Path, hub: Hub) -> Scripts:
    return Scripts(tmp_path, hub)


def wish(**more: object) -> list[Mapping[str, object]]:
    return [{"url": ID, **more}]


def folders(root: Path) -> list[str]:
    return [str(root / PACKAGE / id) for id in (NEEDED, ID)]


def test_script_in_a_bare_folder_runs(tmp_path: Path, hub: Hub, scripts: Scripts) -> None:
    """The tree is made beside it, with what the module needs; the second run asks the Hub nothing, from any folder."""
    script = tmp_path / "bare/trivial_sync_demo.py"
    assert scripts.run(script, wish(revision="main")) == [folders(tmp_path / "bare"), "one atomic"]
    assert hub.count() > 0
    hub.clear()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert scripts.run(script, wish(), cwd=elsewhere) == [folders(tmp_path / "bare"), "one atomic"]
    assert hub.count() == 0
    assert not list(elsewhere.iterdir())


def test_script_in_a_bare_folder_runs_in_ci(tmp_path: Path, scripts: Scripts) -> None:
    """There is no lock to be held to; where there is one, it is not rewritten."""
    scripts.env["CI"] = "true"
    script = tmp_path / "bare/demo.py"
    assert scripts.run(script, wish())[1] == "one atomic"
    assert "flowverse.lock is stale" in scripts.start(script, wish(revision="v2")).stderr


def test_script_in_a_bare_folder_moves_and_restores(tmp_path: Path, scripts: Scripts) -> None:
    """Another revision is synced; an edit stays until it is given up; what another script asked for stays."""
    bare = tmp_path / "bare"
    scripts.run(bare / "demo.py", wish())
    assert scripts.run(bare / "demo.py", wish(revision="v2"))[1] == "two atomic"
    write(bare / PACKAGE / ID / "__init__.py", "text = 'edited'\n")
    assert "edited" in scripts.start(bare / "demo.py", wish(revision="v2")).stdout
    for how in ({"wishes": wish(revision="v2", overwrite=True)}, {"wishes": wish(revision="v2"), "overwrite": True}):
        write(bare / PACKAGE / ID / "__init__.py", "text = 'edited'\n")
        done = scripts.start(bare / "demo.py", **how)
        assert "two atomic" in done.stdout
        (place,) = re.findall(rf"{ID}: what was discarded is in (\S+)", done.stderr)
        assert (bare / place / "__init__.py").read_text() == "text = 'edited'\n"
    use = "from flow_modules.martinjosifoski.ChatAtomicFlow import text\nprint(json.dumps(text))\n"
    assert scripts.run(bare / "other.py", [{"url": NEEDED}], use=use) == [folders(bare), "atomic"]


def test_folder_is_linked(tmp_path: Path, scripts: Scripts) -> None:
    """A revision that is a folder, relative to the current one."""
    write(tmp_path / "dev/__init__.py", "text = 'dev'\n")
    folders = [str(tmp_path / "bare" / PACKAGE / ID)]
    assert scripts.run(tmp_path / "bare/demo.py", wish(revision="../dev")) == [folders, "dev"]


def test_folder_that_aiflows_installs_does_not_hide_the_tree(tmp_path: Path, scripts: Scripts) -> None:
    """Neither one that is on the path already, nor one that was imported before."""
    write(tmp_path / "site/flow_modules/__init__.py", "")
    write(tmp_path / "site/flow_modules/aiflows/__init__.py", "text = 'shipped'\n")
    (tmp_path / "bare").mkdir()
    scripts.env["PYTHONPATH"] += f"{os.pathsep}{tmp_path / 'site'}"
    shipped = "import flow_modules.aiflows\nprint(json.dumps(flow_modules.aiflows.text))\n"
    for before in ("", "import flow_modules\n"):
        script = tmp_path / "tools/demo.py"
        found = scripts.run(script, wish(), before=before, use=USE + shipped, cwd=tmp_path / "bare")
        assert found[1:] == ["one atomic", "shipped"]


PROJECT = """
[tool.flowverse]
modules-dir = "src/flow_modules"
[tool.flowverse.dependencies]
"saibo/ChatFlows" = "main"
"""


def test_script_of_a_project_uses_its_tree(tmp_path: Path, hub: Hub, scripts: Scripts) -> None:
    """It is synced if need be, wherever the script is and is started; what the project does not ask for, too."""
    project = tmp_path / "project"
    write(project / "pyproject.toml", PROJECT)
    for _ in range(2):
        found = scripts.run(project / "scripts/deep/demo.py", [*wish(), {"url": NEEDED}], cwd=tmp_path)
        assert found == [folders(project / "src"), "one atomic"]
    hub.clear()
    assert scripts.run(project / "demo.py", wish())[1] == "one atomic"
    assert hub.count() == 0
    assert not (project / PACKAGE).exists()
    assert (project / "pyproject.toml").read_text() == PROJECT


def test_script_that_differs_from_its_project_is_told(tmp_path: Path, scripts: Scripts) -> None:
    """The project decides about revisions and edits; what it lacks is an error with the lines to add."""
    project = tmp_path / "project"
    write(project / "pyproject.toml", PROJECT)
    done = scripts.start(project / "demo.py", wish(revision="v2", overwrite=True))
    assert "one atomic" in done.stdout
    assert "demo.py:4: FlowRevisionWarning: saibo/ChatFlows is asked for at v2, the tree has main (" in done.stderr
    assert "demo.py:4: FlowRevisionWarning: saibo/ChatFlows is not overwritten; `overwrite = true`" in done.stderr
    done = scripts.start(project / "demo.py", [{"url": "yeeef/Bots", "revision": "v1"}])
    assert done.returncode == 1
    assert "pyproject.toml does not declare yeeef/Bots." in done.stderr


@pytest.mark.parametrize(
    ("dependencies", "message"),
    [
        (None, "dependencies must be a list of dictionaries, not NoneType."),
        ("saibo/ChatFlows", "dependencies must be a list of dictionaries, not str."),
        (["saibo/ChatFlows"], "dependencies[0]: must be a table with url, revision, overwrite, not a string"),
        ([{"url": ID}, {"revision": "v1"}], "dependencies[1].url: is missing"),
        ([{"url": ID, "revison": "v1"}], 'dependencies[0].revison: is not a known key; did you mean "revision"?'),
        ([{"url": "a/1b"}], "dependencies[0].url: 'a/1b' is not a usable module id"),
        ([{"url": ID, "revision": "./nowhere"}], "dependencies[0].revision: there is no folder './nowhere'"),
        ([{"url": ID}, {"url": ID, "revision": "v1"}], "dependencies[1].url: saibo/ChatFlows is asked for by"),
    ],
)
def test_wrong_input_is_named(dependencies: Any, message: str) -> None:
    """The index and the key of what is wrong, and why."""
    with pytest.raises(UsageError) as caught:
        flow_verse.sync_dependencies(dependencies)
    assert str(caught.value).startswith(message)


def test_an_installed_application_is_answered_from_its_own_package(tmp_path: Path, hub: Hub, scripts: Scripts) -> None:
    """Whose modules ask the real flowverse: nothing is synced, into whatever folder it is started from."""
    modules = {ID: {"__init__.py": asking(NEEDED, package="flowverse") + "text = 'own'\n"}, NEEDED: {"__init__.py": ""}}
    site = tmp_path / "site-packages"
    (site / "one").mkdir(parents=True)
    make_tree(tmp_path / "staged", modules).rename(site / "one" / "_vendor")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    code = f"import sys; sys.path.insert(0, {str(site)!r}); from one._vendor.saibo.ChatFlows import text; print(text)"
    done = start(["-c", code], cwd=elsewhere, env=scripts.env)

    assert (done.returncode, done.stdout, done.stderr) == (0, "own\n", "")
    assert hub.count() == 0
    assert list(elsewhere.iterdir()) == []
