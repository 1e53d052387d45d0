"""From the calls of a project's files to its requirements: what is read, what is decided, and what is left to do."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from flowverse import adopting
from flowverse.adopting import Migration
from flowverse.errors import InvalidManifest, NoProject, UsageError

HEAD = "from aiflows import flow_verse\n"
MANIFEST = "# ours\n[project]\nname = 'x'\n"


def call(*entries: str, more: str = "") -> str:
    """The text of a call, with each entry on a line of its own."""
    lines = "".join(f"    {entry},\n" for entry in entries)
    return f"{HEAD}flow_verse.sync_dependencies([\n{lines}]{more})\n"


def entry(url: str, revision: str | None = "main", more: str = "") -> str:
    return f'{{"url": "{url}"' + (f', "revision": "{revision}"' if revision else "") + more + "}"


class Project:
    """A folder with a manifest and files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("pyproject.toml", MANIFEST)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    def read(self, name: str) -> str:
        return (self.root / name).read_bytes().decode()

    def migrate(self, *paths: str, write: bool = False) -> Migration:
        return adopting.migrate(self.root, [self.root / path for path in paths], write=write)

    def left(self) -> list[str]:
        """What is left to a person."""
        return [f"{item.at}: {item.why}" for item in self.migrate().by_hand]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "app").mkdir()
    return Project(tmp_path / "app")


def test_requirements_are_written_and_calls_go(project: Project) -> None:
    """What was there stays, and there is nothing to do the second time."""
    project.write("run.py", call(entry("b/Two"), entry("a/One", "v1")) + "print(1)\n")

    done = project.migrate(write=True)

    assert done.complete
    assert done.written
    assert done.deleted == ("run.py:2",)
    assert project.read("run.py") == "print(1)\n"
    assert project.read("pyproject.toml") == (
        MANIFEST + '\n[tool.flowverse.dependencies]\n"a/One" = "v1"\n"b/Two" = "main"\n'
    )
    assert project.migrate() == Migration()


def test_without_write_nothing_changes(project: Project) -> None:
    """It is shown what would be done, with a diff of every file, and where each requirement comes from."""
    project.write("run.py", call(entry("a/One")))
    before = (project.read("run.py"), project.read("pyproject.toml"))

    found = project.migrate()

    assert (project.read("run.py"), project.read("pyproject.toml")) == before
    lines = [(line.kind, line.text) for line in adopting.render_migration(found)]
    assert lines == [
        ("added", '+ a/One = "main"  (run.py:3)'),
        ("removed", "- run.py:2  the call can be deleted"),
        ("summary", "--- a/pyproject.toml"),
        ("summary", "+++ b/pyproject.toml"),
        ("changed", "@@ -1,3 +1,6 @@"),
        ("note", " # ours"),
        ("note", " [project]"),
        ("note", " name = 'x'"),
        ("added", "+"),
        ("added", "+[tool.flowverse.dependencies]"),
        ("added", '+"a/One" = "main"'),
        ("summary", "--- a/run.py"),
        ("summary", "+++ b/run.py"),
        ("changed", "@@ -1,4 +0,0 @@"),
        ("removed", "-from aiflows import flow_verse"),
        ("removed", "-flow_verse.sync_dependencies(["),
        ("removed", '-    {"url": "a/One", "revision": "main"},'),
        ("removed", "-])"),
        ("summary", "Would write 1 requirement and delete 1 call; --write does it"),
    ]


def test_nothing_to_migrate(project: Project) -> None:
    """A project without calls, or with a call that is a comment."""
    project.write("a.py", "# flow_verse.sync_dependencies(dependencies)\n")

    found = project.migrate()

    assert found == Migration()
    assert [line.text for line in adopting.render_migration(found)] == ["There is nothing to migrate"]


# --- which files ------------------------------------------------------------------------------------------------------


def test_only_the_projects_own_files_are_read(project: Project) -> None:
    """Nothing that was synced, installed, built or hidden."""
    for folder in ("flow_modules/a", ".hidden", "node_modules", "build", "dist", "__pycache__", "x.egg-info"):
        project.write(f"{folder}/a.py", call(entry("no/No")))
    project.write("lib/site-packages/a.py", call(entry("no/No")))
    project.write("env/pyvenv.cfg", "")
    project.write("env/lib/a.py", call(entry("no/No")))
    project.write("conda/conda-meta/history", "")
    project.write("conda/lib/a.py", call(entry("no/No")))
    project.write("sub/deep/a.py", call(entry("yes/Yes")))
    project.write("window.pyw", call(entry("yes/Too")))

    assert [str(wish.id) for wish in project.migrate().wishes] == ["yes/Too", "yes/Yes"]


def test_a_file_that_is_a_link_is_not_followed(project: Project) -> None:
    """It may be anybody's."""
    project.write("../theirs.py", call(entry("no/No")))
    (project.root / "link.py").symlink_to(project.root / "../theirs.py")

    assert project.migrate() == Migration()


def test_a_project_inside_the_project_is_named(project: Project) -> None:
    """Its calls belong to its own manifest."""
    project.write("sub/pyproject.toml", "")
    project.write("sub/a/b.py", call(entry("a/One")))
    project.write("quiet/pyproject.toml", "")
    project.write("quiet/a.py", "")

    found = project.migrate()

    assert found.wishes == ()
    assert found.notes == ("sub is a project of its own, with calls: --project sub migrates it",)


def test_paths_can_be_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files and folders, from the current folder; what is named twice counts once."""
    for name in ("a", "b", "c"):
        project.write(f"{name}/x.py", call(entry(f"{name}/X")))
    monkeypatch.chdir(project.root / "a")

    found = adopting.migrate(project.root, [Path("x.py"), Path("../b"), Path("../b/x.py")])

    assert [str(wish.id) for wish in found.wishes] == ["a/X", "b/X"]


def test_the_same_place_by_another_way(project: Project) -> None:
    """A link to the project."""
    project.write("x.py", call(entry("a/X")))
    (project.root.parent / "link").symlink_to(project.root)

    assert adopting.migrate(project.root, [project.root.parent / "link" / "x.py"]).deleted == ("x.py:2",)


@pytest.mark.parametrize(("path", "words"), [("missing.py", "There is no"), ("..", "is not in the project")])
def test_a_path_that_cannot_be_meant(project: Project, path: str, words: str) -> None:
    """It is said why."""
    with pytest.raises(UsageError, match=words) as caught:
        project.migrate(path)
    assert caught.value.hint


def test_a_notebook_is_only_named(project: Project) -> None:
    """If a cell of code has a call; one that is no notebook is looked at as text."""
    cell = {"cell_type": "code", "source": ["x = 1\n", "flow_verse.sync_dependencies(d)\n"]}
    text = {"cell_type": "markdown", "source": "sync_dependencies(d)"}
    comment = {"cell_type": "code", "source": "# sync_dependencies(d)"}
    project.write("yes.ipynb", json.dumps({"cells": [cell]}))
    project.write("no.ipynb", json.dumps({"cells": [text, comment]}))
    project.write("broken.ipynb", "sync_dependencies(")

    why = "a notebook that calls sync_dependencies is not changed"
    assert project.left() == [f"broken.ipynb: {why}", f"yes.ipynb: {why}"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_cannot_be_read(project: Project) -> None:
    """It is left to a person."""
    project.write("a.py", call(entry("a/X")))
    (project.root / "a.py").chmod(0)
    assert project.left() == ["a.py: it cannot be read: permission denied"]


def test_files_that_python_cannot_read(project: Project) -> None:
    """They are left to a person, with the line."""
    project.write("a.py", "x = (\nsync_dependencies(\n")
    (project.root / "b.py").write_bytes(b"# coding: utf-7\nx = '+AGE-'  # sync_dependencies\n")

    first, second = project.left()
    assert first.startswith("a.py:2: it cannot be parsed: ")
    assert second == "b.py: it is not in the encoding that it declares"


# --- what calls ask for -----------------------------------------------------------------------------------------------


def test_what_is_written_down_becomes_a_requirement(project: Project) -> None:
    """Without a revision it is main; what is asked for twice is one requirement with both places."""
    project.write("a.py", call(entry("a/One", None), entry("b/Two", "refs/pr/3"), entry("a/One", "main")))
    (one, two) = project.migrate().wishes

    assert (one.revision, one.places) == ("main", ("a.py:3", "a.py:5"))
    assert (two.revision, two.places) == ("refs/pr/3", ("a.py:4",))


def test_edits_that_are_given_up_are_said(project: Project) -> None:
    """By an entry, or by the call for all of them."""
    project.write("a.py", call(entry("a/One", "v1", ', "overwrite": True'), entry("a/Two", "v1")))
    project.write(
        "b.py", call(entry("b/One"), entry("b/Two", more=', "overwrite": False'), more=", all_overwrite=True")
    )

    done = project.migrate(write=True)

    assert project.read("pyproject.toml").endswith(
        "[tool.flowverse.dependencies]\n"
        '"a/One" = { revision = "v1", overwrite = true }\n"a/Two" = "v1"\n'
        '"b/One" = { revision = "main", overwrite = true }\n"b/Two" = { revision = "main", overwrite = true }\n'
    )
    said = [line.text for line in adopting.render_migration(done)]
    assert "a/One gives up its edits at every sync, as its call did: overwrite = true" in said


def test_a_folder_becomes_a_path(project: Project) -> None:
    """From the project, or from the script's own folder; relative to the project. The word main never is a folder."""
    for folder in ("../dev_A", "Plain", "sub/Own", "main"):
        (project.root / folder).mkdir(parents=True)
    absolute = (project.root / "Plain").as_posix()
    project.write("a.py", call(entry("x/A", "../dev_A"), entry("x/B", "Plain"), entry("x/C", absolute), entry("x/M")))
    project.write("sub/b.py", call(entry("x/D", "./Own"), entry("x/E", "../../dev_A")))

    found = project.migrate(write=True)

    assert {str(wish.id): wish.path for wish in found.wishes} == {
        "x/A": "../dev_A",
        "x/B": "Plain",
        "x/C": absolute,
        "x/D": "sub/Own",
        "x/E": "../dev_A",
        "x/M": None,
    }
    assert '"x/A" = { path = "../dev_A" }\n' in project.read("pyproject.toml")
    assert any(line.text.startswith('+ x/A = { path = "../dev_A" }') for line in adopting.render_migration(found))


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ('{"url": "a/X", "revision": os.getcwd()}', "a/X is asked for at a path that is computed"),
        ('{"url": "a/X", "revision": read()}', "the revision of a/X is computed"),
        ('{"url": "a/X", "overwrite": flag()}', "whether the edits of a/X are to be overwritten is computed"),
        ('{"url": "a/X", "revision": "../missing"}', "a/X is asked for at '../missing', and there is no such folder"),
        ('{"url": "a/X", "revision": "/missing"}', "a/X is asked for at '/missing', and there is no such folder"),
        ('{"url": "a/X", "revision": "a b"}', "'a b' cannot be a revision"),
        ('{"url": "a/X", "revision": ""}', "must not be empty"),
        ('{"url": "a/X", "revision": "."}', "a/X is asked for from '.', which is the project itself, or holds it"),
        (
            '{"url": "a/X", "revision": "flow_modules/a/X"}',
            "a/X is asked for from 'flow_modules/a/X', which is",
        ),
        ('{"url": "no id", "revision": "main"}', "'no id' is not a usable module id"),
        ('{"url": url}', "an entry is not a literal with a url"),
        ("*more", "the argument of sync_dependencies is not a literal list"),
    ],
)
def test_what_cannot_be_read_is_left_to_a_person(project: Project, written: str, why: str) -> None:
    """With the reason and the line. The call stays as a whole, what can be read of it becomes a requirement."""
    (project.root / "flow_modules/a/X").mkdir(parents=True)
    text = call(entry("b/Good"), written)
    project.write("a.py", text)

    done = project.migrate(write=True)

    assert not done.complete
    (item,) = done.by_hand
    assert item.at == "a.py:4"
    assert item.why.startswith(why)
    assert project.read("a.py") == text
    assert [str(wish.id) for wish in done.wishes] == ["b/Good"]


def test_a_folder_that_may_be_two(project: Project) -> None:
    """One from the project, one from the script."""
    for folder in ("Mine", "sub/Mine"):
        (project.root / folder).mkdir(parents=True)
    project.write("sub/a.py", call(entry("a/X", "Mine")))
    assert project.left() == ["sub/a.py:3: a/X is asked for at 'Mine', which may be Mine or sub/Mine"]


@pytest.mark.parametrize("more", [", all_overwrite=flag", ", flag", ", **flags", ", *flags"])
def test_arguments_that_are_computed(project: Project, more: str) -> None:
    """Whether edits were given up cannot be said."""
    project.write("a.py", call(entry("a/X"), more=more))
    assert project.left() == ["a.py:2: its all_overwrite cannot be read"]


def test_a_call_that_has_to_be_deleted_by_hand(project: Project) -> None:
    """Its requirements are written all the same."""
    text = HEAD + 'folders = flow_verse.sync_dependencies([{"url": "a/X"}])\n'
    project.write("a.py", text)

    done = project.migrate(write=True)

    assert [str(wish.id) for wish in done.wishes] == ["a/X"]
    assert [item.why for item in done.by_hand] == ["the call stays: what it returns is used"]
    assert project.read("a.py") == text
    assert [line.text for line in adopting.render_migration(done)][-1] == "Wrote 1 requirement; 1 thing to do by hand"


def test_a_call_of_another_function_is_not_taken(project: Project) -> None:
    """Where a person has to look, nothing is written."""
    project.write("a.py", 'from tools import sync_dependencies\nsync_dependencies([{"url": "a/X"}])\n')
    found = project.migrate()
    assert found.wishes == ()
    assert [item.why for item in found.by_hand] == [
        "the call stays: it is not certain that this is the sync_dependencies of aiFlows"
    ]


def test_a_file_that_cannot_be_held_against_itself(project: Project) -> None:
    """Its call stays, its requirement is written."""
    project.write("a.py", call(entry("a/X")) + f"x = {' + '.join(['1'] * 1500)}\n")
    found = project.migrate()
    assert [item.why for item in found.by_hand] == ["the call stays: the file would not mean the same without"]
    assert [change.path for change in found.changes] == ["pyproject.toml"]


def test_a_list_that_a_test_imports_stays(project: Project) -> None:
    """Another file of the project uses it, whether it was named or not."""
    project.write("a.py", HEAD + 'wanted = [{"url": "a/X"}]\nflow_verse.sync_dependencies(wanted)\n')
    for text, stays in [
        ("from a import (\n    wanted,\n)\n", True),
        ("import a\na.wanted\n", True),
        ("wanted\n", False),
    ]:
        project.write("tests/test_a.py", text)
        (change,) = [change for change in project.migrate("a.py").changes if change.path == "a.py"]
        assert (b"wanted = [" in change.after) == stays


def test_it_is_said_where_scripts_in_folders_find_their_modules(project: Project) -> None:
    """aiFlows put the current folder on the path; nobody does now."""
    for name in ("a", "b"):
        project.write(f"{name}/x.py", call(entry("a/X")) + "import flow_modules.a.X\n")
    (note,) = project.migrate().notes
    assert note.startswith("a/x.py and 1 more: a script outside the project's own folder finds flow_modules where")


# --- what the manifest says -------------------------------------------------------------------------------------------


def test_what_is_declared_already_wins(project: Project) -> None:
    """It is said where the call asked for something else, and the call goes."""
    manifest = '[tool.flowverse.dependencies]\n"a/Other" = "v1"\n"a/Same" = "main"\n'
    project.write("pyproject.toml", manifest)
    project.write("a.py", call(entry("a/Same"), entry("a/Other", "v2")))

    done = project.migrate(write=True)

    assert done.complete
    assert project.read("pyproject.toml") == manifest
    assert project.read("a.py") == ""
    assert [line.text for line in adopting.render_migration(done)] == [
        'a/Other is in pyproject.toml already, at "v1", which stays; a.py:4 asked for "v2"',
        'a/Same is in pyproject.toml already, at "main"',
        "- a.py:2  the call was deleted",
        "Deleted 1 call",
    ]


def test_two_revisions_are_a_conflict(project: Project) -> None:
    """Nothing is chosen; both places are said, and the calls stay. What a person writes then wins."""
    project.write("a.py", call(entry("x/Y", "v1")))
    project.write("b.py", call(entry("x/Y", "v2"), entry("x/Z")))

    done = project.migrate(write=True)

    assert not done.complete
    assert done.deleted == ()
    assert [str(wish.id) for wish in done.wishes] == ["x/Z"]
    said = [line.text for line in adopting.render_migration(done) if line.kind == "warning"]
    assert said == ['x/Y is asked for at "v1" (a.py:3) and "v2" (b.py:3); write the one that you want yourself']

    project.write("pyproject.toml", project.read("pyproject.toml") + '"x/Y" = "v2"\n')
    again = project.migrate(write=True)
    assert again.complete
    assert again.deleted == ("a.py:2", "b.py:2")


def test_what_the_manifest_may_not_have(project: Project) -> None:
    """An owner that is not allowed, a folder that another module has."""
    project.write("pyproject.toml", '[tool.flowverse]\nowners = ["a"]\n')
    project.write("a.py", call(entry("b/X"), entry("a/One-Two"), entry("a/One_Two")))

    found = project.migrate()

    assert [str(wish.id) for wish in found.wishes] == ["a/One-Two"]
    assert [item.at for item in found.by_hand] == ["a.py:5", "a.py:3"]
    assert found.deleted == ()


def test_the_list_form_is_left_to_a_person(project: Project) -> None:
    """What is to be written is in the hint; what is there already counts."""
    project.write("pyproject.toml", '[[tool.flowverse.dependencies]]\nurl = "a/X"\n')
    project.write("a.py", call(entry("a/X")))
    assert project.migrate().deleted == ("a.py:2",)

    project.write("b.py", call(entry("b/Y", "v1", ', "overwrite": True')))
    with pytest.raises(UsageError, match="cannot be written") as caught:
        project.migrate(write=True)
    assert '"b/Y" = { revision = "v1", overwrite = true }' in str(caught.value.hint)
    assert project.read("a.py") != ""


def test_without_a_manifest(project: Project) -> None:
    """It is said who writes one."""
    (project.root / "pyproject.toml").unlink()
    with pytest.raises(NoProject) as caught:
        project.migrate()
    assert "`flowverse init`" in str(caught.value.hint)


def test_with_a_manifest_that_is_wrong(project: Project) -> None:
    """Nothing is read, and nothing changed."""
    project.write("pyproject.toml", "[tool.flowverse.dependencies]\n'a/X' = 3\n")
    with pytest.raises(InvalidManifest):
        project.migrate()
