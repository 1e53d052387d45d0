"""What the plugins cost in Hatch and PDM where there is nothing for them to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from uv import find_uv_bin

from benchmarks.bench import Bench, Synced
from benchmarks.desk import LOCK, declare
from benchmarks.modules import FILES, roots, world
from benchmarks.names import BARE_BUILD, WITH, WITHOUT, WITHOUT_BUT_CLIENT
from benchmarks.record import Row
from benchmarks.running import Contender, Job

__all__ = ["measure"]


_SIZE = 10
_PROJECT = """\
[build-system]
requires = ["hatchling"{plugin}]
build-backend = "hatchling.build"

[project]
name = "app"
version = "1.0"
requires-python = ">=3.10"

[tool.hatch.build.targets.wheel]
packages = ["app"]

[tool.hatch.envs.default]
installer = "uv"
"""
_PLUGIN = """
[tool.hatch.build.hooks.flowverse]

[tool.hatch.env]
requires = ["hatch-flowverse"]

[tool.hatch.env.collectors.flowverse]
"""


def measure(bench: Bench) -> Iterator[Row]:
    """`pdm --version`, `hatch run true`, `hatch build`."""
    yield bench.race("pdm-version", "pdm --version", _pdm(bench), rounds=bench.rounds(21, 5))
    synced = _with_plugin(bench)
    bare, same = _without(bench, None), _without(bench, synced)
    run = [_run(bench, WITH, synced.root), _run(bench, WITHOUT, bare)]
    title = f"hatch run true, environment and tree of {_SIZE} modules in sync"
    yield bench.race("hatch-run", title, run, rounds=bench.rounds(15, 4))
    build = [_build(bench, WITH, synced.root), _build(bench, WITHOUT, same), _build(bench, BARE_BUILD, bare)]
    title = f"hatch build, tree of {_SIZE} modules x {FILES} files in sync"
    yield bench.race("hatch-build", title, build, rounds=bench.rounds(9, 2))


def _pdm(bench: Bench) -> list[Contender]:
    folder = bench.desk.folder("pdm")
    own = {"PDM_CONFIG_FILE": str(folder / "pdm.toml"), "PDM_CHECK_UPDATE": "0", "PDM_LOG_DIR": str(folder)}
    environ = {**bench.places.installing(), **own}

    def ready(program: str) -> Callable[[], Job]:
        return lambda: Job(command=[program, "--version"], cwd=folder, environ=environ)

    places = {
        WITH: bench.places.pdm_with_plugin,
        WITHOUT_BUT_CLIENT: bench.places.pdm_with_client,
        WITHOUT: bench.places.pdm,
    }
    return [Contender(name=name, ready=ready(place.command("pdm"))) for name, place in places.items()]


def _with_plugin(bench: Bench) -> Synced:
    head = _PROJECT.format(plugin=', "hatch-flowverse"') + _PLUGIN
    synced = bench.sync(declare(dict.fromkeys(roots(_SIZE), "main"), head=head), world(_SIZE))
    _package(synced.root)
    return synced


def _without(bench: Bench, ships: Synced | None) -> Path:
    """The same project without our plugin; to be fair to builds, one ships the same files by hand."""
    text = _PROJECT.format(plugin="")
    if ships is not None:
        owners = {id.partition("/")[0] for id in world(_SIZE)}
        lines = "".join(f'"{ships.tree / owner}" = "flow_modules/{owner}"\n' for owner in sorted(owners))
        lines += f'"{ships.root / LOCK}" = "{LOCK}"\n'
        for target in ("sdist", "wheel"):
            text += f"\n[tool.hatch.build.targets.{target}.force-include]\n{lines}"
    root = bench.desk.project(text)
    _package(root)
    return root


def _package(root: Path) -> None:
    (root / "app").mkdir()
    (root / "app/__init__.py").write_text("", encoding="utf-8")


def _hatch(bench: Bench, name: str, root: Path, *arguments: str) -> Job:
    place = bench.places.hatch_with_plugin if name == WITH else bench.places.hatch
    data = root.parent / f"{root.name}-hatch"
    data.mkdir(exist_ok=True)
    (data / "hatch.toml").touch()
    own = {
        "HATCH_DATA_DIR": str(data / "data"),
        "HATCH_CACHE_DIR": str(data / "cache"),
        "HATCH_CONFIG": str(data / "hatch.toml"),
        "HATCH_PYTHON": "self",
        "HATCH_ENV_TYPE_VIRTUAL_UV_PATH": find_uv_bin(),
        "HF_ENDPOINT": bench.hub.endpoint,
        "HF_HOME": str(data / "home"),
    }
    command = [place.command("hatch"), *arguments]
    return Job(command=command, cwd=root, environ={**bench.places.installing(), **own})


def _run(bench: Bench, name: str, root: Path) -> Contender:
    return Contender(name=name, ready=lambda: _hatch(bench, name, root, "run", "true"))


def _build(bench: Bench, name: str, root: Path) -> Contender:
    return Contender(name=name, ready=lambda: _hatch(bench, name, root, "build", str(bench.desk.folder("dist"))))
