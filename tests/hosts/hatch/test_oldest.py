"""The oldest Hatch and hatchling that hatch-flowverse says it works with."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import tomli

from tests.hosts.hatch.conftest import Desk, python_of

OURS = Path(__file__).parents[3] / "hatch_flowverse" / "pyproject.toml"


def floor(distribution: str) -> str:
    """The oldest version that our own requirements allow, as a pin."""
    project = tomli.loads(OURS.read_text(encoding="utf-8"))["project"]
    requirements = [*project["dependencies"], *project["optional-dependencies"]["hatch"]]
    (version,) = (found[1] for text in requirements if (found := re.fullmatch(rf"{distribution}>=(.+)", text)))
    return f"{distribution}=={version}"


def test_the_floors_of_our_requirements_hold(desk: Desk, tmp_path: Path) -> None:
    """In a Python of its own that Hatch makes an environment and follows an edit; that hatchling syncs and builds."""
    venv = tmp_path / "venv"
    desk.uv("venv", "--quiet", "--python", sys.executable, str(venv))
    desk.uv("pip", "install", "--quiet", "--python", str(venv), floor("hatch"), "hatch-flowverse")
    pyproject = desk.root / "pyproject.toml"
    pyproject.write_text(pyproject.read_text("utf-8").replace('"hatchling"', f'"{floor("hatchling")}"'), "utf-8")
    hatch = (python_of(venv), "-m", "hatch")

    desk.run(*hatch, "env", "create")
    assert desk.modules() == {"saibo/ChatFlows", "martinjosifoski/ChatAtomicFlow"}

    desk.declare(aiflows__ChatFlowModule="main")
    find = "import flow_modules.aiflows.ChatFlowModule as m; print(m.ANSWER)"
    assert desk.run(*hatch, "run", "python", "-c", find).endswith("42\n")
    assert desk.modules() == {"aiflows/ChatFlowModule"}

    desk.run(*hatch, "build")
    assert {path.suffix for path in (desk.root / "dist").iterdir()} == {".gz", ".whl"}

    desk.declare(saibo__Nothing="main")
    assert desk.run(*hatch, "run", "python", "-V", code=3).endswith("set HF_TOKEN or run `hf auth login`.\n")
