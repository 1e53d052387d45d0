"""Which modules a person asks for in words, each once. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flowverse._hub.address import parse_address
from flowverse.errors import UsageError
from flowverse.manifest import looks_like_path
from flowverse.model import ModuleId

__all__ = ["Wanted", "wanted_all"]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A module, and the revision that was named with it, None if none was."""

    id: ModuleId
    revision: str | None = None


def wanted_all(texts: Sequence[str], endpoint: str) -> tuple[Wanted, ...]:
    """Every module that is asked for, once. Raises `UsageError` and `InvalidModuleId`."""
    found: dict[ModuleId, Wanted] = {}
    for text in texts:
        wanted = _wanted(text, endpoint)
        if found.setdefault(wanted.id, wanted) != wanted:
            raise UsageError(f"{wanted.id} is asked for at two revisions.", hint="Name it once.")
    return tuple(found.values())


def _wanted(text: str, endpoint: str) -> Wanted:
    name, _, path = text.partition("@")
    if "://" not in text and looks_like_path(path):
        raise UsageError(f"{path!r} is a path and not a revision.", hint=f"Write {name} --path {path}")
    id, revision = parse_address(text, endpoint)
    return Wanted(id=id, revision=revision)
