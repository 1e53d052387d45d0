"""What pdm-backend builds holds the flow modules, by every front end; an editable install can import them."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.hosts.pdm.conftest import ATOMIC, CHAT, LIBRARY, OTHER, USE_ATOMIC, WITH_HUB, Desk
from tests.hub import FILE, INFO

SHIPPED = {
    "flow_modules/__init__.py",
    "flow_modules/_flowverse.py",
    "flow_modules/martinjosifoski/__init__.py",
    "flow_modules/martinjosifoski/ChatAtomicFlow/ChatAtomicFlow.py",
    "flow_modules/martinjosifoski/ChatAtomicFlow/FLOW_MODULE_ID",
    "flow_modules/martinjosifoski/ChatAtomicFlow/__init__.py",
    "flow_modules/saibo/__init__.py",
    "flow_modules/saibo/ChatFlows/ChatGPT4.py",
    "flow_modules/saibo/ChatFlows/ChatGPT4.yaml",
    "flow_modules/saibo/ChatFlows/FLOW_MODULE_ID",
    "flow_modules/saibo/ChatFlows/__init__.py",
}


@pytest.mark.parametrize(
    ("package", "modules_dir"),
    [
        ("src/app", "flow_modules"),
        ("app", "flow_modules"),
        ("src/app", "src/flow_modules"),
        ("app", "lib/flow_modules"),
    ],
)
def test_archives(desk: Desk, package: str, modules_dir: str) -> None:
    """An sdist holds the tree in its place and the lock, a wheel the tree beside the packages; neither our records.

    A tree that is missing is synced for it. The wheel is built from the sdist, for which there is no Hub.
    """
    desk.write_project(f'{LIBRARY}\n[tool.flowverse]\nmodules-dir = "{modules_dir}"\n', CHAT, package=package)
    desk.pdm("flowverse", "lock")

    desk.run(sys.executable, "-m", "build", "--no-isolation", "--sdist")
    desk.hub.rule(status=500)
    desk.run(sys.executable, "-m", "build", "--no-isolation")

    (wheel,), (sdist,) = (desk.root / "dist").glob("*.whl"), (desk.root / "dist").glob("*.tar.gz")
    parent = modules_dir.removesuffix("flow_modules")
    assert _names(wheel) == {"app/__init__.py", "flow_modules/_shipped/app.txt", *SHIPPED}
    assert _names(sdist) == {
        "PKG-INFO",
        "pyproject.toml",
        "flowverse.lock",
        f"{package}/__init__.py",
        *(parent + name for name in SHIPPED),
    }
    with zipfile.ZipFile(wheel) as archive:
        content = desk.hub.commit(CHAT).files["ChatGPT4.py"].content
        assert archive.read("flow_modules/saibo/ChatFlows/ChatGPT4.py") == content


def test_front_ends_agree(desk: Desk) -> None:
    """PDM, build and uv make the same wheel, byte for byte; pdm-backend's sdists hold the time of the build."""
    desk.write_project(LIBRARY, CHAT, package="src/app")
    desk.make_environment("pdm-backend", "pdm-flowverse")
    desk.pdm("flowverse", "lock")

    desk.pdm("build", "--no-isolation", "-d", "of-pdm")
    desk.run(sys.executable, "-m", "build", "--no-isolation", "-o", "of-build")
    desk.run(find_uv_bin(), "build", "--no-build-isolation", "--python", sys.executable, "-o", "of-uv")

    first, *others = (
        (desk.root / f"of-{who}" / "app-1.0-py3-none-any.whl").read_bytes() for who in ("pdm", "build", "uv")
    )
    assert others == [first, first]


def test_only_what_is_locked_is_built(desk: Desk) -> None:
    """A stale lock and an edit end the build with a sentence, whoever builds."""
    desk.write_project(LIBRARY, CHAT, package="src/app")
    desk.make_environment("pdm-backend", "pdm-flowverse")
    desk.pdm("flowverse", "sync")
    desk.declare(CHAT, OTHER)

    said = desk.run(sys.executable, "-m", "build", "--no-isolation", code=1)
    assert f"flowverse.lock is stale: {OTHER} is not locked yet.\nRun `flowverse lock`" in said
    assert "Traceback" not in said

    desk.declare(CHAT)
    (desk.root / "flow_modules" / ATOMIC / "__init__.py").write_text("mine = True\n", encoding="utf-8")
    said = desk.pdm("build", "--no-isolation", code=1)
    assert f"The flow modules cannot be shipped: {ATOMIC} was edited (1 changed: __init__.py)." in said
    assert "Traceback" not in said


def test_a_build_that_does_not_know_of_flow_modules(desk: Desk) -> None:
    """pdm-backend would ship the tree as it lies there: that is said when installing, and refused when building."""
    desk.write_project(LIBRARY.replace(', "pdm-flowverse"', ""), CHAT, package="src/app")
    desk.make_environment("pdm-backend")
    said = desk.pdm("install", "--no-self")
    assert 'unverified, or none: it does not know of them. Add "pdm-flowverse" to requires in [build-system].' in said
    said = desk.pdm("build", "--no-isolation", code=1)
    assert 'HINT: Add "pdm-flowverse" to requires in [build-system].' in said
    assert not list((desk.root / "dist").glob("*"))

    text = LIBRARY.replace('"pdm-backend", "pdm-flowverse"', '"hatchling"').replace("pdm.backend", "hatchling.build")
    desk.manifest.write_text(text + f'\n[tool.flowverse.dependencies]\n"{CHAT}" = "main"\n', encoding="utf-8")
    assert "hatchling.build is not told to ship flow modules" in desk.pdm("build", "--no-sdist")


def test_a_project_without_the_table_is_built_as_ever(desk: Desk) -> None:
    """The hook is loaded for every build in its environment; this one is none of its business."""
    desk.write_project(LIBRARY, package="src/app")

    desk.run(sys.executable, "-m", "build", "--no-isolation", "--wheel", PYTHONPROFILEIMPORTTIME="1")

    (wheel,) = (desk.root / "dist").glob("*.whl")
    assert _names(wheel) == {"app/__init__.py"}


def test_an_editable_install(desk: Desk) -> None:
    """`pip install -e .` locks and syncs; modules can be imported from any folder, and nothing else of the project.

    The project's folder has the tree and the lock then, and nothing that was only made for the build.
    """
    desk.write_project(WITH_HUB, CHAT, package="src/app")
    (desk.root / "tests").mkdir()
    desk.run(find_uv_bin(), "venv", "--quiet", "--clear", "--seed", "--python", sys.executable, ".venv")

    pip = str(next((desk.root / ".venv").glob("*/pip*")))
    desk.run(pip, "install", "--editable", ".")

    assert desk.python(USE_ATOMIC) == "atomic\n"
    assert desk.python("import importlib.util as u; print(u.find_spec('tests'))") == "None\n"
    assert {path.name for path in desk.root.iterdir()} == {
        *("pyproject.toml", "flowverse.lock", "flow_modules", "src", "tests", ".venv"),
        ".pdm-build",  # pdm-backend's own, which it makes for every editable install
    }
    assert not list((desk.root / ".pdm-build").glob("*flowverse*"))


def test_an_editable_install_without_a_source_folder(desk: Desk) -> None:
    """Where packages lie in the project's folder itself, as in a `src` folder."""
    desk.write_project(LIBRARY, CHAT, package="app")
    desk.make_environment("pdm-backend", "pdm-flowverse[hub]")
    desk.hub.rule(FILE, status=404, first=1)
    install = (find_uv_bin(), "pip", "install", "--python", ".venv", "--no-build-isolation", "-e", ".")

    said = desk.run(*install, code=1)
    assert "Traceback" not in said
    assert desk.modules() == set()

    desk.run(*install)
    assert desk.python(f"import app; {USE_ATOMIC}") == "atomic\n"
    desk.hub.rule(INFO, status=500)
    desk.run(*install, "--reinstall")


def test_a_build_that_must_fetch_and_has_no_hub_client(desk: Desk) -> None:
    """It ends with a sentence and the line to write; what PDM synced before needs no Hub client in the build."""
    desk.write_project(LIBRARY, CHAT, package="src/app")
    desk.make_environment("pdm-backend", "pdm-flowverse")
    install = (find_uv_bin(), "pip", "install", "--python", ".venv", "--no-build-isolation", "-e", ".")

    said = " ".join(desk.run(*install, code=1).split())  # uv breaks lines where the terminal ends
    assert "Flow modules must be fetched, and the Hub client is not installed (huggingface_hub is missing). " in said
    assert 'Write requires = ["pdm-backend", "pdm-flowverse[ hub ]"] in [ build-system ], or sync beforehand' in said
    assert "Traceback" not in said

    desk.pdm("install", "--no-self")
    desk.run(*install)
    assert desk.python(USE_ATOMIC) == "atomic\n"


def _names(archive: Path) -> set[str]:
    """The files of an archive; of an sdist below its folder, of a wheel without its metadata."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as opened:
            return {name for name in opened.namelist() if ".dist-info/" not in name}
    with tarfile.open(archive) as opened_tar:
        return {name.partition("/")[2] for name in opened_tar.getnames()}
