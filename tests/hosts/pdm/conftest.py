"""A desk to work at: a Hub, a project, and a machine of the test's own for the real PDM, pip, uv and build."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from uv import find_uv_bin

from tests.hosts.runner import Runner
from tests.hosts.wheelhouse import Wheelhouse
from tests.hub import Hub

ATOMIC, CHAT, OTHER = "martinjosifoski/ChatAtomicFlow", "saibo/ChatFlows", "aiflows/ChatFlowModule"
MODULES: Mapping[str, Mapping[str, str]] = {
    ATOMIC: {"__init__.py": "", "ChatAtomicFlow.py": "class ChatAtomicFlow:\n    name = 'atomic'\n"},
    CHAT: {
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
    OTHER: {"__init__.py": "ANSWER = 42\n"},
}
"""CHAT asks for ATOMIC, and nothing else does."""

USE_ATOMIC = "from flow_modules.martinjosifoski.ChatAtomicFlow.ChatAtomicFlow import ChatAtomicFlow as C; print(C.name)"
USE_OTHER = "import flow_modules.aiflows.ChatFlowModule as m; print(m.ANSWER)"

APPLICATION = """\
[project]
name = "app"
version = "1.0"
requires-python = ">=3.10"
dependencies = []

[tool.pdm]
distribution = false
"""
"""Something that is never built: what PDM does with it is what the plugin does."""

LIBRARY = """\
[build-system]
requires = ["pdm-backend", "pdm-flowverse"]
build-backend = "pdm.backend"

[project]
name = "app"
version = "1.0"
requires-python = ">=3.10"
dependencies = []
"""

WITH_HUB = LIBRARY.replace('"pdm-flowverse"', '"pdm-flowverse[hub]"')
"""The same, with a build that can fetch."""

_FOREIGN = ("HF_", "HUGGINGFACE_", "FLOWVERSE_", "PDM_", "TRANSFORMERS_")
_FOREIGN_NAMES = {"CI", "UV", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME", "NO_COLOR", "FORCE_COLOR"}
_INDEX = "PDM_PYPI_"


@dataclass
class Desk(Runner):
    """A project `root`, and an environment in which all is the test's own but what installers download."""

    place: Path
    hub: Hub
    wheelhouse: Wheelhouse

    def __post_init__(self) -> None:
        outside = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(_INDEX) or not (name.startswith(_FOREIGN) or name in _FOREIGN_NAMES)
        }
        self.environ = {
            **outside,
            **self.wheelhouse.find_links(os.environ),
            "HF_ENDPOINT": self.hub.endpoint,
            "HF_HOME": str(self.place / "hf"),
            "FLOWVERSE_HTTP_RETRIES": "0",
            "PDM_CONFIG_FILE": str(self.place / "pdm.toml"),
            "PDM_LOG_DIR": str(self.place / "pdm-log"),
            "PDM_CACHE_DIR": str(self.wheelhouse.folder.with_name("pdm-cache")),
            "PDM_CHECK_UPDATE": "0",
        }
        self.root = self.place / "app"

    # --- the project -------------------------------------------------------------------------------------------------

    def write_project(self, text: str, *modules: str, package: str | None = None) -> None:
        """Write a project with an environment of its own, which declares these modules at `main`."""
        self.root.mkdir()
        self.manifest.write_text(text, encoding="utf-8")
        if package is not None:
            (self.root / package).mkdir(parents=True)
            (self.root / package / "__init__.py").write_text("", encoding="utf-8")
        self.declare(*modules)
        self.make_environment()

    def make_environment(self, *requirements: str, root: Path | None = None) -> None:
        """Make the `.venv` of the project, of this Python, with these packages in it."""
        where = root or self.root
        self.run(find_uv_bin(), "venv", "--quiet", "--clear", "--python", sys.executable, ".venv", cwd=where)
        if requirements:
            self.run(find_uv_bin(), "pip", "install", "--quiet", "--python", ".venv", *requirements, cwd=where)

    @property
    def manifest(self) -> Path:
        """The `pyproject.toml`."""
        return self.root / "pyproject.toml"

    @property
    def lock(self) -> Path:
        """The `flowverse.lock`."""
        return self.root / "flowverse.lock"

    def declare(self, *modules: str) -> None:
        """Write the table of flow modules anew; without modules there is none."""
        before = self.manifest.read_text(encoding="utf-8").partition("\n[tool.flowverse.dependencies]")[0]
        table = "".join(f'"{id}" = "main"\n' for id in modules)
        self.manifest.write_text(
            before + (f"\n[tool.flowverse.dependencies]\n{table}" if modules else ""), encoding="utf-8"
        )

    def modules(self, root: Path | None = None) -> set[str]:
        """The modules in the tree, `owner/name`."""
        tree = (root or self.root) / "flow_modules"
        return {folder.relative_to(tree).as_posix() for folder in tree.glob("[!._]*/[!._]*") if folder.is_dir()}

    def snapshot(self) -> dict[str, tuple[int, int]]:
        """Size and time of change of the tree's files and of the lock.

        But of the note of how all looked: PDM rewrites pyproject.toml where uv installs, so it is noted again.
        """
        files = [*(self.root / "flow_modules").rglob("*"), self.lock]
        files.remove(self.root / "flow_modules/.flowverse/glance")
        stats = {file: file.stat() for file in files if file.is_file() and "__pycache__" not in file.parts}
        return {str(file): (stat.st_size, stat.st_mtime_ns) for file, stat in stats.items()}

    # --- programs ----------------------------------------------------------------------------------------------------

    def pdm(self, *args: str, code: int = 0, cwd: Path | None = None, **environ: str) -> str:
        """Run PDM, the one of this environment; our plugin is installed beside it."""
        return self.run(sys.executable, "-m", "pdm", *args, code=code, cwd=cwd, **environ)

    def python(self, program: str, *, cwd: Path | None = None) -> str:
        """Run a program in the project's environment, from another folder."""
        bin_folder = "Scripts" if os.name == "nt" else "bin"
        return self.run(str(self.root / ".venv" / bin_folder / "python"), "-c", program, cwd=cwd or self.place)


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A Hub with three modules."""
    with Hub() as running:
        for id, files in MODULES.items():
            running.add(id, files)
        yield running


@pytest.fixture
def desk(tmp_path: Path, hub: Hub, wheelhouse: Wheelhouse) -> Desk:
    """A desk without a project yet."""
    return Desk(tmp_path, hub, wheelhouse)


def source(name: str, folder: Path) -> str:
    """A folder of wheels as a source of PDM; one with the name "pypi" stands in for the index."""
    return f'\n[[tool.pdm.source]]\nname = "{name}"\ntype = "find_links"\nurl = "{folder.as_uri()}"\n'


def write_wheel(folder: Path, name: str, version: str = "1.0", *needs: str) -> None:
    """Write the wheel of a package with nothing in it but its name, which needs others."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    needed = "".join(f"Requires-Dist: {need}\n" for need in needs)
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)
