"""The whole story in an environment that has PDM and nothing of ours: plugin, install, build, all from an index."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.hosts.pdm.conftest import ATOMIC, CHAT, LIBRARY, OTHER, USE_ATOMIC, Desk, source
from tests.hosts.pdm.conftest import write_wheel as wheel

NEWEST = ("pdm==2.29.3", "hishel[httpx]==1.2.1", "unearth<0.19")
OLDEST = ("pdm==2.13.0", "hishel<1", "unearth<0.16", "resolvelib<1.1")
"""The first PDM with a `Core.exit_stack`, and its dependencies as they were then: newer ones break it."""


@pytest.mark.parametrize(
    ("pdm", "backend"),
    [pytest.param(NEWEST, "pdm-backend", id="newest"), pytest.param(OLDEST, "pdm-backend==2.4.0", id="oldest")],
)
def test_from_plugin_to_wheel(desk: Desk, pdm: tuple[str, ...], backend: str) -> None:
    """`pdm install --plugins; pdm install; pdm build`, and an import from another folder.

    What a module asks for is installed; when it asks for something else, PDM's lock is stale.
    """
    wheel(desk.place / "wheels", "tiny")
    wheel(desk.place / "wheels", "tiny", "2.0")
    desk.hub.add(OTHER, {"__init__.py": "", "pip_requirements.txt": "tiny<2\n"})
    text = LIBRARY.replace('"pdm-backend"', f'"{backend}"') + '\n[tool.pdm]\nplugins = ["pdm-flowverse[hub]"]\n'
    sources = source("ours", desk.wheelhouse.folder) + source("wheels", desk.place / "wheels")
    desk.write_project(text + sources, CHAT, OTHER, package="src/app")
    python = _environment(desk, *pdm)

    def run(*args: str, code: int = 0) -> str:
        return desk.run(python, "-m", "pdm", *args, code=code)

    run("install", "--plugins")
    assert "Synced 3 flow modules" in run("install")
    assert desk.python("import tiny; print(tiny.VERSION)") == "1.0\n"
    assert "Updating the lock file" not in run("install")
    assert desk.python(USE_ATOMIC) == "atomic\n"
    assert f"{ATOMIC}@main" in run("flowverse", "tree")
    desk.hub.add(OTHER, {"__init__.py": "", "pip_requirements.txt": "tiny>=2\n"})
    desk.lock.unlink()
    run("flowverse", "lock")
    run("lock", "--check", code=1)
    assert "Updating the lock file" in run("install")
    assert desk.python("import tiny; print(tiny.VERSION)") == "2.0\n"
    desk.hub.rule(status=500)
    run("build")

    (built,) = (desk.root / "dist").glob("*.whl")
    clean = desk.place / "clean"
    desk.run(
        find_uv_bin(), "pip", "install", "--quiet", "--no-deps", "--python", ".venv", "--target", str(clean), str(built)
    )
    assert (clean / "flow_modules" / CHAT / "ChatGPT4.py").is_file()


def _environment(desk: Desk, *requirements: str) -> str:
    folder = desk.place / "pdm"
    desk.run(find_uv_bin(), "venv", "--quiet", "--python", sys.executable, str(folder))
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    desk.run(find_uv_bin(), "pip", "install", "--quiet", "--python", str(Path(python)), *requirements)
    return str(python)
