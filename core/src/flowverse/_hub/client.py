"""The Source over the Hub: one request to resolve and list a module, one GET a distinct file, all at once.

The only file that imports huggingface_hub, and only when something is asked for. Used of it is what is public: the
client (proxies, CA files, its offline block), headers with token and user agent, URLs, typed errors. Retries,
deadlines and hash checks are ours, because the client has none for what is needed here.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal
from urllib.parse import quote, urlencode

from flowverse import __version__
from flowverse._cache import Cache, Incoming, writing
from flowverse._hub.answers import (
    Hit,
    Refs,
    card_of,
    hits_of,
    license_of,
    near_id,
    near_revision,
    refs_of,
    sibling,
    title_of,
    tree_file,
)
from flowverse._hub.http import Client, Opened
from flowverse._hub.patience import Patience
from flowverse._hub.response import Answer
from flowverse.errors import (
    AccessDenied,
    FlowverseError,
    HubAnswer,
    HubClientMissing,
    ModuleNotFound,
    Offline,
    RevisionNotFound,
    UsageError,
    WrongContent,
    quiet,
)
from flowverse.model import FileEntry, Listing, ModuleId, RemoteFile, is_commit
from flowverse.ports import Reporter

__all__ = ["History", "Hub"]

_BAD = 400
_MOST_FOR_A_HINT = 5.0
"""Seconds that somebody who mistyped an id waits longer, at most, to be told what was meant."""
_WHOLE_LISTING = 1000
"""Above this many files, or without blob ids, the info answer is not trusted to be whole: the tree is listed."""

_MOST_PAGES = 4
"""How far back, in pages of 50 commits, a history is read."""


@dataclass(frozen=True, kw_only=True)
class History:
    """The titles of the commits after one up to another, newest first, each one printable line.

    `end`: the older commit was "reached"; it is in the newer one's history no more ("rewritten"), and there are no
    titles; or there are "more" commits than were asked for.
    """

    titles: tuple[str, ...] = ()
    end: Literal["reached", "rewritten", "more"] = "reached"


class Hub:
    """The Source over a Hub endpoint, filling a cache. Use as an async context manager; it opens one client."""

    def __init__(self, endpoint: str, cache: Cache, reporter: Reporter, patience: Patience, *, offline: bool) -> None:
        self.endpoint, self.offline = endpoint, offline
        self._cache, self._reporter = cache, reporter
        self._client = Client(endpoint, reporter, patience, _open)
        self._coming: dict[str, asyncio.Future[tuple[ModuleId, str, FileEntry] | None]] = {}

    async def __aenter__(self) -> Hub:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # Here, because only of the error that is told it is worth to ask what was meant.
            if isinstance(error, (ModuleNotFound, RevisionNotFound)):
                await self._suggest(error)
        finally:
            await self._client.close()

    # --- listing -----------------------------------------------------------------------------------------------------

    async def resolve(self, id: ModuleId, revision: str) -> Listing:
        """See `Source.resolve`. One request; one more a 1,000 files for large or poor answers (mirrors)."""
        info, commit = await self._info(id, revision, "?blobs=true")
        siblings = info.get("siblings")
        rows = siblings if isinstance(siblings, list) else [None]  # no list is no module without files
        files = [sibling(row) if isinstance(row, dict) else None for row in rows]
        if len(files) > _WHOLE_LISTING or any(file is None for file in files):
            files = [tree_file(row) for row in await self._tree(id, commit) if row.get("type") != "directory"]
        known = [file for file in files if file is not None]
        if len(known) != len(files):
            raise HubAnswer(self.endpoint, f"{id}@{revision}", "with a file that is neither file nor folder")
        self._cache.remember(id, revision, commit)
        listed = tuple(sorted(known, key=lambda file: file.path))
        name = info.get("id")
        return Listing(
            id=id,
            revision=revision,
            commit=commit,
            files=listed,
            license=license_of(info),
            moved_to=name if isinstance(name, str) and name.isprintable() and name != str(id) else None,
            card=card_of(info),
        )

    async def commit(self, id: ModuleId, revision: str) -> str:
        """The commit that a revision means now; one request. Raises a `HubError`."""
        return (await self._info(id, revision))[1]

    async def history(self, id: ModuleId, commit: str, since: str) -> History:
        """What happened to a module after the commit `since` up to `commit`; one request a 50 commits.

        Raises a `HubError`; mirrors know no history.
        """
        url: str | None = f"{self.endpoint}/api/models/{id}/commits/{commit}"
        titles: list[str] = []
        pages = 0
        while url is not None:
            if pages == _MOST_PAGES:
                return History(titles=tuple(titles), end="more")
            rows, url = await self._page(url, f"the history of {id}", id, commit)
            pages += 1
            for row in rows:
                if row.get("id") == since:
                    return History(titles=tuple(titles))
                titles.append(title_of(row))
        return History(end="rewritten")

    async def _tree(self, id: ModuleId, commit: str) -> list[dict[str, Any]]:
        url: str | None = f"{self.endpoint}/api/models/{id}/tree/{commit}?recursive=true"
        rows: list[dict[str, Any]] = []
        while url is not None:
            page, url = await self._page(url, f"the files of {id}", id, commit)
            rows += page
        return rows

    async def _page(self, url: str, what: str, id: ModuleId, commit: str) -> tuple[list[dict[str, Any]], str | None]:
        """The rows of one page of a listing, and where the next one is."""
        answer = await self._client.get(url, what)
        self._check(answer, id, commit)
        page = answer.json()
        if not isinstance(page, list):
            raise HubAnswer(self.endpoint, what, "with something that is not a list")
        return [row for row in page if isinstance(row, dict)], answer.next_page

    async def _info(self, id: ModuleId, revision: str, query: str = "") -> tuple[dict[str, Any], str]:
        """What the Hub says of a module at a revision, and the commit that this is."""
        what = f"{id}@{revision}"
        if self.offline:
            raise Offline(what)
        url = f"{self.endpoint}/api/models/{id}/revision/{quote(revision, safe='')}{query}"
        answer = await self._client.get(url, what)
        self._check(answer, id, revision)
        info = answer.json()
        commit = info.get("sha") if isinstance(info, dict) else None
        if not isinstance(commit, str) or not is_commit(commit):
            raise HubAnswer(self.endpoint, what, "without a commit")
        return info, commit

    def _check(self, answer: Answer, id: ModuleId, revision: str, path: str | None = None) -> None:
        """Raise what the Hub's error codes mean (https://huggingface.co/docs/hub/api)."""
        what = f"{id}@{revision}" if path is None else f"{path} of {id}"
        if answer.status < _BAD:
            return
        if answer.error_code == "RevisionNotFound":
            raise RevisionNotFound(id, revision)
        if answer.error_code == "GatedRepo":
            raise AccessDenied(
                id,
                "it is gated",
                hint=f"Ask for access at {quiet(self.endpoint)}/{id}, then set HF_TOKEN or run `hf auth login`.",
            )
        if answer.status == 401 and self._client.signed_in and "invalid credentials" in answer.error_message.lower():
            raise AccessDenied(
                id, "the Hub does not know the token that was sent", hint="Renew it: set HF_TOKEN, or `hf auth login`."
            )
        if answer.error_code == "RepoNotFound" or (answer.status in {401, 404} and path is None):
            raise ModuleNotFound(id, revision, signed_in=self._client.signed_in)
        if answer.status in {401, 403}:
            raise AccessDenied(id, f"the Hub answered {answer.status}", hint="Check that HF_TOKEN may read it.")
        raise HubAnswer(self.endpoint, what, str(answer.status))

    # --- finding -----------------------------------------------------------------------------------------------------

    async def refs(self, id: ModuleId) -> Refs | None:
        """The branches and tags of a repository that is there; None where a mirror does not tell them. One request."""
        answer = await self._client.get(self._refs_url(id), f"the revisions of {id}")
        return refs_of(answer.json()) if answer.status < _BAD else None

    async def search(self, words: str, owner: str | None, limit: int) -> tuple[list[Hit], bool]:
        """The first repositories, in the Hub's order, with these words in their ids; whether there are more.

        One request. `words` or `owner` may be empty. Raises `HubAnswer` where there is no search, as at some mirrors.
        """
        what = f"a search for {words or owner}"
        if self.offline:
            error = Offline(f"The answer to {what}")
            error.hint = "Search with the network, without FLOWVERSE_OFFLINE and HF_HUB_OFFLINE."
            raise error
        answer = await self._client.get(self._models_url(limit, search=words, author=owner, full=True), what)
        if answer.status >= _BAD:
            raise _no_search(self.endpoint, str(answer.status))
        try:
            hits = hits_of(answer.json())
        except HubAnswer as error:
            raise _no_search(self.endpoint, error.why) from None
        if hits is None:
            raise _no_search(self.endpoint, "with something that is no list")
        return hits, answer.next_page is not None

    async def _suggest(self, error: ModuleNotFound | RevisionNotFound) -> None:
        """Let an error say what was probably meant. At most one request; if it fails, the error is what it was."""
        missing = isinstance(error, ModuleNotFound)
        url = self._models_url(_WHOLE_LISTING, author=error.id.owner) if missing else self._refs_url(error.id)
        with suppress(FlowverseError):
            answer = await self._client.try_to_get(url, f"what {error.id} may mean", _MOST_FOR_A_HINT)
            if answer is None or answer.status >= _BAD:
                return
            if isinstance(error, RevisionNotFound):
                refs = refs_of(answer.json()) or Refs()
                error.suggest(near_revision(error.revision, refs), refs.names)
            elif (near := near_id(error.id, [hit.id for hit in hits_of(answer.json()) or ()])) is not None:
                error.suggest(near)

    def _refs_url(self, id: ModuleId) -> str:
        return f"{self.endpoint}/api/models/{id}/refs"

    def _models_url(self, limit: int, *, search: str = "", author: str | None = None, full: bool = False) -> str:
        wishes = {"search": search, "author": author or "", "limit": str(limit)}
        wishes |= {"full": "true", "cardData": "true"} if full else {}
        return f"{self.endpoint}/api/models?{urlencode({name: wish for name, wish in wishes.items() if wish})}"

    # --- files -------------------------------------------------------------------------------------------------------

    async def fetch(self, id: ModuleId, commit: str, file: RemoteFile, *, patient: bool = False) -> FileEntry:
        """See `Source.fetch`: the same content is asked for once, whoever wants it first."""
        key = file.sha256 or file.blob_id or f"{id}/{commit}/{file.path}"
        while (first := self._coming.get(key)) is not None:
            found = await asyncio.shield(first)
            if found is not None:
                owner, name, entry = found
                self._cache.share(owner, name, id, commit, file.path)
                return FileEntry(path=file.path, size=entry.size, sha256=entry.sha256)
        self._coming[key] = coming = asyncio.get_running_loop().create_future()
        try:
            name, entry = await self._fetch(id, commit, file, patient)
        except BaseException:
            # Who waits tries for itself: another repository may be readable where this one is not.
            del self._coming[key]
            coming.set_result(None)
            raise
        coming.set_result((id, name, entry))
        return entry

    async def _fetch(self, id: ModuleId, commit: str, file: RemoteFile, patient: bool) -> tuple[str, FileEntry]:
        self._reporter.fetching(1, file.size)
        with self._cache.incoming(id, file.size) as incoming:
            if file.size == 0:
                large = False
            elif self.offline:
                raise Offline(f"{file.path} of {id} at {commit[:7]}")
            else:
                large = await self._download(id, commit, file, incoming, patient)
            _verify(f"{file.path} of {id}", file, incoming)
            name = incoming.hasher.sha256 if large else incoming.hasher.git_blob_id
            entry = self._cache.keep(incoming, id, commit, file, name)
        self._reporter.fetched(file.size)
        return name, entry

    async def _download(self, id: ModuleId, commit: str, file: RemoteFile, incoming: Incoming, patient: bool) -> bool:
        """Whether it was a large file (LFS), whose blob is named by sha256: its ETag says so."""
        url = f"{self.endpoint}/{id}/resolve/{commit}/{quote(file.path)}"
        answer = await self._client.download(url, f"{file.path} of {id}", incoming, file.size, patient=patient)
        self._check(answer, id, commit, file.path)
        return answer.etag == incoming.hasher.sha256


def _no_search(endpoint: str, why: str) -> HubAnswer:
    error = HubAnswer(endpoint, "a search, which not every mirror has", why)
    error.hint = "Search at https://huggingface.co, or with HF_ENDPOINT unset."
    return error


def _verify(what: str, file: RemoteFile, incoming: Incoming) -> None:
    hasher = incoming.hasher
    if hasher.size != file.size:
        raise WrongContent(what, f"{file.size} bytes", f"{hasher.size} bytes")
    if file.sha256 and hasher.sha256 != file.sha256:
        raise WrongContent(what, f"sha256 {file.sha256[:12]}", hasher.sha256[:12])
    if not file.sha256 and file.blob_id and hasher.git_blob_id != file.blob_id:
        raise WrongContent(what, f"git blob {file.blob_id[:12]}", hasher.git_blob_id[:12])


def _open() -> Opened:
    """Import the Hub client and open one. Its telemetry is off: it asks for a registry a day, and that can stall."""
    before = os.environ.get("HF_HUB_DISABLE_TELEMETRY")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # read once, at the import
    try:
        from huggingface_hub import errors, get_async_session
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]
    except ImportError as error:
        raise HubClientMissing(error.name or "huggingface_hub") from None
    finally:
        if before is None:
            del os.environ["HF_HUB_DISABLE_TELEMETRY"]
    with writing(Path("the token of the Hub client")):
        headers = build_hf_headers(library_name="flowverse", library_version=__version__)
    if not all(value.isascii() and value.isprintable() for value in headers.values()):
        raise UsageError(
            "The token (of HF_TOKEN, or of `hf auth login`) has a character that no token has.", hint="Copy it anew."
        )
    # The base of its errors leads to the HTTP library in use: httpx for version 1, httpx2 for version 2.
    base = next(kind for kind in errors.HfHubHTTPError.__mro__ if kind.__name__ == "HTTPError")
    http = sys.modules[base.__module__.partition(".")[0]]
    try:
        client = get_async_session()
    except (OSError, ValueError) as error:  # a proxy or a file of certificates that the environment names
        raise UsageError(
            f"The Hub client cannot be set up: {quiet(str(error))}.",
            hint="Correct HTTP_PROXY, HTTPS_PROXY, ALL_PROXY or SSL_CERT_FILE.",
        ) from None
    return Opened(
        client=client,
        # In a thread: it reads the certificates, 15 ms in which answers would wait to be read.
        another=lambda: asyncio.to_thread(get_async_session),
        headers=headers,
        errors=(base, http.InvalidURL),
        offline=errors.OfflineModeIsEnabled,
    )
