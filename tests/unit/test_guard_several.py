"""Several packages of flow modules in one process: those of applications, and the one that all share."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Mapping
from itertools import permutations
from pathlib import Path

import pytest
from flowverse.model import PACKAGE

from tests.trees import asking, make_package, make_tree, run, write

ONE, TWO = "1" * 40, "2" * 40
ANSWER = asking("saibo/Base").replace("flow_verse.sync", "answer = flow_verse.sync")
MODULES = {"saibo/Base": {"__init__.py": "who = __name__\n"}, "saibo/Chat": {"__init__.py": ANSWER}}


def application(root: Path, name: str, commit: str, modules: Mapping[str, Mapping[str, str]] = MODULES) -> Path:
    """Write a package of an application that has modules at `_vendor`."""
    write(root / name / "__init__.py", "")
    tree = make_tree(root / f"{name}.staged", modules, commit=commit)
    return tree.rename(root / name / "_vendor")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two applications that ship the same modules at different commits."""
    application(tmp_path / "apps", "one", ONE)
    application(tmp_path / "apps", "two", TWO)
    return tmp_path / "apps"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return make_package(tmp_path / "site")


def folders(tree: Path, *names: str) -> list[str]:
    return [str(tree / "saibo" / name) for name in names or ("Base", "Chat")]


def sync(*ids: str, **wish: object) -> str:
    wishes = [{"url": id, **wish} for id in ids]
    return f"from aiflows import flow_verse\nprint(json.dumps(flow_verse.sync_dependencies({wishes})))\n"


TELL = "print(json.dumps([sys.modules[name + '._vendor.saibo.Chat'].answer for name in ('one', 'two')]))\n"
IMPORTS = "import {0}._vendor.saibo.Chat\nimport {1}._vendor.saibo.Chat\n"


def own(root: Path) -> list[list[str]]:
    return [folders(root / name / "_vendor") for name in ("one", "two")]


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
@pytest.mark.parametrize("when", ["before", "between", "after", "never"])
def test_each_module_is_answered_from_its_own_package(
    root: Path, site: Path, order: tuple[str, str], when: str
) -> None:
    """Whichever application comes first, and whenever the package that syncs is imported, if there is one."""
    first, second = (f"import {name}._vendor\n" for name in order)
    late = "import aiflows.flow_verse.loading\n"
    begin = {"before": late + first + second, "between": first + late + second, "after": first + second + late}
    path = [root] if when == "never" else [root, site]
    code = begin.get(when, "") + IMPORTS.format(*order) + TELL
    assert run(code, path=path) == [own(root)]
    assert run(IMPORTS.format(*order) + TELL, path=path) == [own(root)]


@pytest.mark.parametrize("order", list(permutations(["one", "two", "flow_modules"])))
def test_a_shared_package_beside_them(tmp_path: Path, root: Path, site: Path, order: tuple[str, ...]) -> None:
    """It answers its own modules and everybody who is in no package; the others are answered as before."""
    shared = make_tree(tmp_path / "shared", {**MODULES, "saibo/More": {}}, commit="3" * 40)
    names = {"one": "one._vendor", "two": "two._vendor", "flow_modules": "flow_modules"}
    code = "".join(f"import {names[name]}.saibo.Chat\n" for name in order) + TELL
    code += "print(json.dumps(flow_modules.saibo.Chat.answer))\n" + sync("saibo/More")
    every = folders(shared, "Base", "Chat", "More")
    assert run(code, path=[root, tmp_path / "shared", site]) == [own(root), every, every]


def test_what_a_package_has_not_got_is_passed_on(root: Path, site: Path) -> None:
    """Though another application's has it: that is not where the module would import it from."""
    application(root, "three", ONE, {"saibo/Chat": MODULES["saibo/Chat"]})
    code = "import one._vendor.saibo.Chat, three._vendor.saibo.Chat\n"
    code += "print(json.dumps(three._vendor.saibo.Chat.answer))"
    assert run(code, path=[root, site]) == [
        ["original", "aiflows.flow_verse.loading", ["saibo/Base"], False],
        [*folders(root / "three/_vendor", "Chat"), "/synced/saibo/Base"],
    ]


def test_an_applications_own_code_is_answered_from_its_package(root: Path, site: Path) -> None:
    """Which asks for what its modules ask for: nothing is synced for it where it is installed."""
    write(root / "one/main.py", "import json\n" + sync("saibo/Base"))
    code = "import one._vendor, two._vendor, one.main\n"
    assert run(code, path=[root, site]) == [folders(root / "one/_vendor")]


def test_caller_outside_of_all_packages(root: Path, site: Path) -> None:
    """A script is in none of them: the function that it calls decides."""
    code = "import one._vendor, two._vendor\n" + sync("saibo/Chat")
    assert run(code, path=[root, site]) == [
        ["original", "aiflows.flow_verse.loading", ["saibo/Chat"], False],
        ["/synced/saibo/Chat"],
    ]


def test_package_whose_name_begins_like_another(root: Path, site: Path) -> None:
    """`one_more._vendor` is not inside of `one._vendor`, nor is `one._vendor_more`."""
    application(root, "one_more", ONE)
    make_tree(root / "more.staged", MODULES, commit=TWO).rename(root / "one/_vendor_more")
    code = "import one._vendor.saibo.Chat as a, one_more._vendor.saibo.Chat as b, one._vendor_more.saibo.Chat as c\n"
    code += "print(json.dumps([a.answer, b.answer, c.answer]))"
    trees = (root / "one/_vendor", root / "one_more/_vendor", root / "one/_vendor_more")
    assert run(code, path=[root, site]) == [[folders(tree) for tree in trees]]


def test_package_inside_of_a_module_of_another(root: Path, site: Path) -> None:
    """The innermost package is the one that its modules are of."""
    inner = make_tree(root / "inner.staged", MODULES, commit=TWO).rename(root / "one/_vendor/saibo/Base/_vendor")
    code = "import one._vendor.saibo.Base._vendor.saibo.Chat as a, one._vendor.saibo.Chat as b\n"
    code += "print(json.dumps([a.answer, b.answer]))"
    assert run(code, path=[root, site]) == [[folders(inner), folders(root / "one/_vendor")]]


def test_differences_are_told_by_each_package(root: Path, site: Path) -> None:
    """The same wish is right in one, and not what is there in the other."""
    asks = asking("saibo/Base", revision=ONE)
    for name in ("one", "two"):
        write(root / name / "_vendor/saibo/Chat/__init__.py", asks)
    code = (
        "import warnings\nwith warnings.catch_warnings(record=True) as caught:\n    warnings.simplefilter('always')\n"
    )
    code += "    import one._vendor.saibo.Chat, two._vendor.saibo.Chat\n"
    code += "print(json.dumps([[str(each.message), each.filename] for each in caught]))"
    asker = str(root / "two/_vendor/saibo/Chat/__init__.py")
    text = f"saibo/Base is asked for at {ONE}, the tree has main (2222222), which is used."
    assert run(code, path=[root, site]) == [[[text, asker]]]


def test_packages_are_not_joined(root: Path, site: Path) -> None:
    """An application's modules are its own, wherever else there is a package of that name."""
    other = application(root.parent / "late", "one", TWO, {"saibo/Other": {}})
    code = f"""
import one._vendor.saibo
sys.path.append({str(other.parents[1])!r})
try: import one._vendor.saibo.Other
except ModuleNotFoundError as error: print(json.dumps(error.name))
print(json.dumps(list(one._vendor.__path__)))
"""
    assert run(code, path=[root, site]) == ["one._vendor.saibo.Other", [str(root / "one/_vendor")]]


def test_guard_can_be_switched_off_for_all(root: Path, site: Path) -> None:
    """FLOWVERSE_GUARD=0: every call goes to the function that is called."""
    code = IMPORTS.format("one", "two") + TELL
    answer = run(code, path=[root, site], env={"FLOWVERSE_GUARD": "0"}, flags=("-S", "-W", "error"))
    original = ["original", "aiflows.flow_verse.loading", ["saibo/Base"], False]
    assert answer == [original, original, [["/synced/saibo/Base"]] * 2]


def test_there_is_one_guard_for_all(root: Path, site: Path) -> None:
    """However many packages, in whatever order, and if they are imported anew."""
    code = IMPORTS.format("one", "two") + "import importlib\nimportlib.reload(one._vendor)\n"
    code += "importlib.reload(two._vendor._flowverse)\nimportlib.reload(two._vendor)\n"
    code += "del sys.modules['one._vendor'], sys.modules['one._vendor._flowverse']\nimport one._vendor\n"
    code += "for name in ('one', 'two'): importlib.reload(sys.modules[name + '._vendor.saibo.Chat'])\n"
    code += "print(json.dumps(sum(hasattr(finder, 'flowverse_guard') for finder in sys.meta_path)))\n"
    code += "import aiflows.flow_verse as patched\nreal = patched.sync_dependencies.__wrapped__\n"
    code += "print(json.dumps(hasattr(real, '__wrapped__')))\n"
    assert run(code + TELL, path=[root, site]) == [3, False, own(root)]


def test_applications_in_a_zip(tmp_path: Path, root: Path, site: Path) -> None:
    """One in a file, the other beside it."""
    archive = tmp_path / "app.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for place in sorted((root / "one").rglob("*")):
            file.write(place, place.relative_to(root).as_posix())
    (root / "one").rename(root / "gone")
    for order in (("one", "two"), ("two", "one")):
        expected = [folders(archive / "one/_vendor"), folders(root / "two/_vendor")]
        assert run(IMPORTS.format(*order) + TELL, path=[archive, root, site]) == [expected]


def test_read_only_folders_and_any_current_folder(tmp_path: Path, root: Path, site: Path) -> None:
    """Nothing is written, neither there nor where the program was started."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    places = [root, *root.rglob("*")]
    for place in places:
        place.chmod(place.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    try:
        for cwd in (elsewhere, root, root / "one/_vendor"):
            assert run(IMPORTS.format("one", "two") + TELL, path=[root, site], cwd=cwd) == [own(root)]
    finally:
        for place in places:
            place.chmod(place.stat().st_mode | stat.S_IWUSR)
    assert sorted([root, *root.rglob("*")]) == sorted(places)
    assert not list(elsewhere.iterdir())


# --- what applications ship into one folder --------------------------------------------------------------------------

WARNED = """
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import flow_modules, flow_modules.saibo.Base
    import importlib
    importlib.reload(flow_modules)
print(json.dumps([[str(each.message), each.category.__name__] for each in caught]))
"""


def shipped(root: Path, commit: str, **applications: str) -> Path:
    """One folder of modules that applications were installed into, with what each says that it shipped."""
    tree = make_tree(root, {"saibo/Base": {}, "saibo/Chat": {}}, commit=commit)
    for name, said in applications.items():
        write(tree / f"_shipped/{name}.txt", f"saibo/Base {said}\nsaibo/Chat {ONE}\n")
    return root


def test_two_applications_with_one_module_at_two_commits(tmp_path: Path) -> None:
    """One warning, with both and their commits, what is there, and what to do."""
    root = shipped(tmp_path, TWO, app=ONE, other=TWO)
    assert run(WARNED, path=[root]) == [
        [
            [
                "saibo/Base is shipped by app at 1111111 and by other at 2222222, and flow_modules has room for one "
                "(2222222): install them apart, or build them with `into` in [tool.flowverse.build].",
                "FlowRevisionWarning",
            ]
        ]
    ]


def test_two_applications_in_two_folders(tmp_path: Path) -> None:
    """They are joined, so it is the same."""
    one, two = shipped(tmp_path / "one", ONE, app=ONE), shipped(tmp_path / "two", TWO, other=TWO)
    (((text, _),),) = run(WARNED, path=[one, two])
    assert text.startswith("saibo/Base is shipped by app at 1111111 and by other at 2222222")
    assert "(1111111)" in text


@pytest.mark.parametrize("applications", [{}, {"app": TWO}, {"app": ONE, "other": ONE, "third": ONE}])
def test_no_warning_where_all_ship_the_same(tmp_path: Path, applications: dict[str, str]) -> None:
    """Or where there is one application, or none."""
    assert run(WARNED, path=[shipped(tmp_path, ONE, **applications)]) == [[]]


def test_odd_records_are_no_reason_to_stop(tmp_path: Path) -> None:
    """Files that somebody else put there, a folder, what is no text."""
    root = shipped(tmp_path, ONE, app=ONE, other=ONE)
    place = root / PACKAGE / "_shipped"
    (place / "folder.txt").mkdir()
    (place / "bytes.txt").write_bytes(b"\xff\xfe\0")
    write(place / "words.txt", "\nsaibo/Base\nsaibo/Base 1 2 3\n")
    write(place / "notes.md", f"saibo/Base {TWO}\n")
    assert run(WARNED, path=[root]) == [[]]


# --- what others do to the folder ------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "project", MODULES)


@pytest.mark.parametrize("emptied", [True, False])
def test_package_that_was_taken_over_is_guarded_by_its_owners(
    tmp_path: Path, tree: Path, site: Path, emptied: bool
) -> None:
    """aiFlows ships an empty `flow_modules/__init__.py`, and takes it away when it is uninstalled."""
    (tree / "__init__.py").unlink()
    if emptied:
        write(tree / "__init__.py", "")
    make_tree(tmp_path / "more", {"saibo/More": {}, "other/Flow": {}})
    code = "import flow_modules.saibo.Chat as chat, flow_modules.saibo.More, flow_modules.other.Flow\n"
    code += "print(json.dumps(chat.answer))"
    (answer,) = run(code, path=[tree.parent, tmp_path / "more", site])
    assert set(answer) >= set(folders(tree))
    assert len(answer) == 4


@pytest.mark.parametrize("init", ["ours", "empty", "none"])
def test_guard_that_is_gone_is_one_clear_error(tree: Path, site: Path, init: str) -> None:
    """It says what happened, and what to do."""
    (tree / "_flowverse.py").unlink()
    if init != "ours":
        (tree / "__init__.py").unlink()
    if init == "empty":
        write(tree / "__init__.py", "")
    code = "try: import flow_modules.saibo.Chat\nexcept ImportError as error: print(json.dumps(str(error)))"
    (text,) = run(code, path=[tree.parent, site])
    assert text.startswith("the guard of the flow modules is gone")
    name = PACKAGE if init == "ours" else f"{PACKAGE}.saibo"
    assert text.endswith(f"install what ships {name} again")
