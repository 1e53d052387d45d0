"""What the Hub's answers say, read into values: nothing in them is believed to be of the right type. Pure.

The API is described at https://huggingface.co/docs/hub/api and by its client.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from flowverse._plain import cut, plain
from flowverse._reader import nearest
from flowverse.errors import InvalidModuleId
from flowverse.manifest import revision_problem
from flowverse.model import Card, ModuleId, RemoteFile, is_commit

__all__ = [
    "Hit",
    "Ref",
    "Refs",
    "card_of",
    "hits_of",
    "license_of",
    "near_id",
    "near_revision",
    "refs_of",
    "sibling",
    "title_of",
    "tree_file",
]

T = TypeVar("T")
_LONGEST_DESCRIPTION = 200
_LONGEST_TITLE = 72
_LARGEST_COUNT = 10**12
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z")
_LICENSE_TAG = "license:"


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One repository that was found. `python` says whether a Python file is at its top; None if that is not told."""

    id: ModuleId
    license: str | None = None
    python: bool | None = None
    card: Card


@dataclass(frozen=True, kw_only=True, order=True)
class Ref:
    """A branch or a tag, and the commit that it is at."""

    name: str
    commit: str


@dataclass(frozen=True, kw_only=True)
class Refs:
    """The branches and the tags of a repository, each by name, `main` first."""

    branches: tuple[Ref, ...] = ()
    tags: tuple[Ref, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All names, each once."""
        return tuple(dict.fromkeys(ref.name for ref in (*self.branches, *self.tags)))


# --- files -----------------------------------------------------------------------------------------------------------


def sibling(row: Mapping[str, Any]) -> RemoteFile | None:
    """One file of an info answer, or None if it does not say enough to check what comes."""
    path, size, lfs = row.get("rfilename"), row.get("size"), row.get("lfs")
    if not isinstance(path, str) or not isinstance(size, int):
        return None
    if isinstance(lfs, Mapping) and isinstance(lfs.get("sha256"), str):
        return RemoteFile(path=path, size=size, sha256=lfs["sha256"])
    return RemoteFile(path=path, size=size, blob_id=row["blobId"]) if isinstance(row.get("blobId"), str) else None


def tree_file(row: Mapping[str, Any]) -> RemoteFile | None:
    """One file of a tree answer, where an LFS file's sha256 is called `oid`; None if it is something else."""
    path, size, oid, lfs = row.get("path"), row.get("size"), row.get("oid"), row.get("lfs")
    if row.get("type") != "file" or not isinstance(path, str) or not isinstance(size, int):
        return None
    if isinstance(lfs, Mapping) and isinstance(lfs.get("oid"), str):
        return RemoteFile(path=path, size=lfs.get("size", size), sha256=lfs["oid"])
    return RemoteFile(path=path, size=size, blob_id=oid if isinstance(oid, str) else None)


# --- repositories ----------------------------------------------------------------------------------------------------


def license_of(info: Mapping[str, Any]) -> str | None:
    """The licence that the module's card declares; the Hub gives one name, or a list of them."""
    card = info.get("cardData")
    value = card.get("license") if isinstance(card, Mapping) else None
    if isinstance(value, list):
        value = " AND ".join(sorted(str(item) for item in value))
    # A card is a text of anybody: what cannot be written to a lock as it is (half of a surrogate pair) is no licence.
    return value if isinstance(value, str) and value and value.isprintable() else None


def card_of(info: Mapping[str, Any]) -> Card:
    """What an info answer, or one row of a search, tells of a repository."""
    changed, gated, data = info.get("lastModified"), info.get("gated"), info.get("cardData")
    described = data.get("description") if isinstance(data, Mapping) else None
    return Card(
        changed=changed if isinstance(changed, str) and changed.isascii() and _TIME.fullmatch(changed) else None,
        private=_of(bool, info.get("private")),
        gated=gated in {"auto", "manual"} if isinstance(gated, str) else _of(bool, gated),
        downloads=_count(info.get("downloads")),
        likes=_count(info.get("likes")),
        description=_line(described) or _line(info.get("description")),
    )


def hits_of(answer: Any) -> list[Hit] | None:
    """What a search found, in the Hub's order, without what can be no flow module; None if the answer is no list."""
    if not isinstance(answer, list):
        return None
    return [hit for row in answer if isinstance(row, Mapping) and (hit := _hit(row)) is not None]


def _hit(row: Mapping[str, Any]) -> Hit | None:
    try:
        id = ModuleId.parse(str(row.get("id")))
    except InvalidModuleId:
        return None
    siblings, tags = row.get("siblings"), row.get("tags")
    tagged = [
        tag.removeprefix(_LICENSE_TAG)
        for tag in (tags if isinstance(tags, list) else ())
        if isinstance(tag, str) and tag.startswith(_LICENSE_TAG)
    ]
    python = any(_at_the_top(row) for row in siblings) if isinstance(siblings, list) else None
    return Hit(
        id=id, license=_line(license_of(row)) or _line(tagged[0] if tagged else None), python=python, card=card_of(row)
    )


def _at_the_top(row: object) -> bool:
    """Whether a row of a listing is a Python file that is imported as a module of the flow module."""
    path = row.get("rfilename") if isinstance(row, Mapping) else None
    return isinstance(path, str) and path.endswith(".py") and "/" not in path


def _line(value: object) -> str | None:
    """The first line of a text that has something in it, fit to be shown."""
    lines = value.strip().splitlines() if isinstance(value, str) else []
    return cut(plain(" ".join(lines[0][: _LONGEST_DESCRIPTION * 4].split())), _LONGEST_DESCRIPTION) if lines else None


def _of(kind: type[T], value: object) -> T | None:
    return value if isinstance(value, kind) else None


def _count(value: object) -> int | None:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST_COUNT
    return value if good and isinstance(value, int) else None


# --- revisions -------------------------------------------------------------------------------------------------------


def title_of(row: Mapping[str, Any]) -> str:
    """The title of one commit of a history, fit to be shown: it is a text of anybody."""
    title = row.get("title")
    text = " ".join(title[: _LONGEST_TITLE * 4].split()) if isinstance(title, str) else ""
    return cut(plain(text), _LONGEST_TITLE) if text else "(no title)"


def refs_of(answer: Any) -> Refs | None:
    """Branches and tags; None if the answer is none of that kind."""
    if not isinstance(answer, Mapping):
        return None
    return Refs(branches=_refs(answer.get("branches")), tags=_refs(answer.get("tags")))


def _refs(rows: Any) -> tuple[Ref, ...]:
    found = []
    for row in rows if isinstance(rows, list) else ():
        name, commit = (row.get("name"), row.get("targetCommit")) if isinstance(row, Mapping) else (None, None)
        if isinstance(name, str) and isinstance(commit, str) and is_commit(commit) and not revision_problem(name):
            found.append(Ref(name=name, commit=commit))
    return tuple(sorted(found, key=lambda ref: (ref.name != "main", ref.name)))


# --- what was meant --------------------------------------------------------------------------------------------------


def near_id(id: ModuleId, known: Iterable[ModuleId]) -> ModuleId | None:
    """The module of the same owner whose name is nearest, whatever the case; None if none is near."""
    names = {other.name.casefold(): other for other in sorted(known) if other.owner == id.owner and other != id}
    near = nearest(id.name.casefold(), names)
    return names[near] if near is not None else None


def near_revision(revision: str, refs: Refs) -> str | None:
    """The branch, tag or commit that was probably meant; None if none is near."""
    begun = [ref.commit for ref in (*refs.branches, *refs.tags) if ref.commit.startswith(revision.lower())]
    if len(revision) >= _SHORTEST_COMMIT and begun:
        return begun[0]
    return _near_name(revision, refs.names)


_SHORTEST_COMMIT = 7


def _near_name(revision: str, names: Sequence[str]) -> str | None:
    by_name = {name.casefold(): name for name in names}
    # `1.0` is `v1.0`, though the two are not near where names are short.
    for word in (revision.casefold(), f"v{revision.casefold()}", revision.casefold().removeprefix("v")):
        if word in by_name:
            return by_name[word]
    near = nearest(revision.casefold(), by_name)
    return by_name[near] if near is not None else None
