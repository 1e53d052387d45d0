"""What there is on the Hub, for people who look for a module. Needs `flowverse[hub]`, but not to be imported.

Like `api`, everything raises `flowverse.errors.FlowverseError`. No project is needed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from flowverse._cache import Cache
from flowverse._hub import catalog
from flowverse._hub.address import parse_address
from flowverse._hub.catalog import Catalog, Hits, Info, Use, use_of
from flowverse._names import in_full
from flowverse._project import Project
from flowverse._render.finding import info_document, render_hits, render_info, search_document
from flowverse._settings import Settings
from flowverse._tasks import run
from flowverse.api import known_ids
from flowverse.errors import FlowverseError, NoProject, UsageError
from flowverse.model import DEFAULT_REVISION, ModuleId
from flowverse.ports import SILENT, Reporter

__all__ = [
    "Hits",
    "Info",
    "Use",
    "info",
    "info_document",
    "render_hits",
    "render_info",
    "search",
    "search_document",
]

T = TypeVar("T")


def search(
    words: Sequence[str],
    settings: Settings,
    *,
    owner: str | None = None,
    limit: int = 20,
    reporter: Reporter = SILENT,
) -> Hits:
    """The `limit` best repositories that have all `words` in their ids, or that `owner` has; one request.

    Raises `UsageError` where there is nothing to look for, `HubAnswer` at a mirror without a search, and `Offline`.
    """
    text = " ".join(" ".join(words).split())
    if not text and not owner:
        raise UsageError("There is nothing to look for.", hint="Name words, or an owner with --owner.")
    reporter.phase("searching")
    return _ask(settings, reporter, lambda hub: catalog.search(hub, text, owner, limit))


def info(target: str, settings: Settings, *, root: Path | None = None, reporter: Reporter = SILENT) -> Info:
    """What the Hub knows of a module, and what the module asks for, read as it would be for a lock.

    `target` is `owner/name`, `owner/name@revision`, or the address of its page. `root` is a project to look it up in,
    whose modules may be named by their name alone; if it is wrong in itself that is a warning, as it was not asked for.
    What is read is kept in the Hub client's cache.
    Raises `HubError`s, `InvalidModuleId`, `UsageError` and `NoProject`.
    """
    id, revision = parse_address(in_full(target, _known(root)), settings.endpoint)
    use, warnings = _looked_up(root, id) if root is not None else (None, ())
    reporter.phase("reading")
    cache = Cache(settings.cache)
    found = _ask(settings, reporter, lambda hub: catalog.info(hub, cache, id, revision or DEFAULT_REVISION))
    return replace(found, use=use, warnings=(*found.warnings, *warnings))


def _known(root: Path | None) -> tuple[ModuleId, ...]:
    """The modules that may be named by their name alone."""
    try:
        return known_ids(root) if root is not None else ()
    except FlowverseError:
        return ()


def _looked_up(root: Path, id: ModuleId) -> tuple[Use | None, tuple[str, ...]]:
    try:
        return use_of(Project.read(root), id), ()
    except NoProject:
        raise
    except FlowverseError as error:
        return None, (f"the project is not looked at: {str(error).splitlines()[0]}",)


def _ask(settings: Settings, reporter: Reporter, question: Callable[[Catalog], Awaitable[T]]) -> T:
    from flowverse._hub.client import Hub

    async def ask() -> T:
        hub = Hub(settings.endpoint, Cache(settings.cache), reporter, settings.patience, offline=settings.offline)
        async with hub as opened:
            return await question(opened)

    return run(ask)
