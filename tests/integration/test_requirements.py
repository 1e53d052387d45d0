"""What modules need of Python, shown and written down; and the project told to other programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tomli
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.hub import Hub
from tests.integration.workspace import Workspace, asking


@pytest.fixture
def needing(space: Workspace, hub: Hub) -> Workspace:
    """Two modules that need something of Python, one of them asked for by the other."""
    hub.add("a/One", {"one.py": asking("b/Two"), "pip_requirements.txt": "PyYAML>=6\nrich\n"})
    hub.add("b/Two", {"two.py": "", "pip_requirements.txt": "pyyaml >= 6\nopenai<1 ; python_version < '4'\n"})
    space.declare({"a/One": "main"})
    return space


def test_requirements_are_shown_with_who_asks(needing: Workspace) -> None:
    """By name; the exit code says that there is no conflict."""
    needing.sync()
    done = needing.call("requirements")
    assert done.out.splitlines() == [
        "openai<1 ; python_version < '4'  b/Two",
        "PyYAML>=6                        a/One, b/Two",
        "rich                             a/One",
        "3 Python requirements of flow modules",
    ]
    assert (done.code, done.err) == (0, "")


def test_a_conflict_names_both_sides(needing: Workspace, hub: Hub) -> None:
    """Between modules, and with the project itself; the exit code is 1."""
    hub.add("b/Two", {"two.py": "", "pip_requirements.txt": "pyyaml<6\n"})
    needing.sync()
    done = needing.call("requirements")
    assert done.code == 1
    assert done.err == "warning: no pyyaml can be PyYAML>=6 (a/One) and pyyaml<6 (b/Two)\n"
    assert done.out.endswith("3 Python requirements of flow modules, 1 conflict\n")

    text = needing.manifest.read_text(encoding="utf-8").replace(
        'version = "1"', 'version = "1"\ndependencies = ["rich==0"]'
    )
    needing.manifest.write_text(text, encoding="utf-8")
    hub.add("a/One", {"one.py": "", "pip_requirements.txt": "rich>1\n"})
    needing.lock_path.unlink()
    needing.sync()
    assert needing.call("requirements").err == "warning: no rich can be rich==0 (pyproject.toml) and rich>1 (a/One)\n"


def test_a_dependency_group_is_written_for_everybody_else(needing: Workspace, hub: Hub) -> None:
    """Each line once, nothing else of the file is touched; again is nothing new, and what moved is written anew."""
    needing.sync()
    before = needing.manifest.read_text(encoding="utf-8")

    needing.call("requirements", "--write", "flows").worked("dependency-groups.flows was written")

    text = needing.manifest.read_text(encoding="utf-8")
    assert text.startswith(before.rstrip())
    group = tomli.loads(text)["dependency-groups"]["flows"]
    assert group == ["openai<1 ; python_version < '4'", "PyYAML>=6", "rich"]
    assert "# Written by `flowverse requirements --write flows`, which replaces it." in text
    needing.call("requirements", "--write", "flows").worked("dependency-groups.flows is up to date")
    assert needing.manifest.read_text(encoding="utf-8") == text
    needing.call("sync", "--locked").worked("in sync")

    hub.add("a/One", {"one.py": "", "pip_requirements.txt": "rich\n"})
    needing.lock_path.unlink()
    needing.sync()
    needing.call("requirements", "--write", "flows").worked("was written")
    assert tomli.loads(needing.manifest.read_text(encoding="utf-8"))["dependency-groups"]["flows"] == ["rich"]


def test_a_group_of_somebody_else_is_left_alone(needing: Workspace) -> None:
    """Nobody loses a line by a name that was taken."""
    needing.sync()
    with needing.manifest.open("a", encoding="utf-8") as file:
        file.write('\n[dependency-groups]\nDev_Tools = ["pytest"]\n')
    before = needing.manifest.read_bytes()
    needing.call("requirements", "--write", "dev-tools").failed_plainly(
        2, "'Dev_Tools'", "was not written by flowverse", "Name another group"
    )
    assert needing.manifest.read_bytes() == before


def test_exports(needing: Workspace, tmp_path: Path) -> None:
    """To the standard output or to a file: JSON, a requirements file for pip, and CycloneDX by its schema."""
    needing.call("export").failed_plainly(2, "There is no flowverse.lock.")
    needing.sync()

    document = json.loads(needing.call("export").out)
    assert (document["version"], document["name"], document["application_version"]) == (1, "demo", "1")
    one, two = document["modules"]
    assert (one["id"], one["direct"], one["dependencies"]) == ("a/One", True, ["b/Two"])
    assert (two["id"], two["direct"], two["import_name"]) == ("b/Two", False, "flow_modules.b.Two")
    assert one["commit"] == needing.locked["a/One"]["commit"]
    assert [file["path"] for file in one["files"]] == ["one.py", "pip_requirements.txt"]

    assert needing.call("export", "--format", "requirements").out.splitlines() == [
        "openai<1 ; python_version < '4'",
        "    # via b/Two",
        "PyYAML>=6",
        "    # via a/One",
        "    # via b/Two",
        "rich",
        "    # via a/One",
    ]

    file = tmp_path / "bom.json"
    needing.call("export", "--format", "cyclonedx", "-o", str(file)).worked(f"{file} was written")
    bom = file.read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bom) is None
    assert f"pkg:huggingface/a/One@{one['commit']}" in bom
    assert needing.call("export", "--format", "cyclonedx").out == bom
    needing.call("export", "-o", str(tmp_path / "none" / "x")).failed_plainly(4, "there is no such folder")
