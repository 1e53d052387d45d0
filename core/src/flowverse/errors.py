"""What can go wrong, as values.

Every error is a `FlowverseError`: it holds its data as fields, says one sentence in `__str__`, says what to do next in
`hint`, and knows the exit code of a command that ends with it (docs/commands.md lists them). Hosts render an error
with `flowverse.api.explain`; nothing below them formats one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from flowverse.model import Conflict, ModuleId

__all__ = [
    "AccessDenied",
    "BrokenLock",
    "BrokenPatch",
    "ConflictError",
    "FlowverseError",
    "HubAnswer",
    "HubClientMissing",
    "HubError",
    "HubUnreachable",
    "InvalidManifest",
    "InvalidModuleId",
    "LicenseRefused",
    "MergerMissing",
    "ModuleNotFound",
    "NewerLock",
    "NoProject",
    "NotShippable",
    "NotVerified",
    "Offline",
    "OwnerRefused",
    "PatchConflict",
    "RevisionNotFound",
    "SharedFolder",
    "StaleLock",
    "TreeError",
    "Unresolved",
    "UnsafeContent",
    "UsageError",
    "WrongContent",
    "quiet",
]

DIFFERENCE = 1
INPUT = 2
HUB = 3
DISK = 4

_MOST_KNOWN = 8

_PART_OF_COMMIT = re.compile(r"[0-9a-f]{7,39}")
_SECRET = re.compile(r"(?<=://)[^/@\s]+(?=@)|\bhf_[A-Za-z0-9]{8,}")


def quiet(text: str) -> str:
    """Take out what may be a secret: the user information of a URL, and Hub tokens."""
    return _SECRET.sub("***", text)


class FlowverseError(Exception):
    """The base of every error that a person, a network or a disk can cause.

    `exit_code` is 1 for a difference or a conflict, 2 for the user's input, 3 for the Hub or the network, 4 for the
    tree or the disk. `hint` says what to do next, in one sentence, or is None.
    """

    exit_code: ClassVar[int] = INPUT
    hint: str | None = None
    asked_by: str | None = None
    """The chain from the project to the module that asked for what failed, where that was not the project itself."""


# --- the user's input ------------------------------------------------------------------------------------------------


class UsageError(FlowverseError):
    """An argument, an option or an environment variable that cannot be meant."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class HubClientMissing(FlowverseError):
    """Something must be fetched, and there is no Hub client. `missing` is the package that Python did not find.

    How to install one depends on who runs the engine: a host sets `hint` to the line that its user has to write.
    """

    hint = 'Run `pip install "flowverse[hub]"`.'

    def __init__(self, missing: str) -> None:
        super().__init__(missing)
        self.missing = missing

    def __str__(self) -> str:
        return f"Flow modules must be fetched, and the Hub client is not installed ({self.missing} is missing)."


class NoProject(FlowverseError):
    """There is no readable `pyproject.toml` where one is needed. `why` is a clause such as "there is no such file"."""

    def __init__(self, path: str, why: str, *, hint: str) -> None:
        super().__init__(path, why)
        self.path, self.why, self.hint = path, why, hint

    def __str__(self) -> str:
        return f"{self.path} cannot be read: {self.why}."


class InvalidManifest(FlowverseError):
    """The `[tool.flowverse]` table is wrong. `problems` are (full TOML key, clause) pairs, all of them at once."""

    hint = "Correct it there; nothing was changed."

    def __init__(self, problems: Sequence[tuple[str, str]], *, path: str = "pyproject.toml") -> None:
        super().__init__(tuple(problems), path)
        self.problems, self.path = tuple(problems), path

    def __str__(self) -> str:
        lines = [f"{key}: {what}" for key, what in self.problems]
        if len(lines) == 1:
            return f"{self.path}: {lines[0]}"
        return "\n".join([f"{self.path} has {len(lines)} problems:", *(f"  {line}" for line in lines)])


class InvalidModuleId(FlowverseError):
    """Not a module id, or one that Python cannot import. `why` says which rule it breaks."""

    def __init__(self, text: str, why: str, *, hint: str | None = None) -> None:
        super().__init__(text, why)
        self.text, self.why, self.hint = text, why, hint

    def __str__(self) -> str:
        return f"{self.text!r} is not a usable module id: {self.why}."


class SharedFolder(FlowverseError):
    """Two module ids that would be synced to one folder (also on a file system that ignores case)."""

    hint = "Drop one of the two; one project can hold only one of them."

    def __init__(self, first: ModuleId, second: ModuleId) -> None:
        super().__init__(first, second)
        self.first, self.second = first, second

    def __str__(self) -> str:
        return f"{self.first} and {self.second} would both be synced to {self.first.folder}."


class OwnerRefused(FlowverseError):
    """A module of an owner that `[tool.flowverse] owners` does not list. `chain` leads to it from the project."""

    def __init__(self, id: ModuleId, chain: str) -> None:
        super().__init__(id, chain)
        self.id, self.chain = id, chain
        self.hint = f'Add "{id.owner}" to owners in [tool.flowverse] if you trust it, or drop what asks for {id}.'

    def __str__(self) -> str:
        return f"{self.id} is refused, its owner is not listed in tool.flowverse.owners (asked for by {self.chain})."


class LicenseRefused(FlowverseError):
    """Modules under licences that `[tool.flowverse] licenses` does not list: (id, licence, chain to it) of each."""

    def __init__(self, refused: Sequence[tuple[ModuleId, str, str]]) -> None:
        super().__init__(tuple(refused))
        self.refused = tuple(refused)
        names = ", ".join(sorted({f'"{license}"' for _, license, _ in refused}))
        self.hint = f"Add {names} to licenses in [tool.flowverse] if you may use it, or drop what asks for the module."

    def __str__(self) -> str:
        said = [f"{id} is under {license!r} (asked for by {chain})" for id, license, chain in self.refused]
        if len(said) == 1:
            return f"tool.flowverse.licenses does not list the licence of a module: {said[0]}."
        return "\n".join(["tool.flowverse.licenses does not list the licences of:", *(f"  {line}" for line in said)])


class BrokenLock(FlowverseError):
    """`flowverse.lock` is not a lock. `why` says what is wrong and where."""

    hint = "Restore it from version control, or delete it and run `flowverse lock`."

    def __init__(self, why: str, *, hint: str | None = None) -> None:
        super().__init__(why)
        self.why, self.hint = why, hint or self.hint

    def __str__(self) -> str:
        return f"flowverse.lock is broken: {self.why}."


class BrokenPatch(FlowverseError):
    """The patch of a module cannot be used. `why` says what is wrong with it, `hint` what helps, if that is special."""

    def __init__(self, id: ModuleId, why: str, *, hint: str | None = None) -> None:
        super().__init__(id, why)
        self.id, self.why = id, why
        self.hint = hint or (
            f"Restore it from version control, or delete it: where its changes are in the tree, "
            f"`flowverse patch {id}` then writes it anew."
        )

    def __str__(self) -> str:
        return f"The patch of {self.id} is broken: {self.why}."


class MergerMissing(FlowverseError):
    """Something must be merged, and the library that merges is not there. `missing` is what Python did not find."""

    hint = 'Run `pip install "flowverse[cli]"`, and `flowverse sync`.'

    def __init__(self, missing: str) -> None:
        super().__init__(missing)
        self.missing = missing

    def __str__(self) -> str:
        return f"Edits of flow modules must be merged, and {self.missing} is not installed."


class NewerLock(FlowverseError):
    """The lock was written by a newer flowverse, in a version of the format that this one does not know."""

    hint = "Upgrade flowverse."

    def __init__(self, version: int, known: int) -> None:
        super().__init__(version, known)
        self.version, self.known = version, known

    def __str__(self) -> str:
        return f"flowverse.lock has version {self.version}, this flowverse reads up to version {self.known}."


# --- a difference or a conflict --------------------------------------------------------------------------------------


class StaleLock(FlowverseError):
    """The lock does not answer to the manifest and must not be rewritten. `reasons` are one clause a difference."""

    exit_code = DIFFERENCE
    hint = (
        "Run `flowverse lock`, `hatch run true` or `pdm lock`, where none of --locked, FLOWVERSE_LOCKED and CI forbids "
        "it, and commit flowverse.lock."
    )

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(tuple(reasons))
        self.reasons = tuple(reasons)

    def __str__(self) -> str:
        if len(self.reasons) == 1:
            return f"flowverse.lock is stale: {self.reasons[0]}."
        return "\n".join(["flowverse.lock is stale:", *(f"  {reason}" for reason in self.reasons)])


class ConflictError(FlowverseError):
    """Modules want different commits of one module, and nobody chose."""

    exit_code = DIFFERENCE

    def __init__(self, conflicts: Sequence[Conflict], *, has_overrides: bool = False) -> None:
        super().__init__(tuple(conflicts))
        self.conflicts = tuple(conflicts)
        lines = [f'  "{conflict.id}" = {conflict.wishes[0].value}' for conflict in self.conflicts]
        where = (
            ["Choose by adding to [tool.flowverse.overrides] in pyproject.toml:"]
            if has_overrides
            else ["Choose by adding to pyproject.toml:", "  [tool.flowverse.overrides]"]
        )
        self.hint = "\n".join([*where, *lines])

    def __str__(self) -> str:
        return "\n".join(str(conflict) for conflict in self.conflicts)


class PatchConflict(FlowverseError):
    """A module moves to another commit, and its patch does not fit there. `paths` are the files that both change."""

    exit_code = DIFFERENCE

    def __init__(self, id: ModuleId, to: str, paths: Sequence[str]) -> None:
        super().__init__(id, to, tuple(paths))
        self.id, self.to, self.paths = id, to, tuple(paths)
        self.hint = (
            f"Run `flowverse update --merge {id}`: it makes edits of the patch, with markers where they conflict; "
            f"mend these, then `flowverse resolve {id}` and `flowverse patch {id}`. Or delete "
            f"flow_patches/{id}.patch to give it up."
        )

    def __str__(self) -> str:
        return f"The patch of {self.id} does not fit {self.to}: both change {', '.join(self.paths)}."


class Unresolved(FlowverseError):
    """A merge left conflicts in the files `paths` of a module, and nobody has dealt with them yet."""

    exit_code = DIFFERENCE

    def __init__(self, id: ModuleId, paths: Sequence[str]) -> None:
        super().__init__(id, tuple(paths))
        self.id, self.paths = id, tuple(paths)
        self.hint = f"Mend them and take the markers out, then run `flowverse resolve {id}`."

    def __str__(self) -> str:
        return f"{self.id} has conflicts in {', '.join(self.paths)}."


class NotShippable(FlowverseError):
    """The tree is not what the lock says, so it is not built into an archive. `reasons` are one clause a difference."""

    exit_code = DIFFERENCE

    def __init__(self, reasons: Sequence[str], *, hint: str) -> None:
        super().__init__(tuple(reasons))
        self.reasons, self.hint = tuple(reasons), hint

    def __str__(self) -> str:
        if len(self.reasons) == 1:
            return f"The flow modules cannot be shipped: {self.reasons[0]}."
        return "\n".join(["The flow modules cannot be shipped:", *(f"  {reason}" for reason in self.reasons)])


class NotVerified(FlowverseError):
    """The flow modules in an archive or an environment are not those that were shipped. One clause a difference."""

    exit_code = DIFFERENCE
    hint = "Build or install it again, from where you trust it."

    def __init__(self, what: str, differences: Sequence[str]) -> None:
        super().__init__(what, tuple(differences))
        self.what, self.differences = what, tuple(differences)

    def __str__(self) -> str:
        lines = [f"  {difference}" for difference in self.differences]
        return "\n".join([f"The flow modules of {self.what} are not what was shipped:", *lines])


# --- the Hub or the network ------------------------------------------------------------------------------------------


class HubError(FlowverseError):
    """The base of what the Hub answered, or did not."""

    exit_code = HUB


class ModuleNotFound(HubError):
    """The Hub knows no such repository, or does not show it to this token (it does not tell the two apart)."""

    def __init__(self, id: ModuleId, revision: str, *, signed_in: bool) -> None:
        super().__init__(id, revision)
        self.id, self.revision, self.signed_in = id, revision, signed_in
        self.near: ModuleId | None = None
        self._access = "check that your token may read it" if signed_in else "set HF_TOKEN or run `hf auth login`"
        self.hint = f"Check the spelling; if it is private, {self._access}."

    def suggest(self, near: ModuleId) -> None:
        """Say in the hint which module, that is there, was probably meant."""
        self.near = near
        self.hint = f"Did you mean {near}? If {self.id} is private, {self._access}."

    def __str__(self) -> str:
        # Some mirrors answer a wrong revision like this too, so it is said.
        return f"{self.id} (revision {self.revision!r}) was not found on the Hub."


class RevisionNotFound(HubError):
    """The repository is there, the revision is not."""

    def __init__(self, id: ModuleId, revision: str) -> None:
        super().__init__(id, revision)
        self.id, self.revision = id, revision
        self.near: str | None = None
        self.hint = f"Look up the branches and tags of {id}, and correct the revision."
        if _PART_OF_COMMIT.fullmatch(revision):
            self.hint = "A commit is written with all of its 40 digits."

    def suggest(self, near: str | None, known: Sequence[str]) -> None:
        """Say in the hint which revision was probably meant, or, if none is near, which branches and tags there are."""
        self.near = near
        if near is not None:
            self.hint = f"Did you mean {near}?"
        elif known and not _PART_OF_COMMIT.fullmatch(self.revision):
            more = f" and {len(known) - _MOST_KNOWN} more" if len(known) > _MOST_KNOWN else ""
            self.hint = f"The branches and tags of {self.id}: {', '.join(known[:_MOST_KNOWN])}{more}."

    def __str__(self) -> str:
        return f"{self.id} has no revision {self.revision!r}."


class AccessDenied(HubError):
    """The repository is gated, or this token may not read it."""

    def __init__(self, id: ModuleId, why: str, *, hint: str) -> None:
        super().__init__(id, why)
        self.id, self.why, self.hint = id, why, hint

    def __str__(self) -> str:
        return f"{self.id} cannot be read: {self.why}."


class Offline(HubError):
    """Something must be fetched, and the network is switched off. `missing` says what."""

    hint = "Run once with the network (without --offline, FLOWVERSE_OFFLINE and HF_HUB_OFFLINE) to fill the cache."

    def __init__(self, missing: str) -> None:
        super().__init__(missing)
        self.missing = missing

    def __str__(self) -> str:
        return f"{self.missing} is not in the cache, and flowverse is offline."


class HubUnreachable(HubError):
    """No answer in time, or no connection. `why` is a clause without secrets."""

    def __init__(self, endpoint: str, what: str, why: str) -> None:
        endpoint = quiet(endpoint)
        super().__init__(endpoint, what, why)
        self.endpoint, self.what, self.why = endpoint, what, why
        self.hint = "Check the network and HF_ENDPOINT, and try again; what was fetched is kept."

    def __str__(self) -> str:
        return f"{self.endpoint} did not answer for {self.what}: {self.why}."


class HubAnswer(HubError):
    """The Hub answered with something that cannot be used: a status, or a body of the wrong shape."""

    hint = "Try again later; what was fetched is kept."

    def __init__(self, endpoint: str, what: str, why: str) -> None:
        endpoint = quiet(endpoint)
        super().__init__(endpoint, what, why)
        self.endpoint, self.what, self.why = endpoint, what, why

    def __str__(self) -> str:
        return f"{self.endpoint} answered {self.why} for {self.what}."


class WrongContent(HubError):
    """Bytes whose size or hash is not what was promised; they were thrown away."""

    hint = "Try again; if it stays, tell the owner of the repository or of the mirror. Nothing was installed."

    def __init__(self, what: str, expected: str, got: str) -> None:
        super().__init__(what, expected, got)
        self.what, self.expected, self.got = what, expected, got

    def __str__(self) -> str:
        return f"The content of {self.what} is not what it should be: expected {self.expected}, got {self.got}."


class UnsafeContent(HubError):
    """A repository holds a path that must not be written. `why` says which rule it breaks."""

    hint = "Nothing was installed; tell the owner of the repository."

    def __init__(self, id: ModuleId, path: str, why: str) -> None:
        super().__init__(id, path, why)
        self.id, self.path, self.why = id, path, why

    def __str__(self) -> str:
        return f"{self.id} is refused: its file {self.path!r} {self.why}."


# --- the tree or the disk --------------------------------------------------------------------------------------------


class TreeError(FlowverseError):
    """A file or folder cannot be read or written. `why` is the operating system's own clause."""

    exit_code = DISK

    def __init__(self, path: str, why: str, *, hint: str | None = None) -> None:
        super().__init__(path, why)
        self.path, self.why = path, why
        self.hint = hint or "Free some space or mend the permissions, and run it again; the tree is as it was."

    def __str__(self) -> str:
        return f"{self.path}: {self.why}."
