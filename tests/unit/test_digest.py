"""Content identity, with git itself as the judge."""

from __future__ import annotations

import hashlib
import subprocess

import pytest
from flowverse._digest import Hasher, git_blob_id, sha256, tree_digest
from hypothesis import given
from hypothesis import strategies as st

CHUNKS = st.lists(st.binary(max_size=40), max_size=5)
PAIRS = st.dictionaries(st.text(min_size=1, max_size=6).filter(lambda text: "\0" not in text), st.binary(max_size=4))


@pytest.mark.parametrize("content", [b"", b"x = 1\n", b"\r\n\0\xff", "gr\u00fc\u00dfe\n".encode(), b"a" * 100_000])
def test_the_blob_id_is_what_git_calls_a_file(content: bytes) -> None:
    """`git hash-object`, whatever the bytes are: no line end and no encoding is touched."""
    git = subprocess.run(["git", "hash-object", "--stdin"], input=content, capture_output=True, check=True)
    assert git_blob_id(content) == git.stdout.decode().strip()


@given(CHUNKS)
def test_a_stream_has_the_identity_of_its_content(chunks: list[bytes]) -> None:
    """However a download is cut into pieces."""
    content = b"".join(chunks)
    hasher = Hasher(len(content))
    for chunk in chunks:
        hasher.update(chunk)
    assert (hasher.size, hasher.sha256, hasher.git_blob_id) == (len(content), sha256(content), git_blob_id(content))
    assert hasher.sha256 == hashlib.sha256(content).hexdigest()


def test_a_stream_of_another_size_has_another_blob_id() -> None:
    """The promised size is part of the name, so a file that is cut short cannot pass for the whole."""
    hasher = Hasher(3)
    hasher.update(b"ab")
    assert hasher.git_blob_id not in {git_blob_id(b"ab"), git_blob_id(b"abc")}


@given(PAIRS)
def test_the_digest_of_a_module_does_not_hang_on_order(files: dict[str, bytes]) -> None:
    """It is over the sorted (path, sha256) pairs."""
    pairs = [(path, sha256(content)) for path, content in files.items()]
    assert tree_digest(reversed(pairs)) == tree_digest(pairs)
    assert tree_digest(pairs).startswith("sha256:")


@given(PAIRS, PAIRS)
def test_names_count_as_much_as_contents(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    """Two modules have one digest only if they have the same files under the same names."""
    digests = [tree_digest((path, sha256(content)) for path, content in files.items()) for files in (one, other)]
    assert (digests[0] == digests[1]) == (one == other)
