"""How the engine is built: floors that only look down, light imports, and no voice but the command's."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
import tomli
from flowverse import __version__

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core/src/flowverse"
DISTRIBUTIONS = ("flowverse", "hatch-flowverse", "pdm-flowverse")

# The floors of the design, finer where files of one floor need each other. A file imports only from floors above it in
# this list, which are below it in the house.
FLOORS = [
    [
        "__init__.py",
        "_adopt/__init__.py",
        "_digest.py",
        "_editable.py",
        "_files.py",
        "_edits/__init__.py",
        "_edits/texts.py",
        "_ship/__init__.py",
        "_guard_template.py",
        "_hub/__init__.py",
        "_hub/pools.py",
        "_hub/turns.py",
        "_hub/limits.py",
        "_hub/patience.py",
        "_linking.py",
        "_meant.py",
        "_plain.py",
        "_render/__init__.py",
        "_render/words.py",
        "_require/__init__.py",
        "_swap.py",
        "_tasks.py",
        "_toml.py",
        "errors.py",
    ],
    ["_glance.py", "_editing.py", "_edits/diff.py", "_edits/merge.py", "_render/lines.py", "model.py"],
    # 1: formats and ports
    ["_adopt/tables.py", "_adopt/values.py", "_paths.py", "_reader.py", "lock.py", "ports.py"],
    ["_edits/patch.py", "_require/entries.py", "_names.py", "manifest.py"],
    # 2: what is decided
    [
        "_hub/address.py",
        "_hub/answers.py",
        "_hub/response.py",
        "_calls.py",
        "_edits/carry.py",
        "_guard.py",
        "_plan.py",
        "_resolve.py",
        "_ship/requirements.py",
        "_ship/texts.py",
        "_ship/values.py",
    ],
    ["_adopt/files.py", "_adopt/source.py", "_scan.py", "_ship/bom.py", "_ship/vendor.py", "_require/wishes.py"],
    ["_adopt/deleting.py", "_adopt/wiring.py"],
    # 3: disk and network
    ["_cache.py", "_hub/http.py", "_index.py", "_local.py"],
    [
        "_develop.py",
        "_edits/bases.py",
        "_contents.py",
        "_edits/materials.py",
        "_edits/weave.py",
        "_hub/client.py",
        "_require/outdated.py",
        "_patches.py",
        "_settings.py",
        "_staging.py",
    ],
    ["_project.py", "_tree.py"],
    ["_edits/patching.py", "_examine.py", "_goal.py", "_require/rewrite.py", "_ship/selection.py", "_survey.py"],
    ["_stale.py"],
    ["_state.py"],
    ["_adopt/reading.py"],
    ["_adopt/migration.py", "_install.py", "_ship/metadata.py", "_ship/refusals.py"],
    # 4: the story
    ["_ship/arrived.py"],
    [
        "_edits/backups.py",
        "_edits/differences.py",
        "_hub/catalog.py",
        "_engine.py",
        "_ship/contents.py",
        "_ship/export.py",
        "_ship/licenses.py",
        "_ship/verify.py",
        "_view.py",
    ],
    ["_require/graph.py"],
    # 5: what hosts, scripts and people call
    [
        "_render/adopting.py",
        "_render/edits.py",
        "_render/finding.py",
        "_render/graph.py",
        "_render/results.py",
        "_render/shipped.py",
        "_render/views.py",
    ],
    ["_render/requiring.py", "api.py"],
    ["_edits/desk.py"],
    ["_edits/developing.py", "_edits/saving.py", "cli/_at_once.py"],
    [
        "adopting.py",
        "edits.py",
        "finding.py",
        "flow_verse.py",
        "requiring.py",
        "shipping.py",
        "cli/_group.py",
        "cli/_options.py",
        "cli/_screen.py",
    ],
    ["cli/_completion.py", "cli/_progress.py"],
    ["cli/_live.py"],
    ["cli/_terminal.py"],
    [
        "cli/_adopting.py",
        "cli/_edits.py",
        "cli/_finding.py",
        "cli/_requiring.py",
        "cli/_shipping.py",
        "cli/_syncing.py",
    ],
    ["cli/_commands.py"],
    ["cli/__init__.py"],
    ["__main__.py"],
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
FILES = sorted(path.relative_to(CORE).as_posix() for path in CORE.rglob("*.py"))

READS_THE_ENVIRONMENT = {
    "_hub/client.py": "switches the client's telemetry off while it is imported",
    "_guard_template.py": "is copied into trees and run there",
    "flow_verse.py": "is the command of scripts: it makes the settings",
}


def nodes(name: str) -> Iterator[ast.AST]:
    """All of a file's syntax but what is for type checkers only."""
    todo: list[ast.AST] = [ast.parse((CORE / name).read_text(encoding="utf-8"))]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            todo += node.orelse
            continue
        yield node
        todo += ast.iter_child_nodes(node)


def imports(name: str) -> set[str]:
    """The full names of all modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in nodes(name):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            assert node.module is not None
            # `from flowverse import api` imports a module, `from flowverse import __version__` does not.
            found |= {f"{node.module}.{alias.name}" for alias in node.names if file_of(f"{node.module}.{alias.name}")}
            found.add(node.module)
    return found


def file_of(module: str) -> str | None:
    """The file of a module of ours, below the package's folder."""
    path = module.removeprefix("flowverse").strip(".").replace(".", "/")
    if not (module == "flowverse" or module.startswith("flowverse.")):
        return None
    return next((name for name in (f"{path}.py", f"{path}/__init__.py".lstrip("/")) if (CORE / name).is_file()), None)


def third_party(name: str) -> set[str]:
    tops = {module.partition(".")[0] for module in imports(name)}
    return tops - sys.stdlib_module_names - {"flowverse"}


# Which files need it.
EXTRAS = {
    "hub": ("_hub/client.py",),
    "build": ("_ship/", "shipping.py"),
    "merge": ("_edits/merge.py",),
    "cli": ("cli/",),
}
IMPORTED_AS = {"huggingface-hub": "huggingface_hub"}


def test_every_file_has_its_floor() -> None:
    """A new file is put on a floor, a file that is gone is taken off."""
    assert sorted(FLOOR) == FILES
    assert sum(map(len, FLOORS)) == len(FLOOR)


@pytest.mark.parametrize("name", FILES)
def test_a_file_imports_only_from_floors_below(name: str) -> None:
    ours = {file_of(module) for module in imports(name)} - {None, name}
    assert [other for other in sorted(map(str, ours)) if FLOOR[other] >= FLOOR[name]] == []


@pytest.mark.parametrize("name", FILES)
def test_a_file_needs_nothing_that_is_not_declared(name: str) -> None:
    """What an extra brings is imported where it belongs: the Hub's client in one file, what draws below `cli/`."""
    project = tomli.loads((ROOT / "core/pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"]]
    lists += [project["optional-dependencies"][extra] for extra, place in EXTRAS.items() if name.startswith(place)]
    allowed = {IMPORTED_AS.get(name, name) for lines in lists for line in lines for name in [line.partition(">")[0]]}
    assert third_party(name) <= allowed


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("cli/")])
def test_the_engine_neither_prints_nor_asks(name: str) -> None:
    """It reports to a Reporter and asks a Chooser."""
    called = {node.func.id for node in nodes(name) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert called.isdisjoint({"print", "input", "breakpoint"})


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("cli/")])
def test_the_engine_is_told_its_settings(name: str) -> None:
    """Only the outermost files look into the environment themselves."""
    reads = any(
        isinstance(node, ast.Attribute)
        and node.attr in {"environ", "environb", "getenv"}
        and isinstance(node.value, ast.Name)
        for node in nodes(name)
    )
    assert reads == (name in READS_THE_ENVIRONMENT)


@pytest.mark.parametrize("package", ["flowverse", "hatch_flowverse", "pdm_flowverse"])
def test_a_package_is_the_real_one(package: str) -> None:
    """A folder of this name in the current folder would be imported as an empty package without a complaint."""
    assert importlib.import_module(package).__file__


LOAD = """
import json, sys
from importlib.metadata import distribution
found = {}
for name in sys.argv[1:]:
    for point in distribution(name).entry_points:
        found[f"{point.group}:{point.value}"] = point.load() is not None
print(json.dumps(found))
"""


def test_every_declared_entry_point_loads() -> None:
    """In a process of its own, because hosts are heavy and change what they are loaded into."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *DISTRIBUTIONS], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    declared = set()
    for name in DISTRIBUTIONS:
        folder = "core" if name == "flowverse" else name.replace("-", "_")
        project = tomli.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        groups = {"console_scripts": project.get("scripts", {}), **project.get("entry-points", {})}
        declared |= {f"{group}:{value}" for group, points in groups.items() for value in points.values()}
    assert set(json.loads(done.stdout)) == declared


def test_the_distributions_have_one_version() -> None:
    """The adapters ask for exactly this engine."""
    versions = {distribution(name).version for name in DISTRIBUTIONS}
    assert versions == {__version__}


HEAVY = {"huggingface_hub", "httpx", "httpx2", "click", "rich", "tomlkit", "cyclonedx", "packaging", "pathspec"}


LIGHT = [
    "flowverse.adopting",
    "flowverse.api",
    "flowverse.edits",
    "flowverse.finding",
    "flowverse.requiring",
    "flowverse.shipping",
    "flowverse.flow_verse",
    "flowverse.cli",
]


@pytest.mark.parametrize("module", LIGHT)
def test_an_import_is_light(module: str) -> None:
    """A build that finds its tree in place must not load a Hub client, nor what draws on a screen."""
    code = f"import json, sys, {module}; print(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY.isdisjoint(json.loads(done.stdout))
