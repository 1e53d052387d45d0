"""What the environment says, and what it cannot mean."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flowverse.api import Settings
from flowverse.errors import UsageError
from hypothesis import given
from hypothesis import strategies as st

NAMES = (
    "FLOWVERSE_LOCKED",
    "FLOWVERSE_FROZEN",
    "FLOWVERSE_OFFLINE",
    "FLOWVERSE_HTTP_TIMEOUT",
    "FLOWVERSE_HTTP_RETRIES",
    "CI",
    "HF_ENDPOINT",
    "HF_HUB_OFFLINE",
    "TRANSFORMERS_OFFLINE",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HUGGINGFACE_HUB_CACHE",
    "XDG_CACHE_HOME",
)


def flags(settings: Settings) -> set[str]:
    names = ("locked", "frozen", "offline", "force", "dry_run")
    return {name for name in names if getattr(settings, name)}


def test_an_environment_that_says_nothing_sets_nothing() -> None:
    settings = Settings.from_environ({})
    assert flags(settings) == set()
    assert settings.endpoint == "https://huggingface.co"
    assert (settings.patience.timeout, settings.patience.retries) == (30.0, 4)
    assert settings == Settings()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"FLOWVERSE_LOCKED": "1"}, {"locked"}),
        ({"FLOWVERSE_LOCKED": "yes"}, {"locked"}),
        ({"FLOWVERSE_LOCKED": " On "}, {"locked"}),
        ({"FLOWVERSE_LOCKED": "0"}, set()),
        ({"FLOWVERSE_LOCKED": ""}, set()),
        ({"FLOWVERSE_FROZEN": "true"}, {"frozen"}),
        ({"FLOWVERSE_OFFLINE": "1"}, {"offline"}),
        ({"HF_HUB_OFFLINE": "1"}, {"offline"}),
        ({"TRANSFORMERS_OFFLINE": "TRUE"}, {"offline"}),
        ({"HF_HUB_OFFLINE": "whatever the client makes of it"}, set()),
        ({"CI": "true"}, {"locked"}),
        ({"CI": "woodpecker"}, {"locked"}),
        ({"CI": "false"}, set()),
        ({"CI": ""}, set()),
        ({"CI": "1", "FLOWVERSE_FROZEN": "1"}, {"frozen"}),
        ({"FLOWVERSE_LOCKED": "1", "FLOWVERSE_FROZEN": "1"}, {"frozen"}),
    ],
)
def test_the_environment_sets_flags(environ: dict[str, str], expected: set[str]) -> None:
    """`CI` means locked, and frozen is stronger: the lock is not even compared then."""
    assert flags(Settings.from_environ(environ)) == expected


@pytest.mark.parametrize("name", ["locked", "frozen", "offline", "force", "dry_run"])
def test_a_flag_of_the_command_line_wins(name: str) -> None:
    environ = {"FLOWVERSE_LOCKED": "0", "FLOWVERSE_FROZEN": "0", "FLOWVERSE_OFFLINE": "0"}
    assert flags(Settings.from_environ(environ, **{name: True})) == {name}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FLOWVERSE_LOCKED", "maybe"),
        ("FLOWVERSE_FROZEN", "2"),
        ("FLOWVERSE_OFFLINE", "yess"),
        ("FLOWVERSE_HTTP_TIMEOUT", "soon"),
        ("FLOWVERSE_HTTP_TIMEOUT", "-1"),
        ("FLOWVERSE_HTTP_TIMEOUT", "0"),
        ("FLOWVERSE_HTTP_TIMEOUT", "nan"),
        ("FLOWVERSE_HTTP_TIMEOUT", "inf"),
        ("FLOWVERSE_HTTP_RETRIES", "1e9"),
        ("HF_ENDPOINT", "huggingface.co"),
        ("HF_ENDPOINT", "ftp://huggingface.co"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(name: str, value: str) -> None:
    """Naming the variable, with a hint."""
    with pytest.raises(UsageError, match=name) as caught:
        Settings.from_environ({name: value})
    assert caught.value.hint


@pytest.mark.parametrize(
    ("environ", "cache"),
    [
        ({}, "~/.cache/huggingface/hub"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/huggingface/hub"),
        ({"HF_HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/h/hub"),
        ({"HF_HOME": "/h", "HUGGINGFACE_HUB_CACHE": "/old"}, "/old"),
        ({"HF_HOME": "/h", "HF_HUB_CACHE": "/c", "HUGGINGFACE_HUB_CACHE": "/old"}, "/c"),
        ({"HF_HUB_CACHE": "~/c"}, "~/c"),
        ({"HF_HUB_CACHE": "$HOME/c"}, "~/c"),
        ({"HF_HUB_CACHE": "", "HF_HOME": ""}, "~/.cache/huggingface/hub"),
    ],
)
def test_the_cache_is_where_the_client_keeps_it(environ: dict[str, str], cache: str) -> None:
    assert Settings.from_environ(environ).cache == Path(cache).expanduser()


@pytest.mark.parametrize("name", ["HF_HOME", "HF_HUB_CACHE"])
def test_the_cache_is_where_the_client_itself_says(tmp_path: Path, name: str) -> None:
    """Held against the client, in a process of its own: it reads the environment when it is imported."""
    code = "from huggingface_hub import constants; print(constants.HF_HUB_CACHE)"
    environ = {**os.environ, name: str(tmp_path / "here")}
    told = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True).stdout
    assert Settings.from_environ(environ).cache == Path(told.strip())


def test_an_endpoint_has_no_slash_at_its_end() -> None:
    assert Settings.from_environ({"HF_ENDPOINT": "http://localhost:8080/hf/"}).endpoint == "http://localhost:8080/hf"


def test_patience_is_set_in_seconds_and_times() -> None:
    settings = Settings.from_environ({"FLOWVERSE_HTTP_TIMEOUT": "2.5", "FLOWVERSE_HTTP_RETRIES": " 0 "})
    assert (settings.patience.timeout, settings.patience.retries) == (2.5, 0)


def test_a_token_is_never_in_the_settings() -> None:
    """The client finds it itself, so no message, log or lock can have it from here."""
    assert "hf_secret" not in repr(
        Settings.from_environ({"HF_TOKEN": "hf_secret", "HUGGING_FACE_HUB_TOKEN": "hf_secret"})
    )


@given(st.dictionaries(st.sampled_from(NAMES), st.text(st.characters(exclude_characters="\0"), max_size=8)))
def test_no_environment_is_a_traceback(environ: dict[str, str]) -> None:
    try:
        settings = Settings.from_environ(environ)
    except UsageError:
        return
    assert settings.cache.is_absolute()
    assert not (settings.locked and settings.frozen)
