"""What goes wrong while Hatch makes an environment is one sentence, and leaves nothing half made."""

from __future__ import annotations

import shutil

import pytest

from tests.hosts.hatch.conftest import Desk

NOT_FOUND = (
    "flowverse: saibo/Nothing (revision 'main') was not found on the Hub.\n"
    "hint: Check the spelling; if it is private, set HF_TOKEN or run `hf auth login`.\n"
)


@pytest.mark.parametrize("environment", ["default", "pip"])
def test_what_the_hub_refuses_is_said_without_the_installers_words(desk: Desk, environment: str) -> None:
    """The hook runs below pip or uv: its sentence and its exit code come through, the next attempt syncs."""
    desk.declare(saibo__Nothing="main")

    said = desk.hatch("env", "create", environment, code=3)

    assert said.endswith(NOT_FOUND)
    assert len(said.splitlines()) <= 5
    assert desk.environments() == set()

    desk.declare(saibo__ChatFlows="main")
    desk.hatch("env", "create", environment)
    assert desk.modules() == {"saibo/ChatFlows", "martinjosifoski/ChatAtomicFlow"}


def test_what_needs_no_hub_is_said_before_anything_is_installed(desk: Desk) -> None:
    """A wrong table, a lock that may not be written, nothing in the cache: nobody starts an installer for those."""
    for said, why in [
        (desk.hatch("env", "create", code=1, CI="true"), "there is no flowverse.lock yet"),
        (desk.hatch("env", "create", code=3, FLOWVERSE_OFFLINE="1"), "saibo/ChatFlows@main is not in the cache"),
        (desk.hatch("env", "create", code=2, FLOWVERSE_LOCKED="perhaps"), "FLOWVERSE_LOCKED is neither yes nor no"),
    ]:
        assert why in said
        assert len(said.splitlines()) <= 5
    desk.declare(**{"saibo/Chat Flows": "main"})
    assert 'tool.flowverse.dependencies."saibo/Chat Flows"' in desk.hatch("env", "create", code=2)
    assert desk.environments() == set()
    assert desk.hub.requests == []


def test_what_the_installer_itself_refuses_is_shown(desk: Desk) -> None:
    """The words that are kept back are the hook's cover only; and that environment is not left half made either."""
    pyproject = desk.root / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    pyproject.write_text(text.replace("[project]", '[project]\ndependencies = ["flowverse==99"]'), encoding="utf-8")

    for verbosity in ((), ("-v",)):
        assert "flowverse==99" in desk.hatch(*verbosity, "env", "create", code=1)
        assert desk.environments() == set()


def test_a_new_clone_works_offline_from_the_cache(desk: Desk) -> None:
    """The lock is committed, the tree is not; nothing is asked of anybody."""
    desk.hatch("env", "create")
    shutil.rmtree(desk.root / "flow_modules")
    desk.hatch("env", "remove")
    desk.hub.clear()

    desk.hatch("env", "create", FLOWVERSE_OFFLINE="1")

    assert desk.modules() == {"saibo/ChatFlows", "martinjosifoski/ChatAtomicFlow"}
    assert desk.hub.requests == []


def test_an_edit_is_kept_and_said(desk: Desk) -> None:
    """Also below Hatch nothing that a person wrote is lost."""
    desk.hatch("env", "create")
    edited = desk.root / "flow_modules" / "saibo" / "ChatFlows" / "ChatGPT4.yaml"
    edited.write_text("model: mine\n", encoding="utf-8")

    assert "saibo/ChatFlows was edited (1 changed) and is kept" in desk.hatch("run", "python", "-V")
    assert edited.read_text(encoding="utf-8") == "model: mine\n"
    assert "edited" not in desk.hatch("run", "python", "-V")
