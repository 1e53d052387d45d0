"""What flow modules need of Python is installed with the project, whoever installs it."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from tests.hosts.hatch.conftest import COLLECTOR, PYPROJECT, Desk, python_of, write_project
from tests.hosts.pdm.conftest import write_wheel
from tests.hub import Hub

DYNAMIC = """
[tool.hatch.metadata.hooks.flowverse]
dependencies = ["owndep"]
"""
USE = "import flowdep, owndep; print('both')"


@pytest.fixture
def needing(desk: Desk, hub: Hub) -> Desk:
    """A project of a module that needs `flowdep`; it needs `owndep` itself, as the metadata hook's table says."""
    hub.add("aiflows/ChatFlowModule", {"__init__.py": "", "pip_requirements.txt": "flowdep>=1\n"})
    folder = desk.place / "dependencies"
    for name in ("flowdep", "owndep"):
        write_wheel(folder, name)
    desk.environ["PIP_FIND_LINKS"] += f" {folder}"
    desk.environ["UV_FIND_LINKS"] += f",{folder}"
    write(desk, 'dynamic = ["dependencies"]', DYNAMIC)
    return desk


def write(desk: Desk, field: str, tables: str) -> None:
    """Write the project anew."""
    text = PYPROJECT.replace('requires-python = ">=3.10"', f'requires-python = ">=3.10"\n{field}')
    if not desk.root.exists():
        write_project(desk.root, "")
    keys = '\n[tool.uv]\ncache-keys = [{ file = "pyproject.toml" }, { file = "flowverse.lock" }]\n\n'
    (desk.root / "pyproject.toml").write_text(text + COLLECTOR + tables + keys, encoding="utf-8")
    desk.declare(aiflows__ChatFlowModule="main")


@pytest.mark.parametrize("environment", ["default", "pip"])
def test_hatch_installs_them(needing: Desk, environment: str) -> None:
    """With uv and with pip; `hatch dep show` tells them."""
    assert needing.hatch("run", f"{environment}:python", "-c", USE).endswith("both\n")
    assert {"flowdep", "owndep"} <= set(needing.hatch("dep", "show", "requirements").replace(">=1", "").split())


def test_uv_installs_them(needing: Desk, tmp_path: Path) -> None:
    """Also those of a module that comes later: uv asks the hook, which reads the lock and neither locks nor syncs."""
    needing.declare()
    needing.uv("sync", "--python", sys.executable)
    needing.declare(aiflows__ChatFlowModule="main")
    needing.hatch("run", "true")  # locks
    needing.hub.clear()
    needing.uv("sync", "--python", sys.executable)
    assert needing.run(python_of(needing.root / ".venv"), "-c", USE, cwd=tmp_path) == "both\n"
    assert needing.hub.requests == []


def test_pip_installs_them_without_a_metadata_hook(needing: Desk, tmp_path: Path) -> None:
    """The build hook adds them to what the project says itself, in an editable install and in a wheel."""
    write(needing, 'dependencies = ["owndep"]', "")
    needing.python("-m", "virtualenv", "--quiet", "../venv")
    python = python_of(tmp_path / "venv")
    needing.run(python, "-m", "pip", "install", "--quiet", "-e", ".")
    assert needing.run(python, "-c", USE, cwd=tmp_path) == "both\n"

    needing.uv("build", "--wheel", "--out-dir", str(tmp_path / "out"))
    (wheel,) = (tmp_path / "out").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read("app-1.0.dist-info/METADATA").decode()
    assert [line for line in metadata.splitlines() if line.startswith("Requires-Dist")] == [
        "Requires-Dist: owndep",
        "Requires-Dist: flowdep>=1",
    ]


def test_uv_is_said_to_miss_them_without_a_metadata_hook(needing: Desk) -> None:
    """uv takes dependencies that are not dynamic from `pyproject.toml`: Hatch's user is told which line is missing."""
    write(needing, 'dependencies = ["owndep"]', "")
    said = " ".join(needing.hatch("env", "create").split())
    assert 'uv does not install what flow modules need of Python (flowdep>=1); set dynamic = ["dependencies"]' in said


def test_a_wrong_table_is_said_to_be_wrong(needing: Desk) -> None:
    """As hatchling says it of its own fields."""
    write(needing, 'dynamic = ["dependencies"]', DYNAMIC.replace('["owndep"]', '"owndep"'))
    said = needing.uv("build", "--wheel", code=2)
    assert "Field `tool.hatch.metadata.hooks.flowverse.dependencies` must be an array of strings" in " ".join(
        said.split()
    )
