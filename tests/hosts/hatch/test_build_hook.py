"""What hatchling puts into an archive, whatever the project selects."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from flowverse import api
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from hatch_flowverse import _uv
from tests.hosts.hatch.conftest import MODULES, PYPROJECT, write_project
from tests.hub import Hub

SHIPPED = {
    "flow_modules/__init__.py",
    "flow_modules/_flowverse.py",
    "flow_modules/martinjosifoski/__init__.py",
    "flow_modules/saibo/__init__.py",
    *(
        f"flow_modules/{id}/{name}"
        for id in ("saibo/ChatFlows", "martinjosifoski/ChatAtomicFlow")
        for name in (*MODULES[id], "FLOW_MODULE_ID")
    ),
}

LAYOUTS = {
    "src": ("src/app", ""),
    "flat": ("app", ""),
    "no package": (None, ""),
    "packages": ("app", 'targets.wheel.packages = ["app", "flow_modules"]'),
    "only-include": ("app", 'only-include = ["app", "flow_modules"]'),
    "include": ("app", 'include = ["app", "flow_modules", "third"]'),
    "artifacts": ("src/app", 'artifacts = ["flow_modules/**"]'),
    "force-include": ("src/app", 'force-include = { flow_modules = "flow_modules" }'),
    "a sdist of some": ("src/app", 'targets.sdist.only-include = ["src"]'),
    "tree in src": ("src/app", "\n[tool.flowverse]\nmodules-dir = 'src/flow_modules'"),
    "tree elsewhere": ("app", "\n[tool.flowverse]\nmodules-dir = 'third/party/flow_modules'"),
}


@pytest.fixture
def root(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project that a test will write."""
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    return tmp_path / "app"


# Without this hatchling needs the distribution `editables`, which front ends bring; they are tested elsewhere.
EDITABLE = "\n[tool.hatch.build]\ndev-mode-dirs = ['src']\n"


def declare(root: Path, package: str | None, build: str) -> None:
    """Write a project of a layout that asks for saibo/ChatFlows."""
    table = '\n[tool.flowverse.dependencies]\n"saibo/ChatFlows" = "main"\n'
    write_project(root, f"{PYPROJECT}{EDITABLE}{build}\n{table}", package=package)


def wheel(root: Path, to: Path, version: str = "standard") -> Path:
    """Build a wheel."""
    return Path(next(WheelBuilder(str(root)).build(directory=str(to), versions=[version])))


def sdist(root: Path, to: Path) -> Path:
    """Build an sdist."""
    return Path(next(SdistBuilder(str(root)).build(directory=str(to))))


def names(archive: Path) -> list[str]:
    """The files in an archive; an sdist's below its folder."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.namelist()
    with tarfile.open(archive) as sdist:
        return [name.partition("/")[2] for name in sdist.getnames()]


@pytest.mark.parametrize(("package", "build"), LAYOUTS.values(), ids=LAYOUTS)
def test_the_pinned_files_are_shipped_once(
    root: Path, tmp_path: Path, hub: Hub, package: str | None, build: str
) -> None:
    """And nothing else of the tree; the wheel of the sdist is the wheel of the checkout, and asks no Hub."""
    declare(root, package, build)
    api.lock(root, settings())

    made = wheel(root, tmp_path / "dist")
    source = sdist(root, tmp_path / "dist")

    tree = api.modules_dir(root).relative_to(root).parent.as_posix().removeprefix(".")
    shipped = {f"{tree}/{path}".removeprefix("/") for path in SHIPPED}
    wanted = sorted({*SHIPPED, "flow_modules/_shipped/app.txt"})
    assert sorted(name for name in names(made) if "flow_modules" in name) == wanted
    assert sorted(name for name in names(source) if "flow_modules" in name) == sorted(shipped)
    assert names(source).count("flowverse.lock") == 1

    hub.clear()
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    assert wheel(tmp_path / "app-1.0", tmp_path / "again").read_bytes() == made.read_bytes()
    assert hub.requests == []


def test_a_changed_sdist_is_refused(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is in an unpacked sdist is verified."""
    declare(root, "app", "")
    api.lock(root, settings())
    with tarfile.open(sdist(root, tmp_path)) as archive:
        archive.extractall(tmp_path, filter="data")
    (tmp_path / "app-1.0/flow_modules/saibo/ChatFlows/ChatGPT4.yaml").write_text("other\n", encoding="utf-8")

    with pytest.raises(SystemExit):
        wheel(tmp_path / "app-1.0", tmp_path)
    assert "saibo/ChatFlows was edited (1 changed: ChatGPT4.yaml)" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["changed", "a link", "missing"])
@pytest.mark.parametrize("name", ["saibo/ChatFlows/FLOW_MODULE_ID", "_flowverse.py", "saibo/__init__.py"])
def test_what_is_generated_is_made_anew(root: Path, tmp_path: Path, name: str, how: str) -> None:
    """Whatever an sdist has in its place, which another flowverse may have made; no link is followed."""
    declare(root, "app", "")
    api.lock(root, settings())
    made = wheel(root, tmp_path / "dist")
    with tarfile.open(sdist(root, tmp_path)) as archive:
        archive.extractall(tmp_path, filter="data")
    file = tmp_path / "app-1.0/flow_modules" / name
    file.unlink()
    (tmp_path / "outside").write_text("secret", encoding="utf-8")
    if how == "changed":
        file.write_text("evil\n", encoding="utf-8")
    elif how == "a link":
        file.symlink_to(tmp_path / "outside")

    assert wheel(tmp_path / "app-1.0", tmp_path / "again").read_bytes() == made.read_bytes()


@pytest.mark.parametrize(("package", "build"), [LAYOUTS[name] for name in ("src", "no package", "tree in src")])
def test_an_editable_build_makes_the_tree_importable(
    root: Path, tmp_path: Path, package: str | None, build: str
) -> None:
    """With two files beside what the project itself forces in; none of them is left anywhere."""
    declare(root, package, f'targets.wheel.force-include = {{ "pyproject.toml" = "app/told.toml" }}\n{build}')
    before = set(root.parent.glob("flowverse-*"))

    found = names(wheel(root, tmp_path / "dist", "editable"))

    assert {"_flowverse_editable_app.pth", "_flowverse_editable_app.py", "app/told.toml"} <= set(found)
    assert (api.modules_dir(root) / "saibo/ChatFlows/ChatGPT4.py").is_file()
    assert set(root.parent.glob("flowverse-*")) == before


def test_a_project_without_the_table_is_left_alone(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], hub: Hub
) -> None:
    """A hook that is switched on for every project of a team says nothing to those who use no flow modules."""
    write_project(root, PYPROJECT + EDITABLE)

    for version in ("standard", "editable"):
        assert not [name for name in names(wheel(root, tmp_path, version)) if "flow" in name]
    assert WheelBuilder(str(root)).config.dependencies == []
    assert capsys.readouterr() == ("", "")
    assert {path.name for path in root.iterdir()} == {"pyproject.toml", "src"}
    assert hub.requests == []


def test_a_table_of_nearly_the_right_name_is_named(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A misspelt table declares nothing; that is said, and the build goes on."""
    write_project(root, PYPROJECT + '\n[tool.flow-verse.dependencies]\n"saibo/ChatFlows" = "main"\n')

    next(WheelBuilder(str(root)).build(directory=str(tmp_path / "dist"), versions=["standard"]))

    said = capsys.readouterr()
    assert "[tool.flow-verse] in pyproject.toml is looked at by nobody" in said.out + said.err


def test_the_hub_client_is_asked_for_only_if_something_is_to_be_fetched(root: Path, tmp_path: Path) -> None:
    """A build whose modules are in the tree, or in the cache, is quick."""
    declare(root, "app", "")
    config = WheelBuilder(str(root)).config
    assert [name.partition(">")[0] for name in config.dependencies] == ["huggingface-hub"]
    assert SdistBuilder(str(root)).config.dependencies == []  # it does not lock, so it will only say so

    wheel(root, tmp_path, "editable")
    assert WheelBuilder(str(root)).config.dependencies == []
    shutil.rmtree(root / "flow_modules")
    assert WheelBuilder(str(root)).config.dependencies == []


ASK = """
import json, sys
before = set(sys.modules)
import hatchling.build
said = [hatchling.build.get_requires_for_build_wheel(), hatchling.build.get_requires_for_build_sdist()]
print(json.dumps([*said, sorted(name for name in set(sys.modules) - before if "flowverse" in name)]))
"""


def test_what_is_asked_of_a_build_in_sync(root: Path) -> None:
    """Hatch asks it in a process of its own before every build: little is loaded for the answer, which is nothing."""
    declare(root, "app", "")
    api.sync(root, settings())
    assert any(api.sync(root, settings()).untouched for _ in range(50))

    done = subprocess.run([sys.executable, "-c", ASK], cwd=root, capture_output=True, text=True, check=True)

    files = ["hatch_flowverse", "hatch_flowverse.build_hook", "hatch_flowverse.hooks"]
    assert json.loads(done.stdout) == [[], [], ["flowverse", "flowverse._glance", "flowverse.api", *files]]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ([], 'add: cache-keys = [{ file = "pyproject.toml" }, { file = "flowverse.lock" }, { dir = "tree" }]'),
        ([{"file": "pyproject.toml"}, {"file": "flowverse.lock"}], 'add to cache-keys: { dir = "tree" }'),
        ([{"git": {"commit": True}}, {"dir": "tree"}], 'add to cache-keys: { file = "flowverse.lock" }'),
        ([{"dir": "tree"}, {"file": "flowverse.lock"}], ""),
    ],
)
def test_what_uv_has_to_watch_is_said_as_a_line_to_paste(keys: list[object], said: str) -> None:
    """What is there already need not be pasted."""
    lines = _uv.missing_keys({"tool": {"uv": {"cache-keys": keys}}}, "tree")

    assert [line.text.partition("to [tool.uv] ")[2] for line in lines] == ([said] if said else [])


@pytest.mark.parametrize(
    ("environ", "by_uv"),
    [
        ({"UV": "uv"}, True),
        ({}, False),
        ({"UV": "uv", "PIP_BUILD_TRACKER": "x"}, False),
        ({"UV": "uv", "HATCH_ENV_ACTIVE": "default"}, False),
    ],
    ids=["uv sync", "neither", "pip below uv run", "Hatch with uv"],
)
def test_a_build_of_uv_is_told_from_others(environ: dict[str, str], by_uv: bool) -> None:
    """Hatch and pip build again whenever they are asked to install."""
    assert _uv.builds(environ) is by_uv


def settings() -> api.Settings:
    """As the environment says."""
    return api.Settings.from_environ(os.environ)
