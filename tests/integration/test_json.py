"""`--json`: one document of a documented form on standard output, or nothing; errors on standard error as ever."""

from __future__ import annotations

import json
import os
import re
import tarfile
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from tests.hub import Hub
from tests.integration.workspace import Workspace, asking
from tests.schemas import DOCS, FOLDER, checked

SCHEMAS = sorted(path.name for path in FOLDER.glob("*.json"))

READING = {
    "status": ["status"],
    "requirements": ["requirements"],
    "licenses": ["licenses"],
    "verify": ["verify", "demo-1.tar.gz"],
    "search": ["search", "one"],
    "info": ["info", "a/One"],
    "tree": ["tree", "--why", "b/Two"],
    "outdated": ["outdated"],
    "lock-check": ["lock", "--check"],
    "sync-check": ["sync", "--check"],
    "migrate": ["migrate"],
    "diff": ["diff"],
    "backups": ["backups"],
    "develop": ["develop"],
}
"""Every document, and a command that prints it in the project below."""


@pytest.fixture
def project(space: Workspace, hub: Hub) -> Workspace:
    """A synced project with a module that asks for another, one at a commit, a local one, and its sdist."""
    card = "---\nlicense: mit\n---\n"
    hub.add(
        "a/One", {"README.md": card, "one.py": asking("b/Two"), "pip_requirements.txt": "PyYAML>=6\n", "LICENSE": ""}
    )
    commit = hub.add("b/Two", {"two.py": "two = 2\n", "pip_requirements.txt": "pyyaml<7\n"})
    space.declare({"a/One": "main", "b/Two": commit})
    space.sync()
    with tarfile.open(space.root / "demo-1.tar.gz", "w:gz") as archive:
        for path in sorted(space.root.rglob("*")):
            name = path.relative_to(space.root).as_posix()
            ours = name.startswith("flow_modules/.") or name in {"demo-1.tar.gz", "flow_modules/flow.mod"}
            if path.is_file() and not ours:
                archive.add(path, f"demo-1/{name}")
    (space.base / "dev").mkdir()
    (space.base / "dev" / "dev.py").write_text("dev = True\n")
    space.declare({"a/One": "main", "b/Two": commit, "c/Dev": {"path": "../dev"}})
    space.sync()
    return space


@pytest.mark.parametrize("name", READING)
def test_a_document_is_as_its_schema_says(project: Workspace, name: str) -> None:
    """Nothing else is on standard output, and nothing on standard error; -q and -v make no difference to it."""
    done = project.call(*READING[name], "--json")

    assert (done.code, done.err) == (0, "")
    checked(done.out, name)
    assert project.call(*READING[name], "--json", "-q").out == done.out


@pytest.mark.parametrize("name", READING)
def test_a_document_names_no_folder_of_this_machine(project: Workspace, name: str) -> None:
    """Two checkouts say the same."""
    assert str(project.base) not in project.call(*READING[name], "--json").out


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_leaves_nothing_open(name: str) -> None:
    """Every object names all of its keys, all of them are always there, and docs/json.md has a word on each."""
    text = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(text)
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    document = text["properties"]["schema"]["const"]
    assert f"schemas/{name}" in page
    assert name == f"{document.removeprefix('flowverse.').replace('/', '-')}.json"
    section = page.partition(f"\n## `{document}`")[2].partition("\n## ")[0]
    for one in objects(text):
        assert one["additionalProperties"] is False
        assert sorted(one["required"]) == sorted(one["properties"])
        assert [key for key in one["properties"] if not re.search(rf"[`.]{key}`", section) and key != "schema"] == []


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every schema of an object, however deep."""
    if isinstance(value, dict):
        if "properties" in value:
            yield value
        for part in value.values():
            yield from objects(part)


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["requirements", "licenses"])
def test_without_a_lock_there_is_no_document(space: Workspace, verb: str) -> None:
    """The error is the one that a person gets."""
    space.declare({"a/One": "main"})

    done = space.call(verb, "--json")

    done.failed_plainly(2, "There is no flowverse.lock.")
    assert done.out == ""


def test_what_is_not_on_the_hub_is_no_document(project: Workspace) -> None:
    """Exit code 3, the sentence on standard error, nothing on standard output."""
    done = project.call("info", "a/Nothing", "--json")

    done.failed_plainly(3, "a/Nothing")
    assert done.out == ""


def test_what_is_not_verified_is_no_document(project: Workspace) -> None:
    """The differences are told on standard error, with exit code 1."""
    with tarfile.open(project.root / "demo-1.tar.gz") as archive:
        archive.extractall(project.base / "out", filter="data")
    unpacked = project.base / "out" / "demo-1"
    (unpacked / "flow_modules/b/Two/two.py").write_text("two = 3\n")
    with tarfile.open(project.root / "spoiled.tar.gz", "w:gz") as archive:
        archive.add(unpacked, "demo-1")

    done = project.call("verify", "spoiled.tar.gz", "--json")

    done.failed_plainly(1, "two.py was changed")
    assert done.out == ""


# --- what is in them -------------------------------------------------------------------------------------------------


def test_status_tells_every_module(project: Workspace, hub: Hub) -> None:
    """Revision, commit, path and state of each, the files of an edit, and why the lock is stale."""
    (project.place("a/One") / "one.py").write_text("mine\n")
    (project.place("a/One") / "new.py").write_text("mine\n")
    (project.place("a/One") / "LICENSE").unlink()
    project.declare({"b/Two": "main", "c/Dev": {"path": "../dev"}})

    found = checked(project.call("status", "--json").out, "status")

    one, two = hub.commit("a/One").id, hub.commit("b/Two").id
    no_edit: dict[str, list[str]] = {"changed": [], "added": [], "deleted": []}
    rest: dict[str, Any] = {"base": None, "conflicts": [], "patch": None, "developed": False}
    edit = {"changed": ["one.py"], "added": ["new.py"], "deleted": ["LICENSE"]}
    assert found["modules"] == [
        {"id": "a/One", "revision": "main", "commit": one, "path": None, "state": "edited", "edit": edit, **rest},
        {"id": "b/Two", "revision": two, "commit": two, "path": None, "state": "clean", "edit": no_edit, **rest},
        {"id": "c/Dev", "revision": None, "commit": None, "path": "../dev", "state": "linked", "edit": no_edit, **rest},
    ]
    assert found["stale"] == ["a/One is no longer asked for", f"b/Two is locked for {two}, main is asked for"]


def test_status_tells_what_no_lock_knows(project: Workspace, hub: Hub) -> None:
    """A module in the tree only has the commit that it was synced from."""
    project.lock_path.unlink()

    rows = checked(project.call("status", "--json").out, "status")["modules"]

    assert [(row["id"], row["state"]) for row in rows] == [
        ("a/One", "unlocked"),
        ("b/Two", "unlocked"),
        ("c/Dev", "unlocked"),
    ]
    assert (rows[0]["revision"], rows[0]["commit"]) == ("main", hub.commit("a/One").id)
    assert (rows[2]["revision"], rows[2]["commit"], rows[2]["path"]) == (None, None, None)


@pytest.mark.skipif(os.name == "nt", reason="there every name is a text")
def test_a_name_that_is_no_text_is_still_json(project: Workspace) -> None:
    """Whatever the terminal's encoding: the document is UTF-8, and what that cannot hold is escaped."""
    name = os.fsdecode(b"\xff\xc3\xbc.py")
    try:
        (project.place("b/Two") / name).write_text("")
    except OSError:
        pytest.skip("this file system has no such names")

    done = project.run("status", "--json", PYTHONIOENCODING="ascii", LC_ALL="C")

    assert [row["edit"]["added"] for row in checked(done.out, "status")["modules"]] == [[], [name], []]


def test_requirements_tell_who_asks_and_what_clashes(project: Workspace, hub: Hub) -> None:
    """Two ways to write one name are told by its normalised name; a clash is exit code 1 and in the document."""
    found = checked(project.call("requirements", "--json").out, "requirements")
    assert found["requirements"] == [
        {"name": "pyyaml", "requirement": "PyYAML>=6", "asked_by": ["a/One"]},
        {"name": "pyyaml", "requirement": "pyyaml<7", "asked_by": ["b/Two"]},
    ]
    assert (found["conflicts"], found["unusable"]) == ([], [])

    hub.add("d/Four", {"four.py": "", "pip_requirements.txt": "pyyaml==5\npyyaml=>5\n"})
    project.declare({"a/One": "main", "d/Four": "main"})
    project.sync()
    done = project.call("requirements", "--json")

    found = checked(done.out, "requirements")
    assert done.code == 1
    assert [clash["name"] for clash in found["conflicts"]] == ["pyyaml"]
    assert {"requirement": "pyyaml==5", "asked_by": "d/Four"} in found["conflicts"][0]["sides"]
    assert len(found["unusable"]) == 1


def test_requirements_are_shown_or_written(project: Workspace) -> None:
    """Not both at a time."""
    done = project.call("requirements", "--json", "--write", "flows")

    done.failed_plainly(2, "--json", "--write")
    assert "dependency-groups" not in project.manifest.read_text(encoding="utf-8")


def test_licenses_tell_what_is_declared(project: Workspace) -> None:
    """A module that declares none has null, and so has a local one."""
    rows = checked(project.call("licenses", "--json").out, "licenses")["modules"]
    assert [(row["id"], row["license"], row["files"]) for row in rows] == [
        ("a/One", "mit", ["LICENSE"]),
        ("b/Two", None, []),
        ("c/Dev", None, []),
    ]


def test_verify_tells_what_was_checked(project: Workspace) -> None:
    """Against which record, how many modules, how many files."""
    found = checked(project.call("verify", "demo-1.tar.gz", "--json").out, "verify")
    assert (found["target"], found["against"], found["modules"]) == ("demo-1.tar.gz", "lock", 2)
    assert found["files"] > 0
