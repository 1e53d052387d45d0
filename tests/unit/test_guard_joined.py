"""One package of several trees: what is found, and which comes first."""

from __future__ import annotations

from pathlib import Path

from flowverse.model import PACKAGE

from tests.trees import make_package, make_tree, run, write


def tree(root: Path, *ids: str) -> Path:
    """Make a tree whose modules know which root they are in."""
    make_tree(root, {id: {"__init__.py": f"who = {root.name!r}\n"} for id in ids})
    return root


def who(name: str) -> str:
    return f"import flow_modules.{name} as one\nprint(json.dumps(one.who))\n"


def test_trees_of_several_folders_are_one_package(tmp_path: Path) -> None:
    """Modules of one owner in two trees, and owners that only one of them has; the first on `sys.path` wins."""
    one, two = tree(tmp_path / "one", "a/X", "a/Both"), tree(tmp_path / "two", "a/Y", "b/Z", "a/Both")
    code = "".join(who(name) for name in ("a.X", "a.Y", "b.Z", "a.Both"))
    assert run(code, path=[one, two]) == ["one", "two", "two", "one"]
    assert run(code, path=[two, one]) == ["one", "two", "two", "two"]


def test_tree_that_comes_later_is_joined(tmp_path: Path) -> None:
    """A folder that is put on `sys.path`, or made, after the first import is found, also in front of the others."""
    one, two, three = tree(tmp_path / "one", "a/X"), tree(tmp_path / "two", "a/Y", "b/Z"), tmp_path / "three"
    three.mkdir()
    later = f"""
sys.path.append({str(two)!r})
{who("b.Z")}{who("a.Y")}
from pathlib import Path
Path({str(three / PACKAGE / "c/W")!r}).mkdir(parents=True)
Path({str(three / PACKAGE / "c/W/__init__.py")!r}).write_text("who = 'three'")
{who("c.W")}
import flow_modules
print(json.dumps(list(flow_modules.__path__)))
"""
    paths = [str(root / PACKAGE) for root in (one, three, two)]
    assert run(who("a.X") + later, path=[one, three]) == ["one", "two", "two", "three", paths]


def test_folder_is_joined_once(tmp_path: Path) -> None:
    """However often and under whatever name it is on `sys.path`."""
    one = tree(tmp_path / "one", "a/X")
    (tmp_path / "link").symlink_to(one, target_is_directory=True)
    code = "sys.path += ['', '.', 7, 'nowhere', '/nowhere.zip']\n"
    code += "import flow_modules\nprint(json.dumps(list(flow_modules.__path__)))"
    assert run(code, path=[one, tmp_path / "link", one / ".." / "one"], cwd=one) == [[str(one / PACKAGE)]]


def test_what_nobody_has_is_not_found(tmp_path: Path) -> None:
    """With the error of any other package, for owners, modules and files."""
    one, two = tree(tmp_path / "one", "a/X"), tree(tmp_path / "two", "a/Y")
    code = """
for name in ("b", "b.X", "a.Z", "a.X.z", "a.Y.z"):
    try: __import__("flow_modules." + name)
    except ModuleNotFoundError as error: print(json.dumps(error.name))
"""
    names = ["b", "b", "a.Z", "a.X.z", "a.Y.z"]
    assert run(code, path=[one, two]) == [f"{PACKAGE}.{name}" for name in names]


def test_current_folder_that_is_gone_is_no_obstacle(tmp_path: Path) -> None:
    """Programs outlive the folder that they were started in."""
    one, gone = tree(tmp_path / "one", "a/X"), tmp_path / "gone"
    gone.mkdir()
    code = f"import os\nsys.path.append('')\nos.rmdir({str(gone)!r})\n"
    assert run(code + who("a.X"), path=[one], cwd=gone) == ["one"]


def test_what_is_first_decides_what_is_in_the_tree(tmp_path: Path) -> None:
    """A package that would be imported, but was not synced, is passed on, though a later tree has that module."""
    two, site = tree(tmp_path / "two", "a/X", "a/Y"), make_package(tmp_path / "site")
    one = tree(tmp_path / "one", "a/Z")
    write(one / PACKAGE / "a/X/__init__.py", "")
    code = "import flow_modules\nfrom aiflows.flow_verse import sync_dependencies as sync\n"
    code += "print(json.dumps(sync([{'url': 'a/X'}, {'url': 'a/Y'}])))\n"
    called, answer = run(code, path=[one, two, site])
    assert called[2] == ["a/X"]
    assert answer == [str(one / PACKAGE / "a/Z"), *(str(two / PACKAGE / "a" / name) for name in "XY"), "/synced/a/X"]


def test_module_that_is_synced_while_the_program_runs_is_listed(tmp_path: Path) -> None:
    """The list of modules is kept between calls, and read again when a folder changed."""
    one, site = tree(tmp_path / "one", "a/X"), make_package(tmp_path / "site")
    staged = tree(tmp_path / "staged", "a/Y") / PACKAGE / "a/Y"
    code = f"""
import os, flow_modules
from aiflows.flow_verse import sync_dependencies as sync
print(json.dumps(len(sync([{{"url": "a/X"}}]))))
os.rename({str(staged)!r}, {str(one / PACKAGE / "a/Y")!r})
print(json.dumps(sync([{{"url": "a/Y"}}])))
"""
    assert run(code, path=[one, site]) == [1, [str(one / PACKAGE / "a" / name) for name in "XY"]]
