"""A call goes from a file with what only it needed, and nothing else of the file changes."""

from __future__ import annotations

import ast
import codecs

import pytest
from flowverse._adopt.deleting import without
from flowverse._adopt.source import Source, Undecodable
from hypothesis import given
from hypothesis import strategies as st

ONE = '[{"url": "a/B"}]'


def deleted(text: str | bytes, *, elsewhere: frozenset[str] = frozenset()) -> str:
    """The file without every call that can go; what stays is said by `staying`."""
    content = text.encode() if isinstance(text, str) else text
    source = Source(content)
    calls = [found.call.node for found in source.found() if found.stays is None]
    after = without(source, calls, elsewhere.__contains__)
    assert after is not None
    ast.parse(after)
    return after.decode(source.encoding)


def staying(text: str) -> list[str]:
    """Why calls stay."""
    return [found.stays for found in Source(text.encode()).found() if found.stays is not None]


# --- the styles of aiFlows --------------------------------------------------------------------------------------------

EXAMPLE = """\
import os

from aiflows.utils import logging

logging.set_verbosity_debug()


dependencies = [
    {"url": "aiflows/One", "revision": "main"},  # the first
    # {"url": "aiflows/Three", "revision": "main"},
    {"url": "aiflows/Two", "revision": "main"},
]

from aiflows import flow_verse
flow_verse.sync_dependencies(dependencies)
if __name__ == "__main__":
    # 1. ~~~ start ~~~
    print(os.getcwd())
"""


def test_the_head_of_an_example() -> None:
    """The list, the import and the call; of the blank lines as many as the largest group had."""
    assert deleted(EXAMPLE) == (
        "import os\n\nfrom aiflows.utils import logging\n\nlogging.set_verbosity_debug()\n\n\n"
        'if __name__ == "__main__":\n    # 1. ~~~ start ~~~\n    print(os.getcwd())\n'
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"from flows import flow_verse\nflow_verse.sync_dependencies({ONE})\nx = 1\n", "x = 1\n"),
        (f"from flows.flow_verse import sync_dependencies\nsync_dependencies({ONE})\nx = 1\n", "x = 1\n"),
        (f"from aiflows import flow_verse as fv\nfv.sync_dependencies({ONE})\nx = 1\n", "x = 1\n"),
        (f"from aiflows.flow_verse import sync_dependencies as s\ns(dependencies={ONE})\nx = 1\n", "x = 1\n"),
        (f"import aiflows.flow_verse\naiflows.flow_verse.sync_dependencies({ONE})\nx = 1\n", "x = 1\n"),
        (f"import aiflows.flow_verse as v\nv.sync_dependencies(({ONE}))\nx = 1\n", "x = 1\n"),
        (f"import flows\nflows.flow_verse.sync_dependencies({ONE}, False)\nx = 1\n", "x = 1\n"),
        ("from flows import flow_verse\nflow_verse.sync_dependencies([])\n", ""),
    ],
)
def test_the_ways_to_import(text: str, expected: str) -> None:
    """Each goes with the only call that needed it."""
    assert deleted(text) == expected


def test_several_calls_with_one_name() -> None:
    """Each list is bound to the same name again."""
    text = (
        "from flows import flow_verse\n"
        f"dependencies = {ONE}\nflow_verse.sync_dependencies(dependencies)\nx = 1\n"
        'dependencies = [{"url": "a/C"}]\nflow_verse.sync_dependencies(dependencies)\n'
    )
    assert deleted(text) == "x = 1\n"


def test_lists_of_named_parts() -> None:
    """What only the list needed goes with it."""
    text = (
        'B: dict = {"url": "a/B"}\nREVISION = "v1"\nfrom flows import flow_verse\n'
        'deps = [B] + [{"url": "a/C", "revision": REVISION}]\nflow_verse.sync_dependencies(deps)\nprint(REVISION)\n'
    )
    assert deleted(text) == 'REVISION = "v1"\nprint(REVISION)\n'


def test_a_call_in_a_function() -> None:
    """A comment of its own stays, what shares a line with it goes, and the function keeps its docstring."""
    text = (
        "def make(config):\n"
        '    """Make it."""\n'
        "    from aiflows import flow_verse\n"
        "\n"
        "    dependencies = [\n"
        '        {"url": "a/B", "revision": "main"},\n'
        "    ]\n"
        "    # why\n"
        "    flow_verse.sync_dependencies(dependencies)  # now\n"
        "    from flow_modules.a.B import C\n"
        "\n"
        "    return C(config)\n"
    )
    assert deleted(text) == (
        'def make(config):\n    """Make it."""\n\n    # why\n'
        "    from flow_modules.a.B import C\n\n    return C(config)\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f():\n    CALL\nf()\n", "def f():\n    pass\nf()\n"),
        ("def f():\n    CALL  # c\n", "def f():\n    pass  # c\n"),
        ("async def f():\n\tCALL\n\n\tCALL\n", "async def f():\n\tpass\n"),
        ("class C:\n    CALL\n", "class C:\n    pass\n"),
        ("if x:\n    CALL\nelse:\n    CALL\n", "if x:\n    pass\nelse:\n    pass\n"),
        ("if x:\n    y\nelif z:\n    CALL\n", "if x:\n    y\nelif z:\n    pass\n"),
        (
            "try:\n    CALL\nexcept E:\n    y\nfinally:\n    CALL\n",
            "try:\n    pass\nexcept E:\n    y\nfinally:\n    pass\n",
        ),
        ("with c:\n    CALL\n    y\n", "with c:\n    y\n"),
        ("match x:\n    case 1:\n        CALL\n", "match x:\n    case 1:\n        pass\n"),
        ('if __name__ == "__main__":\n    CALL\n    run()\n', 'if __name__ == "__main__":\n    run()\n'),
    ],
)
def test_a_block_that_would_be_empty(text: str, expected: str) -> None:
    """It passes."""
    call = f"flow_verse.sync_dependencies({ONE})"
    head = "from flows import flow_verse\n"
    assert deleted(head + text.replace("CALL", call)) == expected


def test_imports_in_both_branches() -> None:
    """A program that works with either package."""
    text = (
        "try:\n    from aiflows import flow_verse\nexcept ImportError:\n    from flows import flow_verse\n"
        f"flow_verse.sync_dependencies({ONE})\n"
    )
    assert deleted(text) == "try:\n    pass\nexcept ImportError:\n    pass\n"


# --- what stays -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from flows import flow_verse, other", "from flows import other"),
        ("from flows import other, flow_verse  # both", "from flows import other  # both"),
        ("from flows import (a, flow_verse, b)", "from flows import (a, b)"),
        ("from flows import (\n    a,  # one\n    flow_verse,\n)", "from flows import (\n    a,  # one\n)"),
        ("from flows import (\n    a,\n    flow_verse\n)", "from flows import (\n    a,\n)"),
        ("from flows import (a,\n    flow_verse)", "from flows import (a,\n    flow_verse)"),
        ("from flows import flow_verse; import os", "from flows import flow_verse; import os"),
        ("import os, flows.flow_verse as flow_verse", "import os"),
    ],
)
def test_an_import_of_more(before: str, after: str) -> None:
    """The other names stay; where that cannot be done without touching more, all of them."""
    assert deleted(f"{before}\nflow_verse.sync_dependencies({ONE})\n") == after + "\n"


@pytest.mark.parametrize(
    "rest",
    [
        "print(flow_verse)",
        '__all__ = ["flow_verse"]',
        "def f():\n    return flow_verse.x",
        f"y = flow_verse.sync_dependencies({ONE})",
    ],
)
def test_an_import_that_is_used(rest: str) -> None:
    """It stays for whoever uses it."""
    text = f"from flows import flow_verse\nflow_verse.sync_dependencies({ONE})\n{rest}\n"
    assert deleted(text) == f"from flows import flow_verse\n{rest}\n"


def test_an_import_that_may_be_there_for_what_it_does() -> None:
    """Only the package itself and its flow_verse are imported for the call."""
    text = f"import aiflows.setup\nimport aiflows.flow_verse\naiflows.flow_verse.sync_dependencies({ONE})\n"
    assert deleted(text) == "import aiflows.setup\n"


@pytest.mark.parametrize(
    "rest",
    [
        "print(deps)",
        '__all__ = ["deps"]',
        "import x\nx.deps",
        "def f(deps): ...",
        "def f():\n    global deps",
        "for deps in (): ...",
        "from y import deps",
    ],
)
def test_a_list_that_is_used(rest: str) -> None:
    """It stays for whoever uses it, or might."""
    text = f"from flows import flow_verse\ndeps = {ONE}\nflow_verse.sync_dependencies(deps)\n{rest}\n"
    assert f"deps = {ONE}\n" in deleted(text) or staying(text)


def test_a_list_that_another_file_uses() -> None:
    """A test may look at it."""
    text = f"from flows import flow_verse\ndeps = {ONE}\nflow_verse.sync_dependencies(deps)\n"
    assert deleted(text) == ""
    assert deleted(text, elsewhere=frozenset({"deps"})) == f"deps = {ONE}\n"


@pytest.mark.parametrize(
    "lines",
    [
        f"class C:\n    deps = {ONE}\n    flow_verse.sync_dependencies(deps)\n",
        f"x = deps = {ONE}\nflow_verse.sync_dependencies(deps)\n",
        f"x = 1; deps = {ONE}\nflow_verse.sync_dependencies(deps)\n",
    ],
)
def test_an_assignment_that_is_not_simple(lines: str) -> None:
    """The call goes, the rest stays."""
    after = deleted(f"from flows import flow_verse\n{lines}")
    assert f"deps = {ONE}" in after
    assert "sync" not in after


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("x = CALL", "what it returns is used"),
        ("print(CALL)", "what it returns is used"),
        ("if CALL: ...", "what it returns is used"),
        ("f = lambda: CALL", "what it returns is used"),
        ("CALL; y = 1", "it shares its line with other statements"),
        ("y = 1; CALL", "it shares its line with other statements"),
        ("CALL;", "it shares its line with other statements"),
        ("if x: CALL", "it shares its line with other statements"),
        ("\\\nCALL", "it shares its line with other statements"),
        (f"flow_verse.sync_dependencies(d := {ONE})", "it binds a name on the way"),
    ],
)
def test_a_call_that_is_more_than_a_statement(line: str, why: str) -> None:
    """It is left to a person, and so is the file."""
    text = "from flows import flow_verse\n" + line.replace("CALL", f"flow_verse.sync_dependencies({ONE})") + "\n"
    assert staying(text) == [why]
    assert deleted(text) == text


@pytest.mark.parametrize(
    "text",
    [
        f"if x:\n    d = {ONE}\nelse:\n    d = []\nflow_verse.sync_dependencies(d)\n",
        f"d = {ONE}\ndef f():\n    flow_verse.sync_dependencies(d)\nd = []\n",
        "B = 'v1'\nfor x in y:\n    B = 'v2'\nd = [{'url': 'a/B', 'revision': B}]\nflow_verse.sync_dependencies(d)\n",
    ],
)
def test_a_name_that_another_branch_binds(text: str) -> None:
    """What was read may not be what is meant."""
    assert [why for why in staying("from flows import flow_verse\n" + text) if "bound in several places" in why]


def test_names_of_different_functions_are_apart() -> None:
    """Two functions, each with a list of its own."""
    body = f"    d = {ONE}\n    flow_verse.sync_dependencies(d)\n"
    text = f"from flows import flow_verse\ndef f():\n{body}def g():\n{body}"
    assert deleted(text) == "def f():\n    pass\ndef g():\n    pass\n"


@pytest.mark.parametrize(
    "head",
    [
        "from setup_tools import sync_dependencies\n",
        "from .deps import sync_dependencies\n",
        "def sync_dependencies(x): ...\n",
    ],
)
def test_somebody_elses_function(head: str) -> None:
    """It is not looked at, unless what it is given is a list of flow modules: then a person has to look."""
    assert staying(f"{head}sync_dependencies(project)\n") == []
    assert deleted(f"{head}sync_dependencies(project)\n") == f"{head}sync_dependencies(project)\n"
    assert staying(f"{head}sync_dependencies({ONE})\n") == [
        "it is not certain that this is the sync_dependencies of aiFlows"
    ]


@pytest.mark.parametrize(
    ("head", "function"),
    [
        ("from aiflows.flow_verse import *", "sync_dependencies"),
        ("import x", "x().sync_dependencies"),
        ("def f(flow_verse): ...", "flow_verse.sync_dependencies"),
        ("flow_verse = load()", "flow_verse.sync_dependencies"),
        ("from flows import flow_verse\nfrom mine import flow_verse", "flow_verse.sync_dependencies"),
    ],
)
def test_a_function_of_unknown_origin(head: str, function: str) -> None:
    """It may be the one of aiFlows: a person has to look."""
    (why,) = staying(f"{head}\n{function}(whatever)\n")
    assert why.startswith("it is not certain")


def test_a_name_for_the_function() -> None:
    """What a name is assigned from counts."""
    text = f"from flows import flow_verse\nsync = flow_verse.sync_dependencies\nsync({ONE})\n"
    assert deleted(text) == "from flows import flow_verse\nsync = flow_verse.sync_dependencies\n"


# --- every other byte -------------------------------------------------------------------------------------------------

AROUND = '# é — the "first"\nname = "é"  # naïve\n\x0c\nfrom flows import flow_verse\nHERE\n\n\x0c# end é'
CALL = f"flow_verse.sync_dependencies({ONE})"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("", "utf-8"),
        ("# -*- coding: latin-1 -*-\n", "latin-1"),
        ("#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n", "cp1252"),
        ("", "utf-8-sig"),
    ],
)
def test_encodings_and_line_ends_stay(head: str, encoding: str, end: str) -> None:
    """PEP 263, a byte order mark, CRLF, a form feed, a last line without an end."""
    text = head + AROUND.replace("— ", "" if encoding == "latin-1" else "— ")
    content = text.replace("HERE", f'{CALL}  # "é"').replace("\n", end).encode(encoding)
    source = Source(content)
    after = without(source, [found.call.node for found in source.found()], lambda _: False)

    expected = text.replace("from flows import flow_verse\nHERE\n", "").replace("\n", end).encode(encoding)
    assert after == expected
    assert not encoding.endswith("sig") or after.startswith(codecs.BOM_UTF8)


def test_columns_are_counted_in_characters() -> None:
    """Python counts bytes, of which an é has two."""
    text = f'from flows import é, flow_verse, ü\nif "é" == é:\n    {CALL}  # ß\n'
    assert deleted(text) == 'from flows import é, ü\nif "é" == é:\n    pass  # ß\n'


def test_mixed_line_ends_stay() -> None:
    """Each line has its own."""
    text = f"a = 1\r\nfrom flows import flow_verse\n{CALL}\r\nb = 2\rc = 3\n"
    assert deleted(text) == "a = 1\r\nb = 2\rc = 3\n"


def test_a_file_whose_bytes_would_not_come_back() -> None:
    """It is left to a person."""
    content = b"# coding: utf-7\nx = '+AGE-'\n"  # as good as 'a', but not written so
    with pytest.raises(Undecodable):
        Source(content)


def test_a_file_that_python_reads_in_another_way_than_its_tools() -> None:
    """An encoding and lines that end as they did before OS X."""
    with pytest.raises(Undecodable):
        Source("# coding: latin-1\r# é\r".encode("latin-1"))


def test_what_cannot_be_checked_is_not_written() -> None:
    """The tree of the new file is compared with that of the old one, and a very deep one cannot be."""
    source = Source(f"from flows import flow_verse\n{CALL}\nx = {' + '.join(['1'] * 1500)}\n".encode())
    assert without(source, [found.call.node for found in source.found()], lambda _: False) is None


STATEMENTS = ["x = 1", "# a comment", "", '"""\ntext\n\n"""', "print(x)", "if x:\n    y = 2  # é", "class C: ..."]
CALLS = [CALL, f"d = {ONE}\n{CALL.replace(ONE, 'd')}", f"def f():\n    {CALL}\n    return 1", f"{CALL}  # c"]


@given(
    st.lists(st.tuples(st.sampled_from(STATEMENTS), st.booleans()), max_size=8),
    st.lists(st.sampled_from(CALLS), min_size=1, max_size=3),
    st.randoms(),
)
def test_everything_else_is_there(others: list[tuple[str, bool]], calls: list[str], random: object) -> None:
    """Whatever stands around the calls: it is there afterwards, in its order, but for blank lines."""
    pieces = [text for text, _ in others]
    for call in calls:
        pieces.insert(random.randrange(len(pieces) + 1), call)  # type: ignore[attr-defined]
    after = deleted("\n".join(["from flows import flow_verse", *pieces, ""]))

    assert "flow_verse" not in after
    lines = [line for text, _ in others for line in text.split("\n") if line.strip()]
    kept = [line for line in after.split("\n") if line.strip() and line not in {"def f():", "    return 1"}]
    assert kept == lines
