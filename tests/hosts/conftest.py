"""What the tests of all hosts share."""

from __future__ import annotations

import pytest

from tests.hosts.wheelhouse import Wheelhouse, build_wheelhouse


@pytest.fixture(scope="session")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Wheelhouse:
    """Our wheels, shared by all workers of a run."""
    return build_wheelhouse(tmp_path_factory.getbasetemp().parent)
