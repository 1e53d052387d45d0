"""Requirements that are added to and taken out of pyproject.toml: all else stays as a person wrote it, to the byte."""

from __future__ import annotations

from typing import Any

import pytest
import tomli
from flowverse._require.entries import with_requirement, without_requirement
from hypothesis import given
from hypothesis import strategies as st

TABLE = """\
[tool.flowverse.dependencies]
# the chat
"a/A" = "main"  # why
"b/B" = { revision = "v1", overwrite = true }  # mine

# about ruff
[tool.ruff]
"""
LIST = """\
[[tool.flowverse.dependencies]]
url = "a/A"
revision = "main"

# about b
[[tool.flowverse.dependencies]]
url = "b/B"  # mine
overwrite = true

# about ruff
[tool.ruff]
"""
INLINE = '[tool.flowverse]\ndependencies = { "a/A" = "main", "b/B" = { path = "../b" } }  # c\n'
ARRAY = """\
[tool.flowverse]
dependencies = [
    { url = "a/A" },  # aa
    # about b
    { url = "b/B", revision = "v1" }  # bb
]
"""
DOTTED = """\
tool.flowverse.dependencies."a/A" = "main"
tool.flowverse.dependencies."b/B".revision = "v1"
tool.flowverse.dependencies."b/B".overwrite = true
"""
TABLES = """\
[tool.flowverse.dependencies."a/A"]
revision = "v1"  # r

# about b
[tool.flowverse.dependencies."b/B"]
overwrite = true
"""


def asks(text: str) -> Any:
    return tomli.loads(text).get("tool", {}).get("flowverse", {}).get("dependencies")


def added(text: str, id: str, target: str, *, local: bool = False) -> str:
    fresh = with_requirement(text, id, target, local=local)
    assert fresh is not None
    return fresh


def removed(text: str, id: str) -> str:
    fresh = without_requirement(text, id)
    assert fresh is not None
    return fresh


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", '[tool.flowverse.dependencies]\n"c/C" = "v2"\n'),
        ("# x\n[x]", '# x\n[x]\n\n[tool.flowverse.dependencies]\n"c/C" = "v2"\n'),
        (TABLE, TABLE.replace("# mine\n", '# mine\n"c/C" = "v2"\n')),
        (
            "[tool.flowverse]\nowners = []  # o\n\n# about ruff\n[tool.ruff]\n",
            "[tool.flowverse]\nowners = []  # o\n\n[tool.flowverse.dependencies]\n"
            '"c/C" = "v2"\n\n# about ruff\n[tool.ruff]\n',
        ),
        ("[tool.flowverse.dependencies]\n# none yet\n", '[tool.flowverse.dependencies]\n"c/C" = "v2"\n# none yet\n'),
        (
            LIST,
            LIST.replace("= true\n", '= true\n\n[[tool.flowverse.dependencies]]\nurl = "c/C"\nrevision = "v2"\n'),
        ),
        (INLINE, INLINE.replace(" }  # c", ', "c/C" = "v2"}  # c')),
        (
            ARRAY,
            ARRAY.replace('"v1" }  # bb', '"v1" },\n    { url = "c/C", revision = "v2" }  # bb'),
        ),
        (
            ARRAY.replace('"v1" }  #', '"v1" },  #'),
            ARRAY.replace('"v1" }  # bb', '"v1" },  # bb\n    { url = "c/C", revision = "v2" },'),
        ),
        (
            "[tool.flowverse]\ndependencies = []  # none\n",
            '[tool.flowverse]\ndependencies = [{ url = "c/C", revision = "v2" }]  # none\n',
        ),
        (TABLES, TABLES + '\n[tool.flowverse.dependencies]\n"c/C" = "v2"\n'),
    ],
)
def test_a_new_requirement_is_put_where_the_others_are(text: str, expected: str) -> None:
    """In the form that the file has, after the last one; a comment above another table stays there."""
    assert added(text, "c/C", "v2") == expected


@pytest.mark.parametrize(
    ("text", "id", "expected"),
    [
        (TABLE, "a/A", TABLE.replace('"main"', '"v2"')),
        (TABLE, "b/B", TABLE.replace('"v1"', '"v2"')),
        (LIST, "a/A", LIST.replace('"main"', '"v2"')),
        (LIST, "b/B", LIST.replace("# mine\n", '# mine\nrevision = "v2"\n')),
        (INLINE, "a/A", INLINE.replace('"main"', '"v2"')),
        (INLINE, "b/B", INLINE.replace('{ path = "../b" }', '"v2"')),
        (ARRAY, "a/A", ARRAY.replace('{ url = "a/A" }', '{ url = "a/A", revision = "v2" }')),
        (ARRAY, "b/B", ARRAY.replace('"v1"', '"v2"')),
        (DOTTED, "a/A", DOTTED.replace('"main"', '"v2"')),
        (DOTTED, "b/B", DOTTED.replace('"v1"', '"v2"')),
        (TABLES, "a/A", TABLES.replace('"v1"', '"v2"')),
        (TABLES, "b/B", TABLES.replace("overwrite", 'revision = "v2"\noverwrite')),
    ],
)
def test_a_requirement_is_changed_in_place(text: str, id: str, expected: str) -> None:
    """What else is said of the module (overwrite, a comment) stays."""
    assert added(text, id, "v2") == expected
    assert added(expected, id, "v2") == expected


@pytest.mark.parametrize("text", [TABLE, LIST, INLINE, ARRAY, DOTTED, TABLES])
@pytest.mark.parametrize("id", ["a/A", "b/B", "c/C"])
def test_a_module_can_be_asked_for_from_a_folder(text: str, id: str) -> None:
    """With a path; in the list form, where a path is a revision, it is written so that it looks like one."""
    fresh = added(text, id, "dev", local=True)
    before, after = asks(text), asks(fresh)
    if isinstance(after, list):
        assert next(item for item in after if item["url"] == id)["revision"] == "./dev"
    else:
        assert after[id] == {"path": "dev", **({"overwrite": True} if "overwrite" in str(before.get(id)) else {})}
    assert added(fresh, id, "dev", local=True) == fresh
    assert fresh.count("#") == text.count("#")


@pytest.mark.parametrize(
    ("text", "id", "expected"),
    [
        (TABLE, "a/A", TABLE.replace('"a/A" = "main"  # why\n', "")),
        (LIST, "a/A", LIST.partition("\n\n")[2]),
        (LIST, "b/B", LIST.replace('[[tool.flowverse.dependencies]]\nurl = "b/B"  # mine\noverwrite = true\n', "")),
        (INLINE, "a/A", INLINE.replace('"a/A" = "main", ', "")),
        (INLINE, "b/B", INLINE.replace(', "b/B" = { path = "../b" }', "")),
        (ARRAY, "a/A", ARRAY.replace('    { url = "a/A" },  # aa\n', "")),
        (ARRAY, "b/B", ARRAY.replace('    { url = "b/B", revision = "v1" }  # bb\n', "")),
        (DOTTED, "b/B", DOTTED.partition("\n")[0] + "\n"),
        (TABLES, "a/A", TABLES.partition("\n\n")[2]),
        ('x = [{ a = 1 }]\n[tool.flowverse]\ndependencies = [{ url = "a/A" }]\n', "a/A", None),
    ],
)
def test_a_requirement_is_taken_out(text: str, id: str, expected: str | None) -> None:
    """And not the comment above another one."""
    fresh = removed(text, id)
    assert not asks(fresh) or id not in str(asks(fresh))
    if expected is not None:
        # An empty line at the very beginning is as good as none.
        assert fresh.lstrip("\n") == expected.lstrip("\n")


@pytest.mark.parametrize("text", [TABLE, LIST, INLINE, ARRAY, DOTTED, TABLES, ""])
def test_what_is_not_there_is_not_taken_out(text: str) -> None:
    """Nor is a module whose name only begins like it."""
    assert removed(text, "c/C") == text
    more = added(text, "a/A-2", "v")
    assert removed(removed(more, "a/A"), "b/B").count("a/A-2") == 1


def test_what_is_hidden_from_reading_is_not_touched() -> None:
    """An id behind an escape is found by no search: better nothing than something wrong."""
    text = '[tool.flowverse.dependencies]\n"a\\u002FA" = "main"\n'
    assert asks(text) == {"a/A": "main"}
    assert without_requirement(text, "a/A") is None
    assert with_requirement(text, "a/A", "v2") is None


def test_an_entry_in_pieces_is_put_together() -> None:
    """A path takes the place of a revision and of all that stood elsewhere."""
    text = '[tool.flowverse.dependencies]\n"b/B".overwrite = true\n"a/A" = "x" # a\n"b/B".revision = "v1"\n'
    fresh = added(text, "b/B", "../b", local=True)
    assert asks(fresh) == {"a/A": "x", "b/B": {"path": "../b", "overwrite": True}}
    assert '"a/A" = "x" # a\n' in fresh


# --- any sequence ----------------------------------------------------------------------------------------------------

IDS = ("a/A", "a/AB", "b/B-1", "c/C")
_TARGETS = st.sampled_from(["main", "v1.0", "refs/pr/1", "f" * 40])


def _rows(form: str, items: list[tuple[str, str, bool]], mark: str) -> list[str]:
    """The lines of some requirements in a form, each with a comment above and behind it."""
    lines: list[str] = []
    for number, (id, revision, table) in enumerate(items):
        above, behind = f"# above {mark}{number}", f"  # behind {mark}{number}"
        if form == "table":
            value = f'{{ revision = "{revision}", overwrite = true }}' if table else f'"{revision}"'
            lines += [above, f"'{id}' = {value}{behind}"]
        elif form == "dotted":
            lines += [above, f'dependencies."{id}" = "{revision}"{behind}']
        elif form == "list":
            lines += [above, "[[tool.flowverse.dependencies]]", f'revision = "{revision}"', f'url = "{id}"{behind}']
            lines += ["overwrite = true"] if table else []
            lines += [""]
        elif form == "array":
            lines += [above, f'  {{ url = "{id}", revision = "{revision}" }},{behind}']
    return lines


@st.composite
def documents(draw: st.DrawFn) -> str:
    ids = draw(st.lists(st.sampled_from(IDS), unique=True))
    items = [(id, draw(_TARGETS), draw(st.booleans())) for id in ids]
    form = draw(st.sampled_from(["table", "dotted", "list", "array", "inline", "none"]))
    rows = _rows(form, items, "n")
    if form == "table":
        rows = ["[ tool . flowverse . 'dependencies' ] # head", *rows]
    elif form == "dotted":
        rows = ["[tool.flowverse]", *rows]
    elif form == "array":
        rows = ["[tool.flowverse]", "dependencies = [ # open", *rows, "] # close"]
    elif form == "inline":
        inside = ", ".join(
            f'"{id}" = {{ revision = "{rev}" }}' if table else f'"{id}"="{rev}"' for id, rev, table in items
        )
        rows = ["[tool.flowverse]", f"dependencies = {{{inside}}}"]
    before = ["# first", "[project]", "name = 'x' # name", "deps = [", "  ['a/A'], # nested", "]", "", "# end of it"]
    after = [
        "",
        "# about this",
        "[tool.other] # other",
        'text = """',
        "[tool.flowverse.dependencies]",
        '"""',
        "x = nan",
    ]
    lines = [*draw(st.sampled_from([before, []])), *rows, *draw(st.sampled_from([after, []]))]
    text = "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n"]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


STEPS = st.lists(st.tuples(st.sampled_from(["add", "link", "remove"]), st.sampled_from(IDS), _TARGETS), max_size=6)


def others(text: str, id: str) -> list[str]:
    """The lines that have nothing to do with a requirement, and all comments."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    keep = [line for line in lines if line.strip() and id not in line and "revision" not in line]
    shared = (
        "[[tool.flowverse.dependencies]]",
        "[tool.flowverse.dependencies]",
        "overwrite = true",
        "dependencies = {",
    )
    return [line for line in keep if not line.startswith(shared)]


def model(known: Any, step: tuple[str, str, str]) -> Any:
    """What the requirements are to mean after a step."""
    what, id, target = step
    if isinstance(known, list):
        if what == "remove":
            return [item for item in known if item["url"] != id]
        revision = target if what == "add" else "./dev"
        if any(item["url"] == id for item in known):
            return [{**item, "revision": revision} if item["url"] == id else item for item in known]
        return [*known, {"url": id, "revision": revision}]
    rest = {key: value for key, value in known.items() if key != id}
    if what == "remove":
        return rest
    old = known.get(id)
    more = {"overwrite": True} if isinstance(old, dict) and "overwrite" in old else {}
    if what == "link":
        return {**rest, id: {"path": "dev", **more}}
    kept = isinstance(old, dict) and ("revision" in old or more)
    return {**rest, id: {"revision": target, **more} if kept else target}


def outside(text: str) -> Any:
    document = tomli.loads(text, parse_float=str)
    tool = document.pop("tool", {})
    tool.pop("flowverse", None)
    return document, tool


@given(documents(), STEPS)
def test_any_sequence_of_changes(text: str, steps: list[tuple[str, str, str]]) -> None:
    """Each means exactly what it should, and every other line is there, in its order and to the byte."""
    for step in steps:
        what, id, target = step
        known = {} if asks(text) is None else asks(text)
        before, ends = text, {"\r\n" in text} if "\n" in text else set()
        text = (
            removed(text, id)
            if what == "remove"
            else added(text, id, target if what == "add" else "dev", local=what == "link")
        )
        assert (asks(text) or type(known)()) == model(known, step)
        assert outside(text) == outside(before)
        assert [line for line in others(text, id) if line in others(before, id)] == others(before, id)
        if True in ends:
            assert text.count("\n") == text.count("\r\n")
