"""Content identity: git's blob id, sha256, and one digest for a whole module."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

__all__ = ["Hasher", "git_blob_id", "sha256", "tree_digest"]


def sha256(content: bytes) -> str:
    """The sha256 of some bytes, in 64 lower-case hex digits."""
    return hashlib.sha256(content).hexdigest()


def git_blob_id(content: bytes) -> str:
    """What git (and the Hub, as `oid` or `blobId`) calls a file: sha1 of `blob <size>`, a NUL and the content.

    Git's sha1 is no protection by itself: it says that a transfer was whole. The sha256 in the lock protects.
    """
    hasher = hashlib.sha1(f"blob {len(content)}\0".encode(), usedforsecurity=False)
    hasher.update(content)
    return hasher.hexdigest()


class Hasher:
    """The sha256 and the git blob id of a stream whose `size` in bytes is known beforehand."""

    def __init__(self, size: int) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._git = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)

    def update(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.size += len(chunk)
        self._sha256.update(chunk)
        self._git.update(chunk)

    @property
    def sha256(self) -> str:
        """The sha256 so far, in hex."""
        return self._sha256.hexdigest()

    @property
    def git_blob_id(self) -> str:
        """The git blob id, in hex; right only when exactly the promised size came."""
        return self._git.hexdigest()


def tree_digest(files: Iterable[tuple[str, str]]) -> str:
    """`sha256:<hex>` over the sorted (path, sha256) pairs, so names count as much as contents.

    Each pair is fed as `path`, a NUL, the hex digest, a newline; no path holds a NUL.
    """
    lines = [f"{path}\0{digest}\n" for path, digest in sorted(files)]
    return f"sha256:{sha256(''.join(lines).encode())}"
