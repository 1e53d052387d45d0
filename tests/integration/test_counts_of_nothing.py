"""Nothing to do costs nothing: what a sync asks, imports, opens and parses where all is as it was left."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from tests.hub import Hub
from tests.integration.watching import COMMAND, Seen, watch
from tests.integration.workspace import Workspace, asking, looks

CLIENT = {"huggingface_hub", "httpx", "httpx2", "requests"}
QUESTIONS = {
    "sync": "api.sync(root, settings)",
    "in_sync": "api.in_sync(root)",
    "fingerprint": "api.fingerprint(root)",
    "needs_hub": "api.needs_hub(root, settings)",
}
"""What hosts ask the engine before they do anything."""

BESIDE = 30
"""How many files and folders may be looked at that are no module's: the project's own, and those that are generated."""

READING = [
    "sync",
    "sync -v",
    "sync --locked",
    "sync --frozen",
    "sync --offline",
    "sync --merge",
    "sync --force",
    "sync --dry-run",
    "sync --check",
    "sync --check --json",
    "lock",
    "lock --check",
    "lock --check --json",
    "lock --dry-run",
    "status",
    "status -v",
    "status --json",
    "tree",
    "tree --json",
    "diff",
    "diff --json",
    "backups",
    "licenses",
    "licenses --json",
    "requirements",
    "requirements --json",
    "export",
    "export --format cyclonedx",
    "export --format requirements",
    "completion bash",
]
"""Whatever can be said of a project from its own files."""


def fill(space: Workspace, hub: Hub, number: int, *, files: int = 12) -> None:
    """A project of so many modules of so many files each, a quarter of them in a folder, synced."""
    names = [f"{'sub/' if count % 4 == 0 else ''}f{count}.py" for count in range(files)]
    for count in range(number):
        hub.add(f"a/M{count}", {name: f"at = {(count, name)}\n" for name in names})
    space.declare({f"a/M{count}": "main" for count in range(number)})
    space.sync()
    space.settle()


@pytest.fixture
def synced(space: Workspace, hub: Hub) -> Workspace:
    hub.add("a/Top", {"__init__.py": "", "top.py": asking("b/Leaf"), "pip_requirements.txt": "pyyaml>=6\n"})
    hub.add("b/Leaf", {"leaf.py": "leaf = True\n", "LICENSE": "MIT\n", "sub/more.py": "more = 1\n"})
    space.declare({"a/Top": "main"})
    space.sync()
    space.settle()
    hub.clear()
    return space


def ask_engine(space: Workspace, question: str) -> Seen:
    """What a host does, in a fresh interpreter."""
    code = (
        "import os; from pathlib import Path; from flowverse import api\n"
        "root, settings = Path.cwd(), api.Settings.from_environ(os.environ)\n"
        f"print({QUESTIONS[question]})"
    )
    seen = watch(space, code)
    seen.done.worked()
    return seen


# --- requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", READING)
def test_what_reads_asks_nothing(synced: Workspace, hub: Hub, command: str) -> None:
    """In sync, the Hub is not asked whatever one wants to know of the project."""
    synced.call(*command.split()).worked()

    assert hub.requests == []
    assert hub.connections == 0


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_a_host_asks_the_engine_asks_nothing(synced: Workspace, hub: Hub, question: str) -> None:
    """And it leaves everything as it is, so that the next one is as fast."""
    before = looks(synced.root)

    seen = ask_engine(synced, question)

    assert hub.connections == 0
    assert looks(synced.root) == before
    assert seen.packages & CLIENT == set()


def test_a_sync_of_nothing_touches_nothing(synced: Workspace, hub: Hub) -> None:
    """No file is written or replaced, so that nothing else has to look again either."""
    before = looks(synced.root)

    synced.run("sync").worked("2 flow modules in sync")

    assert hub.connections == 0
    assert looks(synced.root) == before


# --- imports ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["sync", "sync --check", "status", "tree", "lock --check", "diff"])
def test_what_reads_imports_no_client(synced: Workspace, command: str) -> None:
    """Importing one takes longer than everything else; nor is what changes a pyproject.toml imported."""
    seen = watch(synced, COMMAND, *command.split())

    seen.done.worked()
    assert "flowverse" in seen.packages
    assert seen.packages & (CLIENT | {"tomlkit"}) == set()


def test_a_sync_of_nothing_imports_nothing(synced: Workspace) -> None:
    """The command says so before anything is imported that a bare interpreter has not: no click, no rich, no engine."""
    seen = watch(synced, COMMAND, "sync")

    seen.done.worked("2 flow modules in sync")
    assert {name for name in seen.packages if name not in {"flowverse", "encodings"}} == set()


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_host_that_asks_imports_little(synced: Workspace, question: str) -> None:
    """In the host's own process, where every import counts: none for a screen, to change files, or to ask the Hub."""
    seen = ask_engine(synced, question)

    assert seen.packages & (CLIENT | {"tomlkit", "filelock", "rich", "click"}) == set()


# --- the disk --------------------------------------------------------------------------------------------------------


def lock_parses(seen: Seen) -> set[str]:
    """The functions of lock.py that ran, but for what runs when it is imported."""
    bodies = {"<module>", "Lock"}
    return {name for place, name in seen.called if PurePath(place).parts[-2:] == ("flowverse", "lock.py")} - bodies


def looked_at(space: Workspace, question: str) -> Seen:
    seen = watch(space, COMMAND, "sync") if question == "command" else ask_engine(space, question)
    seen.done.worked()
    return seen


@pytest.mark.parametrize("question", ["command", *QUESTIONS])
def test_nothing_but_records_is_opened(synced: Workspace, question: str) -> None:
    """No file of a module, and of the project's own each at most once."""
    seen = looked_at(synced, question)

    opened = seen.opened_below(synced.root)
    assert len(opened) == len(set(opened))
    own = {"pyproject.toml", "flowverse.lock"}
    assert all(path in own or path.startswith("flow_modules/.flowverse/") for path in opened), opened
    assert len(opened) <= 5


@pytest.mark.parametrize("question", ["command", *QUESTIONS])
def test_the_lock_is_not_parsed(synced: Workspace, question: str) -> None:
    """It would be most of the time of a large project; the same bytes mean the same."""
    seen = looked_at(synced, question)

    assert lock_parses(seen) == set()


def test_nor_is_it_where_a_closer_look_is_due(synced: Workspace) -> None:
    """Where nothing was noted yet, or there is an edit that every sync tells of."""
    (synced.tree / ".flowverse/glance").unlink()
    assert lock_parses(looked_at(synced, "command")) == set()

    (synced.place("b/Leaf") / "leaf.py").write_text("leaf = False\n", encoding="utf-8")
    synced.settle()
    assert lock_parses(looked_at(synced, "command")) == set()


def test_a_lock_that_is_parsed_would_be_noticed(synced: Workspace) -> None:
    """By the test above: `tree` has to read it."""
    seen = watch(synced, COMMAND, "tree")

    seen.done.worked()
    assert lock_parses(seen)


@pytest.mark.parametrize("question", ["command", *QUESTIONS])
def test_each_file_is_looked_at_once(space: Workspace, hub: Hub, question: str) -> None:
    """One stat a file, and one listing a folder; what comes on top does not grow with the modules."""
    files, folders, generated = 12, 2, 1

    fill(space, hub, 4, files=files)
    few = looked_at(space, question)
    fill(space, hub, 10, files=files)
    many = looked_at(space, question)

    assert many.stats - few.stats == 6 * (files + generated)
    assert len(many.listed) - len(few.listed) == 6 * folders
    assert len(many.opened) == len(few.opened)
    below = [path for path in many.listed if path.startswith(str(space.tree))]
    assert len(below) == len(set(below))
    assert many.stats - 10 * (files + generated) <= BESIDE
