"""The answer that nothing is to be done, told from how files look alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flowverse import __version__
from flowverse._glance import Look, known, look, note, walk
from hypothesis import given
from hypothesis import strategies as st

WORD = "0" * 64


def put(path: Path, text: str = "x = 1\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def link(path: Path, to: Path) -> None:
    """Put a file elsewhere, and a link in its place."""
    path.replace(to)
    path.symlink_to(to)


def swap(one: Path, other: Path) -> None:
    """Have two folders change places, which changes nothing about their files."""
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose tree has one module, as it is after a sync."""
    put(tmp_path / "pyproject.toml", "[tool.flowverse.dependencies]\n")
    put(tmp_path / "flowverse.lock", "version = 1\n")
    put(tmp_path / "flow_patches/own/Name.patch")
    for name in ("own/Name/a.py", "own/Name/sub/b.py", "own/__init__.py", ".flowverse/index.json"):
        put(tmp_path / "flow_modules" / name)
    for name in ("own/Twin/a.py", "own/Twin/sub/b.py"):
        like = tmp_path / "flow_modules" / name.replace("Twin", "Name")
        put(tmp_path / "flow_modules" / name)
        os.utime(tmp_path / "flow_modules" / name, ns=(like.stat().st_mtime_ns,) * 2)
    return tmp_path


def seen(project: Path, tree: str = "flow_modules") -> Look:
    found = look(str(project), f"{project}/{tree}")
    assert found is not None
    return found


def remember(project: Path, tree: str = "flow_modules") -> None:
    (project / tree / ".flowverse/glance").write_bytes(note(seen(project, tree), 1, WORD))


def test_a_project_that_looks_as_it_did_is_known(project: Path) -> None:
    """How many modules there are, and the fingerprint, come from what was noted."""
    assert known(str(project)) is None

    remember(project)

    assert known(str(project)) == (1, WORD)


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file of a module is written": lambda root: put(root / "flow_modules/own/Name/a.py", "x = 22\n"),
    "a file of a module is deleted": lambda root: (root / "flow_modules/own/Name/sub/b.py").unlink(),
    "a file is added to a module": lambda root: put(root / "flow_modules/own/Name/new.py"),
    "a folder is added to a module": lambda root: (root / "flow_modules/own/Name/new").mkdir(),
    "a file is renamed": lambda root: (root / "flow_modules/own/Name/a.py").rename(root / "flow_modules/own/Name/c.py"),
    "a module is added by hand": lambda root: put(root / "flow_modules/own/Other/a.py"),
    "the manifest": lambda root: put(root / "pyproject.toml", "[tool.flowverse]\n"),
    "the manifest is gone": lambda root: (root / "pyproject.toml").unlink(),
    "the lock": lambda root: put(root / "flowverse.lock", "version = 1 \n"),
    "the lock is gone": lambda root: (root / "flowverse.lock").unlink(),
    "a patch": lambda root: put(root / "flow_patches/own/Name.patch", "other\n"),
    "a patch is new": lambda root: put(root / "flow_patches/own/Other.patch"),
    "a module is developed elsewhere": lambda root: put(root / "flow_modules/.flowverse/develop.json", "{}"),
    "the record": lambda root: put(root / "flow_modules/.flowverse/index.json", "{}"),
    "a sync was killed": lambda root: put(root / "flow_modules/.flowverse/index.next.json", "{}"),
    "a time is put back": lambda root: os.utime(root / "flow_modules/own/Name/a.py", ns=(1, 1)),
    "two folders change places": lambda root: swap(root / "flow_modules/own/Name", root / "flow_modules/own/Twin"),
    "the manifest became a link": lambda root: link(root / "pyproject.toml", root / "other.toml"),
    "a file became a link": lambda root: link(root / "flow_modules/own/Name/a.py", root / "a.py"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_asks_for_a_closer_look(project: Path, change: Callable[[Path], object]) -> None:
    """Whatever a sync depends on, a change of it is seen."""
    remember(project)

    change(project)

    assert known(str(project)) is None


@pytest.mark.parametrize("path", ["own/Name/__pycache__/a.cpython-311.pyc", "own/Name/a.pyc", ".flowverse/lock"])
def test_what_nobody_edits_is_no_change(project: Path, path: str) -> None:
    """Bytecode, and what the tree keeps for itself."""
    remember(project)

    put(project / "flow_modules" / path)

    assert known(str(project)) == (1, WORD)


def test_a_project_that_was_moved_is_looked_at(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is generated names the folder."""
    remember(project)
    moved = project.rename(tmp_path_factory.mktemp("elsewhere") / "project")

    assert known(str(moved)) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"flowverse {__version__} ".encode(), b"flowverse 0.0.0 "),
        (b" 1 ", b" 1 more "),
        (b"flowverse", b"flowversa"),
        (b"\n", b" "),
        (b" 1 ", b" x "),
    ],
)
def test_what_another_version_noted_is_passed_over(project: Path, before: bytes, after: bytes) -> None:
    """Another flowverse may write another guard; and what is broken is as if it were not there."""
    remember(project)
    path = project / "flow_modules/.flowverse/glance"
    path.write_bytes(path.read_bytes().replace(before, after, 1))

    assert known(str(project)) is None


@pytest.mark.parametrize("line", ['modules-dir = "flows/synced"', "modules-dir='flows/synced'"])
def test_a_tree_of_another_name(project: Path, line: str) -> None:
    """It is found where the manifest says, however that is written."""
    put(project / "pyproject.toml", f"[tool.flowverse]\n{line}\n")
    (project / "flows").mkdir()
    (project / "flow_modules").rename(project / "flows/synced")
    remember(project, "flows/synced")

    assert known(str(project)) == (1, WORD)


def test_a_patch_that_is_a_link_is_not_judged_by_its_looks(project: Path) -> None:
    """What it leads to may change, and that would not be seen."""
    link(project / "flow_patches/own/Name.patch", project / "elsewhere")

    assert look(str(project), f"{project}/flow_modules") is None


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), os.mkdir])
def test_a_note_that_is_no_file_is_not_opened(project: Path, make: Callable[[Path], object]) -> None:
    """It might never end."""
    make(project / "flow_modules/.flowverse/glance")

    assert known(str(project)) is None


def test_folders_in_folders_in_folders(project: Path) -> None:
    """However many there are."""
    deep = project / "flow_modules/own/Name"
    for _ in range(300):
        deep /= "d"
        deep.mkdir()
    put(deep / "a.py")
    remember(project)

    assert known(str(project)) == (1, WORD)


def test_a_tree_that_was_left_behind_is_no_obstacle(project: Path) -> None:
    """Where the manifest names another, and what was noted is that of another version."""
    put(project / "pyproject.toml", '[tool.flowverse]\nmodules-dir = "flows"\n')
    put(project / "flow_modules/.flowverse/glance", "of before")
    put(project / "flows/.flowverse/index.json")
    remember(project, "flows")

    assert known(str(project)) == (1, WORD)


def test_no_tree_no_answer(tmp_path: Path) -> None:
    """Nor one where there is no project."""
    assert look(str(tmp_path), f"{tmp_path}/flow_modules") is None
    assert known(str(tmp_path)) is None
    assert known(str(tmp_path / "gone")) is None


@given(st.lists(st.text(alphabet="abAB._-é", min_size=1, max_size=5), unique_by=str.casefold, max_size=8))
def test_a_walk_is_sorted_and_whole(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    """The same folder looks the same, in whatever order the system lists it."""
    names = [name for name in names if name.strip(".") and not name.endswith((".pyc", ".pyo"))]
    folder = tmp_path_factory.mktemp("walk")
    for name in names:
        put(folder / name / "f")
        put(folder / f"{name}.py")

    found = walk(str(folder))

    assert found == walk(str(folder))
    assert [path for path, _ in found] == sorted(["", *(f"{name}/" for name in names)])
    assert [row[0] for row in found[0][1]] == sorted(f"{name}.py" for name in names)


def test_the_newest_change_is_that_of_any_file(project: Path) -> None:
    """Of the project's own files, of its patches and of its modules."""
    now = max(path.stat().st_ctime_ns for path in project.rglob("*") if path.is_file())

    assert seen(project).newest == now


def test_it_imports_nothing() -> None:
    """Nothing at all but the package itself, in the barest interpreter there is."""
    code = "import sys; before = set(sys.modules); import flowverse._glance; print(sorted(set(sys.modules) - before))"
    command = [sys.executable, "-I", "-c", code]

    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "['flowverse', 'flowverse._glance']"
