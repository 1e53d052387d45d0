"""The servers and the machines of these tests."""

from __future__ import annotations

import os

# Read by the client when it is imported; without the first, it asks for a list of agents before anything else.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environments import AIFLOWS, AIFLOWS_INSTALLS, environment
from tests.hub import Hub
from tests.hub.olah import Olah
from tests.integration.workspace import Workspace


@pytest.fixture(autouse=True)
def signed_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the client in this process from a token of the machine's user."""
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no-token"))


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A Hub of this test's own."""
    with Hub() as running:
        yield running


@pytest.fixture
def space(tmp_path: Path, hub: Hub) -> Workspace:
    """A machine that knows the test's Hub."""
    return Workspace(tmp_path, hub.endpoint)


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Olah, Path]]:
    """An olah for the session, and the folder that it serves: it takes seconds to start."""
    root = tmp_path_factory.mktemp("mirrors")
    with Olah(root) as running:
        yield running, root


@pytest.fixture(scope="session")
def aiflows() -> Path:
    """Return the Python of an environment with aiFlows, made on first use and shared by all sessions of a machine."""
    return environment(AIFLOWS.replace("==", "-"), *AIFLOWS_INSTALLS)
