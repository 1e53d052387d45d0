"""The files of an editable install: `flow_modules` can be imported from any folder, and nothing else can."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flowverse._editable import editable_files
from flowverse.model import PACKAGE

from tests.trees import make_package, make_tree, run, write

SITE = "import site\nsite.addsitedir({site!r})\n"
PATH = "import flow_modules\nprint(json.dumps(list(flow_modules.__path__)))\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


def install(site: Path, *roots: Path) -> str:
    """Install projects in editable mode; return the code that starts Python as with that site-packages."""
    for root in roots:
        for name, text in editable_files(root.name, str(root)).items():
            write(site / name, text)
    return SITE.format(site=str(site))


def tree(root: Path, *ids: str) -> Path:
    make_tree(root, {id: {"__init__.py": f"who = {root.name!r}\n"} for id in ids})
    return root


def who(name: str) -> str:
    return f"import flow_modules.{name} as one\nprint(json.dumps(one.who))\n"


def paths(*roots: Path) -> list[str]:
    return [str(root / PACKAGE) for root in roots]


@pytest.mark.parametrize("name", ["My.Project-2", "p"])
def test_two_files_for_each_project(tmp_path: Path, name: str) -> None:
    """Their names say whose they are, in a form that Python can import; their text is ASCII."""
    files = editable_files(name, str(tmp_path / "w\u00e4g 'x' %s\\"))
    module = "_flowverse_editable_" + {"My.Project-2": "my_project_2", "p": "p"}[name]
    assert list(files) == [f"{module}.pth", f"{module}.py"]
    assert files[f"{module}.pth"] == f"import {module}\n"
    assert all(text.isascii() for text in files.values())


def test_modules_can_be_imported_from_any_folder(tmp_path: Path, site: Path) -> None:
    """Those that are there when Python starts, and those that come later; nothing else in the project."""
    project = tree(tmp_path / "pr\u00f6ject '1'", "a/X")
    write(project / "secret.py", "")
    code = install(site, project) + who("a.X")
    code += f"import os\nos.rename({str(project / PACKAGE / 'a/X')!r}, {str(project / PACKAGE / 'a/Later')!r})\n"
    code += who("a.Later") + "import importlib.util\nprint(json.dumps(importlib.util.find_spec('secret')))"
    assert run(code, cwd=site) == [project.name, project.name, None]


def test_tree_that_is_made_later_is_found(tmp_path: Path, site: Path) -> None:
    """Python was started before the first sync."""
    project, staged = tmp_path / "project", tree(tmp_path / "staged", "a/X")
    project.mkdir()
    code = install(site, project)
    code += "import importlib, os\ntry: import flow_modules\nexcept ModuleNotFoundError as error: "
    code += "print(json.dumps(error.name))\n"
    code += f"os.rename({str(staged / PACKAGE)!r}, {str(project / PACKAGE)!r})\nimportlib.invalidate_caches()\n"
    assert run(code + PATH) == [PACKAGE, paths(project)]


def test_project_that_is_gone_is_ignored(tmp_path: Path, site: Path) -> None:
    """Python starts, other modules are imported, other projects are joined."""
    gone, file, here = (tree(tmp_path / name, f"a/{name.upper()}") for name in ("gone", "file", "here"))
    code = install(site, gone, file, here)
    shutil.rmtree(gone)
    shutil.rmtree(file)
    file.write_text("no folder")
    assert run(code + "import csv\n" + PATH + who("a.HERE")) == [paths(here), "here"]


def test_folder_without_a_guard_is_left_to_python(tmp_path: Path, site: Path) -> None:
    """A tree that is half made, or another package of that name, is not claimed."""
    project = tmp_path / "project"
    write(project / PACKAGE / "__init__.py", "")
    other = write(tmp_path / "other/flow_modules/__init__.py", "who = 'other'\n").parents[1]
    code = install(site, project) + "import flow_modules\nprint(json.dumps(flow_modules.who))"
    assert run(code, path=[other]) == ["other"]


def test_several_projects_are_one_package(tmp_path: Path, site: Path) -> None:
    """Projects that are installed in one environment, and what is installed beside them; the projects come first."""
    one, two = tree(tmp_path / "one", "a/X"), tree(tmp_path / "two", "a/Y", "b/Z")
    tree(site, "a/Installed", "a/X")
    code = install(site, one, two) + "".join(who(name) for name in ("a.X", "a.Y", "b.Z", "a.Installed")) + PATH
    *found, path = run(code)
    assert found == ["one", "two", "two", "site"]
    assert sorted(path[:2]) == paths(one, two)
    assert path[2:] == paths(site)


def test_package_that_ships_a_folder_of_this_name_does_not_hide_the_project(tmp_path: Path, site: Path) -> None:
    """As aiFlows does, with an empty `__init__.py`: the guard works, and both can be imported."""
    project = tree(tmp_path / "project", "aiflows/Chat")
    make_package(site)
    for path in ("__init__.py", "aiflows/__init__.py"):
        write(site / PACKAGE / path, "")
    for name in ("Chat", "Shipped"):
        write(site / PACKAGE / f"aiflows/{name}/__init__.py", "who = 'aiflows'\n")
    code = install(site, project) + who("aiflows.Chat") + who("aiflows.Shipped")
    code += (
        "from aiflows.flow_verse import sync_dependencies as sync\nprint(json.dumps(sync([{'url': 'aiflows/Chat'}])))"
    )
    assert run(code) == ["project", "aiflows", [str(project / PACKAGE / "aiflows/Chat")]]


def test_what_is_earlier_on_the_path_comes_first(tmp_path: Path, site: Path) -> None:
    """The tree of the current folder wins over that of an installed project, whether it has a guard or not."""
    project, current = tree(tmp_path / "project", "a/X", "a/Y"), tree(tmp_path / "current", "a/X")
    code = install(site, project) + who("a.X") + who("a.Y") + PATH
    expected = ["current", "project", paths(current, project)]
    assert run(code, path=[current]) == expected
    write(current / PACKAGE / "__init__.py", "")
    assert run(code, path=[current]) == expected


def test_project_that_is_on_the_path_anyway_is_there_once(tmp_path: Path, site: Path) -> None:
    """A flat layout, a program that is started in the project, a second install."""
    project = tree(tmp_path / "project", "a/X")
    code = install(site, project) + install(site, project)
    code += "import importlib, _flowverse_editable_project as finder\nimportlib.reload(finder)\n"
    code += "print(json.dumps(sum(hasattr(finder, 'flowverse_folder') for finder in sys.meta_path)))\n"
    assert run(code + PATH, path=[project], cwd=project) == [1, paths(project)]


def test_start_of_python_loads_nothing_more(tmp_path: Path, site: Path) -> None:
    """Every program in the environment pays for it."""
    code = "import os, site\nbefore = set(sys.modules)\n" + install(site, tmp_path / "project")
    code += "print(json.dumps(sorted(set(sys.modules) - before)))"
    loaded = set(run(code)[0]) - {"encodings.utf_8", "encodings.utf_8_sig"}
    assert loaded == {"_flowverse_editable_project"}


def test_relative_place_is_not_needed(tmp_path: Path, site: Path) -> None:
    """The files may be moved with their site-packages; the project stays where it is."""
    project = tree(tmp_path / "project", "a/X")
    install(site, project)
    moved = tmp_path / "moved"
    site.rename(moved)
    assert run(SITE.format(site=str(moved)) + PATH) == [paths(project)]
