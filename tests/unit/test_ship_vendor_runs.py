"""What a module computes below an application's own package is what it computed below `flow_modules`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from flowverse._ship.vendor import Mover
from hypothesis import given
from hypothesis import strategies as st

from tests.trees import write

INTO = "flowverse_moved._vendor"
MOVER = Mover(["a.b", "a.bb", "c.d"], INTO)
MODULES = ("a.b", "a.b.inner", "a.bb", "c.d")


@pytest.fixture(scope="module", autouse=True)
def _packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The same small packages below both names, each module with its name and a class; gone from Python afterwards."""
    root = tmp_path_factory.mktemp("packages")
    for package in ("flow_modules", INTO):
        base = root / package.replace(".", "/")
        for name in MODULES:
            place = base / name.replace(".", "/")
            for folder in (*[each for each in place.parents if base in (each, *each.parents)], base.parent):
                if folder != root and not (folder / "__init__.py").exists():
                    write(folder / "__init__.py", "")
            write(place / "__init__.py", f"value = {name!r}\nhere = __name__\nclass Thing: pass\n")
    before = set(sys.modules)
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    yield
    sys.path.remove(str(root))
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {"flow_modules", INTO.partition(".")[0]}:
            del sys.modules[name]


def computed(content: bytes) -> list[str]:
    """Run a program, and return what it put out, in the words of `flow_modules`."""
    names: dict[str, Any] = {"__name__": "program", "out": []}
    exec(compile(content, "program.py", "exec"), names)  # noqa: S102 - that is what is to be compared
    return [str(one).replace(INTO, "flow_modules") for one in names["out"]]


IMPORTS = [
    ("import flow_modules.{m}", "flow_modules.{m}"),
    ("import flow_modules.{m}, os, flow_modules.a.b", "flow_modules.{m}"),
    ("import flow_modules \\\n    . {m}", "flow_modules.{m}"),
    ("import flow_modules . {m} as x", "x"),
    ("from flow_modules.{p} import {l} as x", "x"),
    ("from flow_modules.{p} import (  # flow_modules.{m}\n    {l}\n)", "{l}"),
    ("from flow_modules import {o}; import flow_modules.{m}", "{m}"),
    ("import flow_modules; import flow_modules.{m} as _", "flow_modules.{m}"),
    ("from importlib import import_module; x = import_module('flow_modules.{m}')", "x"),
    ("x = __import__('flow_modules.{m}', fromlist=['value'])", "x"),
    ("import sys; __import__('flow_modules.{m}'); x = sys.modules['flow_modules.{m}']", "x"),
    ("scope = {{}}; exec('y = 1\\nimport flow_modules.{m} as x', scope); x = scope['x']", "x"),
    ('scope = {{}}; exec("""\nimport sys\nimport flow_modules.{m} as x\n""", scope); x = scope["x"]', "x"),
    ("try: import nothing_of_this_name\nexcept ImportError: import flow_modules.{m} as x", "x"),
]
USES = [
    "out.append({e}.value)",
    "out.append({e}.here == 'flow_modules.{m}')",
    "out.append(f'{{{e}.value}} flow_modules.{m} {{{e}.value!r:>{{20}}}} flow_modules.{m} {{{e}.Thing}}')",
    "out.append('}}' f'{{{e}.value}}' '{{flow_modules.{m}')",
    "out.append(f'{{{{{{{e}.value}}}}}}' rf'\\{{{e}.here}}')",
    "out.append(f\"{{__import__('sys').modules['flow_modules.{m}'].value}}\")",
    "out.append([{e}.value for _ in range(2)])",
    "def use(it={e}.value, flow=lambda module={e}: module.here): return it, flow()\nout.append(use())",
    "class Use({e}.Thing):\n    '''Of flow_modules.{m}.'''\n    it = {e}.here\nout.append((Use.it, Use.__doc__))",
    "out.append(({e}\n    .value,  # flow_modules.{m}\n    'ä€', 'flow_modules.{m}'))",
    "out.append(b'flow_modules.{m}'.decode()); out.append(u'\\nflow_modules.{m}\\n')",
    "match {e}.value:\n    case {e}.value: out.append(1)",
]
FRAMES = [
    "{}",
    "def f():\n{}\nf()",
    "class A:\n{}",
    "if True:\n{}",
    "try:\n{}\nfinally: pass",
    "for _ in range(2):\n{}",
]
HINTS = (
    "import typing, flow_modules.{m}\n"
    "def hinted(x: 'flow_modules.{m}.Thing', y: flow_modules.{m}.Thing) -> 'list[flow_modules.{m}.Thing]': ...\n"
    "out.append(typing.get_type_hints(hinted))"
)


def has_scopes(body: str) -> bool:
    return any(word in body for word in ("def ", "class ", " for "))


@st.composite
def programs(draw: st.DrawFn) -> str:
    parts = [draw(st.sampled_from(["", '"""Of flow_modules.a.b."""', "from __future__ import annotations"]))]
    for _ in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(MODULES))
        parent, _, leaf = name.rpartition(".")
        say = {"m": name, "p": parent, "l": leaf, "o": name.partition(".")[0]}
        statement, expression = draw(st.sampled_from(IMPORTS))
        uses = draw(st.lists(st.sampled_from(USES), min_size=1, max_size=3))
        lines = [statement.format(**say), *(use.format(e=expression.format(**say), **say) for use in uses)]
        body = "\n".join(lines)
        # What is defined in a class does not see its names, and a program in a string begins where its line does.
        frames = FRAMES[:1] if '"""' in body else [one for one in FRAMES if one[0] != "c" or not has_scopes(body)]
        frame = draw(st.sampled_from(frames))
        parts.append(frame.replace("{}", body if frame == "{}" else indent(body, "    ")))
        if draw(st.booleans()):
            parts.append(HINTS.format(**say))
    return draw(st.sampled_from(["\n", "\r\n"])).join("\n".join(parts).split("\n"))


@given(programs())
def test_a_moved_program_computes_the_same(program: str) -> None:
    """Whatever way it imports its modules, and whatever it does with their names."""
    moved = MOVER.move("program.py", program.encode())
    assert moved.left == ()
    assert computed(moved.content) == computed(program.encode())


def test_modules_are_taken_from_the_application(tmp_path: Path) -> None:
    """And not from a `flow_modules` that is there as well."""
    program = b"import flow_modules.a.b\nout += [flow_modules.a.b.here, flow_modules.__name__]\n"
    names: dict[str, Any] = {"out": []}
    exec(MOVER.move("program.py", program).content, names)  # noqa: S102 - as above
    assert names["out"] == [f"{INTO}.a.b", INTO]
