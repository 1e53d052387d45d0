"""Hatch's environments follow the manifest, the lock and the tree."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.hosts.hatch.conftest import Desk

IMPORT = "from flow_modules.martinjosifoski.ChatAtomicFlow.ChatAtomicFlow import ChatAtomicFlow as C; print(C.name)"
FIND = "import flow_modules.aiflows.ChatFlowModule as m; print(m.ANSWER)"


def test_the_life_of_an_environment(desk: Desk, tmp_path: Path) -> None:
    """Created, used from anywhere, used again, and after each kind of change."""
    said = desk.hatch("env", "create")

    assert "+ saibo/ChatFlows@main" in said
    assert (desk.root / "flowverse.lock").is_file()
    assert desk.modules() == {"saibo/ChatFlows", "martinjosifoski/ChatAtomicFlow"}
    assert desk.hatch("run", "python", "-c", IMPORT).endswith("atomic\n")

    desk.hub.clear()
    before = desk.snapshot()
    python = desk.hatch("run", "python", "-c", "import sys; print(sys.executable)").splitlines()[-1]
    assert desk.run(python, "-c", IMPORT, cwd=tmp_path) == "atomic\n"
    assert desk.hub.requests == []
    assert desk.snapshot() == before
    assert loaded(desk) == {"flowverse", "flowverse.api", "flowverse._glance"}

    desk.declare(saibo__ChatFlows="main", aiflows__ChatFlowModule="main")
    assert desk.hatch("run", "python", "-c", FIND).endswith("42\n")

    desk.hub.clear()
    shutil.rmtree(desk.root / "flow_modules" / "saibo")
    assert "+ saibo/ChatFlows@main" in desk.hatch("run", "python", "-c", IMPORT)
    assert desk.hub.requests == []

    desk.declare(aiflows__ChatFlowModule="main")
    assert desk.hatch("run", "python", "-c", FIND).endswith("42\n")
    assert desk.modules() == {"aiflows/ChatFlowModule"}


def loaded(desk: Desk) -> set[str]:
    """What of the engine Hatch loads to find that there is nothing to do."""
    said = desk.hatch("run", "true", PYTHONPROFILEIMPORTTIME="1")
    imported = {line.rpartition("|")[2].strip() for line in said.splitlines() if line.startswith("import time:")}
    assert "hatch_flowverse.environment" in imported
    assert "hyperlink" not in imported  # Hatch's parser of URLs
    return {name for name in imported if name.partition(".")[0] == "flowverse"}
