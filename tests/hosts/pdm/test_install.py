"""`pdm install` and its kin bring flow modules as they bring packages."""

from __future__ import annotations

import shutil

import pytest

from tests.hosts.pdm.conftest import APPLICATION, ATOMIC, CHAT, LIBRARY, OTHER, USE_ATOMIC, USE_OTHER, Desk, source
from tests.hosts.pdm.conftest import write_wheel as wheel


def test_the_life_of_a_project(desk: Desk) -> None:
    """Installed, used from anywhere, installed again, and after each kind of change."""
    desk.write_project(LIBRARY, CHAT, package="src/app")
    desk.make_environment("pdm-backend", "pdm-flowverse")
    desk.environ["PDM_BUILD_ISOLATION"] = "0"

    said = desk.pdm("install")
    assert f"+ {CHAT}@main" in said
    assert "Synced 2 flow modules" in said
    assert desk.lock.is_file()
    assert desk.modules() == {CHAT, ATOMIC}
    assert desk.pdm("run", "python", "-c", USE_ATOMIC) == "atomic\n"
    assert desk.python(USE_ATOMIC) == "atomic\n"

    desk.hub.clear()
    before = desk.snapshot()
    assert "2 flow modules in sync" in desk.pdm("install")
    assert desk.hub.requests == []
    assert desk.snapshot() == before

    desk.declare(CHAT, OTHER)
    assert f"+ {OTHER}@main" in desk.pdm("install")
    assert desk.python(USE_OTHER) == "42\n"

    desk.hub.clear()
    shutil.rmtree(desk.root / "flow_modules" / "saibo")
    assert f"+ {CHAT}@main" in desk.pdm("install")
    assert desk.hub.requests == []
    assert desk.modules() == {CHAT, ATOMIC, OTHER}

    desk.declare(OTHER)
    assert f"- {CHAT}" in desk.pdm("install")
    assert desk.modules() == {OTHER}


def test_a_new_clone_needs_only_the_cache(desk: Desk) -> None:
    """What was fetched once is not fetched again; without it, offline is one sentence."""
    desk.write_project(APPLICATION, CHAT)
    desk.pdm("install")
    clone = desk.place / "clone"
    clone.mkdir()
    for name in ("pyproject.toml", "pdm.lock", "flowverse.lock"):
        shutil.copy(desk.root / name, clone)
    desk.make_environment(root=clone)
    desk.hub.clear()

    said = desk.pdm("install", code=1, cwd=clone, FLOWVERSE_OFFLINE="1", HF_HOME=str(desk.place / "empty"))
    assert "is not in the cache, and flowverse is offline." in said
    assert said.count("ERROR: ") == 1
    assert "Traceback" not in said
    assert ".log" not in said
    assert desk.modules(clone) == set()

    desk.pdm("install", cwd=clone, FLOWVERSE_OFFLINE="1")
    assert desk.modules(clone) == {CHAT, ATOMIC}
    assert desk.hub.requests == []


def test_a_failure_stops_before_packages(desk: Desk) -> None:
    """An error of the Hub is said plainly, with what to do; PDM ends with 1 and has installed and locked nothing."""
    wheel(desk.place / "wheels", "tiny")
    desk.write_project(APPLICATION.replace("[]", '["tiny"]') + source("pypi", desk.place / "wheels"), "saibo/Nobody")

    said = desk.pdm("install", code=1)

    assert "ERROR: saibo/Nobody (revision 'main') was not found on the Hub.\nHINT: Check the spelling" in said
    assert "Traceback" not in said
    assert "tiny" not in said
    assert not (desk.root / "pdm.lock").exists()
    assert not desk.lock.exists()


def test_nothing_is_read_as_markup(desk: Desk) -> None:
    """A name in brackets comes through to the screen; PDM reads its own messages as markup."""
    desk.write_project(APPLICATION, CHAT)
    desk.manifest.write_text(desk.manifest.read_text(encoding="utf-8") + '"a/b" = { "[red]" = 1 }\n', encoding="utf-8")

    assert '"[red]": is not a known key' in desk.pdm("install", code=1)


def test_packages_come_and_go_beside_flow_modules(desk: Desk) -> None:
    """`add`, `remove` and `update` lock flow modules with packages and, if they install at all, sync them."""
    wheel(desk.place / "wheels", "tiny")
    desk.write_project(APPLICATION + source("pypi", desk.place / "wheels"), CHAT)

    said = desk.pdm("add", "--no-sync", "tiny")
    assert "Locked 2 flow modules" in said
    assert "tiny" in desk.manifest.read_text(encoding="utf-8")
    assert desk.lock.is_file()
    assert desk.modules() == set()

    assert "Synced 2 flow modules" in desk.pdm("update")
    assert desk.modules() == {CHAT, ATOMIC}

    desk.declare(OTHER)
    desk.pdm("remove", "tiny")
    assert "tiny" not in desk.manifest.read_text(encoding="utf-8")
    assert desk.modules() == {OTHER}

    desk.declare(OTHER, ATOMIC)
    desk.pdm("add", "--dev", "tiny")
    assert f'id = "{ATOMIC}"' in desk.lock.read_text(encoding="utf-8")
    assert desk.modules() == {OTHER}, "flow modules belong to the default group"


def test_a_project_without_the_table_is_left_alone(desk: Desk) -> None:
    """Nothing is said, written or even imported."""
    desk.write_project(APPLICATION)

    said = desk.pdm("install", PYTHONPROFILEIMPORTTIME="1")

    assert "pdm_flowverse.handlers" in said
    assert "flowverse.api" not in said
    assert "huggingface_hub" not in said
    assert "flow module" not in said
    assert not desk.lock.exists()
    assert not (desk.root / "flow_modules").exists()


@pytest.mark.parametrize("args", [("--version",), ("info", "--env")])
def test_loading_the_plugin_loads_no_engine(desk: Desk, args: tuple[str, ...]) -> None:
    """Every command pays for what a plugin imports when it is loaded."""
    desk.write_project(APPLICATION, CHAT)

    said = desk.pdm(*args, PYTHONPROFILEIMPORTTIME="1")

    imported = {line.rpartition("|")[2].strip() for line in said.splitlines() if line.startswith("import time:")}
    assert "pdm_flowverse.handlers" in imported
    assert not {name for name in imported if name.partition(".")[0] in {"flowverse", "huggingface_hub"}}


def test_a_plugin_without_a_hub_client(desk: Desk) -> None:
    """What must be fetched is not, and the line to write is said; what is in the cache is installed all the same."""
    desk.write_project(APPLICATION, CHAT)
    desk.make_environment("pdm==2.29.3", "hishel[httpx]==1.2.1", "unearth<0.19", "pdm-flowverse")
    (python,) = (desk.root / ".venv").glob("*/python")

    said = desk.run(str(python), "-m", "pdm", "install", code=1)
    assert "ERROR: Flow modules must be fetched, and the Hub client is not installed" in said
    assert 'HINT: Write plugins = ["pdm-flowverse[hub]"] in [tool.pdm]' in said
    assert '`pdm self add "pdm-flowverse[hub]"`' in said
    assert "Traceback" not in said

    desk.pdm("flowverse", "lock")
    assert "Synced 2 flow modules" in desk.run(str(python), "-m", "pdm", "install")
