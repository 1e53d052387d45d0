"""The test Hub: what a test sees of it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from tests.hub import routes
from tests.hub.limits import Bucket, Limit
from tests.hub.log import Log
from tests.hub.repository import Commit, Repository
from tests.hub.rules import Action, Listing, Rule, Rules
from tests.hub.server import Server
from tests.hub.wire import Answer, Call, Origin, Request, problem

_IGNORED = {"__pycache__", ".git"}


class Hub:
    """A Hugging Face Hub of model repositories on the loopback interface.

    Content may be added before and after it starts. It is meant to be told apart from the Hub by nothing that the
    client asks for when it reads; see `rule` for what it can do wrong on purpose.

    Args:
        port: 0 takes a free one.
        page: how many entries of a tree one answer lists; 1,000 on the Hub.
        resolve_cache: answer for a plain file with a redirect to another path of the Hub, which serves it.
        log: a file that gets one line a request, for a test in another process; see `read_log`.
    """

    def __init__(
        self, *, port: int = 0, page: int = 1000, resolve_cache: bool = False, log: Path | None = None
    ) -> None:
        self._site = routes.Site(page=page, resolve_cache=resolve_cache)
        self._lock = threading.RLock()
        self._rules = Rules()
        self._limit: Limit | None = None
        self._log = Log(log)
        self._hub = Server("hub", self._answer, self._rules, self._log, port)
        try:
            self._files = Server("files", self._answer, self._rules, self._log)
        except BaseException:
            self._hub.server_close()
            raise
        self.endpoint = self._site.endpoint = self._hub.endpoint
        self.files_endpoint = self._site.files_endpoint = self._files.endpoint

    def __enter__(self) -> Hub:
        self._hub.start()
        self._files.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in (self._hub, self._files):
            server.closing.set()
        self._rules.clear()
        for server in (self._hub, self._files):
            server.stop()
        self._log.close()

    def add(
        self,
        id: str,
        files: Mapping[str, str | bytes],
        *,
        message: str = "Add files",
        branch: str = "main",
        lfs: Iterable[str] = (),
        private: bool | None = None,
        gated: bool | None = None,
        readers: Iterable[str] = (),
    ) -> str:
        """Add a commit to a repository, which is made if need be, and return its 40-hex id.

        Args:
            id: `owner/name`.
            files: the whole content of the commit; what the one before held and this does not name is gone.
            message: the commit's.
            branch: a branch, or a full ref such as `refs/pr/1`; a new one starts at `main`.
            lfs: patterns of the paths whose content is in LFS.
            private: only readers can tell that it exists. None leaves it as it was.
            gated: anyone sees what it is, only readers get its files. None leaves it as it was.
            readers: tokens that may read it, in addition to those before.
        """
        with self._lock:
            repository = self._site.repositories.setdefault(id, Repository(id=id))
            self._site.renamed.pop(id, None)
            repository.private = repository.private if private is None else private
            repository.gated = repository.gated if gated is None else gated
            repository.readers.update(readers)
            self._site.tokens.update(readers)
            return repository.commit(files, message=message, branch=branch, lfs=lfs).id

    def add_folder(self, root: Path) -> dict[str, str]:
        """Add every folder `root/owner/name` as a repository of one commit; return id to commit, by id."""
        found = {}
        for folder in sorted(root.glob("*/*")):
            if folder.is_dir() and not _IGNORED & {folder.name, folder.parent.name}:
                name = folder.relative_to(root).as_posix()
                found[name] = self.add(name, _read_folder(folder))
        return found

    def branch(self, id: str, name: str, commit: str) -> None:
        """Point a branch at a commit."""
        self._point(id, f"refs/heads/{name}", commit)

    def tag(self, id: str, name: str, commit: str) -> None:
        """Point a tag at a commit."""
        self._point(id, f"refs/tags/{name}", commit)

    def _point(self, id: str, ref: str, commit: str) -> None:
        with self._lock:
            repository = self._site.repositories[id]
            repository.refs[ref] = repository.commits[commit].id

    def rename(self, old: str, new: str) -> None:
        """Give a repository another id; the old one redirects to it."""
        with self._lock:
            repository = self._site.repositories.pop(old)
            repository.id = new
            self._site.repositories[new] = repository
            self._site.renamed[old] = new

    def remove(self, id: str) -> None:
        """Delete a repository."""
        with self._lock:
            del self._site.repositories[id]

    def popular(self, id: str, *, downloads: int = 0, likes: int = 0) -> None:
        """Say how often a repository was downloaded, and how many like it."""
        with self._lock:
            self._site.repositories[id].downloads, self._site.repositories[id].likes = downloads, likes

    def user(self, token: str) -> None:
        """Make a token valid, of someone who may read what everyone may. A token that is not known is refused."""
        with self._lock:
            self._site.tokens.add(token)

    def commit(self, id: str, revision: str = "main") -> Commit:
        """Return what a revision stands for, with files and ids; KeyError if there is none."""
        with self._lock:
            found = self._site.repositories[id].resolve(revision)
        if found is None:
            raise KeyError(revision)
        return found

    def rule(
        self,
        path: str = "",
        *,
        method: str | None = None,
        first: int | None = None,
        delay: float = 0.0,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        action: Action | None = None,
        together: int | None = None,
        listing: Listing | None = None,
    ) -> Rule:
        """Do something wrong to the requests that match. Rules add up.

        Args:
            path: a regular expression, searched for in the unescaped path; see `INFO`, `SEARCH`, `TREE`, `FILE`, `LFS`.
            method: `GET`, `HEAD`, ...; None matches any.
            first: it applies to so many requests and then no more; None is always.
            delay: the answer comes so many seconds late.
            status: what is answered instead.
            headers: headers that are added to, or replace those of, the answer: `Retry-After`, `RateLimit`, ...
            action: what is done to the connection or the body.
            together: hold requests back until so many have come.
            listing: a change to what model info or a tree lists.
        """
        rule = Rule(
            path,
            method=method,
            first=first,
            delay=delay,
            status=status,
            headers=dict(headers or {}),
            action=action,
            together=together,
            listing=listing,
        )
        return self._rules.add(rule)

    def limit(
        self, *, api: int | None = None, files: int | None = None, seconds: int = 1, retry_after: bool = False
    ) -> Limit:
        """Allow only so many requests a window from now on, and return what counts them.

        Args:
            api: how many of the API; None are not limited.
            files: how many of files; None are not limited.
            seconds: how long those wait who were refused.
            retry_after: say how long with that header; the Hub says it with `RateLimit`.
        """
        most: dict[Bucket, int | None] = {"api": api, "resolvers": files}
        given: dict[Bucket, int] = {bucket: number for bucket, number in most.items() if number is not None}
        self._limit = Limit(given, seconds, retry_after=retry_after)
        return self._limit

    def shuffle(self, seed: int, up_to: float = 0.05) -> None:
        """Answer in random order: each request is late by up to so many seconds, as the seed wants it."""
        self._rules.shuffle(seed, up_to)

    def clear_rules(self) -> None:
        """Behave again; what was held back goes on."""
        self._rules.clear()

    @property
    def requests(self) -> list[Request]:
        """What was asked since the start or the last `clear`, in the order in which it came."""
        return self._log.requests

    @property
    def connections(self) -> int:
        """How many connections were made to both servers since the start or the last `clear`."""
        return self._log.connections

    @property
    def peak(self) -> int:
        """The most requests that waited for their answer at one time."""
        return self._log.peak

    def count(
        self,
        *,
        method: str | None = None,
        contains: str = "",
        status: int | None = None,
        origin: Origin | None = None,
    ) -> int:
        """Count the requests of a method, with a text in their path, a status and an origin."""
        return sum(
            method in {None, request.method}
            and contains in request.path
            and status in {None, request.status}
            and origin in {None, request.origin}
            for request in self.requests
        )

    def clear(self) -> None:
        """Forget what was asked."""
        self._log.clear()

    def _answer(self, call: Call, applied: Sequence[Rule]) -> Answer:
        status = next((rule.status for rule in applied if rule.status is not None), None)
        headers = {name: value for rule in applied for name, value in rule.headers.items()}
        if status is not None:
            return problem(status, f"The test wants a {status}", headers=headers)
        if self._limit is not None:
            more, refusal = self._limit.judge(call)
            if refusal is not None:
                return refusal
            headers = {**more, **headers}
        with self._lock:
            answer = routes.answer(self._site, call, [rule.listing for rule in applied if rule.listing])
        return Answer(status=answer.status, headers={**answer.headers, **headers}, body=answer.body)


def _read_folder(folder: Path) -> dict[str, str | bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    relative = {path.relative_to(folder): path for path in files}
    return {name.as_posix(): path.read_bytes() for name, path in relative.items() if not _IGNORED & set(name.parts)}
