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


# --- below a package of the project ----------------------------------------------------------------------------------

INTO = "my_app._vendor"
CHAT = {
    "__init__.py": "import json\nprint(json.dumps('run'))\nfrom .chat import Chat\n",
    "chat.py": "class Chat: pass\n",
    "sub/__init__.py": "",
    "sub/deep.py": "import flow_modules.saibo.Base as base\n",
    "__main__.py": "import json\nfrom .chat import Chat\nprint(json.dumps([__name__, Chat.__module__]))\n",
}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A project that has a package and a tree."""
    root = tmp_path / "project"
    make_tree(root, {"saibo/ChatFlows": CHAT, "saibo/Base": {}})
    write(root / "src/my_app/__init__.py", "")
    return root


def installed(site: Path, root: Path, into: str | None = INTO) -> str:
    """Install the project, its package and its tree, in editable mode; return the code that starts Python with it."""
    for name, text in editable_files(root.name, str(root), into).items():
        write(site / name, text)
    write(site / "my_app.pth", f"{root / 'src'}\n")
    return SITE.format(site=str(site)) + "import importlib\n"


def test_a_module_has_two_names_and_is_one(app: Path, site: Path) -> None:
    """Whichever name comes first: it is run once, and what it knows of itself is what it knew without the alias."""
    names = [f"{INTO}.saibo.ChatFlows", "flow_modules.saibo.ChatFlows"]
    tell = """
assert one is two
spec = one.__spec__
print(json.dumps([one.__name__, spec.name, spec.loader is one.__loader__, spec.parent == one.__package__,
    spec.origin == one.__file__, list(spec.submodule_search_locations) == list(one.__path__),
    type(spec.loader).__name__, getattr(spec, "_initializing", False)]))
"""
    real = "flow_modules.saibo.ChatFlows"
    for first, second in (names, names[::-1]):
        code = f"import {first} as one\nimport {second} as two\n{tell}"
        assert run(installed(site, app) + code) == [
            "run",
            [real, real, True, True, True, True, "SourceFileLoader", False],
        ]


@pytest.mark.parametrize(
    "statement",
    [
        f"import {INTO}, {INTO}.saibo.ChatFlows\nfound = {INTO}.saibo.ChatFlows.chat.Chat",
        f"import {INTO}.saibo.ChatFlows.chat\nfound = {INTO}.saibo.ChatFlows.chat.Chat",
        f"from {INTO}.saibo.ChatFlows import Chat as found",
        f"from {INTO}.saibo import ChatFlows\nfound = ChatFlows.Chat",
        f"from {INTO} import saibo\nimport {INTO}.saibo.ChatFlows\nfound = saibo.ChatFlows.Chat",
        f"from my_app import _vendor\nfrom {INTO}.saibo.ChatFlows.chat import *\nfound = Chat",
        f"found = importlib.import_module('{INTO}.saibo.ChatFlows.chat').Chat",
        f"found = importlib.import_module('.saibo.ChatFlows', '{INTO}').Chat",
        f"found = __import__('{INTO}.saibo.ChatFlows', fromlist=['Chat']).Chat",
    ],
)
def test_every_way_to_import(app: Path, site: Path, statement: str) -> None:
    """The class is that of `flow_modules`."""
    code = statement + "\nfrom flow_modules.saibo.ChatFlows.chat import Chat as real\n"
    assert run(installed(site, app) + code + "print(json.dumps(found is real))") == ["run", True]


def test_the_package_itself(app: Path, site: Path) -> None:
    """It is `flow_modules`, and known to its parent."""
    code = f"import {INTO}, my_app, flow_modules\nprint(json.dumps([my_app._vendor is flow_modules, {INTO}.__name__]))"
    assert run(installed(site, app) + code) == [[True, PACKAGE]]


def test_packages_and_files_inside_of_a_module(app: Path, site: Path) -> None:
    """As deep as they are."""
    code = f"import {INTO}.saibo.ChatFlows.sub.deep as deep, flow_modules.saibo.ChatFlows.sub.deep as real\n"
    code += "print(json.dumps([deep is real, deep.base.__name__]))"
    assert run(installed(site, app) + code) == ["run", [True, "flow_modules.saibo.Base"]]


def test_reload_under_either_name(app: Path, site: Path) -> None:
    """The module is run again and stays the same."""
    code = f"import {INTO}.saibo.ChatFlows as one, {INTO} as package\nassert importlib.reload(one) is one\n"
    code += f"importlib.reload(package)\nimport {INTO}.saibo.ChatFlows as two, flow_modules.saibo.ChatFlows as real\n"
    code += "print(json.dumps(one is two is real))"
    assert run(installed(site, app) + code) == ["run", "run", True]


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("nobody", "nobody"),
        ("nobody.X", "nobody"),
        ("saibo.Nothing", "saibo.Nothing"),
        ("saibo.Nothing.x", "saibo.Nothing"),
        ("saibo.Base.x", "saibo.Base.x"),
        ("saibo.ChatFlows.chat.x", "saibo.ChatFlows.chat.x"),
    ],
)
def test_missing_module_is_a_normal_error(app: Path, site: Path, name: str, missing: str) -> None:
    """It names what was asked for, as it was asked for."""
    code = (
        f"try: import {INTO}.{name}\nexcept ModuleNotFoundError as error: print(json.dumps([str(error), error.name]))"
    )
    *_, (text, said) = run(installed(site, app) + code)
    assert said == f"{INTO}.{missing}"
    assert text.startswith(f"No module named '{INTO}.{missing}'")


def test_error_in_a_module_is_its_own(app: Path, site: Path) -> None:
    """And it can be imported when that is mended."""
    write(app / PACKAGE / "saibo/Base/__init__.py", "import nowhere_to_be_found\n")
    code = f"for name in ('{INTO}', 'flow_modules'):\n    try: importlib.import_module(name + '.saibo.Base')\n"
    code += "    except ModuleNotFoundError as error: print(json.dumps(error.name))\n"
    code += "sys.modules['nowhere_to_be_found'] = sys\n"
    code += f"print(json.dumps(importlib.import_module('{INTO}.saibo.Base').__name__))"
    assert run(installed(site, app) + code) == ["nowhere_to_be_found"] * 2 + ["flow_modules.saibo.Base"]


def test_without_a_tree_there_is_no_such_package(site: Path, tmp_path: Path) -> None:
    """Before the first sync; afterwards it is found without a restart."""
    root = tmp_path / "project"
    write(root / "src/my_app/__init__.py", "")
    make_tree(tmp_path / "staged", {"a/X": {}})
    code = f"try: import {INTO}.a.X\nexcept ModuleNotFoundError as error: print(json.dumps(error.name))\n"
    code += f"import os\nos.rename({str(tmp_path / 'staged' / PACKAGE)!r}, {str(root / PACKAGE)!r})\n"
    code += f"importlib.invalidate_caches()\nimport {INTO}.a.X as one\nprint(json.dumps(one.__name__))"
    assert run(installed(site, root) + code) == [INTO, "flow_modules.a.X"]


def test_application_that_is_a_namespace_package(app: Path, site: Path) -> None:
    """A package without `__init__.py`, in several folders."""
    (app / "src/my_app/__init__.py").unlink()
    write(app / "src/my_app/main.py", f"from {INTO}.saibo.ChatFlows import Chat\n")
    write(site / "my_app/plugin.py", "from .main import Chat\n")
    code = "from my_app.plugin import Chat\nprint(json.dumps(Chat.__module__))"
    assert run(installed(site, app) + code) == ["run", "flow_modules.saibo.ChatFlows.chat"]


def test_pickles_can_be_read_under_either_name(app: Path, site: Path) -> None:
    """An object knows its class by the one name that the class has."""
    code = f"import pickle\nfrom {INTO}.saibo.ChatFlows import Chat\ntext = pickle.dumps(Chat(), 0)\n"
    code += f"texts = [text, text.replace(b'{PACKAGE}.', b'{INTO}.')]\nassert texts[0] != texts[1]\n"
    code += "print(json.dumps(all(type(pickle.loads(text)) is Chat for text in texts)))"
    assert run(installed(site, app) + code) == ["run", True]


def test_module_can_be_run(app: Path, site: Path) -> None:
    """`python -m` works as in the wheel."""
    code = f"import runpy\nsys.argv = ['x']\nrunpy.run_module('{INTO}.saibo.ChatFlows', run_name='__main__')"
    assert run(installed(site, app) + code) == ["run", ["__main__", "flow_modules.saibo.ChatFlows.chat"]]


def test_data_files_of_a_module_are_found(app: Path, site: Path) -> None:
    """By the other name, before the module is imported and after."""
    write(app / PACKAGE / "saibo/Base/demo.yaml", "x: 1\n")
    code = f"""
import importlib.resources, importlib.util, pkgutil
spec = importlib.util.find_spec("{INTO}.saibo.Base")
print(json.dumps([spec.name, spec.origin, list(spec.submodule_search_locations)]))
print(json.dumps(pkgutil.get_data("{INTO}.saibo.Base", "demo.yaml").decode()))
print(json.dumps(importlib.resources.files("{INTO}.saibo.Base").joinpath("demo.yaml").read_text()))
"""
    folder = app / PACKAGE / "saibo/Base"
    expected = [[f"{INTO}.saibo.Base", str(folder / "__init__.py"), [str(folder)]], "x: 1\n", "x: 1\n"]
    assert run(installed(site, app) + code) == expected


def test_nothing_else_becomes_importable(app: Path, site: Path) -> None:
    """Neither what lies beside the tree, nor names that only begin like the package's."""
    write(app / "secret.py", "")
    names = [
        "secret",
        f"{INTO}.secret",
        "my_app.saibo",
        "my_app._vendored",
        f"{INTO}ed.saibo",
        "saibo",
        f"{INTO}.nobody",
    ]
    code = "def is_there(name):\n    try: return importlib.util.find_spec(name) is not None\n"
    code += "    except ModuleNotFoundError: return False\n"
    code += f"import importlib.util\nprint(json.dumps([is_there(name) for name in {names}]))"
    assert run(installed(site, app) + code) == [[False] * len(names)]


def test_project_without_a_package_of_its_own_has_no_alias(app: Path, site: Path) -> None:
    """Everything is as it was."""
    code = "print(json.dumps(sum('Alias' in repr(finder) for finder in sys.meta_path)))\n"
    code += f"try: import {INTO}\nexcept ModuleNotFoundError as error: print(json.dumps(error.name))\n"
    assert run(installed(site, app, None) + code + "import flow_modules.saibo.ChatFlows") == [0, INTO, "run"]


def test_two_projects_with_packages_of_their_own(app: Path, site: Path, tmp_path: Path) -> None:
    """In one environment all trees are one, so either finds the modules of both."""
    other = tmp_path / "other"
    make_tree(other, {"saibo/Other": {}})
    write(other / "src/your_app/__init__.py", "")
    for name, text in editable_files("other", str(other), "your_app.flows").items():
        write(site / name, text)
    write(site / "your_app.pth", f"{other / 'src'}\n")
    code = f"import {INTO}.saibo.Other as one, your_app.flows.saibo.Base as two, flow_modules.saibo.Other as real\n"
    code += "print(json.dumps([one is real, two.__name__]))"
    assert run(installed(site, app) + code) == [[True, "flow_modules.saibo.Base"]]


def test_answers_of_the_guard_under_the_other_name(app: Path, site: Path) -> None:
    """What the application asks for is answered from the tree."""
    make_package(site)
    code = f"import {INTO}\nfrom aiflows.flow_verse import sync_dependencies as sync\n"
    code += "print(json.dumps(len(sync([{'url': 'saibo/Base', 'revision': 'main'}]))))"
    assert run(installed(site, app) + code) == [2]
