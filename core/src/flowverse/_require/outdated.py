"""What the Hub has newer than the lock: where each revision is now, and whether there is a newer version tag."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowverse._tasks import all_of
from flowverse.errors import AccessDenied, FlowverseError, ModuleNotFound, RevisionNotFound
from flowverse.model import ModuleId, Pin, is_commit

if TYPE_CHECKING:
    from flowverse._hub.client import Hub

__all__ = ["Standing", "newer_tag", "standings"]

_VERSION = re.compile(r"(v?)(\d{1,9}(?:\.\d{1,9}){0,5})")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A locked module against the Hub: the commit that its revision means `now`, and the `newest` version tag.

    `now` is None where the Hub does not say it, and `problem` is why. `newest` is None unless the revision is a version
    tag and there is a newer one.
    """

    id: ModuleId
    revision: str
    commit: str
    now: str | None
    newest: str | None = None
    problem: FlowverseError | None = None

    @property
    def outdated(self) -> bool:
        """Whether the revision is at another commit now, or a newer version is tagged."""
        return self.now not in (None, self.commit) or self.newest is not None


async def standings(hub: Hub, pins: Sequence[Pin]) -> tuple[Standing, ...]:
    """Ask the Hub, of all modules at once: one request a module, one more for one at a version tag.

    A commit is what it is, and a local module is asked about by nobody. Raises a `HubError` unless it is about one
    module alone.
    """
    asked = [pin for pin in pins if pin.path is None]
    return tuple(await all_of(_standing(hub, pin) for pin in asked))


async def _standing(hub: Hub, pin: Pin) -> Standing:
    now: str | None = pin.commit
    newest: str | None = None
    problem: FlowverseError | None = None
    try:
        if not is_commit(pin.revision):
            now = await hub.commit(pin.id, pin.revision)
        if _version(pin.revision) is not None:
            refs = await hub.refs(pin.id)
            newest = newer_tag(pin.revision, [tag.name for tag in refs.tags] if refs is not None else ())
    except (AccessDenied, ModuleNotFound, RevisionNotFound) as error:
        now, problem = None, error
    return Standing(id=pin.id, revision=pin.revision, commit=pin.commit, now=now, newest=newest, problem=problem)


def newer_tag(revision: str, tags: Iterable[str]) -> str | None:
    """The newest of the tags that are versions (`v1.2`, `1.2.3`), if it is newer than the revision; else None."""
    mine = _version(revision)
    versions = {version: tag for tag in sorted(tags) if (version := _version(tag)) is not None}
    newest = max(versions, default=None)
    return versions[newest] if mine is not None and newest is not None and newest > mine else None


def _version(text: str) -> tuple[int, ...] | None:
    """The numbers of a version, None for what is none: a number alone has to have a `v`."""
    match = _VERSION.fullmatch(text)
    if match is None or not (match[1] or "." in match[2]):
        return None
    numbers = [int(part) for part in match[2].split(".")]
    while numbers[1:] and not numbers[-1]:  # 1.2 and 1.2.0 are one version
        numbers.pop()
    return tuple(numbers)
