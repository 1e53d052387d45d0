"""What a person may write for a module that is to be added."""

from __future__ import annotations

import pytest
from flowverse._outdated import newer_tag
from flowverse._wishes import wanted_all, wanted_of
from flowverse.errors import FlowverseError, UsageError

HUB = "https://huggingface.co"
MIRROR = "http://mirror.example:8090/hf"


@pytest.mark.parametrize(
    ("text", "id", "revision"),
    [
        ("a/One", "a/One", None),
        (" a/One ", "a/One", None),
        ("a/One@v1", "a/One", "v1"),
        ("a/One@refs/pr/1", "a/One", "refs/pr/1"),
        ("a/One@feature/x", "a/One", "feature/x"),
        ("https://huggingface.co/a/One", "a/One", None),
        ("https://huggingface.co/a/One/", "a/One", None),
        ("https://huggingface.co/a/One.git", "a/One", None),
        ("https://huggingface.co/a/One@v1", "a/One", "v1"),
        ("https://huggingface.co/a/One?x=1#top", "a/One", None),
        ("https://huggingface.co/a/One/tree/v1", "a/One", "v1"),
        ("https://huggingface.co/a/One/tree/main/prompts/de", "a/One", "main"),
        ("https://huggingface.co/a/One/tree/feature%2Fx", "a/One", "feature/x"),
        ("https://huggingface.co/a/One/tree/refs%2Fpr%2F1", "a/One", "refs/pr/1"),
        ("https://huggingface.co/a/One/tree/refs/pr/1", "a/One", "refs/pr/1"),
        ("https://huggingface.co/a/One/blob/main/One.py", "a/One", "main"),
        ("https://huggingface.co/a/One/commit/0123456789012345678901234567890123456789", "a/One", "0123456789" * 4),
        ("https://huggingface.co/a/One/tree", "a/One", None),
        ("https://huggingface.co/a/One/discussions/3", "a/One", None),
        ("huggingface.co/a/One/tree/v1", "a/One", "v1"),
        ("hf.co/a/One", "a/One", None),
        ("http://mirror.example:8090/hf/a/One/tree/v1", "a/One", "v1"),
        ("http://mirror.example:8090/hf/models/a/One", "a/One", None),
    ],
)
def test_an_id_a_revision_or_an_address(text: str, id: str, revision: str | None) -> None:
    """As it is copied from a page of the Hub, or of the mirror that is in use."""
    wanted = wanted_of(text, MIRROR)
    assert (str(wanted.id), wanted.revision) == (id, revision)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("One", "not of the form owner/name"),
        ("a/One/two", "not of the form owner/name"),
        ("a/One@", "names no revision"),
        ("a/One@-x", "begins with '-'"),
        ("a/One@~/x", "is a path"),
        ("https://huggingface.co/One", "not of the form owner/name"),
        ("https://huggingface.co/", "not of the form owner/name"),
        ("https://huggingface.co/spaces/a/One", "is no model repository"),
        ("https://huggingface.co.evil.example/a/One", "is no address on the Hub"),
        ("https://me:secret@github.com/a/One", "https://***@github.com/a/One is no address on the Hub"),
        ("https://[/a/One", "is no address on the Hub"),
        ("http://mirror.example:99999/a/One", "is no address on the Hub"),
    ],
)
def test_what_is_none_of_these(text: str, words: str) -> None:
    """What is wrong is said, and never a secret."""
    with pytest.raises(FlowverseError) as caught:
        wanted_of(text, MIRROR)
    assert words in str(caught.value)
    assert caught.value.hint
    assert "secret" not in f"{caught.value}{caught.value.hint}"


def test_each_module_is_wanted_once() -> None:
    """Twice in the same way is once; in two ways it cannot be meant."""
    assert [str(one.id) for one in wanted_all(["b/B", "a/A@v1", "b/B"], HUB)] == ["b/B", "a/A"]
    with pytest.raises(UsageError, match="a/A is asked for at two revisions"):
        wanted_all(["a/A", "a/A@v1"], HUB)


@pytest.mark.parametrize(
    ("revision", "tags", "newest"),
    [
        ("v1.2", ["v1.2", "v1.10", "v1.9"], "v1.10"),
        ("v1.2", ["1.3"], "1.3"),
        ("v1", ["v2", "3"], "v2"),
        ("1.2.0", ["1.2", "v1.2"], None),
        ("1.2", ["1.2.0.1"], "1.2.0.1"),
        ("v1.2", ["v2.0-rc1", "v3beta", "latest", "v", "", "2024"], None),
        ("main", ["v1"], None),
        ("2024", ["2025"], None),
        ("v1.0", [], None),
        ("v0.0", ["v0"], None),
    ],
)
def test_the_newest_version(revision: str, tags: list[str], newest: str | None) -> None:
    """Numbers are compared as numbers; what is no plain version is none."""
    assert newer_tag(revision, tags) == newest
