"""Pressing the tabulator in a shell: verbs, options and module ids, without the network and without a complaint."""

from __future__ import annotations

import click
import pytest
from click.shell_completion import ShellComplete
from flowverse.cli._options import common, module_argument

from tests.hub import Hub
from tests.integration.workspace import Workspace


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
