"""The guard, as programs meet it: every test runs Python afresh, with small real packages that sync."""

from __future__ import annotations

import stat
import sys
import zipfile
from pathlib import Path

import pytest
from flowverse._guard import guard_source, module_id_text, owner_source, package_source
from flowverse._guard_template import _parse as parse_module_id
from flowverse.model import PACKAGE

from tests.trees import COMMIT, asking, make_package, make_tree, pin, run, write

SYNC = "from aiflows import flow_verse\nprint(json.dumps(flow_verse.sync_dependencies({wishes})))\n"
GUARDED = "import flow_modules\n"


def sync(*ids: str, **wish: object) -> str:
    return SYNC.format(wishes=[{"url": id, **wish} for id in ids])


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return make_package(tmp_path / "site")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    modules = {"saibo/ChatFlows": {"__init__.py": "x = 1\n"}, "1Digit/My-Chat.Flow": {}}
    make_tree(tmp_path / "project", modules)
    return tmp_path / "project"


def folders(root: Path, *names: str) -> list[str]:
    return [str(root / PACKAGE / name) for name in names]


ALL = ("saibo/ChatFlows", "user_1Digit/My_Chat_Flow")


def all_of(root: Path) -> list[str]:
    return sorted(folders(root, *ALL))


@pytest.mark.parametrize("package", ["aiflows", "flows"])
@pytest.mark.parametrize("module", ["flow_verse", "flow_verse.loading"])
@pytest.mark.parametrize("guard_first", [True, False])
def test_synced_module_is_answered_from_the_tree(
    tmp_path: Path, root: Path, package: str, module: str, guard_first: bool
) -> None:
    """Whichever is imported first, what is in the tree is not synced, and the folders of all modules are returned."""
    make_package(tmp_path / "site", package)
    imports = [GUARDED, f"from {package}.{module} import sync_dependencies\n"]
    lines = imports if guard_first else [f"import {package}.{module}\n", *imports]
    code = "".join(lines) + "print(json.dumps(sync_dependencies([{'url': 'saibo/ChatFlows', 'revision': 'main'}])))"
    assert run(code, path=[root, tmp_path / "site"]) == [all_of(root)]


def test_modules_that_ask_when_imported_ask_nobody(tmp_path: Path, site: Path) -> None:
    """A chain of modules imports from any folder: nothing is synced, no second tree is made."""
    modules = {
        "saibo/ChatFlows": {
            "__init__.py": "from .chat import name\n",
            "chat.py": asking("martin/Atomic") + "from flow_modules.martin.Atomic import name\n",
        },
        "martin/Atomic": {"__init__.py": asking("martin/Base", "saibo/ChatFlows") + "name = 'atomic'\n"},
        "martin/Base": {},
    }
    make_tree(tmp_path / "project", modules)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    code = "from flow_modules.saibo.ChatFlows import name\nprint(json.dumps(name))"
    assert run(code, path=[tmp_path / "project", site], cwd=elsewhere) == ["atomic"]
    assert not list(elsewhere.iterdir())


def test_other_modules_are_passed_on(root: Path, site: Path) -> None:
    """The original function gets only what is not in the tree, and its folders come after those of the tree."""
    answer = run(GUARDED + sync("saibo/ChatFlows", "saibo/Other", "1Digit/My-Chat.Flow"), path=[root, site])
    assert answer == [
        ["original", "aiflows.flow_verse.loading", ["saibo/Other"], False],
        [*all_of(root), "/synced/saibo/Other"],
    ]


@pytest.mark.parametrize("id", ["saibo/chatflows", "saibo-/ChatFlows", "saibo/../saibo/ChatFlows", "saibo", "", "/"])
def test_another_id_is_not_mistaken_for_a_module_of_the_tree(root: Path, site: Path, id: str) -> None:
    """An id that leads to the same folder, or to no proper one, belongs to the original function."""
    assert run(GUARDED + sync(id), path=[root, site])[0][2] == [id]


@pytest.mark.parametrize("wishes", ["None", "'saibo/ChatFlows'", "iter([])", "[{'revision': 'main'}]", "['a/b']"])
def test_wrong_input_gets_the_original_error(root: Path, site: Path, wishes: str) -> None:
    """What is no list, or has no url, is judged by the function that was called."""
    code = f"""
from aiflows.flow_verse import sync_dependencies
def error():
    try: sync_dependencies({wishes})
    except Exception as error: return repr(error)
before = error()
import flow_modules
from aiflows.flow_verse import sync_dependencies
print(json.dumps([before, error()]))
"""
    [[before, after]] = run(code, path=[root, site])
    assert before == after is not None


def test_folder_that_no_sync_made_is_not_in_the_tree(root: Path, site: Path) -> None:
    """A package that somebody put beside the modules is passed on, whatever its FLOW_MODULE_ID says."""
    write(root / PACKAGE / "saibo/Hand/__init__.py", "")
    write(root / PACKAGE / "saibo/Odd/FLOW_MODULE_ID", "no id\n")
    answer = run(GUARDED + sync("saibo/Hand", "saibo/Odd", "saibo/ChatFlows"), path=[root, site])
    assert answer[0][2] == ["saibo/Hand", "saibo/Odd"]
    assert answer[1][:2] == all_of(root)


def test_linked_module_is_in_the_tree(tmp_path: Path, root: Path, site: Path) -> None:
    """A link needs no FLOW_MODULE_ID, and holds whatever revision is asked for; a dangling one is not there."""
    write(tmp_path / "dev/__init__.py", "")
    (root / PACKAGE / "saibo/Linked").symlink_to(tmp_path / "dev", target_is_directory=True)
    (root / PACKAGE / "saibo/Gone").symlink_to(tmp_path / "gone", target_is_directory=True)
    answer = run(GUARDED + sync("saibo/Linked", "saibo/Gone", revision="v3"), path=[root, site])
    assert answer[0][2] == ["saibo/Gone"]
    assert folders(root, "saibo/Linked")[0] in answer[1]


CATCH = """
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
"""
TOLD = "print(json.dumps([[str(one.message), one.category.__name__, one.filename] for one in caught]))"


def caught(lines: str) -> str:
    return GUARDED + CATCH + "".join(f"    {line}\n" for line in lines.splitlines()) + TOLD


@pytest.mark.parametrize("asked", ["main", COMMIT, "/home/author/dev", "../dev", "C:\\dev", "~/dev"])
def test_no_warning_where_the_tree_has_what_is_asked(root: Path, site: Path, asked: str) -> None:
    """The revision, its commit, and a path on the author's machine, which counts as main."""
    assert run(GUARDED + sync("saibo/ChatFlows", revision=asked), path=[root, site], cwd=root) == [all_of(root)]


def test_other_revision_warns_once(root: Path, site: Path) -> None:
    """Once for each module and revision, at the line that asked."""
    write(site / "asker.py", asking("saibo/ChatFlows", revision="v2") * 2 + asking("saibo/ChatFlows", revision="v3"))
    told = run(caught("import asker"), path=[root, site])[-1]
    texts = [
        f"saibo/ChatFlows is asked for at {asked}, the tree has main (0123456), which is used."
        for asked in ("v2", "v3")
    ]
    assert told == [[text, "FlowRevisionWarning", str(site / "asker.py")] for text in texts]


def test_folder_on_this_machine_that_is_not_the_module_warns(tmp_path: Path, root: Path, site: Path) -> None:
    """Who asks for a folder that is there means it."""
    wishes = [{"url": "saibo/ChatFlows", "revision": str(place)} for place in (tmp_path, root / PACKAGE / ALL[0])]
    code = caught(f"from aiflows import flow_verse\nflow_verse.sync_dependencies({wishes!r})")
    [told] = run(code, path=[root, site])
    assert [text for text, _, _ in told] == [
        f"saibo/ChatFlows is asked for at {tmp_path}, the tree has main (0123456), which is used."
    ]


def test_overwrite_by_a_script_says_what_to_do_instead(root: Path, site: Path) -> None:
    """Nothing is overwritten; a person is told, once a module; modules that have it in their code are not heard."""
    write(root / PACKAGE / "saibo/ChatFlows/__init__.py", asking("1Digit/My-Chat.Flow").replace("])", "], True)"))
    script = "from aiflows.flow_verse import sync_dependencies as sync\nimport flow_modules.saibo.ChatFlows\n"
    script += "for _ in range(2): sync([{'url': 'saibo/ChatFlows', 'overwrite': True}])\n"
    [told] = run(caught(script), path=[root, site])
    assert [text for text, _, _ in told] == [
        "saibo/ChatFlows is not overwritten; `overwrite = true` in pyproject.toml discards its edits."
    ]


def test_guard_can_be_switched_off(root: Path, site: Path) -> None:
    """FLOWVERSE_GUARD=0 passes everything on, and folders are still joined."""
    flags = ("-S", "-W", "error")
    late = write(root.parent / "late/flow_modules/late/__init__.py", "").parents[2]
    code = GUARDED + sync("saibo/ChatFlows") + f"sys.path.append({str(late)!r})\nimport flow_modules.late"
    answer = run(code, path=[root, site], env={"FLOWVERSE_GUARD": "0"}, flags=flags)
    assert answer == [
        ["original", "aiflows.flow_verse.loading", ["saibo/ChatFlows"], False],
        ["/synced/saibo/ChatFlows"],
    ]


def test_reload_and_import_anew_guard_once(root: Path, site: Path) -> None:
    """After a reload, or a second import, there is one guard, and it asks the first original function."""
    code = """
import importlib, flow_modules, aiflows.flow_verse.loading as loading
importlib.reload(flow_modules)
del sys.modules["flow_modules"]
import flow_modules
importlib.reload(loading)
importlib.reload(flow_modules)
print(json.dumps(sum(hasattr(finder, "flowverse_guard") for finder in sys.meta_path)))
print(json.dumps(loading.sync_dependencies.__wrapped__.__name__ + " " + loading.sync_dependencies.__doc__))
print(json.dumps(hasattr(loading.sync_dependencies.__wrapped__, "flowverse_original")))
print(json.dumps(type(loading.__loader__).__name__ + " " + type(loading.__spec__.loader).__name__))
"""
    loader = "SourceFileLoader SourceFileLoader"
    answer = run(code + sync("saibo/ChatFlows"), path=[root, site])
    assert answer == [3, "sync_dependencies Sync what is asked for.", False, loader, all_of(root)]


def test_package_without_the_function_is_left_alone(tmp_path: Path, root: Path) -> None:
    """Another package that happens to be called `flows` is not touched."""
    write(tmp_path / "site/flows/__init__.py", "")
    write(tmp_path / "site/flows/flow_verse.py", "answer = 42\n")
    code = (
        GUARDED
        + "import flows.flow_verse as found\nprint(json.dumps([found.answer, hasattr(found, 'sync_dependencies')]))"
    )
    assert run(code, path=[root, tmp_path / "site"]) == [[42, False]]


@pytest.mark.parametrize("name", ["os", "sys", "annotations", "aiflows"])
def test_owner_with_any_name_does_not_break_the_guard(tmp_path: Path, site: Path, name: str) -> None:
    """An imported owner becomes an attribute of the package that the guard is."""
    make_tree(tmp_path, {f"{name}/Chat": {}})
    code = f"import flow_modules.{name}.Chat\n" + sync(f"{name}/Chat")
    assert run(code, path=[tmp_path, site]) == [folders(tmp_path, f"{name}/Chat")]


def test_guard_works_in_a_folder_that_cannot_be_written(root: Path, site: Path) -> None:
    """Installed packages are read-only for many."""
    places = [root / PACKAGE, *(root / PACKAGE).rglob("*")]
    for place in places:
        place.chmod(place.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    try:
        assert run(GUARDED + sync("saibo/ChatFlows"), path=[root, site]) == [all_of(root)]
    finally:
        for place in places:
            place.chmod(place.stat().st_mode | stat.S_IWUSR)


def test_guard_works_from_a_zip(tmp_path: Path, root: Path, site: Path) -> None:
    """An application in one file, with another tree beside it."""
    archive = tmp_path / "app.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for place in sorted((root / PACKAGE).rglob("*")):
            file.write(place, place.relative_to(root).as_posix())
    make_tree(tmp_path / "more", {"saibo/More": {"__init__.py": "import flow_modules.saibo.ChatFlows\n"}})
    code = "from flow_modules.saibo import ChatFlows, More\n" + sync("saibo/ChatFlows", "saibo/More", "saibo/Other")
    for order in ([archive, tmp_path / "more"], [tmp_path / "more", archive]):
        called, answer = run(code, path=[*order, site])
        assert called[2] == ["saibo/Other"]
        zipped = [str(archive.joinpath(PACKAGE, *name.split("/"))) for name in ALL]
        expected = zipped + folders(tmp_path / "more", "saibo/More")
        assert sorted(answer[:-1]) == sorted(expected)


def test_guard_loads_nothing_that_takes_time(root: Path) -> None:
    """At import it adds itself and what Python keeps for its own syntax."""
    code = "before = set(sys.modules)\nimport flow_modules\nprint(json.dumps(sorted(set(sys.modules) - before)))"
    start = "import encodings.utf_8, os\n"
    assert run(start + code, path=[root]) == [["__future__", PACKAGE, f"{PACKAGE}._flowverse"]]


def test_generated_text_is_the_same_everywhere() -> None:
    """It goes into wheels: no path of this machine, the same bytes each time, plain line ends."""
    for text in (guard_source(), package_source(), owner_source("saibo")):
        assert text.isascii()
        assert "\r" not in text
        assert text.endswith("\n")
        assert sys.prefix not in text
    assert guard_source() == guard_source()


@pytest.mark.parametrize(
    ("one", "text", "parsed"),
    [
        (pin("saibo/ChatFlows"), f"saibo/ChatFlows:main\n{COMMIT}\n", ("saibo/ChatFlows", "main", COMMIT)),
        (pin("a/b", "refs/pr/1"), f"a/b:refs/pr/1\n{COMMIT}\n", ("a/b", "refs/pr/1", COMMIT)),
        (pin("a/b", path="../dev:x"), "a/b:../dev:x\n", ("a/b", "../dev:x", "")),
    ],
)
def test_module_id_is_read_back(one: object, text: str, parsed: tuple[str, str, str]) -> None:
    """FLOW_MODULE_ID holds what users see in it today on its first line, and the commit on its second."""
    assert module_id_text(one) == text  # type: ignore[arg-type]
    assert parse_module_id(text) == parsed


@pytest.mark.parametrize("text", ["", "\n", "saibo/ChatFlows", "saibo:main", "a/b/c:main", ":main\n", "a/b:\n"])
def test_what_is_no_module_id_is_none(text: str) -> None:
    """Somebody's own file of that name is no reason to stop."""
    assert parse_module_id(text) is None
