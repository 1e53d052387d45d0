"""What the test Hub holds: repositories with a history, in memory."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tests.hub import ids


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of a commit."""

    path: str
    content: bytes
    lfs: bool = False

    @cached_property
    def blob_id(self) -> str:
        """The git blob id: of the content, or of its pointer if the content is in LFS."""
        return ids.blob_id(ids.lfs_pointer(self.content) if self.lfs else self.content)

    @cached_property
    def sha256(self) -> str:
        """The content's SHA-256, by which LFS stores it."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def etag(self) -> str:
        """What the Hub says of the content in `ETag` or `X-Linked-Etag`, without quotes."""
        return self.sha256 if self.lfs else self.blob_id


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit: the whole content of a repository at one moment."""

    id: str
    parent: str | None
    message: str
    seconds: int
    files: Mapping[str, File]
    trees: Mapping[str, str]
    """The tree id of every folder; the root is `""`."""


@dataclass(kw_only=True)
class Repository:
    """A model repository: commits, and the names that point at them."""

    id: str
    private: bool = False
    gated: bool = False
    downloads: int = 0
    likes: int = 0
    readers: set[str] = field(default_factory=set)
    """The tokens that may read it, if it is private or gated."""
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    """Full ref name (`refs/heads/main`, `refs/tags/v1`, `refs/pr/1`) to commit id."""

    def commit(self, files: Mapping[str, str | bytes], *, message: str, branch: str, lfs: Iterable[str]) -> Commit:
        """Add a commit that holds these files and no others, on a branch that is made from `main` if it is new."""
        patterns = tuple(lfs)
        held = {}
        for path, content in sorted(files.items()):
            data = content.encode() if isinstance(content, str) else content
            in_lfs = any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)
            held[path] = File(path=path, content=data, lfs=in_lfs)
        ref = branch if branch.startswith("refs/") else f"refs/heads/{branch}"
        parent = self.refs.get(ref) or self.refs.get("refs/heads/main")
        seconds = self.commits[parent].seconds + 60 if parent else ids.EPOCH
        trees = ids.tree_ids({file.path: file.blob_id for file in held.values()})
        made_id = ids.commit_id(tree=trees[""], parent=parent, message=message, seconds=seconds)
        made = Commit(id=made_id, parent=parent, message=message, seconds=seconds, files=held, trees=trees)
        self.commits[made_id] = made
        self.refs[ref] = made_id
        return made

    def history(self, commit: Commit) -> list[Commit]:
        """Return a commit and all those before it, newest first."""
        found = [commit]
        while (parent := found[-1].parent) is not None:
            found.append(self.commits[parent])
        return found

    def resolve(self, revision: str) -> Commit | None:
        """Return the commit that a branch, a tag, a full ref or a full commit id stands for; no short ids."""
        if revision in self.commits:
            return self.commits[revision]
        for ref in (f"refs/heads/{revision}", f"refs/tags/{revision}", revision):
            if ref in self.refs:
                return self.commits[self.refs[ref]]
        return None


def card_data(readme: str) -> dict[str, str | list[str]] | None:
    """Read the metadata between the two `---` lines that open a README.

    Only what the tests write: `key: value`, and lists of `- item` lines. None if there is no such block.
    """
    lines = readme.splitlines()
    if not lines or lines[0].strip() != "---" or "---" not in lines[1:]:
        return None
    data: dict[str, str | list[str]] = {}
    key = ""
    for line in lines[1 : lines.index("---", 1)]:
        stripped = line.strip()
        if stripped.startswith("- "):
            items = data.get(key)
            data[key] = [*(items if isinstance(items, list) else []), stripped[2:].strip("'\"")]
        elif ":" in stripped:
            key, _, value = (part.strip() for part in stripped.partition(":"))
            data[key] = value.strip("'\"")
    return data
