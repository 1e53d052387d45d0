"""What a module asks for is read from its text, and what cannot be read is a warning with file and line."""

from __future__ import annotations

import codecs
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flowverse._scan import Scan, scan, wanted
from flowverse.model import ModuleId, Requirement
from hypothesis import given
from hypothesis import strategies as st

ME = ModuleId.parse("saibo/ChatFlows")
CALL = "flow_verse.sync_dependencies"
IMPORT = "from flows import flow_verse\n"
GUARD = 'if __name__ == "__main__":\n    pass\n'


def read(files: str | dict[str, str | bytes], *, local: bool = False) -> Scan:
    """Scan one file `a.py`, or several by path."""
    several = {"a.py": files} if isinstance(files, str) else files
    contents = {path: text.encode() if isinstance(text, str) else text for path, text in several.items()}
    found = scan(ME, contents, local=local)
    assert all(str(ME) in warning for warning in found.warnings)
    return found


def asked(files: str | dict[str, str | bytes], *, quietly: bool = True) -> list[tuple[str, str, str]]:
    """Tell (id, revision, place) of all that is asked for; nothing may be warned about."""
    found = read(files)
    assert not (quietly and found.warnings)
    assert all(req.asker == str(ME) and req.path is None and not req.overwrite for req in found.requirements)
    return [(str(req.id), req.revision, req.at) for req in found.requirements]


def warned(files: str | dict[str, str | bytes]) -> str:
    """Return the only warning."""
    (warning,) = read(files).warnings
    return warning


# --- the calls -------------------------------------------------------------------------------------------------------


def test_the_example_of_the_flowverse_is_read() -> None:
    """As the modules on the Hub are written today."""
    text = (
        "dependencies = [\n"
        '    {"url": "martinjosifoski/ChatAtomicFlow", "revision": "cae3fdf2f0ef7f28127cf4bc35ce985c5fc4d19a"}\n'
        "]\n"
        "from flows import flow_verse\n"
        "flow_verse.sync_dependencies(dependencies)\n"
        "from flow_modules.martinjosifoski.ChatAtomicFlow import ChatAtomicFlow\n"
        "class ChatGPT4(ChatAtomicFlow): ...\n"
    )
    commit = "cae3fdf2f0ef7f28127cf4bc35ce985c5fc4d19a"
    assert asked({"ChatGPT4.py": text}) == [("martinjosifoski/ChatAtomicFlow", commit, "ChatGPT4.py:2")]


LIST = '[{"url": "x/y", "revision": "v1"}]'


@pytest.mark.parametrize(
    "text",
    [
        f"flow_verse.sync_dependencies({LIST})",
        f"sync_dependencies({LIST})",
        f"aiflows.flow_verse.sync_dependencies(dependencies={LIST})",
        f"sync_dependencies({LIST}, True)",
        f"sync_dependencies(all_overwrite=True, dependencies={LIST})",
        "sync_dependencies(({'url': 'x/' 'y', 'revision': 'v1', 'overwrite': True},))",
        f"from flows.flow_verse import sync_dependencies as sd; sd({LIST})",
        f"import aiflows.flow_verse as fv; fv.sync_dependencies({LIST})",
        f"sync = flow_verse.sync_dependencies; sync({LIST})",
        f"synced = sync_dependencies(found := {LIST})",
        f"deps = {LIST}; sync_dependencies(deps)",
        f"deps: list = {LIST}; sync_dependencies(deps)",
        f"a = b = {LIST}; sync_dependencies(b)",
        f"a = {LIST}; b = a; sync_dependencies(b)",
        f"deps: list; deps = {LIST}; sync_dependencies(deps)",
        f"deps = [make()]; deps = {LIST}; sync_dependencies(deps); deps = [make()]",
        f"sync_dependencies({LIST} + [])",
        f"base = {LIST}; sync_dependencies([*base])",
        f"deps = []; deps = deps + {LIST}; sync_dependencies(deps)",
        "dep = {'url': 'x/y', 'revision': 'v1'}; sync_dependencies([dep])",
        "URL, REV = 'x/z', 'v2'; URL = 'x/y'; REV = 'v1'; sync_dependencies([{'url': URL, 'revision': REV}])",
    ],
)
def test_every_way_to_write_the_call_is_found(text: str) -> None:
    """A name or an attribute, by position or by keyword, a literal or a name for one."""
    assert [found[:2] for found in asked(text)] == [("x/y", "v1")]


@pytest.mark.parametrize(
    "text",
    [
        f"if True:\n    {CALL}({LIST})",
        f"try:\n    import x\nexcept ImportError:\n    {CALL}({LIST})",
        f"def f():\n    deps = {LIST}\n    {CALL}(deps)",
        f"async def f():\n    {CALL}({LIST})",
        f"class A:\n    deps = {LIST}\n    {CALL}(deps)",
        f"class A:\n    def f(self):\n        return {CALL}({LIST})",
        f"deps = {LIST}\ndef f():\n    {CALL}(deps)",
        f"def f():\n    {CALL}(deps)\ndeps = {LIST}",
        f"def f():\n    deps = {LIST}\n    def g():\n        {CALL}(deps)",
        f"deps = {LIST}\nclass A:\n    deps = 3\n    def f(self):\n        {CALL}(deps)",
        f"deps = {LIST}\ndef other():\n    deps = None\ndef f():\n    {CALL}(deps)",
        f"deps = {LIST}\ndef other(deps):\n    deps.append(3)\n{CALL}(deps)",
        f"deps = {LIST}\n{CALL}(deps)\ndeps.append(3)",
        f"f = lambda: {CALL}({LIST})",
    ],
)
def test_a_call_counts_wherever_it_is(text: str) -> None:
    """At module level, in a function, under a condition; a name means what Python would take it for."""
    assert [found[:2] for found in asked(text)] == [("x/y", "v1")]


def test_the_place_is_the_line_of_the_entry() -> None:
    """Several entries of one list are told apart."""
    text = 'deps = [\n    {"url": "x/a"},\n\n    {\n        "url": "x/b",\n    },\n]\nsync_dependencies(deps)\n'
    assert asked(text) == [("x/a", "main", "a.py:2"), ("x/b", "main", "a.py:4")]


def test_files_are_read_in_the_order_of_their_paths_and_a_wish_is_kept_once() -> None:
    """The first by file and line; another revision of the same module is another wish."""
    files: dict[str, str | bytes] = {
        "b.py": 'sync_dependencies([{"url": "x/y"}, {"url": "x/z"}])',
        "a/c.py": '\nsync_dependencies([{"url": "x/y", "revision": "main"}])'
        '\nsync_dependencies([{"url": "x/y", "revision": "v2"}])',
    }
    expected = [("x/y", "main", "a/c.py:2"), ("x/y", "v2", "a/c.py:3"), ("x/z", "main", "b.py:1")]
    assert asked(files) == expected
    assert asked(dict(reversed(files.items()))) == expected


def test_the_module_itself_does_not_count() -> None:
    """Demos sync the module that they are in, often from a path; other spellings of its id mean it as well."""
    text = 'sync_dependencies([{"url": "saibo/ChatFlows", "revision": os.getcwd()}, {"url": "Saibo/chatflows"}])'
    assert asked(text) == []


def test_a_module_without_calls_asks_for_nothing() -> None:
    """Whatever else is in it; files that are not Python are not looked at."""
    assert read({"a.py": "x = 1", "b.txt": f"{CALL}({LIST})", "c.py": f"# {CALL}({LIST})"}) == Scan()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("pyproject.toml", True),
        ("pip_requirements.txt", True),
        ("a.py", True),
        ("sub/deep/a.py", True),
        ("sub/pyproject.toml", False),
        ("sub/pip_requirements.txt", False),
        ("a.pyc", False),
        ("README.md", False),
    ],
)
def test_only_what_is_read_is_wanted(path: str, expected: bool) -> None:
    """So that nothing else must be fetched before the next level can start."""
    assert wanted(path) is expected


# --- what cannot be read ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("sync_dependencies(load())", 1),
        ("\nsync_dependencies(unknown)", 2),
        ("sync_dependencies()", 1),
        ("sync_dependencies(**kwargs)", 1),
        ("sync_dependencies(*args)", 1),
        ("sync_dependencies({'url': 'x/y'})", 1),
        ("deps = load()\n\nsync_dependencies(deps)", 3),
        ("deps = [{'url': 'x/y'}]\ndef f(deps):\n    sync_dependencies(deps)", 3),
        ("from .deps import deps\nsync_dependencies(deps)", 2),
        ("for deps in x:\n    sync_dependencies(deps)", 2),
        ("a, b = x\nsync_dependencies(a)", 2),
        ("a = b\nb = a\nsync_dependencies(a)", 3),
        ("sync_dependencies([dep for dep in x])", 1),
        ("sync_dependencies([\n  dict(url='x/y')])", 2),
        ("sync_dependencies([\n  {'revision': 'main'}])", 2),
        ("sync_dependencies([\n  {'url': make()}])", 2),
        ("sync_dependencies([\n  {**base, 'revision': 'main'}])", 2),
        ("sync_dependencies([\n  {make(): 'x/y'}])", 2),
        ("sync_dependencies([\n  'x/y'])", 2),
    ],
)
def test_what_is_not_a_literal_is_warned_about_with_file_and_line(text: str, line: int) -> None:
    """Running it would be the only way to know."""
    found = read(text)
    (warning,) = found.warnings
    assert found.requirements == ()
    assert warning.startswith("saibo/ChatFlows asks for modules in a way that cannot be read: ")
    assert warning.endswith(f"(a.py:{line}).")


def test_the_entries_that_can_be_read_are_kept() -> None:
    """One that cannot does not take the others with it."""
    text = f'sync_dependencies([\n  {{"url": "x/a"}},\n  make(),\n  {{"url": "x/b"}},\n  *more,\n] + {LIST})'
    found = read(text)
    assert [str(req.id) for req in found.requirements] == ["x/a", "x/b", "x/y"]
    assert [warning[-9:] for warning in found.warnings] == ["(a.py:3).", "(a.py:5)."]


@pytest.mark.parametrize(
    "change",
    [
        "deps.append(x)",
        "deps += [x]",
        "deps.extend(x)",
        "deps[0] = x",
        "deps[0]['revision'] = x",
        "del deps[0]",
        "deps.clear()",
        "if x:\n    deps.insert(0, x)",
    ],
)
def test_a_list_that_is_changed_is_read_and_warned_about(change: str) -> None:
    """What was written down is known, what became of it is not."""
    text = f"deps = {LIST}\n{change}\nsync_dependencies(deps)"
    found = read(text)
    assert [str(req.id) for req in found.requirements] == ["x/y"]
    (warning,) = found.warnings
    assert "'deps' is changed after it is written down" in warning
    assert "(a.py:2)" in warning or "(a.py:3)" in warning


def test_a_change_before_the_list_is_written_does_not_matter() -> None:
    """Neither does one of another variable with that name."""
    other = "def f():\n    deps = []\n    deps.append(3)"
    text = f"deps = []\ndeps.append(3)\ndeps = {LIST}\n{other}\nsync_dependencies(deps)"
    assert [found[:2] for found in asked(text)] == [("x/y", "v1")]


@pytest.mark.parametrize("url", ["ChatFlows", "x/1y", "x/class", "https://me:secret@host/x", "x/y\x1b[2J"])
def test_an_id_that_cannot_be_used_is_warned_about(url: str) -> None:
    """The module may work without it, and nobody but its author can correct it."""
    warning = warned(f'\nsync_dependencies([{{"url": {url!r}}}])')
    assert warning.startswith("saibo/ChatFlows asks for a module that cannot be synced: ")
    assert warning.endswith("(a.py:2).")
    assert "secret" not in warning
    assert warning.isprintable()


@pytest.mark.parametrize(
    "revision",
    [
        "os.path.abspath('../')",
        "os.getcwd()",
        "Path(__file__).parent",
        "str(pathlib.Path.cwd())",
        "f'{os.path.dirname(__file__)}/x'",
        "here",
        "'.'",
        "'../ChatFlows'",
        "'/home/me/x'",
        "'~/x'",
        "'C:/x'",
        "'a\\\\b'",
    ],
)
def test_a_path_on_the_machine_of_the_author_counts_as_main(revision: str) -> None:
    """It was meant for the development of the module, and exists nowhere else."""
    found = read(f"here = os.path.abspath('.')\nsync_dependencies([\n  {{'url': 'x/y', 'revision': {revision}}}])")
    assert [(req.revision, req.at) for req in found.requirements] == [("main", "a.py:3")]
    assert found.warnings == ("saibo/ChatFlows asks for x/y at a path on its author's machine; main is used (a.py:3).",)


@pytest.mark.parametrize(
    ("revision", "where"),
    [
        ("REVISION", "a revision that cannot be read"),
        ("None", "a revision that cannot be read"),
        ("f'v{N}'", "a revision that cannot be read"),
        ("''", "'', which cannot be a revision"),
        ("'a b'", "'a b', which cannot be a revision"),
        ("'a/../../b'", "'a/../../b', which cannot be a revision"),
        ("'-x'", "'-x', which cannot be a revision"),
    ],
)
def test_a_revision_of_no_use_counts_as_main_and_says_so(revision: str, where: str) -> None:
    """The warning tells it from a path."""
    found = read(f"sync_dependencies([{{'url': 'x/y', 'revision': {revision}}}])")
    assert [req.revision for req in found.requirements] == ["main"]
    assert found.warnings == (f"saibo/ChatFlows asks for x/y at {where}; main is used (a.py:1).",)


def test_a_warning_is_said_once() -> None:
    """A list that two calls use is one list."""
    assert "x/y at a path" in warned(
        "d = [{'url': 'x/y', 'revision': '.'}]\nsync_dependencies(d)\nsync_dependencies(d)"
    )


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"sync_dependencies([])\nprint 'Python 2'", 2),
        (b"sync_dependencies([])\n\x00", 1),
        (b"# coding: no-such-codec\nsync_dependencies([])", 1),
        (b"# coding: hex\nsync_dependencies([])", 1),
        (b"sync_dependencies([])\n\xff", 1),
        (b"sync_dependencies([]\n", 1),
        (b"sync_dependencies([])" + b"(" * 5000, 1),
        (b"sync_dependencies([])" + b"\n" * (128 << 10), 1),
    ],
)
def test_a_file_that_cannot_be_parsed_is_a_warning(content: bytes, line: int) -> None:
    """The rest of the module is read all the same."""
    found = read({"a.py": content, "b.py": f"sync_dependencies({LIST})"})
    assert [str(req.id) for req in found.requirements] == ["x/y"]
    (warning,) = found.warnings
    assert "may ask for modules in a file that cannot be parsed: " in warning
    assert "(a.py:" in warning
    assert line == 1 or f"(a.py:{line})" in warning


def test_a_broken_file_without_a_call_is_nobodys_business() -> None:
    """It can ask for nothing, and is not even parsed."""
    assert read({"old.py": b"print 'Python 2'", "a.py": f"sync_dependencies({LIST})"}).warnings == ()


@pytest.mark.parametrize(
    "deep", ["-" * 20_000 + "1", "a" + ".b" * 20_000, "1" + "+1" * 20_000, "f" + "()" * 20_000, "not " * 9_000 + "1"]
)
def test_a_hostile_file_is_a_warning_at_worst(deep: str) -> None:
    """Nesting that no person writes ends neither the process nor the scan."""
    found = read({"a.py": f"x = {deep}\nsync_dependencies([x, {deep}])", "b.py": f"sync_dependencies({LIST})"})
    assert [str(req.id) for req in found.requirements] == ["x/y"]
    assert found.warnings


def test_names_that_stand_for_far_too_much_are_given_up() -> None:
    """Each of forty names is the one before it, twice."""
    lines = ["a0 = [{'url': 'x/y'}]", *(f"a{n} = a{n - 1} + a{n - 1}" for n in range(1, 41)), "sync_dependencies(a40)"]
    assert "there is too much of it" in warned("\n".join(lines))


def test_a_list_that_is_changed_far_too_often_is_given_up() -> None:
    """Every change is looked at for every call, so a hostile file could keep a sync busy for minutes."""
    found = read(f"d = {LIST}\n" + "d.pop()\n" * 5_000 + "sync_dependencies(d)\n" * 3_000)
    assert [str(req.id) for req in found.requirements] == ["x/y"]
    assert any("there is too much of it" in warning for warning in found.warnings)


def test_an_encoding_cookie_is_honoured() -> None:
    """Python reads it, so does the scan."""
    text = '# -*- coding: latin-1 -*-\nname = "\u00e9"\nsync_dependencies([{"url": "x/y"}])'
    assert asked({"a.py": text.encode("latin-1")}) == [("x/y", "main", "a.py:3")]
    assert asked({"a.py": codecs.BOM_UTF8 + f"sync_dependencies({LIST})".encode()}) == [("x/y", "v1", "a.py:1")]


def test_what_python_would_warn_about_in_foreign_code_is_not_heard() -> None:
    """Nor are the filters of the program changed by several scans at once."""
    text = f"import re\nre.compile('\\d')\nx = 1 is 1\nassert (x, 'y')\nsync_dependencies({LIST})"
    filters = list(warnings.filters)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: asked(text), range(20)))
    assert found == [[("x/y", "v1", "a.py:5")]] * 20
    assert heard == []
    assert list(warnings.filters) == filters


# --- scripts ---------------------------------------------------------------------------------------------------------

SCRIPT = f"{IMPORT}{CALL}({LIST})\n{GUARD}"


@pytest.mark.parametrize(
    "guard",
    [
        'if __name__ == "__main__":\n    pass',
        "if '__main__' == __name__:\n    pass",
        'if __name__ == "__main__" and True:\n    pass',
    ],
)
def test_what_only_a_script_asks_for_does_not_count(guard: str) -> None:
    """A demo of the module is not the module."""
    assert asked({"run.py": f"{CALL}({LIST})\n{guard}", "Flow.py": "import os"}) == []


@pytest.mark.parametrize(
    "text",
    [
        f"{CALL}({LIST})",
        f"{CALL}({LIST})\nif __name__ != '__main__':\n    pass",
        f"{CALL}({LIST})\nif name == '__main__':\n    pass",
        f"{CALL}({LIST})\nif __name__ == 'main':\n    pass",
        f"{CALL}({LIST})\ndef f():\n    if __name__ == '__main__':\n        pass",
        f"{CALL}({LIST})\nclass Flow: ...\n{GUARD}",
        f"{CALL}({LIST})\ntry:\n    class Flow: ...\nfinally: ...\n{GUARD}",
    ],
)
def test_a_file_that_may_be_imported_counts(text: str) -> None:
    """Without a guard it is no script; with a class it is a flow that has a demo at its end."""
    assert [found[:2] for found in asked({"a.py": text})] == [("x/y", "v1")]


def test_a_class_inside_a_function_does_not_make_a_script_a_flow() -> None:
    """Nobody can import it."""
    assert asked(f"{CALL}({LIST})\ndef f():\n    class A: ...\n{GUARD}") == []


@pytest.mark.parametrize("path", ["__init__.py", "sub/__init__.py"])
def test_an_init_file_is_never_only_a_script(path: str) -> None:
    """It is imported with its folder."""
    assert [found[:2] for found in asked({path: SCRIPT})] == [("x/y", "v1")]


@pytest.mark.parametrize(
    ("script", "importer", "text"),
    [
        ("run.py", "__init__.py", "from .run import main"),
        ("run.py", "__init__.py", "from . import run"),
        ("run.py", "__init__.py", "from .run import *"),
        ("run.py", "a.py", "def f():\n    from . import run as r"),
        ("run.py", "a.py", "import flow_modules.saibo.ChatFlows.run"),
        ("run.py", "a.py", "from flow_modules.saibo.ChatFlows import run"),
        ("run.py", "a.py", "from flow_modules.saibo.ChatFlows.run import main"),
        ("run.py", "a.py", "import run"),
        ("run.py", "a.py", "from run import main"),
        ("run.py", "sub/a.py", "from ..run import main"),
        ("run.py", "sub/a.py", "from .. import run"),
        ("run.py", "a.py", "from ..ChatFlows.run import main"),
        ("run.py", "tests/test_run.py", "import run"),
        ("sub/run.py", "__init__.py", "from .sub.run import main"),
        ("sub/run.py", "__init__.py", "from .sub import run"),
        ("sub/run.py", "sub/__init__.py", "from . import run"),
        ("sub/run.py", "sub/a.py", "import run"),
        ("sub/run.py", "a.py", "import sub.run"),
        ("sub/run.py", "other/a.py", "from ..sub import run"),
    ],
)
def test_a_guarded_file_that_the_module_imports_counts(script: str, importer: str, text: str) -> None:
    """Relatively, by its full name, or as a script imports what is beside it."""
    assert [found[:2] for found in asked({script: SCRIPT, importer: text})] == [("x/y", "v1")]


@pytest.mark.parametrize(
    ("script", "importer", "text"),
    [
        ("run.py", "run.py", "from . import run\n"),
        ("run.py", "a.py", "import flow_modules.other.ChatFlows.run"),
        ("run.py", "sub/a.py", "from .run import main"),
        ("run.py", "a.py", "from ....... import run"),
        ("sub/run.py", "a.py", "import run"),
        ("run.py", "a.py", "import ("),
        ("run.py", "a.py", "# run"),
    ],
)
def test_an_import_of_something_else_does_not_reach_a_script(script: str, importer: str, text: str) -> None:
    """Nor does a file reach itself, nor one that cannot be parsed."""
    files: dict[str, str | bytes] = {importer: text}
    files[script] = (text if importer == script else "") + SCRIPT
    assert asked(files) == []


# --- pyproject.toml --------------------------------------------------------------------------------------------------


def test_what_the_module_declares_is_its_answer_alone() -> None:
    """Its Python files are not looked at, not even to warn; neither are the keys that are a project's."""
    declared = (
        '[project]\nname = "x/z"\n[tool.flowverse]\nmodules-dir = 3\nnew-key = 1\n[tool.flowverse.dependencies]\n'
        '"x/z" = "v2"\n"saibo/ChatFlows" = "main"\n"x/y" = { revision = "v1", overwrite = true }\n'
    )
    assert asked({"pyproject.toml": declared, "a.py": "sync_dependencies(load())"}) == [
        ("x/y", "v1", "pyproject.toml:9"),
        ("x/z", "v2", "pyproject.toml:7"),
    ]


def test_the_list_form_is_an_answer_too() -> None:
    """With its default revision."""
    table = "[[tool.flowverse.dependencies]]\n"
    text = f'{table}url = "x/y"\n{table}url = "x/z"\nrevision = "refs/pr/1"\n'
    assert asked({"pyproject.toml": text}) == [
        ("x/y", "main", "pyproject.toml:2"),
        ("x/z", "refs/pr/1", "pyproject.toml:4"),
    ]


def test_an_empty_declaration_is_an_answer() -> None:
    """The module asks for nothing, whatever its scripts do."""
    assert asked({"pyproject.toml": "[tool.flowverse.dependencies]", "a.py": f"sync_dependencies({LIST})"}) == []


@pytest.mark.parametrize(
    "text", ["", "[tool.black]", "tool = 1", "[tool]\nflowverse = 1", '[tool.flowverse]\nowners = ["x"]']
)
def test_a_pyproject_without_dependencies_is_no_answer(text: str) -> None:
    """Most modules with that file have it for other tools."""
    assert asked({"pyproject.toml": text, "a.py": f"sync_dependencies({LIST})"}) == [("x/y", "v1", "a.py:1")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[tool.flowverse", "cannot be parsed"),
        (b"\xff", "cannot be parsed"),
        ("x = " + "[" * 5000, "cannot be parsed"),
        ("[tool.flowverse]\ndependencies = 3", "tool.flowverse.dependencies: must be a table"),
        ('[tool.flowverse.dependencies]\n"x" = 3', "tool.flowverse.dependencies.x: must be"),
    ],
)
def test_a_broken_declaration_is_warned_about_and_the_files_are_read(text: str | bytes, why: str) -> None:
    """Better than nothing at all, and nobody but the author can correct it."""
    found = read({"pyproject.toml": text, "a.py": f"sync_dependencies({LIST})"})
    assert [str(req.id) for req in found.requirements] == ["x/y"]
    (warning,) = found.warnings
    assert "its Python files are read instead" in warning
    assert why in warning
    assert warning.isprintable()


PATHS = '[tool.flowverse.dependencies]\n"x/y" = { path = "../y" }\n"saibo/ChatFlows" = { path = "." }\n'


def test_a_path_in_a_module_of_the_hub_counts_as_main() -> None:
    """It is on its author's machine."""
    found = read({"pyproject.toml": PATHS})
    assert [(req.revision, req.path) for req in found.requirements] == [("main", None)]
    assert found.warnings == (
        "saibo/ChatFlows asks for x/y at a path on its author's machine; main is used (pyproject.toml:2).",
    )


def test_a_path_in_a_local_module_is_kept() -> None:
    """It is on this machine, relative to the module."""
    found = read({"pyproject.toml": PATHS}, local=True)
    y = Requirement(id=ModuleId.parse("x/y"), path="../y", asker=str(ME), at="pyproject.toml:2")
    assert found == Scan(requirements=(y,))


# --- pip_requirements.txt --------------------------------------------------------------------------------------------


def test_python_requirements_are_read_as_pip_does() -> None:
    """Comments, blank lines and continuations; sorted, each once."""
    text = (
        "# first\n\nrequests >= 2 ; python_version < '4' # why\npyyaml>=6\n  a.b-c[x,y] == 1.*\n"
        "tor\\\nch\nname @ https://host/x.zip#sha256=1\npyyaml>=6\nlast~=1\\"
    )
    assert read({"pip_requirements.txt": text}) == Scan(
        python_requirements=(
            "a.b-c[x,y] == 1.*",
            "last~=1",
            "name @ https://host/x.zip#sha256=1",
            "pyyaml>=6",
            "requests >= 2 ; python_version < '4'",
            "torch",
        )
    )


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("-r other.txt", ()),
        ("--index-url https://u:secret@host", ()),
        ("-e .", ()),
        ("pkg==1 --hash=sha256:00 \\\n  --hash=sha256:11", ("pkg==1",)),
        ("./local", ()),
        ("git+https://host/x", ()),
        ("https://u:secret@host/x.whl", ()),
        ("pkg @ https://u:secret@host/x.whl", ()),
        ("pkg>=1 \x1b[2J", ()),
        ("two words", ()),
    ],
)
def test_what_is_meant_for_pip_itself_is_left_out_with_a_warning(line: str, kept: tuple[str, ...]) -> None:
    """An index, another file or a folder is nothing that a lock or a wheel could say."""
    found = read({"pip_requirements.txt": f"# x\n{line}\n# y\n"})
    assert found.python_requirements == kept
    (warning,) = found.warnings
    assert "left out" in warning
    assert warning.endswith("(pip_requirements.txt:2).")
    assert "secret" not in warning
    assert warning.isprintable()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encodings_of_editors_are_understood(encoding: str) -> None:
    """A PowerShell writes UTF-16."""
    assert read({"pip_requirements.txt": "pyyaml\r\nrequests\r\n".encode(encoding)}).python_requirements == (
        "pyyaml",
        "requests",
    )


def test_requirements_in_no_known_encoding_are_a_warning() -> None:
    """They are left out as a whole."""
    assert "not UTF-8" in warned({"pip_requirements.txt": b"pkg # \xff"})


# --- for all ---------------------------------------------------------------------------------------------------------

ENTRIES = st.lists(
    st.fixed_dictionaries(
        {"url": st.builds("{}/{}".format, st.sampled_from("abc"), st.sampled_from(["Flow", "x_1"]))},
        optional={"revision": st.sampled_from(["main", "v1.0", "refs/pr/1", "c" * 40]), "overwrite": st.booleans()},
    ),
    max_size=5,
)
SPELLINGS = st.sampled_from(
    [
        "flow_verse.sync_dependencies({})",
        "sync_dependencies(dependencies={})",
        "deps = {}\nsync_dependencies(deps)",
        "deps: list[dict] = {}\nif True:\n    flow_verse.sync_dependencies(deps)",
        "def main():\n    deps = {}\n    return flow_verse.sync_dependencies(deps)",
        "from flows.flow_verse import sync_dependencies as sd\ntry:\n    sd({})\nfinally: ...",
        "sync_dependencies(tuple_ := {})",
    ]
)


@given(
    entries=ENTRIES,
    spelling=SPELLINGS,
    as_tuple=st.booleans(),
    extra=st.sampled_from(["", "\n", "# x\n", "class A: ...\n"]),
)
def test_every_literal_list_is_found_however_it_is_written(
    entries: list[dict[str, Any]], spelling: str, as_tuple: bool, extra: str
) -> None:
    """All entries, each once, in their order."""
    literal = repr(tuple(entries) if as_tuple else entries)
    expected = dict.fromkeys((entry["url"], entry.get("revision", "main")) for entry in entries)
    assert [found[:2] for found in asked(extra + spelling.format(literal))] == list(expected)


SNIPPETS = st.sampled_from(
    (
        b"sync_dependencies ( ) [ ] { } 'url' : 'a/b' , = deps import\t from\t . * class\t lambda\t + += a@b \\ #"
        b" --hash -e\t def\tf(): if\t__name__=='__main__': #coding:utf-7 #coding:idna [tool.flowverse.dependencies]"
        b" \n \n\t \x00 \xff\xfe"
    ).split(b" ")
)
BYTES = st.one_of(st.binary(max_size=60), st.lists(SNIPPETS, max_size=30).map(b"".join))
PATH_NAMES = st.one_of(
    st.sampled_from(["a.py", "run.py", "__init__.py", "sub/a.py", "pyproject.toml", "pip_requirements.txt"]),
    st.text(max_size=6),
)


@given(files=st.dictionaries(PATH_NAMES, BYTES, max_size=5), local=st.booleans())
def test_no_content_makes_the_scan_fail(files: dict[str, bytes], local: bool) -> None:
    """Whatever is on the Hub, the answer is a value; and the same one in any order."""
    found = scan(ME, files, local=local)
    assert found == scan(ME, dict(reversed(files.items())), local=local)
    assert all(warning.isprintable() for warning in found.warnings)
    assert all(req.isprintable() for req in found.python_requirements)
