"""What a person types or pastes to name a module of the Hub: an id, `id@revision`, or the address of a page. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from flowverse.errors import InvalidModuleId, UsageError, quiet
from flowverse.manifest import revision_problem
from flowverse.model import ModuleId

__all__ = ["parse_address"]

_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
_PINNED = re.compile(r"([\w.-]+/[\w.-]+?)\s*(?:[=~!<>]=|[<>])", re.ASCII)
_HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co")
_OTHER_KINDS = {"datasets": "a data set", "spaces": "a space"}
_BEFORE_REVISION = {"tree", "blob", "raw", "resolve", "commit", "commits"}
"""What stands before the revision in the addresses of the Hub's pages."""


def parse_address(text: str, endpoint: str = "") -> tuple[ModuleId, str | None]:
    """The module and the revision that are meant; None for no revision. `endpoint` is the Hub in use, if another.

    Raises `InvalidModuleId`, and `UsageError` for a revision that cannot be one, or a page of something else.
    """
    said = text.strip()
    is_page = _SCHEME.match(said) is not None or said.lower().startswith(tuple(f"{host}/" for host in _HOSTS))
    name, revision = _of_page(said, endpoint) if is_page else _of_words(said)
    try:
        id = ModuleId.parse(name)
    except InvalidModuleId as error:
        hint, pinned = error.hint, _PINNED.match(name)
        if pinned is not None and not is_page:
            hint = f"Write {pinned[1]}@ and a branch, a tag or a commit: flow modules have no ranges of versions."
        if _NAME.fullmatch(name) and not is_page:
            hint = f'Write it as on the Hub, "owner/name"; `flowverse search {name}` looks for it.'
        raise InvalidModuleId(quiet(error.text), quiet(error.why), hint=hint) from None
    problem = revision_problem(revision) if revision is not None else None
    if problem:
        raise UsageError(quiet(f"{id}@{revision}: {problem}."), hint=f"Write it as {id}@main.")
    return id, revision


def _of_words(text: str) -> tuple[str, str | None]:
    name, at, revision = text.partition("@")
    return name.strip("/"), revision if at else None


def _of_page(text: str, endpoint: str) -> tuple[str, str | None]:
    """The id and the revision of an address such as `https://huggingface.co/owner/name/tree/v1.0/folder`."""
    try:
        page, hub = urlsplit(text if _SCHEME.match(text) else f"https://{text}"), urlsplit(endpoint)
        host, port, own = page.hostname, page.port, (hub.hostname, hub.port)
    except ValueError:
        host, port, own = None, None, (None, None)
        page = hub = urlsplit("")
    path = page.path
    if host is not None and (host, port) == own:
        path = path.removeprefix(hub.path)
    elif host not in _HOSTS:
        raise UsageError(f"{quiet(text)!r} is no address of the Hub.", hint='Write the id as on the Hub, "owner/name".')
    path, at, written = path.partition("@")  # a revision written behind an address that was pasted
    parts = [part for part in path.split("/") if part]
    if parts and parts[0] in _OTHER_KINDS:
        what = _OTHER_KINDS[parts[0]]
        raise UsageError(f"{quiet(text)!r} is {what}, not a flow module.", hint="Name a repository of a model.")
    name = unquote("/".join(parts[:2]))
    if at:
        return name, unquote(written)
    if len(parts) > 3 and parts[2] in _BEFORE_REVISION:
        # A slash of the revision itself is escaped there, but for references such as refs/pr/1.
        return name, unquote("/".join(parts[3:6] if parts[3] == "refs" else parts[3:4]))
    return name, None
