"""What a person did wrong ends in a sentence, what to do next and a documented exit code, and changes nothing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable

import pytest

from tests.hub import Hub
from tests.integration.workspace import COMMAND, Workspace, asking

TABLE = "[tool.flowverse.dependencies]\n"


def test_no_project(space: Workspace) -> None:
    """In a folder without `pyproject.toml`: exit code 2, and how to name a project."""
    space.run("sync").failed_plainly(2, "pyproject.toml cannot be read: there is no such file.", "--project")

    assert list(space.root.iterdir()) == []


def test_a_folder_that_is_not_there(space: Workspace) -> None:
    """`--project` with a folder that does not exist, or with a file."""
    space.declare({"a/One": "main"})
    space.call("sync", "--project", "nowhere").failed_plainly(2, "There is no folder nowhere.", "Name the one")
    space.call("sync", "--project", "pyproject.toml").failed_plainly(
        2, "pyproject.toml is a file, and --project names a folder.", "hint: Write --project ."
    )
    (space.root / "flowverse.lock").touch()
    space.call("sync", "-p", "flowverse.lock").failed_plainly(2, "hint: Write --project with its folder.")


@pytest.mark.parametrize("verb", ["sync", "status"])
def test_a_tree_that_is_a_file(space: Workspace, hub: Hub, verb: str) -> None:
    """Said before anything is asked for, and what to do about it."""
    space.declare({"a/One": "main"})
    space.tree.write_text("mine\n")

    space.call(verb).failed_plainly(4, f"{space.tree}: is no folder, and flow modules belong there.", "Move it away")

    assert hub.requests == []
    assert space.tree.read_text() == "mine\n"


MISSPELT = {
    "[tool.flowvers]": "tool.flowvers",
    "[tool.flow-verse.dependencies]": "tool.flow-verse",
    "[tool.FlowVerse]": "tool.FlowVerse",
    "[flowverse.dependencies]": "flowverse",
}


@pytest.mark.parametrize("table", MISSPELT)
def test_a_table_of_nearly_the_right_name(space: Workspace, table: str) -> None:
    """It would be silently of no use: it is named wherever it is said that there are no flow modules."""
    space.manifest.write_text(f'[project]\nname = "demo"\n{table}\n"a/One" = "main"\n')
    said = f"[{MISSPELT[table]}] in pyproject.toml is looked at by nobody; did you mean [tool.flowverse]?"

    for verb in ("sync", "lock", "status"):
        done = space.call(verb)
        assert (done.code, done.err) == (0, f"warning: {said}\n")
    space.call("tree").failed_plainly(2, "There is no flowverse.lock.", f"hint: {said}\n")


@pytest.mark.parametrize("table", ["[tool.flwr]", "[tool.flow]", "[tool.flower]", "[tool.reverse]", "[flow]"])
def test_a_table_of_somebody_else(space: Workspace, table: str) -> None:
    """Nothing is said of the tables of other programs."""
    space.manifest.write_text(f"{table}\nx = 1\n")

    assert space.call("status").err == ""


def test_a_project_is_found_from_a_folder_below(space: Workspace, hub: Hub) -> None:
    """The command works from anywhere inside the project, and with `--project` from anywhere else."""
    hub.add("a/One", {"one.py": ""})
    space.declare({"a/One": "main"})
    (space.root / "src" / "deep").mkdir(parents=True)

    space.run("sync", cwd=space.root / "src" / "deep").worked("Synced 1 flow module")
    space.run("sync", "--project", str(space.root), cwd=space.base).worked("1 flow module in sync")

    assert space.holds(hub, "a/One")


MANIFESTS = {
    "no TOML": ("[tool.flowverse\n", ["it is not TOML", "line 1"]),
    "not UTF-8": ("# \udce9\n", ["it is not UTF-8"]),
    "a dependency that is a number": (TABLE + '"a/B" = 1\n', ['"a/B"', "not an integer"]),
    "dependencies that are a string": ('[tool.flowverse]\ndependencies = "a/B"\n', ["must be a table"]),
    "a table that is a string": ('[tool]\nflowverse = "x"\n', ["tool.flowverse: must be a table, not a string"]),
    "an unknown key": ("[tool.flowverse]\ndependancies = {}\n", ['did you mean "dependencies"?']),
    "an unknown key of an entry": (TABLE + '"a/B" = { revison = "main" }\n', ['did you mean "revision"?']),
    "overwrite that is a string": (TABLE + '"a/B" = { overwrite = "yes" }\n', ["must be true or false"]),
    "a revision and a path": (TABLE + '"a/B" = { revision = "v1", path = "../B" }\n', ["drop one of the two"]),
    "a revision that cannot be": (TABLE + '"a/B" = "../../x"\n', ["is a path and not a revision"]),
    "an option as a revision": (TABLE + '"a/B" = "--help"\n', ["it begins with '-'"]),
    "an empty revision": (TABLE + '"a/B" = ""\n', ["must not be empty"]),
    "an id without quotes": (TABLE + 'saibo.ChatFlows = "main"\n', ['put the id in quotes, "saibo/ChatFlows" = ...']),
    "an id without quotes and with a slash": (
        TABLE + 'saibo/ChatFlows = "main"\n',
        ["it is not TOML", 'Put the id in quotes there: "saibo/ChatFlows" = ...'],
    ),
    "a table without quotes": (
        "[tool.flowverse.dependencies.saibo.ChatFlows]\nrevision = 'main'\n",
        ['put the id in quotes, "saibo/ChatFlows"'],
    ),
    "an address": (
        TABLE + '"https://huggingface.co/saibo/ChatFlows/tree/main" = "main"\n',
        ['write it as on the Hub, "saibo/ChatFlows"'],
    ),
    "a revision in the id": (TABLE + '"saibo/ChatFlows@v1" = "main"\n', ['write "saibo/ChatFlows" = "v1"']),
    **{
        f"{key} for revision": (TABLE + f'"a/B" = {{ {key} = "v1" }}\n', ['did you mean "revision"?'])
        for key in ("rev", "branch", "tag", "version")
    },
    "id for url": ('[[tool.flowverse.dependencies]]\nid = "a/B"\n', ['did you mean "url"?']),
    "a range of versions": (TABLE + '"a/B" = ">=1.0"\n', ["is a range of versions; a revision is one branch, tag"]),
    "a tree outside": ('[tool.flowverse]\nmodules-dir = "../flow_modules"\n', ["inside the project"]),
    "a tree of another name": ('[tool.flowverse]\nmodules-dir = "modules"\n', ["must end in 'flow_modules'"]),
    "everything at once": (
        '[tool.flowverse]\nowner = []\n[tool.flowverse.dependencies]\n"a" = 1\n"b/C" = false\n',
        ["has 4 problems:", "tool.flowverse.owner: ", "tool.flowverse.dependencies.a: ", "b/C"],
    ),
}


@pytest.mark.parametrize("verb", ["sync", "lock"])
@pytest.mark.parametrize("what", MANIFESTS)
def test_a_manifest_that_is_wrong(space: Workspace, hub: Hub, what: str, verb: str) -> None:
    """Every problem at once, each with its full TOML key; nothing is asked for or written."""
    text, words = MANIFESTS[what]
    space.manifest.write_bytes(text.encode("utf-8", "surrogateescape"))
    before = space.visible()

    space.call(verb).failed_plainly(2, "pyproject.toml", *words)

    assert hub.requests == []
    assert space.visible() == before


@pytest.fixture
def synced(space: Workspace, hub: Hub) -> Workspace:
    hub.add("a/One", {"one.py": asking("b/Two")})
    hub.add("b/Two", {"two.py": "two = 2\n"})
    space.declare({"a/One": "main"})
    space.sync()
    return space


def _change(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


LOCKS: dict[str, tuple[Callable[[str], str], str]] = {
    "not TOML": (lambda text: text + "[[", "it is not TOML"),
    "not UTF-8": (lambda text: text + "# \udcff\n", "it is not UTF-8"),
    "empty": (lambda _: "", "it has no version"),
    "an unfinished merge": (
        _change('revision = "main"', '<<<<<<< HEAD\nrevision = "main"\n=======\nrevision = "v2"\n>>>>>>> other'),
        "it holds the marks of an unfinished merge",
    ),
    "a newer version": (_change("version = 1", "version = 2"), "has version 2, this flowverse reads up to version 1"),
    "a version that is none": (_change("version = 1", 'version = "1"'), "it has no version"),
    "a hash that was changed": (_change('sha256 = "', 'sha256 = "0'), "module[0].files"),
    "a file that was taken out": (lambda text: re.sub(r"    { path.*\n", "", text, count=1), "the digest of a/One"),
    "a file of another name": (_change('path = "one.py"', 'path = "../one.py"'), "the digest of a/One is not that of"),
    "a commit that is none": (_change('commit = "', 'commit = "x'), "module[0].commit is not 40 hex digits"),
    "a module twice": (lambda text: text + text[text.index("[[module]]") :], "a module stands in it twice"),
    "an id that is none": (_change('id = "a/One"', 'id = "../a"'), "module[0]"),
    "files that are a string": (lambda text: text[: text.index("files = [")] + 'files = "x"\n', "module[0].files"),
}


@pytest.mark.parametrize("flags", [[], ["--frozen"], ["--locked"]], ids=["", "frozen", "locked"])
@pytest.mark.parametrize("what", LOCKS)
def test_a_lock_that_is_broken(synced: Workspace, hub: Hub, what: str, flags: list[str]) -> None:
    """It is never rewritten by itself: the user is told what is wrong, and that version control has it."""
    change, words = LOCKS[what]
    text = change(synced.lock_path.read_text(encoding="utf-8"))
    synced.lock_path.write_bytes(text.encode("utf-8", "surrogateescape"))
    before = synced.visible()
    hub.clear()

    synced.call("sync", *flags).failed_plainly(2, "flowverse.lock", words)

    assert hub.requests == []
    assert synced.visible() == before


def test_a_merge_of_locks_is_finished_by_taking_a_side(synced: Workspace) -> None:
    """The hint does not say to delete the lock: that would move every branch."""
    text = synced.lock_path.read_text(encoding="utf-8")
    synced.lock_path.write_text(LOCKS["an unfinished merge"][0](text), encoding="utf-8")

    synced.call("status").failed_plainly(2, "unfinished merge", "`git checkout --ours flowverse.lock`")

    synced.lock_path.write_text(text, encoding="utf-8")
    synced.call("sync").worked("in sync")


@pytest.mark.parametrize(("flags", "more"), [(["--locked"], {}), ([], {"FLOWVERSE_LOCKED": "1"}), ([], {"CI": "true"})])
def test_a_stale_lock_that_must_not_be_rewritten(
    synced: Workspace, hub: Hub, flags: list[str], more: dict[str, str]
) -> None:
    """With --locked and in CI: exit code 1, and one line for each difference."""
    synced.declare({"a/One": "v2", "c/New": "main"}, overrides={"b/Two": "v9"})
    before = synced.visible()
    hub.clear()

    done = synced.call("sync", *flags, **more)

    done.failed_plainly(
        1,
        "flowverse.lock is stale:",
        "a/One is locked for main, v2 is asked for\n",
        "c/New is not locked yet\n",
        "override of b/Two is not locked yet\n",
        "and commit flowverse.lock.",
    )
    assert hub.requests == []
    assert synced.visible() == before


def test_a_lock_that_must_be_there(space: Workspace, hub: Hub) -> None:
    """In CI, and with --frozen, a missing lock is an error."""
    space.declare({"a/One": "main"})

    space.call("sync", CI="1").failed_plainly(1, "there is no flowverse.lock yet")
    space.call("sync", "--frozen").failed_plainly(2, "There is no flowverse.lock to be frozen to.")

    assert hub.requests == []


def test_frozen_does_not_look_at_the_manifest(synced: Workspace, hub: Hub) -> None:
    """With --frozen the lock is the truth, also where the manifest asks for something else or is wrong."""
    before = {path: what for path, what in synced.visible().items() if path.startswith("flow_modules/")}
    synced.declare({"x/Y": "v2"}, more='dependancies = "x"')

    synced.call("sync", "--frozen").worked("2 flow modules in sync")

    assert {path: what for path, what in synced.visible().items() if path.startswith("flow_modules/")} == before


def test_a_stale_lock_is_rewritten_by_a_person_s_sync(synced: Workspace, hub: Hub) -> None:
    """Outside CI a sync locks first."""
    hub.add("c/New", {"new.py": ""})
    synced.declare({"a/One": "main", "c/New": "main"})

    synced.sync()

    assert set(synced.locked) == {"a/One", "b/Two", "c/New"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FLOWVERSE_LOCKED", "maybe"),
        ("FLOWVERSE_OFFLINE", "2"),
        ("FLOWVERSE_HTTP_TIMEOUT", "soon"),
        ("FLOWVERSE_HTTP_RETRIES", "-1"),
        ("FLOWVERSE_HTTP_TIMEOUT", "nan"),
        ("HF_ENDPOINT", "hub.example"),
    ],
)
def test_an_environment_variable_that_cannot_be_meant(space: Workspace, name: str, value: str) -> None:
    """It is named; nothing is guessed."""
    space.declare({"a/One": "main"})

    space.call("sync", **{name: value}).failed_plainly(2, name)


@pytest.mark.parametrize("text", ["tool = 3\n", "[tool]\nflowverse = 3\n"])
def test_frozen_takes_any_manifest(space: Workspace, hub: Hub, text: str) -> None:
    """It is not looked at, so it may be anything that is TOML."""
    hub.add("a/One", {"one.py": ""})
    space.declare({"a/One": "main"})
    space.sync()
    space.manifest.write_text(text)
    shutil.rmtree(space.place("a/One"))
    space.call("sync", "--frozen").worked("+ a/One@main")


@pytest.mark.parametrize("variable", ["ALL_PROXY", "SSL_CERT_FILE"])
def test_a_client_that_cannot_be_set_up_is_a_sentence(space: Workspace, hub: Hub, variable: str) -> None:
    """What the environment says of proxies and certificates may be wrong."""
    hub.add("a/One", {"one.py": ""})
    space.declare({"a/One": "main"})
    space.call("sync", **{variable: "foo://nowhere"}).failed_plainly(2, "cannot be set up", variable)


def test_a_folder_that_was_deleted_under_somebody(space: Workspace) -> None:
    """A shell may stand in a folder that is gone."""
    script = f"import os, sys; os.rmdir(os.getcwd()); os.execv({str(COMMAND)!r}, ['flowverse', 'sync'])"
    gone = space.base / "gone"
    gone.mkdir()
    space.python("-c", script, cwd=gone).failed_plainly(2, "The current folder")
