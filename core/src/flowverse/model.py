"""The values that everything else passes around: frozen, compared by content, free of IO."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Literal

from flowverse._meant import address_of
from flowverse._toml import quote
from flowverse.errors import InvalidModuleId

__all__ = [
    "Action",
    "Card",
    "Conflict",
    "Edge",
    "Edit",
    "FileEntry",
    "Listing",
    "LockChange",
    "ModuleId",
    "Pin",
    "Plan",
    "PlanStep",
    "RemoteFile",
    "Requirement",
    "Result",
    "Wish",
    "is_commit",
]

PACKAGE = "flow_modules"
"""The package that synced modules are imported from. Modules import each other by this name, so it is fixed."""

MODULE_ID_FILE = "FLOW_MODULE_ID"
"""The generated file in a synced module's folder; a repository's own file of this name is not synced."""

UNKNOWN_LICENSE = "unknown"
"""What the Hub calls the licence of a repository that declares none."""

DEFAULT_REVISION = "main"
PROJECT = "pyproject.toml"
"""Who asks, in a chain, when the project itself does."""

_PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?")
_COMMIT = re.compile(r"[0-9a-f]{40}")


def is_commit(revision: str) -> bool:
    """Whether a revision is a full commit, so that it can never mean anything else later."""
    return _COMMIT.fullmatch(revision) is not None


@dataclass(frozen=True, order=True, slots=True)
class ModuleId:
    """The Hub repository id of a flow module, `owner/name`.

    The rules for names come from the Hub (letters, digits, `-`, `_`, `.`; at most 96 characters each) and from Python:
    what is imported must be an identifier.
    """

    owner: str
    name: str

    @classmethod
    def parse(cls, text: str) -> ModuleId:
        """Read `owner/name`. Raises `InvalidModuleId`, which says the rule that is broken."""
        return _parsed(text)

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def package(self) -> str:
        """The name of the owner's package: a digit or a keyword in front gets `user_`; `-` and `.` become `_`."""
        return _package(self.owner)

    @property
    def folder(self) -> str:
        """The folder below the tree, with `/`, such as `user_1234user/NumberFlow`."""
        return f"{self.package}/{_identifier(self.name)}"

    @property
    def import_name(self) -> str:
        """The dotted name that Python imports, such as `flow_modules.saibo.ChatFlows`."""
        return f"{PACKAGE}.{self.folder.replace('/', '.')}"


@lru_cache(maxsize=8192)  # an id stands in a lock once itself, and once for each module that asks for it
def _parsed(text: str) -> ModuleId:
    parts = text.split("/")
    form = address_of(text) or "owner/name"
    if len(parts) != 2 or form != "owner/name":
        raise InvalidModuleId(text, "it is not of the form owner/name", hint=f'Write it as on the Hub, "{form}".')
    for part in parts:
        if not _PART.fullmatch(part) or ".." in part or "--" in part or len(part) > 96:
            raise InvalidModuleId(
                text,
                f"{part!r} is not a name that the Hub allows",
                hint="Names have letters, digits, '-', '_' and '.', and begin with a letter or a digit.",
            )
    owner, name = parts
    if name[0].isdigit():
        raise InvalidModuleId(
            text,
            f"Python cannot import a name that starts with a digit ({name!r})",
            hint="Rename the repository on the Hub so that its name starts with a letter.",
        )
    if keyword.iskeyword(name):
        raise InvalidModuleId(
            text,
            f"Python cannot import {name!r}, it is a keyword",
            hint="Rename the repository on the Hub.",
        )
    return ModuleId(owner, name)


@lru_cache(maxsize=1024)  # asked for several times a module
def _package(owner: str) -> str:
    package = _identifier(owner)
    return f"user_{package}" if package[0].isdigit() or keyword.iskeyword(package) else package


def _identifier(text: str) -> str:
    return text.replace("-", "_").replace(".", "_")


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One wish: a module id, a revision or a local path, and who asked for it.

    `path` is as written (relative to the project) and excludes a revision. `asker` is `PROJECT`, or the id of the
    module that asks, and `at` is where it does: `pyproject.toml`, or `ChatGPT4.py:4`.
    """

    id: ModuleId
    revision: str = DEFAULT_REVISION
    path: str | None = None
    overwrite: bool = False
    asker: str = PROJECT
    at: str = ""

    @property
    def target(self) -> str:
        """What the wish is for, in words: the revision, or the path."""
        return self.path if self.path is not None else self.revision


@dataclass(frozen=True, kw_only=True, order=True, slots=True)
class Edge:
    """One module asks for another: what the lock keeps of a `Requirement` that a module made."""

    id: ModuleId
    revision: str
    at: str


@dataclass(frozen=True, kw_only=True, order=True, slots=True)
class FileEntry:
    """One file of a pin: `path` with `/`, `size` in bytes, `sha256` in 64 lower-case hex digits."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteFile:
    """One file as the Hub lists it. `blob_id` is git's sha1, `sha256` is known for LFS files only."""

    path: str
    size: int
    blob_id: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class Card:
    """What the Hub tells of a repository, for people. None where it does not tell.

    `changed` is the time of the last change as ISO 8601 in UTC, `downloads` those of the last month. `description` is
    one printable line.
    """

    changed: str | None = None
    private: bool | None = None
    gated: bool | None = None
    downloads: int | None = None
    likes: int | None = None
    description: str | None = None


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What the Hub answers for a module at a revision: the commit, its files by path, the licence on its card.

    `moved_to` is the repository's new id where it was renamed and the old one still leads there.
    """

    id: ModuleId
    revision: str
    commit: str
    files: tuple[RemoteFile, ...]
    license: str | None = None
    moved_to: str | None = None
    card: Card = field(default_factory=Card)


@dataclass(frozen=True, kw_only=True)
class Pin:
    """A requirement resolved. From the Hub it has a commit and files with hashes; a local one has a path instead.

    `digest` is `sha256:<hex>` over the files' sorted (path, sha256) pairs, and empty for a local pin. `patch` is the
    sha256 of the patch that the project has for it, empty for none. `developed` marks a module that this machine alone
    takes from a path, whatever is locked.
    """

    id: ModuleId
    revision: str = ""
    commit: str = ""
    path: str | None = None
    license: str | None = None
    dependencies: tuple[Edge, ...] = ()
    requirements: tuple[str, ...] = ()
    digest: str = ""
    files: tuple[FileEntry, ...] = ()
    patch: str = ""
    developed: bool = False

    @cached_property
    def by_path(self) -> Mapping[str, FileEntry]:
        """The files by their path."""
        return {entry.path: entry for entry in self.files}

    @property
    def license_ids(self) -> tuple[str, ...]:
        """The declared licences in lower case, as the Hub writes them, all of which hold.

        `unknown` (the Hub's word) if none is.
        """
        return tuple((self.license or UNKNOWN_LICENSE).lower().split(" and "))

    @property
    def label(self) -> str:
        """What a person reads: `owner/name@main (0123456)`, with ` + patch`, or `owner/name -> ../path`."""
        if self.path is not None:
            return f"{self.id} -> {self.path}" + (" (developed here)" if self.developed else "")
        commit = "" if is_commit(self.revision) else f" ({self.commit[:7]})"
        return f"{self.id}@{self.revision}{commit}" + (" + patch" if self.patch else "")

    @property
    def brief(self) -> str:
        """The label for columns: a full commit as revision is cut to 7 digits, `owner/name@0123456`."""
        at_commit = self.path is None and is_commit(self.revision)
        return f"{self.id}@{self.commit[:7]}" if at_commit else self.label


@dataclass(frozen=True, kw_only=True)
class Edit:
    """The difference between a synced module's folder and what was synced into it: paths, sorted."""

    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changed or self.added or self.deleted)

    def __str__(self) -> str:
        counts = [(len(self.changed), "changed"), (len(self.added), "added"), (len(self.deleted), "deleted")]
        return ", ".join(f"{count} {what}" for count, what in counts if count)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One side of a conflict: a revision and the commit it means, or a path; and the chains that lead to it."""

    revision: str
    commit: str
    chains: tuple[str, ...]
    path: str | None = None

    @property
    def label(self) -> str:
        """What a person reads: `main (0123456)`, or `../path`."""
        if self.path is not None:
            return self.path
        return self.revision if is_commit(self.revision) else f"{self.revision} ({self.commit[:7]})"

    @property
    def value(self) -> str:
        """What a person writes into the manifest: `"main"`, or `{ path = "../path" }`."""
        return quote(self.revision) if self.path is None else f"{{ path = {quote(self.path)} }}"


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """A module that is wanted at more than one commit; two wishes or more, in a stable order."""

    id: ModuleId
    wishes: tuple[Wish, ...]

    def __str__(self) -> str:
        lines = [f"{self.id} is wanted at {len(self.wishes)} different commits:"]
        for wish in self.wishes:
            lines += [f"  {wish.label} by {chain}" for chain in wish.chains]
        return "\n".join(lines)


Action = Literal["install", "replace", "merge", "link", "keep", "prune"]


@dataclass(frozen=True, kw_only=True)
class PlanStep:
    """What will happen to one module's folder, and why.

    `pin` is what it will hold (None when it is pruned), `old` what it was synced from, `edit` what the user changed.
    `keep` means that an edit stands in the way and wins, and `behind` why that matters: the pin is "moved" or "gone"
    (empty: it is the same). `merge` means that the edit becomes one of what the pin holds; `conflicts` are the files in
    which both changed the same, and `why` says why it could not be. `backup` means that what is there must be kept
    aside.
    """

    action: Action
    id: ModuleId
    pin: Pin | None = None
    old: str = ""
    edit: Edit = field(default_factory=Edit)
    behind: str = ""
    backup: bool = False
    conflicts: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every step that is not "nothing", in the order of module ids. `unchanged` counts the modules in place."""

    steps: tuple[PlanStep, ...] = ()
    unchanged: int = 0

    @property
    def writes(self) -> tuple[PlanStep, ...]:
        """The steps that change the tree."""
        return tuple(step for step in self.steps if step.action != "keep")

    def limited(self, ids: Collection[ModuleId]) -> Plan:
        """The steps of some modules only."""
        return Plan(steps=tuple(step for step in self.steps if step.id in ids), unchanged=0)


@dataclass(frozen=True, kw_only=True)
class LockChange:
    """One module's move between two locks; the old or the new pin is None where it came or went."""

    id: ModuleId
    old: Pin | None
    new: Pin | None


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a command did (or, with `dry_run`, would do). `api.render` turns it into lines.

    `locked` holds the changes of the lock, `plan` those of the tree; `backups` the folders that hold what was
    discarded, by module id; `notes` sentences worth knowing, `warnings` sentences worth acting on.
    """

    modules: int = 0
    locked: tuple[LockChange, ...] = ()
    lock_written: bool = False
    plan: Plan = field(default_factory=Plan)
    backups: tuple[tuple[ModuleId, str], ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    dry_run: bool = False
    synced: bool = True
    untouched: bool = False
    """True where nothing at all had to be done: the fast answer."""

    @property
    def conflicted(self) -> tuple[ModuleId, ...]:
        """The modules in which a merge left conflicts, now or before."""
        return tuple(step.id for step in self.plan.steps if step.conflicts)
