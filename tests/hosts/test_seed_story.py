"""The seed's project with every host, against olah, a mirror that is not ours, and wheels in a folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.hosts.wheelhouse import Wheelhouse
from tests.hub.olah import Olah, make_repository

ATOMIC, CHAT = "martinjosifoski/ChatAtomicFlow", "saibo/ChatFlows"
USE = "from flow_modules.saibo.ChatFlows import ChatGPT4; print(ChatGPT4.__mro__[1].__name__)"
REPORT = "; import sys; print('huggingface_hub' in sys.modules)"

PROJECT = """\
[build-system]
requires = {requires}
build-backend = "{backend}"

[project]
name = "app"
version = "1.0"
requires-python = ">=3.10"

{tools}
[tool.flowverse.dependencies]
"saibo/ChatFlows" = "main"
"""
HATCHLING = """\
[tool.hatch.build.targets.wheel]
only-include = ["app.py"]

[tool.hatch.build.hooks.flowverse]
"""
PDM = """\
[tool.pdm]
distribution = true

[tool.pdm.build]
includes = ["app.py"]

[[tool.pdm.source]]
name = "wheels"
type = "find_links"
url = "{wheels}"
"""

# What the seed shows below flow_modules, but for what Python compiles.
SEED = {
    f"{ATOMIC}/FLOW_MODULE_ID",
    f"{ATOMIC}/ChatAtomicFlow.py",
    f"{ATOMIC}/ChatAtomicFlow.yaml",
    f"{ATOMIC}/README.md",
    f"{ATOMIC}/__init__.py",
    f"{CHAT}/FLOW_MODULE_ID",
    f"{CHAT}/ChatGPT4.py",
    f"{CHAT}/ChatGPT4.yaml",
    f"{CHAT}/README.md",
    f"{CHAT}/__init__.py",
}


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Olah]:
    """olah, over git repositories of the modules that the seed names."""
    root = tmp_path_factory.mktemp("mirror")
    atomic = {
        "README.md": "# Atomic\n",
        "__init__.py": "from .ChatAtomicFlow import ChatAtomicFlow\n",
        "ChatAtomicFlow.py": "class ChatAtomicFlow:\n    pass\n",
        "ChatAtomicFlow.yaml": "name: atomic\n",
    }
    commit = make_repository(root, ATOMIC, atomic)
    make_repository(root, ATOMIC, {**atomic, "later.py": ""}, message="A later commit, which nobody asks for")
    chat = (
        f'dependencies = [\n    {{"url": "{ATOMIC}", "revision": "{commit}"}}\n]\n'
        "from flows import flow_verse\nflow_verse.sync_dependencies(dependencies)\n\n"
        "from flow_modules.martinjosifoski.ChatAtomicFlow import ChatAtomicFlow\n\n\n"
        "class ChatGPT4(ChatAtomicFlow):\n    def __init__(self, **kwargs):\n        super().__init__(**kwargs)\n"
    )
    files = {"README.md": "# Chat\n", "__init__.py": "from .ChatGPT4 import ChatGPT4\n", "ChatGPT4.py": chat}
    make_repository(root, CHAT, {**files, "ChatGPT4.yaml": "name: gpt-4\n"})
    with Olah(root) as running:
        yield running


class Machine:
    """A project of one host, and the commands that a user of that host types."""

    def __init__(self, host: str, place: Path, mirror: Olah, wheels: Wheelhouse) -> None:
        self.root = place / "app"
        self.root.mkdir()
        (self.root / "app.py").write_text("", encoding="utf-8")
        backend, requires = ("pdm.backend", '["pdm-backend", "pdm-flowverse"]')
        tools = PDM.format(wheels=wheels.folder.as_uri())
        if host != "pdm":
            backend, requires, tools = "hatchling.build", '["hatchling", "hatch-flowverse"]', HATCHLING
        text = PROJECT.format(requires=requires, backend=backend, tools=tools)
        (self.root / "pyproject.toml").write_text(text, encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HATCH_", "PYTHONPATH"))}
        self.environ = {
            **kept,
            **wheels.find_links(os.environ),
            "HF_ENDPOINT": mirror.endpoint,
            "HF_HOME": str(place / "hf"),
            "HATCH_DATA_DIR": str(place / "hatch"),
            "PDM_CACHE_DIR": str(place / "pdm"),
            "PDM_CHECK_UPDATE": "0",
        }
        python = str(self.root / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
        uv = find_uv_bin()
        venv = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, ".venv"]
        hatch, pdm = [sys.executable, "-m", "hatch"], [sys.executable, "-m", "pdm"]
        self.install, self.python = {
            "hatch": ([[*hatch, "env", "create"]], [*hatch, "run", "python"]),
            "pdm": ([venv, [*pdm, "install"]], [*pdm, "run", "python"]),
            "pip": ([[sys.executable, "-m", "venv", ".venv"], [python, "-m", "pip", "install", "-e", "."]], [python]),
            "uv": ([[uv, "sync", "--python", sys.executable]], [uv, "run", "python"]),
        }[host]

    def run(self, command: list[str], cwd: Path | None = None) -> str:
        """Run a command, which must work; what it printed."""
        done = subprocess.run(
            command, cwd=cwd or self.root, env=self.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def looks(self) -> dict[str, tuple[int, int]]:
        """Every file of the tree and the lock: inode and time of change."""
        tree = self.root / "flow_modules"
        files = [self.root / "flowverse.lock", *(path for path in tree.rglob("*") if path.is_file())]
        stats = {str(path): path.stat() for path in files if "__pycache__" not in path.parts}
        return {path: (stat.st_ino, stat.st_mtime_ns) for path, stat in stats.items()}


@pytest.mark.parametrize("host", ["hatch", "pdm", "pip", "uv"])
def test_declared_modules_arrive_and_import_from_anywhere(
    host: str, tmp_path: Path, mirror: Olah, wheelhouse: Wheelhouse
) -> None:
    """With one line declared: the seed's tree, a lock, an import from any folder; again, and nothing is asked."""
    machine = Machine(host, tmp_path, mirror, wheelhouse)
    for command in machine.install:
        machine.run(command)

    tree = machine.root / "flow_modules"
    synced = {path.relative_to(tree).as_posix() for path in tree.glob("*/*/*") if path.is_file()}
    assert synced - {path for path in synced if path.startswith(".")} == SEED
    assert (tree / CHAT / "FLOW_MODULE_ID").read_text(encoding="utf-8").startswith("saibo/ChatFlows:main\n")
    assert (machine.root / "flowverse.lock").is_file()

    before, asked = machine.looks(), len(mirror.log)
    assert machine.run([*machine.python, "-c", USE + REPORT]).splitlines()[-2:] == ["ChatAtomicFlow", "False"]
    where = machine.run([*machine.python, "-c", "import sys; print(sys.executable)"]).splitlines()[-1]
    assert machine.run([where, "-c", USE], cwd=tmp_path) == "ChatAtomicFlow\n"
    machine.run(machine.install[-1])
    assert len(mirror.log) == asked
    assert machine.looks() == before
