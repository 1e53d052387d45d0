"""What flow modules need of a project is added to its files, in their style, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli
from flowverse import adopting
from flowverse._adopt.tables import value_text, with_items, with_table, without_entry
from flowverse._adopt.values import Setup
from flowverse._adopt.wiring import wired
from flowverse._editing import with_entries
from flowverse.errors import FlowverseError, UsageError
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
EXAMPLE = '# "owner/name" = "main"    # a module id of the Hub; a branch, a tag, refs/pr/N, or a commit\n'
TABLE = f"[tool.flowverse.dependencies]\n{EXAMPLE}"
KEYS = [{"file": "pyproject.toml"}, {"file": "flowverse.lock"}, {"dir": "flow_modules"}]

HATCH = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "x"
version = "1"
"""
PDM = HATCH.replace("hatchling.build", "pdm.backend").replace("hatchling", "pdm-backend")
OTHER = HATCH.replace("hatchling.build", "setuptools.build_meta").replace("hatchling", "setuptools")


def init(text: str | None, *beside: str, dynamic: bool = False, **files: str) -> Setup:
    """What is missing; `files` are others, `hatch` for `hatch.toml`."""
    named = {f"{name}.toml": content for name, content in files.items()}
    given = {**({} if text is None else {"pyproject.toml": text}), **named}
    setup = wired(given, beside, dynamic=dynamic)
    after = {**given, **{change.path: change.after.decode() for change in setup.changes}}
    again = wired(after, beside, dynamic=dynamic)
    assert again.changes == ()
    assert again.shape == setup.shape
    return setup


def written(text: str | None, *beside: str, dynamic: bool = False) -> str:
    """`pyproject.toml` with what was missing."""
    (change,) = init(text, *beside, dynamic=dynamic).changes
    assert change.path == "pyproject.toml"
    return change.after.decode()


def means(text: str) -> dict[str, Any]:
    return tomli.loads(text)


# --- how a project is built -------------------------------------------------------------------------------------------


def test_hatchling() -> None:
    """As docs/hatch.md and the README tell it."""
    assert written(HATCH) == (
        HATCH.replace('["hatchling"]', '["hatchling", "hatch-flowverse"]')
        + "\n"
        + TABLE
        + "\n[tool.hatch.build.hooks.flowverse]  # syncs for an editable install, ships with builds\n"
        "\n[tool.hatch.env]  # syncs again in `hatch run` when something changed\n"
        'requires = ["hatch-flowverse"]\n'
        "\n[tool.hatch.env.collectors.flowverse]\n"
        "\n[tool.uv]  # what makes `uv sync` build again\n"
        'cache-keys = [{ file = "pyproject.toml" }, { file = "flowverse.lock" }, { dir = "flow_modules" }]\n'
    )
    assert init(HATCH).shape == "hatchling"


def test_pdm_backend() -> None:
    """As docs/pdm.md and the README tell it."""
    assert written(PDM) == (
        PDM.replace('["pdm-backend"]', '["pdm-backend", "pdm-flowverse"]')
        + "\n"
        + TABLE
        + '\n[tool.pdm]\nplugins = ["pdm-flowverse[hub]"]\n'
        "\n[tool.uv]  # what makes `uv sync` build again\n"
        'cache-keys = [{ file = "pyproject.toml" }, { file = "flowverse.lock" }, { dir = "flow_modules" }]\n'
    )
    assert init(PDM).shape == "pdm-backend"


@pytest.mark.parametrize(("page", "text"), [("hatch", HATCH), ("pdm", PDM)])
def test_what_the_docs_tell(page: str, text: str) -> None:
    """Everything that the page of a backend tells to write is there afterwards."""
    blocks = (ROOT / f"docs/{page}.md").read_text(encoding="utf-8").split("```toml\n")[1:]
    after = means(written(text, dynamic=page == "hatch"))
    for block in blocks:
        told = means(block.partition("```")[0])
        hook = told.get("tool", {}).get("hatch", {}).get("metadata", {}).get("hooks", {}).get("flowverse", {})
        hook.pop("dependencies", None)  # an example of one's own
        assert _within(told, after)


def _within(part: Any, whole: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and _within(part[key], whole[key]) for key in part)
    if isinstance(part, list):
        return isinstance(whole, list) and all(item in whole for item in part)
    return bool(part == whole)


@pytest.mark.parametrize("example", ["with_hatch", "with_pdm"])
def test_the_examples_are_wired(example: str) -> None:
    """But for uv's keys, nothing is missing in them."""
    text = (ROOT / "examples" / example / "pyproject.toml").read_text(encoding="utf-8")
    before, after = means(text), means(written(text))
    assert after["tool"].pop("uv") == {"cache-keys": KEYS}
    assert after == before


@pytest.mark.parametrize(
    ("text", "beside", "shape"),
    [
        ("[project]\nname = 'x'\n[tool.pdm]\ndistribution = false\n", (), "pdm"),
        ("[project]\nname = 'x'\n", ("pdm.lock",), "pdm"),
        (OTHER, ("pdm.lock",), "pdm"),
        (HATCH, ("pdm.lock",), "hatchling"),
    ],
)
def test_pdm_with_another_backend(text: str, beside: tuple[str, ...], shape: str) -> None:
    """The plugin; with hatchling its hook too."""
    setup = init(text, *beside)
    after = means(setup.changes[0].after.decode())
    assert setup.shape == shape
    assert after["tool"]["pdm"]["plugins"] == ["pdm-flowverse[hub]"]
    assert ("hatch" in after["tool"]) == (shape == "hatchling")
    assert any("pdm install --plugins" in note for note in setup.notes)


@pytest.mark.parametrize("text", [OTHER, "[project]\nname = 'x'\n", "[tool.ruff]\nline-length = 100\n"])
def test_any_other_project(text: str) -> None:
    """The table, and it is said that only the command serves it."""
    setup = init(text)
    assert written(text) == f"{text}\n{TABLE}"
    assert setup.shape == "command"
    assert "nothing ships them" in adopting.render_setup(setup)[-1].text


def test_no_manifest() -> None:
    """One with just the table; no name and no build system is invented."""
    assert written(None) == TABLE
    assert [line.text for line in adopting.render_setup(init(None))][:2] == ["--- /dev/null", "+++ b/pyproject.toml"]


def test_hatch_toml() -> None:
    """A table there hides the one of that name in pyproject.toml."""
    setup = init(HATCH, hatch='# mine\n[build]\nexclude = ["x"]\n\n[env]\nrequires = [\n  "a",\n]\n')
    texts = {change.path: change.after.decode() for change in setup.changes}
    assert texts["hatch.toml"].startswith("# mine\n[build]\n")
    assert means(texts["hatch.toml"]) == {
        "build": {"exclude": ["x"], "hooks": {"flowverse": {}}},
        "env": {"requires": ["a", "hatch-flowverse"], "collectors": {"flowverse": {}}},
    }
    assert "hatch" not in means(texts["pyproject.toml"])["tool"]


def test_hatch_toml_of_something_else() -> None:
    """Only what it says counts."""
    (change,) = init(HATCH, hatch="[envs.default]\npython = '3.12'\n").changes
    assert change.path == "pyproject.toml"


# --- what is there already --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "requires", ['["hatchling", "Hatch_FlowVerse>=0.1"]', '["hatch.flowverse[x] ; os_name == \'nt\'", "hatchling"]']
)
def test_a_requirement_is_there_in_any_version(requires: str) -> None:
    """Names are compared as Python compares them."""
    text = HATCH.replace('["hatchling"]', requires)
    assert requires in written(text)


def test_a_hook_for_one_kind_of_archive() -> None:
    """It is left at that."""
    after = means(written(HATCH + "[tool.hatch.build.targets.wheel.hooks.flowverse]\n"))
    assert "hooks" not in after["tool"]["hatch"]["build"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[{ file = "a" }]', '[{ file = "a" }, { file = "flowverse.lock" }, { dir = "flow_modules" }]'),
        ('["flowverse.lock"]', '["flowverse.lock", { dir = "flow_modules" }]'),
        (
            "[\n  { git = {} }, # version\n]",
            '[\n  { git = {} }, # version\n  { file = "flowverse.lock" },\n  { dir = "flow_modules" },\n]',
        ),
    ],
)
def test_keys_of_uv(before: str, after: str) -> None:
    """Those that are missing are added to those that are there."""
    text = f"{HATCH}\n[tool.uv]\ncache-keys = {before}\n"
    assert means(written(text))["tool"]["uv"]["cache-keys"] == means(f"x = {after}")["x"]
    assert before.rstrip("]\n ") in written(text)


def test_uv_watches_the_tree_where_it_is() -> None:
    """The folder that the manifest names."""
    after = means(written(f'{HATCH}\n[tool.flowverse]\nmodules-dir = "src/flow_modules"\n'))
    assert after["tool"]["uv"]["cache-keys"][-1] == {"dir": "src/flow_modules"}


@pytest.mark.parametrize(
    "table",
    [
        '[tool.flowverse.dependencies]\n"a/X" = "main"\n',
        '[[tool.flowverse.dependencies]]\nurl = "a/X"\n',
        '[tool]\nflowverse.dependencies = { "a/X" = "main" }\n',
    ],
)
def test_the_table_in_any_form(table: str) -> None:
    """It is not written twice."""
    assert init(f"[project]\nname = 'x'\n{table}").changes == ()


def test_a_table_without_requirements() -> None:
    """It gets them beside it."""
    text = '[tool.flowverse]\nowners = ["a"]\n\n# lint\n[tool.ruff]\nx = 1\n'
    assert written(text) == f'[tool.flowverse]\nowners = ["a"]\n\n{TABLE}\n# lint\n[tool.ruff]\nx = 1\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[\n    "hatchling",  # why\n]', '[\n    "hatchling",  # why\n    "hatch-flowverse",\n]'),
        ('[\n  "hatchling"\n]', '[\n  "hatchling",\n  "hatch-flowverse"\n]'),
        ("[ 'hatchling' ]", "[ 'hatchling', \"hatch-flowverse\" ]"),
        ('["hatchling",]', None),
        ("[\r\n    'hatchling',\r\n]", None),
    ],
)
def test_a_list_keeps_its_style(before: str, after: str | None) -> None:
    """Lines stay lines, comments and quotes stay."""
    text = written(HATCH.replace('["hatchling"]', before))
    assert means(text)["build-system"]["requires"] == ["hatchling", "hatch-flowverse"]
    assert after is None or f"requires = {after}\n" in text


def test_line_ends_stay() -> None:
    """A file from Windows has those of Windows everywhere."""
    text = HATCH.replace('["hatchling"]', '[\n    "hatchling",\n]').replace("\n", "\r\n")
    after = written(text, dynamic=True)
    assert after.count("\n") == after.count("\r\n")


@pytest.mark.parametrize(
    "odd",
    [
        "[tool.hatch]\nbuild.hooks.vcs = { version-file = 'x' }\nenv.requires = ['a']\n",
        "[tool.hatch.build]\nhooks = { vcs = {} }\n[tool.hatch.env]\ncollectors = { a = {} }\n",
        "[tool]\nhatch = { build = { hooks = {} } }\nuv = { package = true }\n",
        "[tool.hatch.envs.default]\n[tool.uv]\npackage = true # c\n\n# d\n[tool.uv.sources]\n",
        "[tool.uv]\n# nothing\n",
        "[tool.x]\ny = '''\n[tool.hatch.build]\n[tool.uv]\n'''\n[tool.uv]\n",
        "[tool.hatch.build]\n[tool.x]\n[tool.hatch.env]\n",
    ],
)
def test_odd_forms(odd: str) -> None:
    """However tables are written: what was said is said still, and what was missing."""
    before, after = means(HATCH + odd), means(written(HATCH + odd))
    hatch = after["tool"]["hatch"]
    assert hatch["build"]["hooks"].pop("flowverse") == {}
    assert hatch["env"]["collectors"].pop("flowverse") == {}
    assert "hatch-flowverse" in hatch["env"]["requires"]
    assert after["tool"]["uv"]["cache-keys"] == KEYS
    assert _within(before, after)


@pytest.mark.parametrize(
    "wrong",
    [
        "[tool]\nuv = 3\n",
        "[tool.uv]\ncache-keys = { x = 1 }\n",
        "[tool.hatch]\nenv = 'x'\n",
        "[tool.hatch.build]\nhooks = []\n",
    ],
)
def test_what_nothing_can_be_added_to(wrong: str) -> None:
    """The lines to add are in the hint."""
    with pytest.raises(UsageError, match="nothing can be added to") as caught:
        wired({"pyproject.toml": HATCH + wrong}, ())
    assert str(caught.value.hint).startswith("Add by hand:\n  [")


# --- what modules need of Python, for uv ------------------------------------------------------------------------------


def test_dynamic_dependencies() -> None:
    """The project's own move to the hook, with their comments."""
    text = HATCH + 'dependencies = [\n    "httpx>=0.27",  # calls\n]\nrequires-python = ">=3.10"\n'
    after = written(text, dynamic=True)
    assert 'version = "1"\nrequires-python = ">=3.10"\ndynamic = ["dependencies"]\n' in after
    assert (
        "[tool.hatch.metadata.hooks.flowverse]  # what modules need of Python is added\n"
        'dependencies = [\n    "httpx>=0.27",  # calls\n]\n'
    ) in after


def test_dynamic_without_dependencies() -> None:
    """What is dynamic already stays so."""
    after = means(written(HATCH.replace('version = "1"', 'dynamic = ["version"]'), dynamic=True))
    assert after["project"]["dynamic"] == ["version", "dependencies"]
    assert after["tool"]["hatch"]["metadata"]["hooks"] == {"flowverse": {}}


def test_dynamic_is_of_hatchling() -> None:
    """Nobody else asks."""
    with pytest.raises(UsageError, match="Only hatchling"):
        init(PDM, dynamic=True)


@pytest.mark.parametrize(("text", "beside"), [(HATCH, ("uv.lock",)), (HATCH + "[tool.uv]\n", ())])
def test_users_of_uv_are_told(text: str, beside: tuple[str, ...]) -> None:
    """uv does not ask the build for dependencies."""
    assert any("--dynamic" in note for note in init(text, *beside).notes)
    assert not any("--dynamic" in note for note in init(text, *beside, dynamic=True).notes)
    assert not any("--dynamic" in note for note in init(HATCH).notes)
    assert any("pdm-flowverse[hub]" in note for note in init(PDM, "uv.lock").notes)


# --- files ------------------------------------------------------------------------------------------------------------


def test_files_are_read_and_written(tmp_path: Path) -> None:
    """What is shown is what is written; the second time there is nothing to do."""
    (tmp_path / "pyproject.toml").write_bytes(HATCH.encode())
    (tmp_path / "hatch.toml").write_bytes(b"[env]\n")
    (tmp_path / "uv.lock").touch()

    setup = adopting.setup(tmp_path)
    adopting.set_up(tmp_path, setup)

    assert {change.path: change.after for change in setup.changes} == {
        name: (tmp_path / name).read_bytes() for name in ("pyproject.toml", "hatch.toml")
    }
    said = [line.text for line in adopting.render_setup(setup, written=True)]
    assert said[:2] == ["pyproject.toml was written", "hatch.toml was written"]
    again = adopting.setup(tmp_path)
    assert [line.text for line in adopting.render_setup(again)] == [
        "Nothing is to be done: all that flow modules need is there"
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", b"["),
        ("pyproject.toml", b"\xff"),
        ("hatch.toml", b"["),
        ("pyproject.toml", b"[tool.flowverse]\nnonsense = 1\n"),
    ],
)
def test_files_that_are_wrong(tmp_path: Path, name: str, content: bytes) -> None:
    """The file is named, and nothing is changed."""
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FlowverseError, match=name):
        adopting.setup(tmp_path)


# --- adding to tables -------------------------------------------------------------------------------------------------


def test_a_requirement_goes_below_the_example() -> None:
    """The first one that is written after `init`."""
    after = with_entries(written(HATCH), ("tool", "flowverse", "dependencies"), {"a/X": "main"})
    assert after is not None
    assert f'{TABLE}"a/X" = "main"\n' in after


def test_an_entry_that_is_there_is_not_written_over() -> None:
    """Neither a table nor a value that is no array."""
    assert with_table("[a.b]\n", ("a", "b")) is None
    assert with_items("[a]\nb = 1\n", ("a",), "b", ["x"]) is None
    assert with_items("[a]\nb = { c = 1 }\n", ("a",), "b", ["x"]) is None


def test_an_entry_is_taken_out_with_its_value() -> None:
    """The rest stays."""
    assert without_entry("[a]\nb = [1, # c\n]\nd = 2\n", ("a",), "b") == ("[a]\nd = 2\n", "[1, # c\n]")


NAMES = st.sampled_from(["a", "b", "tool", "x-y"])
VALUES = st.sampled_from(["1", "'t'", "[]", "['p', 'q']", "[\n  'p', # c\n]", "'''\n[a.b]\n'''"])


PLACES = st.lists(NAMES, min_size=1, max_size=3)


@given(
    st.lists(st.tuples(PLACES, st.dictionaries(NAMES, VALUES, max_size=3)), max_size=4),
    PLACES,
    NAMES,
    st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_is_added_to_means_what_it_meant(
    tables: list[tuple[list[str], dict[str, str]]], table: list[str], key: str, end: str
) -> None:
    """Or nothing is added."""
    lines = [
        line
        for name, entries in tables
        for line in [f"[{'.'.join(name)}]", *(f"{k} = {v}" for k, v in entries.items())]
    ]
    text = "\n".join([*lines, ""])
    try:
        before = means(text)
    except tomli.TOMLDecodeError:
        return
    fresh = with_items(text.replace("\n", end), table, key, ["new", {"d": True}])
    if fresh is not None:
        place = before
        for name in table:
            place = place.setdefault(name, {})
        place[key] = [*place.get(key, []), "new", {"d": True}]
        assert means(fresh) == before
        assert "\n" not in fresh.replace("\r\n", "") or end == "\n" or not text.strip()


def test_values() -> None:
    """On one line."""
    assert value_text({"a": ["x", True], "b": {"c": False}}) == '{ a = ["x", true], b = { c = false } }'
