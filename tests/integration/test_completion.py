"""Pressing the tabulator in a shell: verbs, options and module ids, without the network and without a complaint."""

from __future__ import annotations

import os
import shutil

import click
import pytest
from click.shell_completion import ShellComplete
from flowverse.cli._options import common, module_argument

from tests.hub import Hub
from tests.integration.workspace import COMMAND, Workspace


@pytest.fixture
def locked(space: Workspace, hub: Hub) -> Workspace:
    for id in ("saibo/ChatFlows", "saibo/Other", "aiflows/ChatFlowModule"):
        hub.add(id, {"x.py": ""})
    space.declare({"saibo/ChatFlows": "main", "saibo/Other": "main"})
    space.lock()
    space.declare({"saibo/ChatFlows": "main", "saibo/Other": "main", "aiflows/ChatFlowModule": "main"})
    hub.clear()
    return space


@click.command()
@module_argument("ids", many=True)
@common
def verb(**_: object) -> None:
    """Take module ids."""


def completed(space: Workspace, *words: str) -> list[str]:
    """What the last word may become."""
    with space.inside():
        found = ShellComplete(verb, {}, "verb", "_VERB_COMPLETE").get_completions(list(words[:-1]), words[-1])
    return [item.value for item in found]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("", ["aiflows/ChatFlowModule", "saibo/ChatFlows", "saibo/Other"]),
        ("sa", ["saibo/ChatFlows", "saibo/Other"]),
        ("SAIBO/c", ["saibo/ChatFlows"]),
        ("Chat", ["aiflows/ChatFlowModule", "saibo/ChatFlows"]),
        ("nothing", []),
    ],
)
def test_module_ids_are_completed(locked: Workspace, hub: Hub, word: str, meant: list[str]) -> None:
    """By how they begin, or by their name where no owner begins so; what is declared counts as what is locked does."""
    assert completed(locked, word) == meant
    assert completed(locked, "saibo/Other", word) == meant
    assert hub.requests == []


def test_the_project_that_is_named_counts(locked: Workspace) -> None:
    """`--project` earlier in the line says where to look."""
    empty = locked.base / "empty"
    empty.mkdir()

    assert completed(locked, "--project", str(empty), "") == []
    assert completed(locked, "--project", str(locked.root), "sa") == ["saibo/ChatFlows", "saibo/Other"]


@pytest.mark.parametrize("broken", ["pyproject.toml", "flowverse.lock"])
def test_nothing_is_said_of_trouble(locked: Workspace, broken: str) -> None:
    """Who presses the tabulator is in the middle of a line: a broken file completes to nothing."""
    (locked.root / broken).write_text("[[[")

    assert completed(locked, "") == []


# --- the command, as a shell calls it --------------------------------------------------------------------------------


def tab(space: Workspace, line: str) -> list[str]:
    """What the command answers to bash at the end of a line."""
    words = line.split(" ")
    done = space.run(_FLOWVERSE_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1))
    assert (done.code, done.err) == (0, "")
    return [row.partition(",")[2] for row in done.out.splitlines()]


def test_verbs_and_options_are_completed(locked: Workspace) -> None:
    """By the same command that carries them out, so that there is no list to keep."""
    assert tab(locked, "flowverse sta") == ["status"]
    assert {"sync", "lock", "tree"} <= set(tab(locked, "flowverse "))
    assert tab(locked, "flowverse sync --fro") == ["--frozen"]
    assert tab(locked, "flowverse export --format c") == ["cyclonedx"]


def test_what_else_is_completed(locked: Workspace, hub: Hub) -> None:
    """Names of backups, which nobody types, the edited files of a module, and ids wherever a module is named."""
    hub.add("saibo/Other", {"x.py": "", "sub/y.py": ""})
    locked.call("update").worked()
    for text in ("one", "two"):
        (locked.place("saibo/Other") / "sub" / "y.py").write_text(text)
        assert tab(locked, "flowverse restore other ") == ["sub/y.py"]
        locked.call("restore").worked()

    assert len(tab(locked, "flowverse backups 2")) == 2
    assert all(name.endswith("saibo/Other") for name in tab(locked, "flowverse backups "))
    assert tab(locked, "flowverse tree --why Oth") == ["saibo/Other"]
    assert tab(locked, "flowverse info saibo/O") == ["saibo/Other"]
    assert tab(locked, "flowverse restore nothing ") == [""]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell(space: Workspace, shell: str) -> None:
    """It is printed for the shell that is named, or for the one that the person uses."""
    named = space.call("completion", shell)

    named.worked("_flowverse_completion", f"_FLOWVERSE_COMPLETE={shell}_complete")
    assert space.call("completion", SHELL=f"/usr/local/bin/{shell}") == named


@pytest.mark.parametrize(("shell", "said"), [("", "SHELL does not say"), ("/bin/tcsh", "no completion for 'tcsh'")])
def test_a_shell_that_is_not_known(space: Workspace, shell: str, said: str) -> None:
    """It is said which ones are."""
    space.call("completion", SHELL=shell).failed_plainly(2, said, "hint: Name one: bash, zsh, fish.")


BASH = """
eval "$(flowverse completion bash)"
COMP_WORDS=(flowverse sync --fr) COMP_CWORD=2
$(complete -p flowverse | sed 's/.* -F \\([^ ]*\\) .*/\\1/') flowverse --fr sync
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_a_real_bash(locked: Workspace) -> None:
    """What the script registers completes a line."""
    path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
    done = locked.execute(["bash", "--norc", "-c", BASH], PATH=path)

    assert (done.code, done.out, done.err) == (0, "--frozen\n", "")
