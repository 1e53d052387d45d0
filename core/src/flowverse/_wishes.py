"""What a person asks for in words: an id, perhaps with a revision, or an address copied from the Hub. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from flowverse.errors import UsageError, quiet
from flowverse.manifest import looks_like_path, revision_problem
from flowverse.model import ModuleId

__all__ = ["Wanted", "wanted_all", "wanted_of"]

_HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co")
_WITH_REVISION = ("tree", "blob", "commit", "resolve", "raw")
_OTHER_KINDS = ("datasets", "spaces", "buckets", "papers", "collections", "docs", "blog")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A module, and the revision that was named with it, None if none was."""

    id: ModuleId
    revision: str | None = None


def wanted_all(texts: Sequence[str], endpoint: str) -> tuple[Wanted, ...]:
    """Every module that is asked for, once. Raises `UsageError` and `InvalidModuleId`."""
    found: dict[ModuleId, Wanted] = {}
    for text in texts:
        wanted = wanted_of(text, endpoint)
        if found.setdefault(wanted.id, wanted) != wanted:
            raise UsageError(f"{wanted.id} is asked for at two revisions.", hint="Name it once.")
    return tuple(found.values())


def wanted_of(text: str, endpoint: str) -> Wanted:
    """Read `owner/name`, `owner/name@revision`, or the address of a page of it on the Hub (`endpoint`, or the Hub).

    Raises `UsageError` and `InvalidModuleId`, which say what is wrong with it.
    """
    text = text.strip()
    path = _path(text, endpoint)
    if path is None:
        id, at, revision = text.partition("@")
        return _wanted(id, revision if at else None)
    parts = [unquote(part) for part in path.split("/") if part]
    if parts[:1] and parts[0] in _OTHER_KINDS:
        raise UsageError(f"{quiet(text)} is no model repository.", hint="Flow modules are in those: owner/name.")
    parts = parts[1:] if parts[:1] == ["models"] else parts
    id, at, revision = "/".join(parts[:2]).partition("@")
    rest = parts[2:]
    if at or not rest:
        return _wanted(id.removesuffix(".git"), revision if at else None)
    if rest[0] not in _WITH_REVISION or len(rest) == 1:
        return _wanted(id, None)
    # A ref such as refs/pr/1 has three parts, whether or not its slashes are escaped.
    return _wanted(id, "/".join(rest[1:4]) if rest[1] == "refs" else rest[1])


def _wanted(id: str, revision: str | None) -> Wanted:
    found = Wanted(id=ModuleId.parse(id), revision=revision)
    if revision == "":
        raise UsageError(f"{id}@ names no revision.", hint=f"Write {id}@main, or {id} alone.")
    if revision is not None and looks_like_path(revision):
        raise UsageError(f"{revision!r} is a path and not a revision.", hint=f"Write {id} --path {revision}")
    problem = None if revision is None else revision_problem(revision)
    if problem is not None:
        raise UsageError(f"{problem}.", hint="Write a branch, a tag, refs/pr/N or a commit after the @.")
    return found


def _path(text: str, endpoint: str) -> str | None:
    """The path of an address on the Hub; None if it is no address. Raises `UsageError` for one of somewhere else."""
    host = text.partition("/")[0].lower()
    if "://" not in text and host not in _HOSTS:
        return None
    hub = urlsplit(endpoint)
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        ours = parts.hostname in _HOSTS or (parts.hostname, parts.port) == (hub.hostname, hub.port)
    except ValueError:
        ours = False
    if not ours:
        raise UsageError(
            f"{quiet(text)} is no address on the Hub ({quiet(endpoint)}).",
            hint="Write owner/name, or set HF_ENDPOINT to the Hub that it is on.",
        )
    below = hub.path if parts.hostname == hub.hostname else ""
    return parts.path.removeprefix(below)
