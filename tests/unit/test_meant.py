"""What was probably meant: an address for an id, a key without quotes, a range for a revision."""

from __future__ import annotations

import pytest
from flowverse._meant import address_of, dotted_id, is_range, overlooked, unquoted_id
from flowverse.errors import InvalidModuleId
from flowverse.model import ModuleId


@pytest.mark.parametrize(
    "address",
    [
        "https://huggingface.co/saibo/ChatFlows",
        "https://huggingface.co/saibo/ChatFlows/",
        "https://huggingface.co/saibo/ChatFlows/tree/main?x=1#y",
        "huggingface.co/saibo/ChatFlows",
        "hf.co/saibo/ChatFlows",
        "git@hf.co:saibo/ChatFlows.git",
        "https://mirror.example/saibo/ChatFlows.git",
        "hf://models/saibo/ChatFlows",
    ],
)
def test_an_address_is_told_as_an_id(address: str) -> None:
    """As it is in the address bar, or as git clones it."""
    assert address_of(address) == "saibo/ChatFlows"
    with pytest.raises(InvalidModuleId) as caught:
        ModuleId.parse(address)
    assert caught.value.hint == 'Write it as on the Hub, "saibo/ChatFlows".'


@pytest.mark.parametrize("text", ["", "x", "saibo/ChatFlows", "a/b/c", "https://", "https://x", "https://x/y"])
def test_what_is_no_address(text: str) -> None:
    assert address_of(text) is None


@pytest.mark.parametrize("text", [">=1.0", "==1.2.3", "~=1.0", "^1.0", "~1", "<2", "1.*", "v1.2.*", "*", " >= 1"])
def test_a_range(text: str) -> None:
    assert is_range(text)


@pytest.mark.parametrize("text", ["main", "v1.0", "1.0", "1.x", "latest", "refs/pr/1", "c" * 40, "", "~/x", ">x"])
def test_a_revision_is_no_range(text: str) -> None:
    assert not is_range(text)


def test_keys_without_quotes() -> None:
    """With a slash it is no TOML; with a dot it is a table in a table."""
    assert unquoted_id('[x]\n"a/B" = "main"\n  saibo/ChatFlows="main"\n') == "saibo/ChatFlows"
    assert unquoted_id('# see a/B = x\n"a/B" = "c/D = e"\n') is None
    assert dotted_id("saibo", {"ChatFlows": "main"}) == "saibo/ChatFlows"
    assert dotted_id("saibo", "main") is None
    assert dotted_id("a/B", {"x": 1}) is None
    assert dotted_id("saibo", {}) is None


@pytest.mark.parametrize("name", ["flowvers", "flow-verse", "FlowVerse", "flow_verse", "floverse", "flwoverse"])
def test_a_name_that_is_nearly_right(name: str) -> None:
    assert overlooked(["x", name, "y"]) == name


@pytest.mark.parametrize("name", ["", "flow", "flower", "flwr", "reverse", "flow_modules", "poetry", "-"])
def test_a_name_of_something_else(name: str) -> None:
    assert overlooked([name]) is None
