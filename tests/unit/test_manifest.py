"""The manifest: both forms are read, and every problem is told at once with its full key."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import pytest
import tomli
import tomlkit
from flowverse._reader import nearest
from flowverse.errors import InvalidManifest
from flowverse.manifest import Build, Manifest, looks_like_path, parse_manifest, quiet, revision_problem
from flowverse.model import PROJECT, ModuleId, Requirement
from hypothesis import given
from hypothesis import strategies as st

KEY = "tool.flowverse"
TABLE = """
[tool.flowverse]
modules-dir = "./src/flow_modules/"
owners = ["saibo", "yeeef", "aiflows"]

[tool.flowverse.dependencies]
"yeeef/UsefulChatBots" = { path = "../dev UsefulChatBots" }
"saibo/ChatFlows" = "main"
"aiflows/ChatFlowModule" = { revision = "v1.0", overwrite = true }

[tool.flowverse.overrides]
"martinjosifoski/ChatAtomicFlow" = "v2"
"""
LISTED = """
[[tool.flowverse.dependencies]]
url = "saibo/ChatFlows"

[[tool.flowverse.dependencies]]
url = "aiflows/ChatFlowModule"
revision = "v1.0"
overwrite = true
"""


def nowhere(path: str) -> bool:
    return False


def read(text: str, is_folder: Callable[[str], bool] = nowhere) -> Manifest:
    return parse_manifest(tomli.loads(text), is_folder=is_folder)


def problems(text: str, is_folder: Callable[[str], bool] = nowhere) -> dict[str, str]:
    with pytest.raises(InvalidManifest) as caught:
        read(text, is_folder)
    assert len(dict(caught.value.problems)) == len(caught.value.problems)
    return dict(caught.value.problems)


def requirement(id: str, **fields: Any) -> Requirement:
    return Requirement(id=ModuleId.parse(id), asker=PROJECT, at="pyproject.toml", **fields)


@pytest.mark.parametrize("load", [tomli.loads, tomlkit.parse])
def test_the_table_form_is_read(load: Callable[[str], dict[str, Any]]) -> None:
    """A revision, a path or a table by module id; sorted, whatever the order in the file and whoever parsed it."""
    assert parse_manifest(load(TABLE), is_folder=nowhere) == Manifest(
        dependencies=(
            requirement("aiflows/ChatFlowModule", revision="v1.0", overwrite=True),
            requirement("saibo/ChatFlows", revision="main"),
            requirement("yeeef/UsefulChatBots", path="../dev UsefulChatBots"),
        ),
        overrides=(requirement("martinjosifoski/ChatAtomicFlow", revision="v2"),),
        modules_dir="src/flow_modules",
        owners=("saibo", "yeeef", "aiflows"),
        declared=True,
    )


@pytest.mark.parametrize("load", [tomli.loads, tomlkit.parse])
def test_the_list_form_of_flow_scripts_is_read(load: Callable[[str], dict[str, Any]]) -> None:
    """`url`, `revision` with its default, `overwrite`: as in the argument of sync_dependencies."""
    assert parse_manifest(load(LISTED), is_folder=nowhere).dependencies == (
        requirement("aiflows/ChatFlowModule", revision="v1.0", overwrite=True),
        requirement("saibo/ChatFlows", revision="main"),
    )


@pytest.mark.parametrize("text", ["", "[tool]", "[tool.other]\nx = 1", '[project]\nname = "x"'])
def test_a_project_without_the_table_declares_nothing(text: str) -> None:
    """It is no error to have no flow modules."""
    assert read(text) == Manifest()


def test_an_empty_table_is_a_declaration() -> None:
    """Who writes the table means it, even with nothing in it."""
    assert read("[tool.flowverse]") == Manifest(declared=True)
    assert read("[tool.flowverse]\ndependencies = []") == Manifest(declared=True)


def test_a_revision_may_be_left_out_of_a_table() -> None:
    """It is the default branch then, in both forms."""
    (req,) = read(f'[{KEY}.dependencies]\n"a/b" = {{ overwrite = true }}').dependencies
    assert (req.revision, req.overwrite) == ("main", True)


@pytest.mark.parametrize("revision", ["./main", ".", "..", "../x y", "/abs/x", "~/x", "a\\\\b", "C:/x", "dev/x"])
def test_a_listed_revision_that_is_a_folder_is_a_path(revision: str) -> None:
    """As in flow scripts; what could be the name of a branch is a path only if the folder is there."""
    text = f'[[{KEY}.dependencies]]\nurl = "a/b"\nrevision = "{revision}"'
    written = revision.replace("\\\\", "\\")
    asked: list[str] = []
    (req,) = read(text, lambda path: not asked.append(path)).dependencies  # type: ignore[func-returns-value]
    assert (req.path, req.revision, asked) == (written, "main", [written])


@pytest.mark.parametrize("revision", ["main", "v1.0", "feature-x", "refs/pr/1", "refs/heads/x", "c" * 40])
def test_a_plain_revision_is_never_a_path(revision: str) -> None:
    """A folder `main` in the project must not turn the revision "main" into a link, nor one `refs/pr/1` that."""
    text = f'[[{KEY}.dependencies]]\nurl = "a/b"\nrevision = "{revision}"'
    (req,) = read(text, lambda _: True).dependencies
    assert (req.path, req.revision) == (None, revision)


def test_a_listed_branch_with_a_slash_stays_a_revision() -> None:
    """Only a folder that exists makes it a path."""
    text = f'[[{KEY}.dependencies]]\nurl = "a/b"\nrevision = "feature/x"'
    assert read(text).dependencies == (requirement("a/b", revision="feature/x"),)


def test_a_listed_path_to_nowhere_is_told() -> None:
    """It can be no revision either, so it is not sent to the Hub to find out."""
    text = f'[[{KEY}.dependencies]]\nurl = "a/b"\nrevision = "../gone"'
    assert problems(text) == {
        f"{KEY}.dependencies[0].revision": "there is no folder '../gone', and no revision has such a name"
    }


@pytest.mark.parametrize(
    "revision",
    ["main", "v1.0", "v1.0-rc.1", "refs/pr/12", "feature/a-b_c", "0", "c" * 40, "\u00fcber", "a@b", "a.lock.b", "HEAD"],
)
def test_a_usable_revision_has_no_problem(revision: str) -> None:
    """A dot, a dash and a slash are fine."""
    assert revision_problem(revision) is None
    assert read(f'[{KEY}.dependencies]\n"a/b" = "{revision}"').dependencies[0].revision == revision


@pytest.mark.parametrize(
    ("revision", "why"),
    [
        ("", "must not be empty"),
        ("v 1", "space or a control"),
        ("main\n", "space or a control"),
        ("a\x00b", "space or a control"),
        ("a\u2003b", "space or a control"),
        ("\ud800", "space or a control"),
        ("-x", "begins with '-'"),
        ("../x", 'write { path = "../x" }'),
        (".", "is a path"),
        ("~/x", "is a path"),
        ("/x", "is a path"),
        ("a\\b", 'write { path = "a\\\\b" }'),
        ("C:\\x", "is a path"),
        ("a/../b", "git allows no such name"),
        ("a/.b", "git allows no such name"),
        ("a//b", "git allows no such name"),
        ("a/", "git allows no such name"),
        ("a.", "git allows no such name"),
        ("a.lock", "git allows no such name"),
        ("a^", "git allows no such name"),
        ("ab:c", "git allows no such name"),
        ("main?x", "git allows no such name"),
        ("a@{1}", "git allows no such name"),
        ("@", "git allows no such name"),
    ],
)
def test_what_can_be_no_revision_is_told_before_the_hub_is_asked(revision: str, why: str) -> None:
    """The clause says which rule it breaks."""
    assert why in (revision_problem(revision) or "")


@given(st.text(max_size=30))
def test_a_usable_revision_leads_nowhere_on_a_disk(text: str) -> None:
    """Revisions become file names in the cache: none of them may climb out of it."""
    if revision_problem(text) is None:
        assert text.isprintable()
        assert not looks_like_path(text)
        assert all(part not in ("", ".", "..") for part in text.split("/"))


def test_every_problem_is_told_at_once_with_its_full_key() -> None:
    """Nobody wants to hear of ten mistakes in ten runs."""
    text = f"""
    [{KEY}]
    dependancies = 1
    modules_dir = "x"
    telemetry = true
    licenses = true
    build = {{ into = "flow_modules", exclude = "*.png", include = [] }}
    modules-dir = 3
    owners = "saibo"
    [{KEY}.dependencies]
    "a/one" = 1
    "a/two" = {{ revision = 1.5, overwrite = "yes", branch = "x", pathh = "y", colour = "z" }}
    "a/three" = {{ path = ["x"] }}
    "a/four" = {{ path = "../x", revision = "main" }}
    "a/five" = ""
    "a/6" = "main"
    "a/seven" = 1979-05-27
    [{KEY}.overrides]
    "a b" = {{ path = "" }}
    """
    assert problems(text) == {
        f"{KEY}.dependancies": 'is not a known key; did you mean "dependencies"?',
        f"{KEY}.modules_dir": 'is not a known key; did you mean "modules-dir"?',
        f"{KEY}.telemetry": "is not a known key; known here are dependencies, overrides, modules-dir, owners, "
        "licenses, build",
        f"{KEY}.licenses": "must be an array of strings, not a boolean",
        f"{KEY}.build.include": 'is not a known key; did you mean "exclude"?',
        f"{KEY}.build.exclude": "must be an array of strings, not a string",
        f"{KEY}.build.into": "must be a package below your own, such as \"my_app._vendor\", not 'flow_modules'",
        f'{KEY}.dependencies."a/one"': "must be a revision, or a table with revision, path, overwrite, not an integer",
        f'{KEY}.dependencies."a/two".branch': 'is not a known key; did you mean "revision"?',
        f'{KEY}.dependencies."a/two".colour': "is not a known key; known here are revision, path, overwrite",
        f'{KEY}.dependencies."a/two".pathh': 'is not a known key; did you mean "path"?',
        f'{KEY}.dependencies."a/two".revision': "must be a string, not a float",
        f'{KEY}.dependencies."a/two".overwrite': "must be true or false, not a string",
        f'{KEY}.dependencies."a/three".path': "must be a string, not an array",
        f'{KEY}.dependencies."a/four".path': "cannot be used together with revision; drop one of the two",
        f'{KEY}.dependencies."a/five"': "must not be empty; write a branch, a tag or a commit",
        f'{KEY}.dependencies."a/6"': "'a/6' is not a usable module id: Python cannot import a name that starts with a"
        " digit ('6'); rename the repository on the Hub so that its name starts with a letter",
        f'{KEY}.dependencies."a/seven"': "must be a revision, or a table with revision, path, overwrite, not a date or"
        " a time",
        f'{KEY}.overrides."a b"': "'a b' is not a usable module id: it is not of the form owner/name; write it as on"
        ' the Hub, "owner/name"',
        f'{KEY}.overrides."a b".path': "must be the path of a folder, without control characters",
        f"{KEY}.modules-dir": "must be a string, not an integer",
        f"{KEY}.owners": "must be an array of strings, not a string",
    }


def test_problems_of_the_list_form_have_the_number_of_the_entry() -> None:
    """The numbers are those of TOML tools, from 0."""
    text = """
    [tool.flowverse]
    dependencies = [
        "a/b",
        {},
        { url = 3 },
        { url = "a/b", revison = "x", revision = true },
        { url = "x", path = "y" },
    ]
    """
    found = problems(text)
    at = f"{KEY}.dependencies"
    assert set(found) == {
        f"{at}[0]",
        f"{at}[1].url",
        f"{at}[2].url",
        f"{at}[3].revison",
        f"{at}[3].revision",
        f"{at}[4].url",
        f"{at}[4].path",
    }
    assert found[f"{at}[0]"] == "must be a table with url, revision, overwrite, not a string"
    assert found[f"{at}[1].url"] == 'is missing; write the module id as on the Hub, "owner/name"'
    assert found[f"{at}[2].url"] == "must be a string, not an integer"
    assert found[f"{at}[3].revison"] == 'is not a known key; did you mean "revision"?'
    assert found[f"{at}[3].revision"] == "must be a string, not a boolean"


@pytest.mark.parametrize(
    ("text", "key", "clause"),
    [
        ("tool = 1", "tool", "must be a table, not an integer"),
        ("[tool]\nflowverse = 'x'", KEY, "must be a table, not a string"),
        (f"[{KEY}]\ndependencies = 'x'", f"{KEY}.dependencies", "must be a table, not a string"),
        (f"[{KEY}]\noverrides = []", f"{KEY}.overrides", "must be a table, not an array"),
        (f"[{KEY}]\nowners = [1]", f"{KEY}.owners[0]", "must be a string, not an integer"),
        (f"[{KEY}]\nowners = ['a/b']", f"{KEY}.owners[0]", "'a/b' is not an owner"),
        (f"[{KEY}]\nowners = ['']", f"{KEY}.owners[0]", "'' is not an owner"),
    ],
)
def test_a_wrong_type_is_told_where_it_is(text: str, key: str, clause: str) -> None:
    """Each part of the table says what it must be."""
    found = problems(text)
    assert list(found) == [key]
    assert clause in found[key]


@pytest.mark.parametrize(
    ("folder", "clause"),
    [
        ("", "must end in 'flow_modules'"),
        ("modules", "flow_modules.<owner>.<name>"),
        ("flow_modules/x", "must end in"),
        ("Flow_Modules", "must end in"),
        ("/abs/flow_modules", "inside the project"),
        ("../flow_modules", "inside the project"),
        ("a/../flow_modules", "inside the project"),
        ("~/flow_modules", "inside the project"),
        ("C:/flow_modules", "inside the project"),
        ("src\\\\flow_modules", "with '/' between"),
        ("a\\nb/flow_modules", "control characters"),
    ],
)
def test_the_tree_is_inside_the_project_and_has_the_name_that_is_imported(folder: str, clause: str) -> None:
    """Modules import each other as flow_modules.<owner>.<name>, so only the folder around it can be chosen."""
    assert clause in problems(f'[{KEY}]\nmodules-dir = "{folder}"')[f"{KEY}.modules-dir"]


@pytest.mark.parametrize(
    ("folder", "expected"), [("flow_modules", "flow_modules"), ("./a//b/flow_modules/", "a/b/flow_modules")]
)
def test_the_folder_of_the_tree_is_told_in_one_way(folder: str, expected: str) -> None:
    """However it is written, it is compared and shown as one path."""
    assert read(f'[{KEY}]\nmodules-dir = "{folder}"').modules_dir == expected


@pytest.mark.parametrize("part", ["dependencies", "overrides"])
@pytest.mark.parametrize(
    ("first", "second"), [("Saibo/ChatFlows", "saibo/chatflows"), ("a/b-c", "a/b_c"), ("1a/x", "user_1a/x")]
)
def test_two_ids_with_one_folder_are_told_naming_both(part: str, first: str, second: str) -> None:
    """Also on a file system that ignores case."""
    found = problems(f'[{KEY}.{part}]\n"{first}" = "main"\n"{second}" = "main"')
    ((key, clause),) = found.items()
    assert key == f'{KEY}.{part}."{second}"'
    assert first in clause
    assert second in clause
    assert "drop one of the two" in clause


def test_an_override_that_could_never_be_used_is_told() -> None:
    """It is spelled differently from the dependency that it means."""
    found = problems(f'[{KEY}.dependencies]\n"a/Flow" = "main"\n[{KEY}.overrides]\n"a/flow" = "v2"')
    assert list(found) == [f'{KEY}.overrides."a/flow"']


def test_an_override_of_a_dependency_is_fine() -> None:
    """It wins over all, also over the project's own."""
    manifest = read(f'[{KEY}.dependencies]\n"a/b" = "main"\n[{KEY}.overrides]\n"a/b" = {{ path = "/abs/b" }}')
    assert manifest.overrides == (requirement("a/b", path="/abs/b"),)


def test_the_same_id_twice_names_the_other_entry() -> None:
    """Only the list form can say it twice."""
    found = problems(f'[{KEY}]\ndependencies = [{{ url = "a/b" }}, {{ url = "a/b", revision = "v2" }}]')
    assert found == {
        f"{KEY}.dependencies[1].url": f"a/b is asked for by {KEY}.dependencies[0].url already; drop one of the two"
    }


@pytest.mark.parametrize(
    "dependencies",
    ['dependencies = { "a/b" = "main", "c/d" = "main" }', 'dependencies = [{ url = "a/b" }, { url = "c/d" }]'],
)
def test_a_dependency_of_an_owner_that_is_not_listed_is_told(dependencies: str) -> None:
    """`owners` is about direct dependencies too, and the message says how to allow it."""
    ((key, clause),) = problems(f'[{KEY}]\nowners = ["a"]\n{dependencies}').items()
    assert key in {f'{KEY}.dependencies."c/d"', f"{KEY}.dependencies[1].url"}
    assert clause == f'its owner is not listed in {KEY}.owners; add "c" there if you trust it, or drop c/d'


def test_no_owners_at_all_is_not_the_same_as_an_empty_list() -> None:
    """An empty list allows nobody."""
    assert read(f"[{KEY}]\nowners = []").owners == ()
    assert read(f"[{KEY}]").owners is None
    assert len(problems(f'[{KEY}]\nowners = []\ndependencies = {{ "a/b" = "main" }}')) == 1


def test_a_secret_in_the_file_is_not_in_the_message() -> None:
    """Somebody pastes a URL with a token; the message may end up in a public log."""
    secret = "hf_" + "x" * 34
    with pytest.raises(InvalidManifest) as caught:
        read(f'[{KEY}.dependencies]\n"https://me:{secret}@huggingface.co/a/b" = "{secret} "')
    assert secret not in str(caught.value)
    assert "huggingface.co/a/b" in str(caught.value)
    assert quiet(f"https://u:p@host/x {secret}") == "https://***@host/x ***"


def test_the_error_and_the_requirements_name_the_file() -> None:
    """A host may read the table from elsewhere."""
    document = tomli.loads(TABLE)
    assert {req.at for req in parse_manifest(document, is_folder=nowhere, path="x/pyproject.toml").dependencies} == {
        "x/pyproject.toml"
    }
    with pytest.raises(InvalidManifest, match=r"^x/pyproject\.toml: tool: must be"):
        parse_manifest({"tool": 1}, is_folder=nowhere, path="x/pyproject.toml")


def test_a_key_is_written_as_toml_would() -> None:
    """So that it can be searched for, and cannot break out of its line."""
    with pytest.raises(InvalidManifest) as caught:
        parse_manifest({"tool": {"flowverse": {'a"b\n\x7f': 1, "": 2, "\u00fc": 3}}}, is_folder=nowhere)
    assert [key for key, _ in caught.value.problems] == [f'{KEY}."a\\"b\\n\\u007f"', f'{KEY}.""', f'{KEY}."\u00fc"']


@pytest.mark.parametrize(
    ("word", "expected"), [("revison", "revision"), ("overwrit", "overwrite"), ("zzz", None), ("", None)]
)
def test_the_nearest_known_word_is_found(word: str, expected: str | None) -> None:
    """None rather than a guess that helps nobody."""
    assert nearest(word, ("revision", "path", "overwrite")) == expected


WORDS = st.sampled_from(
    ["tool", "flowverse", "dependencies", "overrides", "owners", "modules-dir", "url", "revision", "path", "overwrite",
     "a/b", "A/B", "a/-", "main", "../x", "refs/pr/1", "flow_modules", "a"]
)  # fmt: skip
SCALARS = st.one_of(WORDS, st.text(max_size=5), st.integers(), st.floats(), st.booleans(), st.dates(), st.times())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(WORDS, st.text(max_size=4)), inner, max_size=5)
    ),
    max_leaves=25,
)


@given(table=VALUES, folder=st.booleans(), whole=st.booleans())
def test_whatever_the_table_holds_the_answer_is_a_manifest_or_its_problems(
    table: Any, folder: bool, whole: bool
) -> None:
    """Never a traceback for what a person wrote."""
    document = table if whole and isinstance(table, dict) else {"tool": {"flowverse": table}}
    try:
        manifest = parse_manifest(document, is_folder=lambda _: folder)
    except InvalidManifest as error:
        found = error.problems
        manifest = Manifest()
    else:
        found = (("tool", "none"),)
    assert found
    assert all(key.split(".")[0] == "tool" and clause for key, clause in found)
    folders = [req.id.folder.lower() for req in manifest.dependencies]
    assert len(folders) == len(set(folders))
    assert list(manifest.dependencies) == sorted(manifest.dependencies, key=lambda req: req.id)


IDS = st.builds(
    "{}/{}".format, st.text(string.ascii_lowercase, min_size=1, max_size=3), st.sampled_from(["Flow", "Chat", "x_y"])
)


@given(wishes=st.dictionaries(IDS, st.sampled_from(["main", "v1.0", "refs/pr/3", "c" * 40]), max_size=6))
def test_both_forms_mean_the_same(wishes: dict[str, str]) -> None:
    """The list and the table of the same wishes give equal requirements."""
    listed = [{"url": url, "revision": revision} for url, revision in wishes.items()]
    first, second = (
        parse_manifest({"tool": {"flowverse": {"dependencies": form}}}, is_folder=nowhere) for form in (wishes, listed)
    )
    assert first == second


@pytest.mark.parametrize(
    ("into", "clause"),
    [
        ("my_app._vendor", None),
        ("my_app.deep.er", None),
        ("vendor", "must be a package below your own"),
        ("flow_modules.mine", "must be a package below your own"),
        ("my-app._vendor", "'my-app' is no name that Python can import"),
        ("my_app.class", "'class' is no name that Python can import"),
        ("my_app.", "'' is no name that Python can import"),
    ],
)
def test_modules_can_be_put_below_a_package_of_the_projects_own(into: str, clause: str | None) -> None:
    """So that no other application has anything to do with them."""
    text = f'[{KEY}.build]\ninto = "{into}"\nexclude = ["*.png", "tests/"]\n'
    if clause is None:
        assert read(text).build == Build(exclude=("*.png", "tests/"), into=into)
    else:
        assert clause in problems(text)[f"{KEY}.build.into"]


def test_licences_are_compared_in_lower_case() -> None:
    """As the Hub writes them; nothing said means any."""
    assert read(f'[{KEY}]\nlicenses = ["MIT", "apache-2.0"]\n').licenses == ("mit", "apache-2.0")
    assert read(f"[{KEY}]\nlicenses = []\n").licenses == ()
    assert read(f"[{KEY}]\n").licenses is None
