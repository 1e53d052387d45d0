"""pip, uv and build, each in the way people use it; the build hook is all that they know of us."""

from __future__ import annotations

import shutil
import sys
import tarfile
from pathlib import Path

from tests.hosts.hatch.conftest import PYPROJECT, Desk, python_of, write_project

TWO = {"saibo/ChatFlows", "martinjosifoski/ChatAtomicFlow"}
IMPORT = "from flow_modules.martinjosifoski.ChatAtomicFlow.ChatAtomicFlow import ChatAtomicFlow as C; print(C.name)"
KEYS = """
[tool.uv]
cache-keys = [{ file = "pyproject.toml" }, { file = "flowverse.lock" }, { dir = "flow_modules" }]
"""


def test_hatch_without_the_collector(desk: Desk) -> None:
    """The hook alone syncs for a new environment; here of a project that is nothing but a script."""
    shutil.rmtree(desk.root)
    write_project(desk.root, PYPROJECT, package=None)
    desk.declare(saibo__ChatFlows="main")

    desk.hatch("env", "create")

    assert desk.modules() == TWO
    assert desk.hatch("run", "python", "-c", IMPORT) == "atomic\n"


def test_hatch_without_the_hook(desk: Desk) -> None:
    """The collector sees that the build did not sync, and says which line is missing."""
    pyproject = desk.root / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8").replace("[tool.hatch.build.hooks.flowverse]\n", "")
    pyproject.write_text(text, encoding="utf-8")

    assert "[tool.hatch.build.hooks.flowverse] is missing" in desk.hatch("env", "create")


def test_pip_install_editable(desk: Desk, tmp_path: Path) -> None:
    """The tree is synced, and imported from any folder; a second install asks the Hub nothing."""
    desk.python("-m", "virtualenv", "--quiet", "../venv")
    python = python_of(tmp_path / "venv")

    desk.run(python, "-m", "pip", "install", "--quiet", "-e", ".")

    assert desk.modules() == TWO
    assert desk.run(python, "-c", IMPORT, cwd=tmp_path) == "atomic\n"
    before = desk.snapshot()
    desk.hub.clear()
    desk.run(python, "-m", "pip", "install", "--quiet", "-e", ".")
    assert desk.snapshot() == before
    assert desk.hub.requests == []


def test_uv_sync(desk: Desk, tmp_path: Path) -> None:
    """uv syncs when the table changes, and with our cache-keys also when the tree is gone; without, it is warned of."""
    sync = ("sync", "--python", sys.executable, "--verbose")
    said = desk.uv(*sync)
    assert "cache-keys = [{ file" in said
    assert desk.modules() == TWO
    assert desk.uv("run", "python", "-c", IMPORT, cwd=desk.root / "src").endswith("atomic\n")

    desk.declare(aiflows__ChatFlowModule="main")
    with (desk.root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(KEYS)
    assert "to [tool.uv]" not in desk.uv(*sync)
    assert desk.modules() == {"aiflows/ChatFlowModule"}

    shutil.rmtree(desk.root / "flow_modules")
    desk.uv(*sync)
    assert desk.modules() == {"aiflows/ChatFlowModule"}


def test_build_a_wheel_from_an_sdist_without_a_hub(desk: Desk, tmp_path: Path) -> None:
    """In a clone that was never synced. The sdist fetches what is locked; its wheel neither asks nor needs a client."""
    desk.hatch("env", "create")
    shutil.rmtree(desk.root / "flow_modules")
    dist = tmp_path / "dist"

    desk.python("-m", "build", "--installer", "uv", "--sdist", "--outdir", str(dist))
    with tarfile.open(dist / "app-1.0.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    desk.hub.clear()
    said = desk.python(
        "-m", "build", "-v", "--installer", "uv", "--wheel", "--outdir", str(dist), cwd=tmp_path / "app-1.0"
    )

    assert desk.hub.requests == []
    assert "hatch-flowverse" in said
    assert not [name for name in ("huggingface", "click", "cyclonedx") if name in said]
    desk.uv("venv", "--quiet", "--python", sys.executable, str(tmp_path / "venv"))
    desk.uv("pip", "install", "--quiet", "--python", str(tmp_path / "venv"), str(dist / "app-1.0-py3-none-any.whl"))
    python = python_of(tmp_path / "venv")
    assert desk.run(python, "-c", IMPORT, cwd=tmp_path) == "atomic\n"


def test_hatch_build(desk: Desk) -> None:
    """Hatch builds both from the working tree, and says in one sentence why it will not."""
    assert "there is no flowverse.lock yet" in desk.hatch("build", code=1)

    desk.hatch("env", "create")
    desk.hatch("build")
    assert {path.name for path in (desk.root / "dist").iterdir()} == {"app-1.0.tar.gz", "app-1.0-py3-none-any.whl"}

    (desk.root / "flow_modules" / "saibo" / "ChatFlows" / "ChatGPT4.yaml").write_text("mine\n", encoding="utf-8")
    said = desk.hatch("build", "--target", "wheel", code=1)
    assert (
        "flowverse: The flow modules cannot be shipped: saibo/ChatFlows was edited (1 changed: ChatGPT4.yaml).\nhint: "
        in said
    )
