"""What the Hub answers, route by route. Pure: a call and the content in, an answer out.

Writing (`preupload`, `commit`, `validate-yaml`) is not here; it would be further cases of `_api`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from urllib.parse import parse_qs, quote, urlencode

from tests.hub.repository import Commit, File, Repository, card_data
from tests.hub.rules import Listed, Listing
from tests.hub.wire import Answer, Call, json_answer, problem, ranged

_COMMITS = 50
"""How many commits one page of a history lists."""


@dataclass(kw_only=True)
class Site:
    """All that an answer may depend on."""

    endpoint: str = ""
    files_endpoint: str = ""
    page: int = 1000
    resolve_cache: bool = False
    repositories: dict[str, Repository] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)


class _Refusal(Exception):
    """Ends a route early with an answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def answer(site: Site, call: Call, listing: Sequence[Listing] = ()) -> Answer:
    """Answer a call; `listing` holds changes to be made to any listing in the answer."""
    try:
        if call.origin == "files":
            return _stored(site, call)
        if call.token is not None and call.token not in site.tokens:
            return problem(401, "Invalid credentials in Authorization header")
        if call.segments[0] == "api":
            return _api(site, call, listing)
        return _page(site, call)
    except _Refusal as refusal:
        return refusal.answer


def _api(site: Site, call: Call, listing: Sequence[Listing]) -> Answer:
    match call.method, call.segments[1:]:
        case (("GET" | "HEAD"), ["agent-harnesses"]):
            found = json_answer({"standardEnvVars": [], "harnesses": {}})
        case (("GET" | "HEAD"), ["models"]):
            found = _search(site, call)
        case (("GET" | "HEAD"), ["models", owner, name]):
            found = _info(call, _open(site, call, owner, name), "main", listing)
        case (("GET" | "HEAD"), ["models", owner, name, "revision", *rest]):
            found = _info(call, _open(site, call, owner, name), "/".join(rest), listing)
        case (("GET" | "HEAD"), ["models", owner, name, "tree", *rest]):
            found = _tree(site, call, _open(site, call, owner, name), rest, listing)
        case (("GET" | "HEAD"), ["models", owner, name, "refs"]):
            found = _refs(call, _open(site, call, owner, name))
        case (("GET" | "HEAD"), ["models", owner, name, "commits", *rest]):
            found = _commits(site, call, _open(site, call, owner, name), "/".join(rest))
        case (("GET" | "HEAD"), ["resolve-cache", "models", owner, name, *rest]):
            found = _file(site, call, _open(site, call, owner, name), rest, cached=True)
        case _:
            found = _no_page()
    return found


def _page(site: Site, call: Call) -> Answer:
    match call.method, call.segments:
        case (("GET" | "HEAD"), [owner, name, "resolve", *rest]):
            return _file(site, call, _open(site, call, owner, name), rest, cached=not site.resolve_cache)
        case _:
            return _no_page()


def _no_page() -> Answer:
    return problem(404, "Sorry, we can't find the page you are looking for.")


def _open(site: Site, call: Call, owner: str, name: str) -> Repository:
    if (new := site.renamed.get(f"{owner}/{name}")) is not None:
        raise _Refusal(Answer(status=307, headers={"Location": _moved(call, [owner, name], new)}))
    repository = site.repositories.get(f"{owner}/{name}")
    if repository is None or (repository.private and call.token not in repository.readers):
        # The Hub does not tell strangers whether a repository exists; those who signed in get a 404.
        raise _Refusal(problem(404 if call.token else 401, "Repository not found", "RepoNotFound"))
    return repository


def _moved(call: Call, old: list[str], new: str) -> str:
    """Return the call's target with another id in it, and all else as it came, escapes included."""
    path, mark, query = call.target.partition("?")
    start = next(index for index in range(len(call.segments)) if call.segments[index : index + 2] == old)
    parts = path.split("/")
    parts[start + 1 : start + 3] = [quote(part) for part in new.split("/")]
    return "/".join(parts) + mark + query


def _commit(repository: Repository, revision: str) -> Commit:
    commit = repository.resolve(revision)
    if commit is None:
        raise _Refusal(problem(404, f"Invalid rev id: {revision}", "RevisionNotFound"))
    return commit


def _split(rest: Sequence[str]) -> tuple[str, str]:
    """Cut what follows `resolve` or `tree` into a revision and a path; a ref has three parts if it is not escaped."""
    length = 3 if rest and rest[0] == "refs" else 1
    return "/".join(rest[:length]), "/".join(rest[length:])


def _date(commit: Commit) -> str:
    return datetime.fromtimestamp(commit.seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _listed(file: File) -> Listed:
    sha256 = file.sha256 if file.lfs else None
    return Listed(path=file.path, size=len(file.content), oid=file.blob_id, sha256=sha256)


def _change(entries: Sequence[Listed], listing: Sequence[Listing]) -> Sequence[Listed]:
    for change in listing:
        entries = change(entries)
    return entries


def _info(call: Call, repository: Repository, revision: str, listing: Sequence[Listing]) -> Answer:
    commit = _commit(repository, revision)
    files = _change([_listed(file) for file in commit.files.values()], listing)
    blobs = call.parameter("blobs").lower() == "true"
    card = _card(commit)
    info: dict[str, object] = {
        "_id": hashlib.sha256(repository.id.encode()).hexdigest()[:24],
        "id": repository.id,
        "modelId": repository.id,
        "author": repository.id.partition("/")[0],
        "sha": commit.id,
        "createdAt": _date(min(repository.commits.values(), key=lambda each: each.seconds)),
        "lastModified": _date(commit),
        "private": repository.private,
        "gated": "manual" if repository.gated else False,
        "disabled": False,
        "downloads": repository.downloads,
        "likes": repository.likes,
        "tags": _tags(card),
        "siblings": [entry.as_sibling(blobs=blobs) for entry in files],
    }
    return json_answer(info if card is None else {**info, "cardData": card})


def _card(commit: Commit) -> dict[str, str | list[str]] | None:
    readme = commit.files.get("README.md")
    return card_data(readme.content.decode(errors="replace")) if readme else None


def _tags(card: Mapping[str, str | list[str]] | None) -> list[str]:
    own = card.get("tags", []) if card else []
    return [*own, *([f"license:{card['license']}"] if card and "license" in card else [])]


def _search(site: Site, call: Call) -> Answer:
    """List what is at `main` of the repositories that the caller may see, with all words in their ids.

    The Hub orders by what is talked about; here they come by id.
    """
    words, author = call.parameter("search").casefold().split(), call.parameter("author")
    found = [
        repository
        for id, repository in sorted(site.repositories.items())
        if all(word in id.casefold() for word in words)
        and author in {"", id.partition("/")[0]}
        and (not repository.private or call.token in repository.readers)
    ]
    rows = [_row(call, repository) for repository in found]
    return _paged(site, call, rows)


def _row(call: Call, repository: Repository) -> dict[str, object]:
    """Return one repository of a search; what it has and who made it only if that is asked for."""
    commit = _commit(repository, "main")
    card = _card(commit)
    row: dict[str, object] = {
        "_id": hashlib.sha256(repository.id.encode()).hexdigest()[:24],
        "id": repository.id,
        "modelId": repository.id,
        "likes": repository.likes,
        "trendingScore": 0,
        "private": repository.private,
        "downloads": repository.downloads,
        "tags": _tags(card),
        "createdAt": _date(min(repository.commits.values(), key=lambda each: each.seconds)),
    }
    if call.parameter("full").lower() in {"1", "true"}:
        row |= {
            "author": repository.id.partition("/")[0],
            "sha": commit.id,
            "lastModified": _date(commit),
            "gated": "manual" if repository.gated else False,
            "disabled": False,
            "siblings": [_listed(file).as_sibling(blobs=False) for file in commit.files.values()],
        }
    if card is not None and call.parameter("cardData").lower() in {"1", "true"}:
        row["cardData"] = card
    return row


def _tree(site: Site, call: Call, repository: Repository, rest: Sequence[str], listing: Sequence[Listing]) -> Answer:
    revision, path = _split(rest)
    commit = _commit(repository, revision)
    if path not in commit.trees:
        return problem(404, f'{path} does not exist on "{revision}"', "EntryNotFound", {"X-Repo-Commit": commit.id})
    below = f"{path}/" if path else ""
    folders = [
        Listed(path=folder, kind="directory", size=0, oid=tree) for folder, tree in commit.trees.items() if folder
    ]
    entries = [each for each in (*folders, *map(_listed, commit.files.values())) if each.path.startswith(below)]
    if call.parameter("recursive").lower() not in {"1", "true"}:
        entries = [each for each in entries if "/" not in each.path[len(below) :]]
    changed = _change(sorted(entries, key=lambda each: each.path), listing)
    return _paged(site, call, [entry.as_tree_item() for entry in changed])


def _paged(site: Site, call: Call, rows: Sequence[Mapping[str, object]]) -> Answer:
    """Answer with so many rows as are asked for, and with the address of the next."""
    limit = min(int(call.parameter("limit") or site.page), site.page)
    start = int(base64.b64decode(call.parameter("cursor"))) if call.parameter("cursor") else 0
    headers = {}
    if start + limit < len(rows):
        cursor = base64.b64encode(str(start + limit).encode()).decode()
        query = {key: values[0] for key, values in parse_qs(call.query).items()} | {"limit": limit, "cursor": cursor}
        target = f"{site.endpoint}{call.target.partition('?')[0]}?{urlencode(query)}"
        headers["Link"] = f'<{target}>; rel="next"'
    return json_answer(rows[start : start + limit], headers)


def _commits(site: Site, call: Call, repository: Repository, revision: str) -> Answer:
    """List a revision's history, newest first, in pages that are counted from 0."""
    history = repository.history(_commit(repository, revision))
    page = int(call.parameter("p") or 0)
    shown = history[page * _COMMITS : (page + 1) * _COMMITS]
    headers = {}
    if len(history) > (page + 1) * _COMMITS:
        target = f"{site.endpoint}{call.target.partition('?')[0]}?p={page + 1}"
        headers["Link"] = f'<{target}>; rel="next"'
    rows = [
        {
            "id": commit.id,
            "title": commit.message.partition("\n")[0],
            "message": commit.message.partition("\n")[2].strip(),
            "authors": [{"user": repository.id.partition("/")[0], "avatar": ""}],
            "date": _date(commit),
        }
        for commit in shown
    ]
    return json_answer(rows, headers)


def _refs(call: Call, repository: Repository) -> Answer:
    kinds = {"branches": "refs/heads/", "tags": "refs/tags/", "converts": "refs/convert/"}
    if call.parameter("include_prs") in {"1", "true"}:
        kinds["pullRequests"] = "refs/pr/"
    found: Mapping[str, list[dict[str, str]]] = {
        kind: [
            {"name": ref.removeprefix(prefix), "ref": ref, "targetCommit": commit}
            for ref, commit in sorted(repository.refs.items())
            if ref.startswith(prefix)
        ]
        for kind, prefix in kinds.items()
    }
    return json_answer(found)


def _file(site: Site, call: Call, repository: Repository, rest: Sequence[str], *, cached: bool) -> Answer:
    revision, path = _split(rest)
    if repository.gated and call.token not in repository.readers:
        text = f"Access to model {repository.id} is restricted and you are not in the authorized list."
        return problem(403 if call.token else 401, text, "GatedRepo")
    commit = _commit(repository, revision)
    headers = {"X-Repo-Commit": commit.id}
    file = commit.files.get(path)
    if file is None:
        return problem(404, "Entry not found", "EntryNotFound", headers)
    linked = {**headers, "X-Linked-Etag": f'"{file.etag}"', "X-Linked-Size": str(len(file.content))}
    if file.lfs:
        location = f"{site.files_endpoint}/lfs/{file.sha256}?Signature={_signature(file.sha256)}"
        return Answer(status=302, headers={**linked, "Location": location}, body=b"Found. Redirecting")
    if not cached:
        location = f"/api/resolve-cache/models/{repository.id}/{commit.id}/{quote(path)}?etag=%22{file.etag}%22"
        return Answer(status=307, headers={**linked, "Location": location}, body=b"Temporary Redirect.")
    return _content(call, file, headers)


def _content(call: Call, file: File, headers: Mapping[str, str]) -> Answer:
    about = {"ETag": f'"{file.etag}"', "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
    return ranged(call, Answer(headers={**about, **headers}, body=file.content))


def _signature(sha256: str) -> str:
    return hashlib.sha256(f"signed {sha256}".encode()).hexdigest()[:32]


def _stored(site: Site, call: Call) -> Answer:
    """Answer as the store behind the Hub does: to whoever has a signed address, and to no one who shows a token."""
    if "authorization" in call.headers:
        return Answer(status=400, body=b"Only one auth mechanism allowed")
    sha256 = call.segments[-1]
    if call.parameter("Signature") != _signature(sha256):
        return Answer(status=403, body=b"AccessDenied")
    for repository in site.repositories.values():
        for commit in repository.commits.values():
            for file in commit.files.values():
                if file.lfs and file.sha256 == sha256:
                    return _content(call, file, {})
    return Answer(status=404, body=b"NoSuchKey")
