"""What `flowverse init` writes is what Hatch and hatchling need."""

from __future__ import annotations

from flowverse import adopting
from flowverse._editing import with_entries

from tests.hosts.hatch.conftest import Desk, write_project

PLAIN = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "app"
version = "1.0"
dependencies = []

[tool.hatch.envs.default]
installer = "uv"
"""
IMPORT = "from flow_modules.martinjosifoski.ChatAtomicFlow.ChatAtomicFlow import ChatAtomicFlow as C; print(C.name)"


def test_a_project_syncs_after_init(desk: Desk) -> None:
    """A project that knew nothing of flow modules: `init`, one requirement, `hatch run`."""
    root = desk.place / "plain"
    write_project(root, PLAIN, package="src/app")
    adopting.set_up(root, adopting.setup(root, dynamic=True))
    path = root / "pyproject.toml"
    entries = {"saibo/ChatFlows": "main"}
    text = with_entries(path.read_text(encoding="utf-8"), ("tool", "flowverse", "dependencies"), entries)
    path.write_text(text or "", encoding="utf-8")

    said = desk.hatch("run", "python", "-c", IMPORT, cwd=root)

    assert "+ saibo/ChatFlows@main" in said
    assert said.endswith("atomic\n")
