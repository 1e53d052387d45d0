"""What a person types or pastes to name a module of the Hub."""

from __future__ import annotations

import pytest
from flowverse._hub.address import parse_address
from flowverse.errors import FlowverseError, InvalidModuleId, UsageError

COMMIT = "1" * 40
HUB = "https://huggingface.co"


@pytest.mark.parametrize(
    ("text", "id", "revision"),
    [
        ("a/One", "a/One", None),
        (" a/One/ ", "a/One", None),
        ("a/One@v1.0", "a/One", "v1.0"),
        ("a/One@refs/pr/1", "a/One", "refs/pr/1"),
        ("a/One@a@b", "a/One", "a@b"),
        (f"a/One@{COMMIT}", "a/One", COMMIT),
        (f"{HUB}/a/One", "a/One", None),
        (f"{HUB}/a/One/", "a/One", None),
        ("huggingface.co/a/One", "a/One", None),
        ("HF.co/a/One", "a/One", None),
        ("HTTPS://HuggingFace.co/a/One", "a/One", None),
        (f"{HUB}/a/One@v1", "a/One", "v1"),
        (f"{HUB}/a/One/tree/main", "a/One", "main"),
        (f"{HUB}/a/One/tree/refs%2Fpr%2F1", "a/One", "refs/pr/1"),
        (f"{HUB}/a/One/tree/refs/pr/1/folder", "a/One", "refs/pr/1"),
        (f"{HUB}/a/One/blob/feature%2Fx/a/b.py#L5", "a/One", "feature/x"),
        (f"{HUB}/a/One/resolve/v1/a.py?download=true", "a/One", "v1"),
        (f"{HUB}/a/One/commit/{COMMIT}", "a/One", COMMIT),
        (f"{HUB}/a/One/discussions/5", "a/One", None),
        (f"{HUB}/a/One/tree", "a/One", None),
        ("http://mirror.example:80/hub/a/One/tree/v1", "a/One", "v1"),
    ],
)
def test_an_address_names_a_module(text: str, id: str, revision: str | None) -> None:
    found, at = parse_address(text, "http://mirror.example:80/hub")
    assert (str(found), at) == (id, revision)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("", InvalidModuleId, "owner/name"),
        ("One", InvalidModuleId, "owner/name"),
        ("a/b/c", InvalidModuleId, "owner/name"),
        (f"{HUB}/a", InvalidModuleId, "owner/name"),
        (HUB, InvalidModuleId, "owner/name"),
        ("a/One@", UsageError, "must not be empty"),
        ("a/One@a b", UsageError, "a space"),
        ("a/One@../x", UsageError, "is a path"),
        ("https://github.com/a/One", UsageError, "no address of the Hub"),
        ("https://[/a/One", UsageError, "no address of the Hub"),
        ("https://huggingface.co:x/a/One", UsageError, "no address of the Hub"),
        (f"{HUB}/datasets/a/One", UsageError, "a data set"),
        (f"{HUB}/spaces/a/One", UsageError, "a space"),
    ],
)
def test_what_is_no_address_is_told(text: str, kind: type[FlowverseError], words: str) -> None:
    """With what to write instead."""
    with pytest.raises(kind, match=words) as caught:
        parse_address(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("One", 'Write it as on the Hub, "owner/name"; `flowverse search One` looks for it.'),
        ("a/One==1.0", "Write a/One@ and a branch, a tag or a commit: flow modules have no ranges of versions."),
        ("a/One >= 1", "Write a/One@ and a branch, a tag or a commit: flow modules have no ranges of versions."),
        ("a/One~=1", "Write a/One@ and a branch, a tag or a commit: flow modules have no ranges of versions."),
    ],
)
def test_what_was_meant_is_in_the_hint(text: str, hint: str) -> None:
    """A name alone, or what pip would take."""
    with pytest.raises(InvalidModuleId) as caught:
        parse_address(text)
    assert caught.value.hint == hint


@pytest.mark.parametrize("text", ["https://me:secret@github.com/a/One", "https://me:secret@huggingface.co/a"])
def test_a_password_in_an_address_is_not_told(text: str) -> None:
    with pytest.raises(FlowverseError) as caught:
        parse_address(text)
    assert "secret" not in f"{caught.value}{caught.value.hint}"
