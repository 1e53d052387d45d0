"""Modules below an application's own package: what is rewritten of their names for each other, and what is left."""

from __future__ import annotations

import ast
import codecs

import pytest
from flowverse._calls import parse
from flowverse._ship.vendor import Moved, Mover, Unmovable
from hypothesis import given
from hypothesis import strategies as st

INTO = "app._vendor"
MODULES = ("a.b", "a.bb", "c.d", "user_1x.Digit")
MOVER = Mover(MODULES, INTO)


def move(text: str | bytes, path: str = "m.py", mover: Mover = MOVER) -> Moved:
    content = text.encode() if isinstance(text, str) else text
    moved = mover.move(path, content)
    assert moved.content.count(b"\n") == content.count(b"\n")
    assert moved.content.count(b"\r") == content.count(b"\r")
    return moved


def moved(text: str, path: str = "m.py") -> str:
    """The text as it is shipped; nothing in it may be left."""
    result = move(text, path)
    assert result.left == ()
    if path.endswith(".py"):
        parse(result.content)
    return result.content.decode()


# --- imports ---------------------------------------------------------------------------------------------------------

BOTH = f"import {INTO}.a.b as flow_modules, {INTO} as flow_modules"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from flow_modules.a.b import X", f"from {INTO}.a.b import X"),
        ("from flow_modules.a.b.c import X as Y, Z", f"from {INTO}.a.b.c import X as Y, Z"),
        ("from flow_modules.a import b", f"from {INTO}.a import b"),
        ("from flow_modules import a, c", f"from {INTO} import a, c"),
        ("from flow_modules.a.b import *", f"from {INTO}.a.b import *"),
        ("from  \t flow_modules . a . b import X", f"from  \t {INTO} . a . b import X"),
        ("from\\\n  flow_modules.a.b \\\n import X", f"from\\\n  {INTO}.a.b \\\n import X"),
        ("from flow_modules.a.b import (\n    X,  # x\n    Y,\n)", f"from {INTO}.a.b import (\n    X,  # x\n    Y,\n)"),
        ("import flow_modules.a.b as ab", f"import {INTO}.a.b as ab"),
        ("import flow_modules . a \\\n . b as ab", f"import {INTO} . a \\\n . b as ab"),
        ("import flow_modules as fm", f"import {INTO} as fm"),
        ("import flow_modules", f"import {INTO} as flow_modules"),
        ("import flow_modules.a.b", BOTH),
        ("import os, flow_modules.a.b, sys", BOTH.replace("import ", "import os, ") + ", sys"),
        ("import flow_modules.a.b as x, flow_modules.a.bb as y", f"import {INTO}.a.b as x, {INTO}.a.bb as y"),
        (
            "import flow_modules.a.b, flow_modules.c.d",
            f"{BOTH}, {INTO}.c.d as flow_modules, {INTO} as flow_modules",
        ),
        ("import flow_modules \\\n.a.b", f"import {INTO} \\\n.a.b as flow_modules, {INTO} as flow_modules"),
        ("import os; from flow_modules.a.b import X; X()", f"import os; from {INTO}.a.b import X; X()"),
        ("from flow_modules.a import b as flow_modules", f"from {INTO}.a import b as flow_modules"),
    ],
)
def test_every_way_to_import(before: str, after: str) -> None:
    """The names that the file goes on with are bound as before, and every line stays where it is."""
    assert moved(before) == after


@pytest.mark.parametrize(
    "frame",
    [
        "{}\n",
        "def f():\n    {}\n    return 1\n",
        "class A:\n    {}\n",
        "async def f():\n    def g():\n        if x: {}\n",
        "try:\n    {}\nexcept ImportError:\n    pass\n",
        "try:\n    import x\nexcept ImportError:\n    {}\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n\t{}\n",
        "x = 'ä€😀'; {}\n",
        "x = 1\f\n\f{}\n",
        "if 1: {}; y = 2\n",
        '"""docstring"""; {}',
    ],
)
@pytest.mark.parametrize("statement", ["from flow_modules.a.b import X", "import flow_modules.a.b"])
def test_an_import_is_rewritten_wherever_it_is(frame: str, statement: str) -> None:
    """In functions, classes, under conditions, after characters that are longer in bytes."""
    assert moved(frame.format(statement)) == frame.format(moved(statement))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from flow_modules.a.x import X", f"from {INTO}.a.x import X"),
        ("import flow_modules.x.b as y", f"import {INTO}.x.b as y"),
        ("import os, flow_modules.a.bbb.c as c", f"import os, {INTO}.a.bbb.c as c"),
    ],
)
def test_a_module_that_is_not_shipped_is_told(text: str, expected: str) -> None:
    """It is imported from nowhere else either: what another application ships would be another module."""
    assert move(f"import flow_modules.a.b as ab\n{text}") == Moved(
        content=f"import {INTO}.a.b as ab\n{expected}".encode(), missing=(2,)
    )


@pytest.mark.parametrize(
    "text",
    [
        "from .flow_modules.a.b import X",
        "from . import flow_modules",
        "from x.flow_modules.a.b import X",
        "import x.flow_modules.a.b",
        "import my_flow_modules.a.b",
        "import flow_modules_base_path.a.b",
        "from flow_modules2.a.b import X",
        "from x import flow_modules",
        "x = y.flow_modules.a.b",
        "x = y. flow_modules.a.b",
        "x = (y.\n  flow_modules.a.b)",
        "f(flow_modules=flow_modules.a.b)",
        "x = 'x.flow_modules.a.b my_flow_modules.a.b flow_modules_base_path.a.b é_flow_modules.a.b'",
    ],
)
def test_what_only_looks_alike_stays(text: str) -> None:
    """Other packages, attributes, keywords, relative names; and nobody is told."""
    assert moved(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "flow_modules.a.b.X()",
        "@flow_modules.a.b.wrap(flow_modules.a.b.how)\ndef f(x: flow_modules.a.b.X = flow_modules.a.b.x) -> None: ...",
        "class A(flow_modules.a.b.X): x: flow_modules.a.b.X",
        "def f():\n    global flow_modules\n    del flow_modules.a.b",
        "match x:\n    case flow_modules.a.b.X(): pass",
        "x = lambda flow_modules: flow_modules.a.b",
        "x = f'{flow_modules.a.b.X!r:>{flow_modules.a.b.width}} {flow_modules.a.b.X=}'",
        "x = f'{{{flow_modules.a.b.X}}}'",
        "x = '}' f'{flow_modules.a.b.X}'",
        "x = f'{flow_modules}'",
        "x = rf'\\{flow_modules.a.b.X}'",
    ],
)
def test_the_variable_stays_what_it_is(text: str) -> None:
    """`import flow_modules.a.b` binds `flow_modules` as before, so what goes on from it is not changed."""
    assert moved(f"import flow_modules.a.b\n{text}") == f"{BOTH}\n{text}"


# --- strings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "importlib.import_module('{}.a.b')",
        'x = """\n{}.a.b.X\n"""',
        "x = r'{}.a.b.X', b'{}.a.b', Rb'{}.a.b', u'{}.a.b'",
        "x = 'ä€😀 {}.a.b.X'; y = '{}.c.d'",
        "exec('x = 1\\n{}.a.b.X\\t{}.c.d\\x20{}.a.bb\\N{{EM DASH}}{}.a.b')",
        "x = r'\\b{}.a.b\\b'",
        "x = 'a\\\n{}.a.b'",
        "x = 'say \\'{}.a.b\\' \\\\'; y = '{}.a.b'",
        "x = ('p' \"{}.a.b\"  # {}.a.b\n 'q')",
        "x = f'{}.a.b.{{x}}'",
        "x = f'{{x:{{w}}}} {}.a.b'",
        "x = f'{{ {{1: {{2: 3}}}}[1] }} {}.a.b'",
        "x = '{{' f'{}.a.b {{x}}'",
        "x = f'{{{{' '{}.a.b' f'{{x}}' \"}}{}.a.b\"",
        "x = f\"{{d['}}']}} {}.a.b {{d['{{']}} {}.c.d\"",
        "x = f\"{{import_module('{}.a.b').X}}\"",
        "x = f'''{{\n  x!r:'>5\n}}{}.a.b' \\N{{EM DASH}} {}.a.b'''",
        "x = fR'\\N{{x}}\\'{}.a.b'",
        "x = 1 if'{}.a.b'else'{}.c.d'",
        "x = {{'{}.a.b.X': '{}.c.d'}}['{}.a.b.X':]",
        "x = ''; y = \"\"; z = '''''', '{}.a.b'",
        "# see {}.a.b, ({}.c.d) '{}.a.b\n",
        'def f():\n    """Uses {}.a.b."""\n    # {}.a.b "\n    return 1 # {}.a.b\n',
        "from x import (y,  # {}.a.b\n    z)",
        "x = cast('{}.a.b.X', y)",
        "x: Literal['{}.a.b'] = '{}.a.b'",
        "def f(x: Annotated[int, '{}.a.b'], *y: typing.Literal['{}.a.b']): ...",
        "__import__('{}.a.b')",
        "x = __import__('{}.a.b', globals(), locals(), ['X']).X",
        "x = __import__('{}.a.b', fromlist=['X']).X",
        "x = '{}.a.b-{}.a.b/{}.a.b:{}.a.b'",
        "x = '{}.user_1x.Digit'",
    ],
)
def test_a_name_in_a_string_or_a_comment_is_rewritten(text: str) -> None:
    """Whatever kind of string it is, and whatever comes before it."""
    count = text.count("{}")
    before, after = text.format(*["flow_modules"] * count), text.format(*[INTO] * count)
    ast.parse(before)
    assert moved(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "def f(x: 'flow_modules.a.b.X', *, y: 'Optional[flow_modules.a.b.X]' = 1) -> 'flow_modules.a.b.X': ...",
        "async def f() -> Optional['flow_modules.a.b.X']: ...",
        "x: dict[str, 'flow_modules.a.b.X']",
        "x: Annotated['flow_modules.a.b.X', 1]",
        "x: 'flow_modules.a.b.X | None' = None",
    ],
)
def test_an_annotation_in_quotes_is_code(text: str) -> None:
    """It is looked up among the names of its file, where `flow_modules` is what an import bound."""
    assert moved(text) == text


@pytest.mark.parametrize(
    "text", ["import_module('.b.c', 'flow_modules.a')", "x = 'flow_modules.a' + '.b'", "x = {'flow_modules.a': 1}"]
)
def test_an_owners_package_is_a_name_too(text: str) -> None:
    """Where it ends: there is always one in the application's package."""
    assert moved(text) == text.replace("flow_modules", INTO)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x = 'flow_modules'", [1]),
        ("x = 1\ny = 'flow_modules.' + name\nz = 'flow_modules/a/b'", [2, 3]),
        ("x = '''\n\nflow_modules\nflow_modules.x.y'''", [3, 4]),
        ("x = f'''\nflow_modules.{x}'''", [2]),
        ("x = f\"{f('flow_modules')}\"", [1]),
        ("x = ('flow_modules'\n '.a.b')", [1]),
        ("x = r'\\bflow_modules\\.a\\.b'", [1]),
        ("y = 'flow_modules.a.bbb'; z = 'flow_modules.unknown.y'", [1]),
        ("x = b'flow_modules'", [1]),
        ("import_module('.b', 'flow_modules.unknown')", [1]),
    ],
)
def test_what_is_left_is_told_with_its_line(text: str, lines: list[int]) -> None:
    """A string with another name, or a part of one, which a program may be made of."""
    result = move(text)
    assert result.content.decode() == text
    assert result.left == tuple(lines)


@pytest.mark.parametrize(
    "text",
    [
        '"""About flow_modules, and flow_modules.x.y."""\n',
        'def f():\n    "flow_modules"\n\nclass A:\n    """flow_modules."""\n    x = 1\n    "flow_modules"\n',
        "x = 1  # flow_modules, flow_modules.x.y\n",
        "flow_modules = 1\nx = f'{flow_modules}', flow_modules\n",
    ],
)
def test_documentation_and_code_are_not_told(text: str) -> None:
    """A sentence with the word in it breaks nothing."""
    assert moved(text) == text


@pytest.mark.parametrize(
    "text", ["x = __import__('flow_modules.a.b').a.b", "x = importlib.__import__(name='flow_modules.a.b')"]
)
def test_an_import_that_answers_with_the_first_part_of_a_name_is_left(text: str) -> None:
    """What comes after it would not find its way from the application's package."""
    assert move(text) == Moved(content=text.encode(), left=(1,))


def test_what_is_left_is_told_beside_what_is_rewritten() -> None:
    """On one line, once."""
    result = move("\nx = 'flow_modules.a.b', 'flow_modules', 'flow_modules.x'\n")
    assert result == Moved(content=b"\nx = 'app._vendor.a.b', 'flow_modules', 'flow_modules.x'\n", left=(2,))


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1251"])
def test_encodings_and_line_ends_stay(encoding: str, end: str) -> None:
    """What is not a name is the same, byte by byte, and the columns are right."""
    cookie = f"# coding: {encoding}{end}" if encoding not in {"utf-8", "utf-8-sig"} else ""
    letters = b"\xe4\xfc".decode(encoding) if cookie else "äü"
    text = f"{cookie}'{letters}'; import flow_modules.a.b{end}x = '{letters}', 'flow_modules.a.b'; y = 'flow_modules'"
    result = move(text.encode(encoding))
    assert result.content == text.replace("import flow_modules.a.b", BOTH).replace(
        "'flow_modules.a", f"'{INTO}.a"
    ).encode(encoding)
    assert result.left == (3 if cookie else 2,)
    assert result.content.startswith(codecs.BOM_UTF8) == (encoding == "utf-8-sig")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"import flow_modules.a.b\nprint 'x'\n", 2),
        (b"# coding: nonsense\nimport flow_modules.a.b\n", 1),
        (b"x = '\xff'\nimport flow_modules.a.b\n", 1),
        (b"import flow_modules.a.b\n\0", 1),
        ("import flow_modules.a.b\nimport \ufb02ow_modules.a.b\n".encode(), 2),
        ("x = 'flow_modules'\nfrom \ufb02ow_modules.a.b import X\n".encode(), 2),
        (b"x = 'flow_modules.a.b'\n" + b"#" * 200_000, 1),
    ],
)
def test_what_cannot_be_read_is_refused(content: bytes, line: int) -> None:
    """With the line where Python, or flowverse, stops; nothing is shipped that may be half rewritten."""
    with pytest.raises(Unmovable) as caught:
        move(content)
    assert caught.value.why
    assert caught.value.line in {line, line + 1}  # Python counts a null byte to the next line


def test_package_that_the_encoding_of_a_file_cannot_spell() -> None:
    """The name of the application has a letter that an old file has no code for."""
    mover = Mover(MODULES, "\u0444._vendor")
    with pytest.raises(Unmovable):
        mover.move("m.py", b"# coding: latin-1\nimport flow_modules.a.b\n")
    assert mover.move("m.py", b"import flow_modules\n").content == "import \u0444._vendor as flow_modules\n".encode()


def test_encoding_with_several_spellings_of_one_text_is_refused() -> None:
    """Bytes that say nothing of a module would change on their way."""
    with pytest.raises(Unmovable):
        move(b"# coding: utf-7\nx = '+AGE-'\nimport flow_modules.a.b\n")


@pytest.mark.parametrize(
    "content", [b"", b"print 'python 2'", b"\xff\0", b"# coding: nonsense\n", b"x = 'flow modules'\r\n\f"]
)
@pytest.mark.parametrize("path", ["m.py", "m.yaml", "m.json", "m.txt"])
def test_a_file_that_does_not_mention_the_package_is_not_looked_at(content: bytes, path: str) -> None:
    """Not even whether it is valid."""
    assert move(content, path) == Moved(content=content)


@pytest.mark.parametrize(
    "path",
    ["m.json", "x/setup.cfg", "pyproject.toml", "m.ini", "m.ipynb", "m.yaml.j2", "m.xml", "m.jsonl", "m.pkl", "py"],
)
def test_other_files_with_names_are_told(path: str) -> None:
    """They stay as they are; the word alone is nothing to tell."""
    text = b'{"x":\n "flow_modules.a.b.X", "y": "flow_modules"}\nflow_modules\n'
    assert move(text, path) == Moved(content=text, left=(2,))


@pytest.mark.parametrize("path", ["README.md", "m.txt", "m.rst", "m.csv", "m.html"])
def test_prose_stays(path: str) -> None:
    """Nobody imports what it says."""
    assert move("flow_modules.a.b", path) == Moved(content=b"flow_modules.a.b")


# --- YAML ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "_target_: {}.a.b.X.instantiate_from_default_config\n",
        "x: &anchor '{}.a.b.X'\ny: *anchor\nz: \"{}.c.d\"\r\n",
        "- {}.a.b  # {}.a.b\n# {}.a.b\n",
        "x: !!python/object:{}.a.b.X {{}}\n",
        "{{x: {}.a.b.X, y: [{}.c.d]}}",
        "x: |\n  Use {}.a.b\n",
        "\ufeff_target_: {}.a.b.X\n",
        "\ufeff{}.a.b.X: 1\n",
        "x: “{}.a.b” ä\u2028{}.c.d\n",
    ],
)
@pytest.mark.parametrize("path", ["m.yaml", "x/demo.yml"])
def test_names_in_yaml_are_rewritten(text: str, path: str) -> None:
    """Targets of classes, and whatever else names one."""
    count = text.count("{}")
    before, after = text.format(*["flow_modules"] * count), text.format(*[INTO] * count)
    assert moved(before, path) == after


def test_yaml_in_any_encoding_stays_byte_by_byte() -> None:
    """Only the names change."""
    text = b"\xff\xfe x: flow_modules.a.b \xe4\n"
    assert move(text, "m.yaml").content == text.replace(b"flow_modules", INTO.encode())


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x: flow_modules\n", (1,)),
        ("\r\nx: flow_modules.a.bbb\r\ny: flow_modules.a.b\rz: flow_modules/a/b", (2, 4)),
        ("# flow_modules\n  # flow_modules\nx: 1  # flow_modules\n", ()),
        ("x: 'a # flow_modules'\n", (1,)),
        ("x: a#flow_modules\n", (1,)),
        ("x: my_flow_modules flow_modules_base x.flow_modules.a.b é_flow_modules.a.b äflow_modules\n", ()),
    ],
)
def test_what_is_left_in_yaml_is_told(text: str, lines: tuple[int, ...]) -> None:
    """But not what a comment says."""
    assert move(text, "m.yaml").left == lines


# --- whatever it is --------------------------------------------------------------------------------------------------

_PIECES = [
    "flow_modules",
    ".a.b",
    ".a.bb",
    ".x",
    "import ",
    "from ",
    " as x",
    "'",
    '"',
    '"""',
    "f'",
    "{",
    "}",
    "{{",
    "\\",
    "\n",
    "\r\n",
    "# ",
    " ",
    "x",
    "(",
    ")",
    " = ",
    ": ",
    ", ",
    "é",
    "\f",
    "rf'",
    "!r",
    "\\N{EM DASH}",
]
FRAGMENTS = st.lists(st.sampled_from(_PIECES), max_size=14).map("".join)


FRAMES = ["{}", "'{}'", 'f"{}"', "x = f'''{}'''", "import flow_modules.a.b\n{}", "f'{{x}}{}'", "f'{{{}}}'"]


@given(FRAGMENTS, st.sampled_from(FRAMES))
def test_whatever_python_takes_is_taken(fragment: str, frame: str) -> None:
    """The result is a program if the original is, has as many lines, and moving it again changes nothing."""
    try:
        result = move(f"x = 'flow_modules.a.b'\n{frame.format(fragment)}")
    except Unmovable:
        return
    tree = parse(result.content)
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names = [name.split(".") for name in imported if name]
    assert not any(name[0] == "flow_modules" and (len(name) < 3 or name[1:3] == ["a", "b"]) for name in names)
    assert move(result.content) == Moved(content=result.content, left=result.left)


@given(FRAGMENTS, st.sampled_from(["m.yaml", "m.json", "m.md"]))
def test_moving_again_changes_nothing(fragment: str, path: str) -> None:
    """Whatever kind of file it is."""
    once = move(fragment, path)
    assert move(once.content, path) == once


@given(st.permutations(MODULES))
def test_the_order_of_modules_does_not_matter(modules: list[str]) -> None:
    """The same bytes for the same lock."""
    text = " ".join(f"flow_modules.{name}.X" for name in MODULES)
    assert Mover(modules, INTO).move("m.yaml", text.encode()).content.decode() == text.replace("flow_modules", INTO)


def test_package_that_is_called_the_same_below_another() -> None:
    """`my_app.flow_modules` is a name like any other."""
    mover = Mover(MODULES, "my_app.flow_modules")
    once = mover.move("m.py", b"import flow_modules.a.b\nx = 'flow_modules.a.b'\n")
    after = "import my_app.flow_modules.a.b as flow_modules, my_app.flow_modules as flow_modules\n"
    assert once == Moved(content=f"{after}x = 'my_app.flow_modules.a.b'\n".encode())
    assert mover.move("m.py", once.content) == once
