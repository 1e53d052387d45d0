"""Adding to `pyproject.toml`: everything else in it stays as a person wrote it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli
from flowverse._editing import with_entries
from flowverse._project import MANIFEST_NAME, Project
from flowverse.errors import UsageError
from hypothesis import given
from hypothesis import strategies as st

GROUPS = ("dependency-groups",)
OVERRIDES = ("tool", "flowverse", "overrides")
LINES = ("a", "b>=1 ; os_name == 'nt'")


def edited(text: str, table: tuple[str, ...] = GROUPS, entries: dict[str, Any] | None = None) -> str:
    """The text with a group more; it says what it said, and the group."""
    entries = {"flows": LINES} if entries is None else entries
    fresh = with_entries(text, table, entries, "Ours.")
    assert fresh is not None
    meant, means = tomli.loads(text), tomli.loads(fresh)
    place = meant
    for key in table:
        place = place.setdefault(key, {})
    place.update({key: list(value) if isinstance(value, tuple) else value for key, value in entries.items()})
    assert means == meant
    return fresh


GROUP = 'flows = [\n    # Ours.\n    "a",\n    "b>=1 ; os_name == \'nt\'",\n]\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", f"[dependency-groups]\n{GROUP}"),
        ("[project]\nname = 'x'  # the name\n", f"[project]\nname = 'x'  # the name\n\n[dependency-groups]\n{GROUP}"),
        ("[a]\nb=1\n[dependency-groups]", f"[a]\nb=1\n[dependency-groups]\n{GROUP}"),
        ("[dependency-groups]\n# first\nx = ['y']\n", f"[dependency-groups]\n# first\nx = ['y']\n{GROUP}"),
        (
            "[dependency-groups]\nflows = ['x'] # mine\n# after\nz = ['y']\n\n[tool.x]\na=1\n",
            f"[dependency-groups]\n{GROUP.rstrip()} # mine\n# after\nz = ['y']\n\n[tool.x]\na=1\n",
        ),
        ("[tool.b]\n[dependency-groups]\n[tool.c]\n", f"[tool.b]\n[dependency-groups]\n{GROUP}[tool.c]\n"),
        (
            "dependency-groups.x = ['a'] # dotted\n[project]\n",
            f"dependency-groups.x = ['a'] # dotted\ndependency-groups.{GROUP}[project]\n",
        ),
        ("dependency-groups = {}\n", f"dependency-groups = {{{GROUP.rstrip()}}}\n"),
    ],
)
def test_comments_and_order_stay(text: str, expected: str) -> None:
    """Whatever form the table has."""
    assert edited(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "[project]\r\nname = 'x'\r\n",
        "[dependency-groups]\r\nflows = [\r\n  'x', # c\r\n]\r\nz = ['y']\r\n",
        "# é\r\ndependency-groups = { x = ['y'] }\r\n",
    ],
)
def test_line_ends_stay(text: str) -> None:
    """A file from Windows has those of Windows everywhere."""
    fresh = edited(text)
    assert fresh.count("\n") == fresh.count("\r\n")


def test_mixed_line_ends_are_left_alone() -> None:
    """What was there stays as it is."""
    assert edited("a = 1\r\nb = '''\n'''\r\n").startswith("a = 1\r\nb = '''\n'''\r\n")


@pytest.mark.parametrize(
    "text",
    [
        "dependency-groups = 3\n",
        "dependency-groups = 'flows'\n",
        "dependency-groups = []\n",
        "[[dependency-groups]]\nx = 1\n",
    ],
)
def test_what_is_no_table_gets_no_entries(text: str) -> None:
    """None, and not another file."""
    assert with_entries(text, GROUPS, {"flows": LINES}, "Ours.") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[tool]\nx=1\n",
        "tool = {}\n",
        "[tool]\nflowverse = { dependencies = { 'a/b' = 'x' } }\n",
        "tool.flowverse.dependencies.'a/b' = 'x' # c\n",
        "[tool.flowverse]\noverrides = { 'a/b' = 'z' } # c\n",
        "[tool]\nflowverse.overrides.'q/r' = 's'\n[tool.x]\n",
        "[tool.flowverse.dependencies]\n'x/y' = 'z'\n[tool.other]\n[tool.flowverse]\nmodules-dir = 'flow_modules'\n",
        "[[tool.flowverse.dependencies]]\nurl = 'a/b' # c\n\n[tool.other]\n",
    ],
)
def test_overrides_in_every_form_of_table(text: str) -> None:
    """Revisions and paths."""
    fresh = edited(text, OVERRIDES, {"a/b": "main", "c/d": {"path": "..\\dev \"x\" 'y'"}})
    assert fresh.count("# c") == text.count("# c")


# --- whatever is there -----------------------------------------------------------------------------------------------

_KEYS = st.sampled_from(["a", '"b c"', "dependency-groups", "'tool'", "flowverse", "x-y"])
_VALUES = st.sampled_from(
    ["1", "'x'", '"""\ny\n"""', "[1, 2]", "[\n  'a', # inside\n]", "{ x = 1 }", "{}", "1979-05-27"]
)
_ROWS = st.builds(
    "{} = {}{}".format,
    st.builds(".".join, st.lists(_KEYS, min_size=1, max_size=2)),
    _VALUES,
    st.sampled_from(["", "  # c"]),
)
_HEADS = st.builds(
    "{0}{1}{2}{3}".format,
    st.sampled_from(["[", "  ["]),
    st.builds(".".join, st.lists(_KEYS, min_size=1, max_size=3)),
    st.just("]"),
    st.sampled_from(["", " # head"]),
)
_OTHERS = st.sampled_from(["", "# alone", "[[tool.list]]", "[dependency-groups]", "[tool.flowverse]", "\t"])


def _valid(text: str) -> bool:
    try:
        tomli.loads(text)
    except tomli.TOMLDecodeError:
        return False
    return True


DOCUMENTS = (
    st.lists(st.one_of(_ROWS, _HEADS, _OTHERS), max_size=7)
    .map("\n".join)
    .filter(_valid)
    .flatmap(lambda text: st.sampled_from([text, f"{text}\n", f"{text}\n".replace("\n", "\r\n")]))
)
ENTRIES = st.sampled_from([(GROUPS, {"flows": LINES}), (OVERRIDES, {"a/b": "main", "c/d": {"path": "../x"}})])


@given(DOCUMENTS, ENTRIES)
def test_a_file_means_what_it_meant_but_for_the_entries(
    text: str, entry: tuple[tuple[str, ...], dict[str, Any]]
) -> None:
    """Or it is not changed at all; and comments outside of what is replaced are still there."""
    table, entries = entry
    fresh = with_entries(text, table, entries, "Ours.")
    if fresh is None:
        return
    edited(text, table, entries)
    comments = [line.partition("#")[2].strip() for line in text.split("\n") if "#" in line and "inside" not in line]
    for comment in set(comments):
        assert fresh.count(f"# {comment}") >= comments.count(comment)
    if "\r\n" in text and "\n" not in text.replace("\r\n", ""):
        assert "\n" not in fresh.replace("\r\n", "")


@given(DOCUMENTS, ENTRIES)
def test_writing_again_changes_nothing(text: str, entry: tuple[tuple[str, ...], dict[str, Any]]) -> None:
    """Or nothing but spaces."""
    table, entries = entry
    fresh = with_entries(text, table, entries, "Ours.")
    if fresh is not None:
        again = with_entries(fresh, table, entries, "Ours.")
        assert again is not None
        assert "".join(again.split()) == "".join(fresh.split())


# --- a dependency group ----------------------------------------------------------------------------------------------


def project(root: Path, text: str) -> Project:
    (root / MANIFEST_NAME).write_bytes(text.encode())
    return Project.read(root)


def content(root: Path) -> str:
    return (root / MANIFEST_NAME).read_bytes().decode()


def test_a_group_is_written_once(tmp_path: Path) -> None:
    """With a first line that says whose it is; a second time there is nothing to do."""
    one = project(tmp_path, "[project]\nname = 'x'  # c\r\n")
    assert one.write_group("flows", LINES) is True
    before = content(tmp_path)
    assert "# Written by `flowverse requirements --write flows`, which replaces it." in before
    assert "'x'  # c\r\n" in before
    assert Project.read(tmp_path).write_group("flows", LINES) is False
    assert content(tmp_path) == before


def test_our_group_is_replaced(tmp_path: Path) -> None:
    """When the lock asks for something else, and also by nothing."""
    one = project(tmp_path, "[dependency-groups]\ndev = ['pytest']\n")
    for lines in (LINES, ("c",), (), LINES):
        assert one.write_group("flows", lines) is True
        assert tomli.loads(content(tmp_path)) == {"dependency-groups": {"dev": ["pytest"], "flows": list(lines)}}
    assert content(tmp_path).count("# Written by") == 1


@pytest.mark.parametrize("name", ["flows", "Flows", '"f.lows"', "f_lows"])
def test_a_group_of_somebody_else_is_refused(tmp_path: Path, name: str) -> None:
    """Also under another spelling of its name; the file is not touched."""
    text = f"[dependency-groups]\n{name} = ['mine']\n"
    group = "flows" if name.lower() == "flows" else "F-lows"
    with pytest.raises(UsageError, match="was not written by flowverse") as caught:
        project(tmp_path, text).write_group(group, LINES)
    assert caught.value.hint
    assert content(tmp_path) == text


def test_a_group_of_somebody_else_with_these_lines_is_left_alone(tmp_path: Path) -> None:
    """And an empty one is taken."""
    text = "[dependency-groups]\nflows = ['a']\nempty = []\n"
    one = project(tmp_path, text)
    assert one.write_group("flows", ["a"]) is False
    assert content(tmp_path) == text
    assert one.write_group("empty", ["a"]) is True
    assert tomli.loads(content(tmp_path))["dependency-groups"] == {"flows": ["a"], "empty": ["a"]}


def test_another_spelling_of_our_group_is_our_group(tmp_path: Path) -> None:
    """There is never a second one, which tools refuse."""
    one = project(tmp_path, "")
    one.write_group("My.Flows", ["a"])
    one.write_group("my-flows", ["b"])
    assert tomli.loads(content(tmp_path)) == {"dependency-groups": {"My.Flows": ["b"]}}


@pytest.mark.parametrize("text", ["dependency-groups = 3\n", "[[dependency-groups]]\nflows = ['x']\n"])
def test_where_no_group_can_be_the_lines_are_said(tmp_path: Path, text: str) -> None:
    """A person can write them there."""
    with pytest.raises(UsageError, match="cannot be written") as caught:
        project(tmp_path, text).write_group("flows", ["a>=1"])
    assert '"a>=1",' in str(caught.value.hint)
    assert content(tmp_path) == text


def test_a_comment_of_our_other_group_says_nothing_of_this_one(tmp_path: Path) -> None:
    """Each group says its own name."""
    one = project(tmp_path, "[dependency-groups]\nflows-dev = ['mine']\n")
    one.write_group("flows", LINES)
    with pytest.raises(UsageError):
        one.write_group("flows-dev", LINES)
