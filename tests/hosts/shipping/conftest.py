"""A yard to ship from: a Hub, a project in any layout with either backend, every front end, and places to arrive at."""

from __future__ import annotations

import os
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest
from flowverse import api
from uv import find_uv_bin

from tests.hosts.pdm.conftest import source, write_wheel
from tests.hosts.runner import Runner
from tests.hosts.wheelhouse import Wheelhouse
from tests.hub import Hub

ATOMIC, CHAT = "martinjosifoski/ChatAtomicFlow", "saibo/ChatFlows"

MODULES: Mapping[str, Mapping[str, str]] = {
    ATOMIC: {
        "README.md": "---\nlicense: mit\n---\n# Atomic\n",
        "LICENSE": "The MIT licence, word for word.\n",
        "__init__.py": "",
        "ChatAtomicFlow.py": dedent(
            """\
            from pathlib import Path


            class ChatAtomicFlow:
                name = "atomic"

                def prompt(self):
                    return Path(__file__).with_name("prompt.txt").read_text(encoding="utf-8").strip()
            """
        ),
        "prompt.txt": "Answer in one word.\n",
        "pip_requirements.txt": "flowdep>=1\n",
    },
    CHAT: {
        "README.md": "---\nlicense: apache-2.0\n---\n# Chat\n",
        "__init__.py": "",
        "NOTICE.txt": "Chat flows of saibo.\n",
        "ChatGPT4.py": dedent(
            """\
            dependencies = [{"url": "martinjosifoski/ChatAtomicFlow", "revision": "main"}]
            from flows import flow_verse

            flow_verse.sync_dependencies(dependencies)

            import importlib
            import pkgutil

            import flow_modules.martinjosifoski.ChatAtomicFlow.ChatAtomicFlow
            from flow_modules.martinjosifoski.ChatAtomicFlow.ChatAtomicFlow import ChatAtomicFlow


            class ChatGPT4(ChatAtomicFlow):
                def target(self):
                    text = pkgutil.get_data(__package__, "ChatGPT4.yaml").decode()
                    module, _, name = text.split()[-1].rpartition(".")
                    found = getattr(importlib.import_module(module), name)
                    assert found is flow_modules.martinjosifoski.ChatAtomicFlow.ChatAtomicFlow.ChatAtomicFlow
                    return found.name
            """
        ),
        "ChatGPT4.yaml": "_target_: flow_modules.martinjosifoski.ChatAtomicFlow.ChatAtomicFlow.ChatAtomicFlow\n",
        "assets/logo.png": "no picture",
        ".editor/swap.json": "{}",
    },
}
"""CHAT asks for ATOMIC, which needs the distribution `flowdep`."""

SHIPPED = {
    "__init__.py",
    "_flowverse.py",
    "martinjosifoski/__init__.py",
    "saibo/__init__.py",
    *(f"{id}/{name}" for id, files in MODULES.items() for name in (*files, "FLOW_MODULE_ID")),
}
"""What is in an archive below `flow_modules`, or the package in its place; but for the record of a wheel."""

MAIN = """\
import importlib

import flowdep


def main():
    flow = importlib.import_module("{package}.saibo.ChatFlows.ChatGPT4").ChatGPT4()
    print(flow.name, flow.target(), type(flow).__module__)
"""

HATCHLING = """\
[build-system]
requires = ["hatchling", "hatch-flowverse"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
packages = ["{folder}"]

[tool.hatch.build.hooks.flowverse]
"""
PDM = """\
[build-system]
requires = ["pdm-backend", "pdm-flowverse"]
build-backend = "pdm.backend"

[tool.pdm.build]
package-dir = "{base}"
includes = ["{folder}"]
"""
PROJECT = """\
[project]
name = "{name}"
version = "1.0"
description = "Talks"
readme = "README.md"
license = "MIT"
license-files = ["LICENSE"]
requires-python = ">=3.10"
authors = [{{ name = "Somebody", email = "somebody@example.org" }}]

[project.scripts]
talk = "{package}:main"

[tool.flowverse.dependencies]
"saibo/ChatFlows" = "main"
"""
INTO = '\n[tool.flowverse.build]\ninto = "{package}._vendor"\n'

_FOREIGN = ("HATCH_", "HF_", "PDM_CONFIG", "PYTHONPATH", "PYTHONHOME", "UV_PYTHON", "FLOWVERSE_HTTP")


@dataclass(frozen=True)
class Layout:
    """Where a project has its package: below `base`, and the project itself below the checkout."""

    base: str = "."
    package: str = "app"
    name: str = "app"
    member: str = "."

    @property
    def folder(self) -> str:
        return self.package if self.base == "." else f"{self.base}/{self.package}"


LAYOUTS = {
    "flat": Layout(),
    "src": Layout(base="src"),
    "named otherwise": Layout(package="talker", name="flow-app"),
    "workspace member": Layout(base="src", member="packages/app"),
}


@dataclass
class Yard(Runner):
    """A checkout `root` with one project in it, and an environment in which nearly all is the test's own."""

    place: Path
    hub: Hub
    wheelhouse: Wheelhouse
    layout: Layout = field(default_factory=Layout)

    def __post_init__(self) -> None:
        outside = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        self.place.mkdir(exist_ok=True)
        self.dependencies = self.place / "dependencies"
        write_wheel(self.dependencies, "flowdep")
        self.environ = {
            **outside,
            **self.wheelhouse.find_links(os.environ),
            "HF_ENDPOINT": self.hub.endpoint,
            "HF_HOME": str(self.place / "hf"),
            "HATCH_DATA_DIR": str(self.place / "hatch"),
            "HATCH_CACHE_DIR": str(self.place / "hatch-cache"),
            "HATCH_CONFIG": str(self.place / "hatch.toml"),
            "PDM_CACHE_DIR": str(self.wheelhouse.folder.with_name("pdm-cache")),
            "PDM_CONFIG_FILE": str(self.place / "pdm.toml"),
            "PDM_LOG_DIR": str(self.place / "pdm-log"),
            "PDM_CHECK_UPDATE": "0",
            "FLOWVERSE_HTTP_RETRIES": "0",
        }
        (self.place / "hatch.toml").touch()
        self.root = self.place / "work"

    @property
    def project(self) -> Path:
        """The project's folder."""
        return self.root / self.layout.member

    @property
    def lock(self) -> Path:
        return self.project / "flowverse.lock"

    @property
    def tree(self) -> Path:
        return self.project / "flow_modules"

    def write(self, backend: str, layout: Layout, *, into: bool = False, tables: str = "") -> None:
        """Write a project, and lock and sync it."""
        self.layout = layout
        package = f"{layout.package}._vendor" if into else "flow_modules"
        code = self.project / layout.base / layout.package
        code.mkdir(parents=True)
        (code / "__init__.py").write_text(MAIN.format(package=package), encoding="utf-8")
        (self.project / ".gitignore").write_text(".pdm-*\n", encoding="utf-8")  # PDM's own
        (self.project / "README.md").write_text("# Talks\n", encoding="utf-8")
        (self.project / "LICENSE").write_text("The licence of the application.\n", encoding="utf-8")
        text = (PDM if backend == "pdm-backend" else HATCHLING).format(folder=layout.folder, base=layout.base)
        if layout.base == ".":
            text = text.replace('package-dir = "."\n', "")
        text += "\n" + PROJECT.format(name=layout.name, package=layout.package)
        text += INTO.format(package=layout.package) if into else ""
        # PDM does not know the variables that show pip and uv a folder of wheels.
        text += f"{tables}{source('wheels', self.wheelhouse.folder)}"
        (self.project / "pyproject.toml").write_text(text, encoding="utf-8")
        if self.root != self.project:
            members = f'[tool.uv.workspace]\nmembers = ["{layout.member}"]\n'
            (self.root / "pyproject.toml").write_text(members, encoding="utf-8")
        self.sync()

    def sync(self) -> None:
        """Lock and sync, in this process."""
        api.sync(self.project, api.Settings.from_environ(self.environ))

    def edit(self, old: str, new: str) -> None:
        """Replace a text in `pyproject.toml`."""
        path = self.project / "pyproject.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    # --- building ----------------------------------------------------------------------------------------------------

    def build(self, front_end: str, to: Path, *, code: int = 0, isolated: bool = True, **environ: str) -> str:
        """Build as a user of a front end does: an sdist (but for pip) and a wheel.

        Without isolation in the environment of the tests, which has both backends and our hooks.
        """
        python, project, out = sys.executable, str(self.project), str(to)
        # The environments of a build can be made by pip or by uv, which is quicker: one layout has the default.
        quick = self.layout != LAYOUTS["flat"]
        if quick and front_end == "hatch build":
            environ = {"HATCH_ENV_TYPE_VIRTUAL_UV_PATH": find_uv_bin(), **environ}
        options = {
            "hatch build": [],
            "python -m build": (["--installer", "uv"] if quick else []) if isolated else ["--no-isolation"],
            "uv build": [] if isolated else ["--no-build-isolation", "--python", python],
            "pdm build": [],  # without isolation it builds in the project's own environment
            "pip wheel": [] if isolated else ["--no-build-isolation"],
        }[front_end]
        if front_end == "uv build" and self.root != self.project:
            options += ["--package", self.layout.name]
        command = {
            "hatch build": [python, "-m", "hatch", "build", out],
            "python -m build": [python, "-m", "build", "--outdir", out, project],
            "uv build": [find_uv_bin(), "build", "--out-dir", out],
            "pdm build": [python, "-m", "pdm", "build", "--project", project, "--dest", out],
            "pip wheel": [python, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", out, project],
        }[front_end]
        where = self.project if front_end == "hatch build" else None
        # To count lines in every process of a build would take longer than the build; the hooks are counted elsewhere.
        counted = {name: value for name, value in self.environ.items() if name.startswith("COVERAGE_")}
        for name in counted:
            del self.environ[name]
        try:
            return self.run(*command, *options, code=code, cwd=where, **environ)
        finally:
            self.environ.update(counted)

    # --- arriving ----------------------------------------------------------------------------------------------------

    def environment(self, name: str, *wheels: Path) -> Path:
        """Make an environment with nothing but these wheels and what they need; its Python."""
        venv = self.place / name
        python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        if not venv.exists():
            self.run(find_uv_bin(), "venv", "--quiet", "--python", sys.executable, str(venv), cwd=self.place)
        if wheels:
            self.install(python, *wheels)
        return python

    def install(self, python: Path, *wheels: Path) -> None:
        """Install wheels, and from nowhere else than this machine what they need."""
        here = ("--no-index", "--find-links", str(self.dependencies), "--no-config", "--offline")
        install = (find_uv_bin(), "pip", "install", "--quiet", *here, "--python", str(python))
        self.run(*install, *map(str, wheels), cwd=self.place)

    def away(self, *command: str | Path, code: int = 0, **environ: str) -> str:
        """Run a command from a folder that has nothing to do with anything, in which nothing may appear; no Hub."""
        elsewhere = self.place / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        self.hub.clear()
        said = self.run(*map(str, command), code=code, cwd=elsewhere, HF_ENDPOINT=self.hub.endpoint, **environ)
        assert self.hub.requests == []
        assert list(elsewhere.iterdir()) == []
        return said

    def talk(self, python: Path, **environ: str) -> str:
        """What the application says when it is run."""
        return self.away(python.with_name("talk.exe" if os.name == "nt" else "talk"), code=0, **environ)


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A Hub with two modules."""
    with Hub() as running:
        for id, files in MODULES.items():
            running.add(id, files)
        yield running


@pytest.fixture
def yard(tmp_path: Path, hub: Hub, wheelhouse: Wheelhouse) -> Yard:
    """A yard without a project yet."""
    return Yard(tmp_path, hub, wheelhouse)


def names(archive: Path) -> set[str]:
    """The files in an archive; an sdist's below its folder. Each stands in it once."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            found = wheel.namelist()
    else:
        with tarfile.open(archive) as sdist:
            found = [member.name.partition("/")[2] for member in sdist if member.isfile()]
    assert len(found) == len(set(found))
    return set(found)


def one(folder: Path, pattern: str) -> Path:
    """The only file of a pattern."""
    (found,) = folder.glob(pattern)
    return found


def unpack(sdist: Path, to: Path) -> Path:
    """Unpack an sdist below a folder."""
    with tarfile.open(sdist) as archive:
        archive.extractall(to, filter="data")
    return to / sdist.name.removesuffix(".tar.gz")
