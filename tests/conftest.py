"""What every test gets: an environment that says nothing, a Hub client that knows nobody, and how hard to search."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import settings

# No deadline: on a busy machine a slow example is no failure. In CI the same examples are tried every time.
settings.register_profile("fast", max_examples=60, deadline=None, derandomize=bool(os.environ.get("CI")))
settings.register_profile("thorough", max_examples=2_000, deadline=None)  # pytest --hypothesis-profile thorough
settings.load_profile("fast")

# coverage has every new thread traced. That two begin to at once is an error in Python before 3.12 if anything listens
# to audit events, as `unit/disk.py` does, and ends the thread. What only threads do is covered in other processes.
if sys.version_info < (3, 12):
    threading.settrace(None)

# The Hub client reads these once, when it is imported, which may be in any test.
_CLIENT = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_TOKEN_PATH": os.devnull,  # the token of whoever runs the tests stays out of them
}
os.environ.update(_CLIENT)
os.environ.pop("HF_TOKEN", None)

# Not all of uv's, pip's and PDM's: where packages come from is the machine's to say.
_SAYS_SOMETHING = ("FLOWVERSE_", "HF_", "HUGGING", "TRANSFORMERS_", "HATCH_ENV", "PDM_PROJECT", "UV_PROJECT")
_ALSO = {"CI", "GITHUB_ACTIONS", "UV", "UV_FROZEN", "UV_LOCKED", "VIRTUAL_ENV"}
_KEPT = ("FLOWVERSE_TEST_",)


def pytest_xdist_auto_num_workers() -> int:
    """Twice as many as there are processors: the tests of hosts wait for other processes half of their time."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(autouse=True)
def _quiet_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever is set where the tests run must not decide them; and the user's own cache is not for tests."""
    for name in list(os.environ):
        if (name.startswith(_SAYS_SOMETHING) or name in _ALSO) and not name.startswith(_KEPT):
            monkeypatch.delenv(name)
    for name, value in _CLIENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf-home"))
    monkeypatch.setenv("PIP_NO_COMPILE", "1")  # hundreds of environments are made, and most of what is in them not used
