"""Git's own ids, computed without git.

The test Hub and a real git repository with the same content and history have the same ids, so a test can hold one
against the other, and a file can name the commit of another repository before either is served.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

AUTHOR_NAME = "Flow Author"
AUTHOR_EMAIL = "author@example.com"
EPOCH = 1_700_000_000
"""When the first commit of every history was made, in seconds; each further commit is a minute later."""


def object_id(kind: str, content: bytes) -> str:
    """Return the id that git gives to an object of this kind (`blob`, `tree` or `commit`)."""
    header = f"{kind} {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def blob_id(content: bytes) -> str:
    """Return the git blob id of a file's content."""
    return object_id("blob", content)


def lfs_pointer(content: bytes) -> bytes:
    """Return the text that git holds in place of content that is in LFS."""
    digest = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n".encode()


def tree_ids(blobs: Mapping[str, str]) -> dict[str, str]:
    """Return the tree id of every folder, the root being `""`, for a mapping of path to blob id.

    Paths are taken as they are: a path that git would refuse gets ids all the same, for the Hub is not git.
    """
    folders: dict[str, dict[str, str]] = {"": {}}
    for path, blob in blobs.items():
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, {})[name] = blob
        while folder:
            folder = folder.rpartition("/")[0]
            folders.setdefault(folder, {})
    ids: dict[str, str] = {}
    for folder in sorted(folders, key=lambda each: (-each.count("/"), each == "", each)):
        ids[folder] = _tree_id(folder, folders[folder], ids)
    return ids


def _tree_id(folder: str, blobs: Mapping[str, str], trees: Mapping[str, str]) -> str:
    entries = [(name.encode(), b"100644", name, blob) for name, blob in blobs.items()]
    for path, tree in trees.items():
        parent, _, name = path.rpartition("/")
        if parent == folder and path != folder:
            # Git sorts a folder as if its name ended with a slash, and writes it without.
            entries.append((f"{name}/".encode(), b"40000", name, tree))
    lines = (mode + b" " + name.encode() + b"\0" + bytes.fromhex(entry) for _, mode, name, entry in sorted(entries))
    return object_id("tree", b"".join(lines))


def commit_id(*, tree: str, parent: str | None, message: str, seconds: int) -> str:
    """Return the id of a commit by the author above, made at that second since 1970, UTC."""
    who = f"{AUTHOR_NAME} <{AUTHOR_EMAIL}> {seconds} +0000"
    lines = [f"tree {tree}", *([f"parent {parent}"] if parent else []), f"author {who}", f"committer {who}"]
    return object_id("commit", "\n".join([*lines, "", f"{message}\n"]).encode())
