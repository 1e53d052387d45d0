"""Which of Hatch's environments are ours, and that they are where Hatch's own would be."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import tomli
from flowverse import api
from hatch.plugin.manager import PluginManager
from hatch.project.config import ProjectConfig

from tests.hosts.hatch.conftest import COLLECTOR, PYPROJECT, Desk, write_project

ENVIRONMENTS = """
[envs.default]
[envs.lint]
detached = true
[envs.tools]
skip-install = true
[envs.members]
skip-install = true
workspace.members = ["app"]
[envs.system]
type = "system"
[envs.maker]
builder = true
[[envs.matrix.matrix]]
python = ["3.11", "3.12"]
"""


def test_environments_that_hold_a_project_are_taken_over(tmp_path: Path) -> None:
    """Hatch's own for tests hold it too; those for builds and tools do not, and another type is somebody's choice."""
    config: dict[str, Any] = tomli.loads(f"{ENVIRONMENTS}\n[env.collectors.flowverse]")
    project = ProjectConfig(tmp_path, config, PluginManager())  # type: ignore[no-untyped-call]

    types = {name: env["type"] for name, env in {**project.envs, **project.internal_envs}.items()}

    ours = {name for name, type in types.items() if type == "flowverse"}
    assert {"default", "members", "matrix.py3.11", "matrix.py3.12"} <= ours
    assert any(name.startswith("hatch-test.") for name in ours)
    assert not ours & {"lint", "tools", "system", "maker", "hatch-build", "hatch-static-analysis", "hatch-uv"}
    assert types["system"] == "system"


def test_the_places_are_those_of_hatchs_own_environments(desk: Desk, tmp_path: Path) -> None:
    """So a project that begins to use the collector keeps its environments, and what people set still counts."""
    ours = desk.hatch("env", "find")
    pyproject = desk.root / "pyproject.toml"
    with_collector = pyproject.read_text(encoding="utf-8")

    assert desk.hatch("env", "find", HATCH_ENV_TYPE_VIRTUAL_PATH=str(tmp_path / "here")) == f"{tmp_path / 'here'}\n"
    pyproject.write_text(with_collector.replace(COLLECTOR, ""), encoding="utf-8")
    assert desk.hatch("env", "find") == ours


def test_a_table_that_comes_later(desk: Desk, tmp_path: Path) -> None:
    """An environment that knew of no flow modules can import them, even if nothing had to be fetched for it."""
    pyproject = desk.root / "pyproject.toml"
    with_table = pyproject.read_text(encoding="utf-8")
    pyproject.write_text(with_table.partition("[tool.flowverse")[0], encoding="utf-8")
    desk.hatch("env", "create")
    assert not (desk.root / "flow_modules").exists()
    pyproject.write_text(with_table, encoding="utf-8")
    api.lock(desk.root, api.Settings.from_environ({**os.environ, **desk.environ}))
    desk.hub.clear()

    python = desk.hatch("run", "python", "-c", "import sys; print(sys.executable)").splitlines()[-1]

    assert desk.run(python, "-c", "import flow_modules.saibo; print('found')", cwd=tmp_path) == "found\n"
    assert desk.hub.requests == []


def test_members_of_a_workspace(desk: Desk, tmp_path: Path) -> None:
    """The folder with the environments declares nothing; its members do, and are followed."""
    hatch = '[tool.hatch.envs.default]\ninstaller = "uv"\nskip-install = true\nworkspace.members = ["app"]\n'
    (tmp_path / "pyproject.toml").write_text(COLLECTOR + hatch, encoding="utf-8")

    desk.hatch("env", "create", cwd=tmp_path)
    assert desk.modules() == {"saibo/ChatFlows", "martinjosifoski/ChatAtomicFlow"}

    desk.declare(aiflows__ChatFlowModule="main")
    find = "import flow_modules.aiflows.ChatFlowModule as m; print(m.ANSWER)"
    assert desk.hatch("run", "python", "-c", find, cwd=tmp_path).endswith("42\n")


def test_an_environment_of_a_build(desk: Desk, tmp_path: Path) -> None:
    """Without `dev-mode` the wheel is installed, with the modules as they are locked."""
    write_project(tmp_path / "other", PYPROJECT.replace('"uv"', '"uv"\ndev-mode = false') + COLLECTOR)
    desk.root = tmp_path / "other"
    desk.declare(saibo__ChatFlows="main")
    assert "there is no flowverse.lock yet" in desk.hatch("env", "create", code=1)
    assert desk.environments() == set()
    api.lock(desk.root, api.Settings.from_environ({**os.environ, **desk.environ}))

    desk.hatch("env", "create")

    python = desk.hatch("run", "python", "-c", "import sys; print(sys.executable)").rstrip()
    find = "import flow_modules.saibo as m; print(m.__file__)"
    assert "site-packages" in desk.run(python, "-c", find, cwd=tmp_path)
