"""The whole story in an environment that has PDM and nothing of ours: plugin, install, build, all from an index."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.hosts.pdm.conftest import ATOMIC, CHAT, LIBRARY, USE_ATOMIC, Desk, source

NEWEST = ("pdm==2.29.3", "hishel[httpx]==1.2.1", "unearth<0.19")
OLDEST = ("pdm==2.13.0", "hishel<1", "unearth<0.16", "resolvelib<1.1")
"""The first PDM with a `Core.exit_stack`, and its dependencies as they were then: newer ones break it."""


@pytest.mark.parametrize(
    ("pdm", "backend"),
    [pytest.param(NEWEST, "pdm-backend", id="newest"), pytest.param(OLDEST, "pdm-backend==2.1.0", id="oldest")],
)
def test_from_plugin_to_wheel(desk: Desk, pdm: tuple[str, ...], backend: str) -> None:
    """`pdm install --plugins; pdm install; pdm build`, and an import from another folder."""
    text = LIBRARY.replace('"pdm-backend"', f'"{backend}"') + '\n[tool.pdm]\nplugins = ["pdm-flowverse"]\n'
    desk.write_project(text + source("ours", desk.wheelhouse.folder), CHAT, package="src/app")
    python = _environment(desk, *pdm)

    def run(*args: str) -> str:
        return desk.run(python, "-m", "pdm", *args)

    run("install", "--plugins")
    assert "Synced 2 flow modules" in run("install")
    assert desk.python(USE_ATOMIC) == "atomic\n"
    assert f"{ATOMIC}@main" in run("flowverse", "tree")
    desk.hub.rule(status=500)
    run("build")

    (wheel,) = (desk.root / "dist").glob("*.whl")
    clean = desk.place / "clean"
    desk.run(find_uv_bin(), "pip", "install", "--quiet", "--python", ".venv", "--target", str(clean), str(wheel))
    assert (clean / "flow_modules" / CHAT / "ChatGPT4.py").is_file()


def _environment(desk: Desk, *requirements: str) -> str:
    folder = desk.place / "pdm"
    desk.run(find_uv_bin(), "venv", "--quiet", "--python", sys.executable, str(folder))
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    desk.run(find_uv_bin(), "pip", "install", "--quiet", "--python", str(Path(python)), *requirements)
    return str(python)
