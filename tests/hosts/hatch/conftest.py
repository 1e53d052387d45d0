"""A desk to work at: a Hub, a project, and a machine of the test's own for the real Hatch, pip, uv and build."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from uv import find_uv_bin

from tests.hosts.runner import Runner
from tests.hosts.wheelhouse import Wheelhouse
from tests.hub import Hub

MODULES: Mapping[str, Mapping[str, str]] = {
    "martinjosifoski/ChatAtomicFlow": {
        "__init__.py": "",
        "ChatAtomicFlow.py": "class ChatAtomicFlow:\n    name = 'atomic'\n",
    },
    "saibo/ChatFlows": {
        "__init__.py": "",
        "ChatGPT4.py": dedent(
            """\
            dependencies = [{"url": "martinjosifoski/ChatAtomicFlow", "revision": "main"}]
            from flows import flow_verse
            flow_verse.sync_dependencies(dependencies)
            """
        ),
        "ChatGPT4.yaml": "model: gpt-4\n",
    },
    "aiflows/ChatFlowModule": {"__init__.py": "ANSWER = 42\n"},
}
"""saibo/ChatFlows asks for martinjosifoski/ChatAtomicFlow, and nothing else does."""

# What Hatch sets, and people do, that would decide about the tests; the rest is taken out for every test.
_FOREIGN = ("HATCH_", "PYTHONPATH", "PYTHONHOME", "UV_PYTHON")


@dataclass
class Desk(Runner):
    """A folder with a project `root`, and an environment in which every cache but the installers' is the test's own."""

    place: Path
    hub: Hub
    wheelhouse: Wheelhouse

    def __post_init__(self) -> None:
        outside = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        self.environ = {
            **outside,
            **self.wheelhouse.find_links(os.environ),
            "HF_ENDPOINT": self.hub.endpoint,
            "HF_HOME": str(self.place / "hf"),
            "HATCH_DATA_DIR": str(self.place / "hatch"),
            "HATCH_CACHE_DIR": str(self.place / "hatch-cache"),
            "HATCH_CONFIG": str(self.place / "hatch.toml"),
            "HATCH_PYTHON": "self",
            "FLOWVERSE_HTTP_RETRIES": "0",
        }
        (self.place / "hatch.toml").touch()
        self.root = self.place / "app"

    def hatch(self, *args: str, code: int = 0, cwd: Path | None = None, **environ: str) -> str:
        """Run Hatch."""
        return self.run(sys.executable, "-m", "hatch", *args, code=code, cwd=cwd, **environ)

    def uv(self, *args: str, code: int = 0, cwd: Path | None = None, **environ: str) -> str:
        """Run uv."""
        return self.run(find_uv_bin(), *args, code=code, cwd=cwd, **environ)

    def python(self, *args: str, code: int = 0, cwd: Path | None = None, **environ: str) -> str:
        """Run the Python of the tests."""
        return self.run(sys.executable, *args, code=code, cwd=cwd, **environ)

    def environments(self) -> set[str]:
        """The names of the folders of Hatch's environments."""
        return {path.parent.name for path in (self.place / "hatch").rglob("pyvenv.cfg")}

    def declare(self, **revisions: str) -> None:
        """Write the project's flow modules into its `pyproject.toml`, `owner__name="revision"`."""
        path = self.root / "pyproject.toml"
        before = path.read_text(encoding="utf-8").partition("[tool.flowverse.dependencies]")[0]
        lines = [f'"{id.replace("__", "/")}" = "{revision}"\n' for id, revision in revisions.items()]
        path.write_text(f"{before}[tool.flowverse.dependencies]\n{''.join(lines)}", encoding="utf-8")

    def snapshot(self) -> dict[str, tuple[int, int]]:
        """Size and time of change of every file of the tree and of the lock."""
        files = [*(self.root / "flow_modules").rglob("*"), self.root / "flowverse.lock"]
        stats = {file: file.stat() for file in files if file.is_file()}
        return {str(file): (stat.st_size, stat.st_mtime_ns) for file, stat in stats.items()}

    def modules(self) -> set[str]:
        """The modules in the tree, `owner/name`."""
        tree = self.root / "flow_modules"
        return {folder.relative_to(tree).as_posix() for folder in tree.glob("[!._]*/[!._]*") if folder.is_dir()}


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A Hub with three modules."""
    with Hub() as running:
        for id, files in MODULES.items():
            running.add(id, files)
        yield running


@pytest.fixture
def desk(tmp_path: Path, hub: Hub, wheelhouse: Wheelhouse) -> Desk:
    """A project in a src layout that declares saibo/ChatFlows, with the build hook and the collector."""
    desk = Desk(tmp_path, hub, wheelhouse)
    write_project(desk.root, PYPROJECT + COLLECTOR)
    desk.declare(saibo__ChatFlows="main")
    return desk


PYPROJECT = """\
[build-system]
requires = ["hatchling", "hatch-flowverse"]
build-backend = "hatchling.build"

[project]
name = "app"
version = "1.0"
requires-python = ">=3.10"

[tool.hatch.build.hooks.flowverse]

[tool.hatch.envs.default]
installer = "uv"

[tool.hatch.envs.pip]
installer = "pip"

"""

COLLECTOR = """\
[tool.hatch.env]
requires = ["hatch-flowverse"]

[tool.hatch.env.collectors.flowverse]

"""


def write_project(root: Path, pyproject: str, *, package: str | None = "src/app") -> None:
    """Write a project, with a package in the folder that is named."""
    root.mkdir()
    (root / "pyproject.toml").write_text(pyproject, encoding="utf-8")
    if package is not None:
        (root / package).mkdir(parents=True)
        (root / package / "__init__.py").write_text("", encoding="utf-8")


def python_of(venv: Path) -> str:
    """The interpreter of a virtual environment."""
    return str(venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))
