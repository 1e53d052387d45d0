"""Which modules are meant to be added, and which versions are newer than others."""

from __future__ import annotations

import pytest
from flowverse._require.outdated import newer_tag
from flowverse._require.wishes import wanted_all
from flowverse.errors import FlowverseError, UsageError

HUB = "https://huggingface.co"


def test_each_module_is_wanted_once() -> None:
    """Twice in the same way is once, however it is written; in two ways it cannot be meant."""
    found = wanted_all(["b/B", f"{HUB}/a/A/tree/v1", "b/B", "a/A@v1"], HUB)
    assert [(str(one.id), one.revision) for one in found] == [("b/B", None), ("a/A", "v1")]
    with pytest.raises(UsageError, match="a/A is asked for at two revisions"):
        wanted_all(["a/A", "a/A@v1"], HUB)


@pytest.mark.parametrize("path", ["../x", "~/x", "/x", "C:\\x"])
def test_a_path_is_no_revision(path: str) -> None:
    """The option for it is named."""
    with pytest.raises(UsageError, match="is a path and not a revision") as caught:
        wanted_all([f"a/A@{path}"], HUB)
    assert caught.value.hint == f"Write a/A --path {path}"


@pytest.mark.parametrize("text", ["One", "a/One@", "a/One@-x", "https://me:secret@github.com/a/One"])
def test_what_names_no_module(text: str) -> None:
    """What is wrong is said, and never a secret."""
    with pytest.raises(FlowverseError) as caught:
        wanted_all([text], HUB)
    assert caught.value.hint
    assert "secret" not in f"{caught.value}{caught.value.hint}"


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
