"""The two servers of the contract: the test Hub and olah, with what is known to differ said as data."""

from __future__ import annotations

import os

# Read by the client when it is imported; without the first, it asks for a list of agents before anything else.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from huggingface_hub import HfApi, close_session
from huggingface_hub.errors import (
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.hub import Hub
from tests.hub.olah import Olah, make_repository, make_tag


@pytest.fixture(autouse=True)
def own_connections() -> Iterator[None]:
    """Give every test connections of its own: a server closes one that was idle for seconds, as others' here may be."""
    yield
    close_session()


@dataclass(frozen=True, kw_only=True)
class Traits:
    """Where servers may differ. The defaults are the Hub."""

    info_has_metadata: bool = True
    """Model info with `blobs=true` says sizes, blob ids and LFS hashes."""
    revision_may_be_left_out: bool = True
    slash_in_revision: bool = True
    """`refs/pr/1` and branches such as `feature/x` can be asked for."""
    short_commit: type[HfHubHTTPError] | None = RevisionNotFoundError
    """What a commit cut to eight digits gives; None if it is found."""
    unknown_revision: type[HfHubHTTPError] = RevisionNotFoundError
    unknown_commit: type[HfHubHTTPError] = RevisionNotFoundError
    missing_file_status: int = 404
    missing_file: type[HfHubHTTPError] = RemoteEntryNotFoundError
    ranges: bool = True
    get_names_commit: bool = True
    """A GET of a file has `X-Repo-Commit` and `ETag`, so no HEAD is needed."""
    lfs_redirects: bool = True
    search: bool = True
    """Repositories can be searched; the client cannot read what a mirror without a search answers."""


OLAH = Traits(
    info_has_metadata=False,
    revision_may_be_left_out=False,
    slash_in_revision=False,
    short_commit=None,
    unknown_revision=RepositoryNotFoundError,  # a 401
    unknown_commit=HfHubHTTPError,  # a 500
    missing_file_status=500,
    missing_file=RepositoryNotFoundError,  # a 401 to the HEAD that comes first
    ranges=False,
    get_names_commit=False,
    lfs_redirects=False,
    search=False,
)


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server to hold to the contract, and how to put content on it."""

    endpoint: str
    traits: Traits
    _add: Callable[..., str]
    _tag: Callable[[str, str, str], None]

    @property
    def api(self) -> HfApi:
        """The client, not signed in."""
        return HfApi(endpoint=self.endpoint, token=False)

    def add(
        self,
        id: str,
        files: Mapping[str, str | bytes],
        *,
        branch: str = "main",
        lfs: Iterable[str] = (),
    ) -> str:
        """Commit files, and return the commit."""
        return self._add(id, files, branch=branch, lfs=lfs)

    def tag(self, id: str, name: str, commit: str) -> None:
        """Tag a commit."""
        self._tag(id, name, commit)


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A Hub of this test's own."""
    with Hub() as running:
        yield running


@pytest.fixture(scope="session")
def olah(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Olah, Path]]:
    """An olah for the session, and the folder that it serves: it takes seconds to start."""
    root = tmp_path_factory.mktemp("mirrors")
    with Olah(root) as running:
        yield running, root


@pytest.fixture(params=["hub", "olah"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each of the servers in turn. Repositories are named after the test: olah outlives it."""
    if request.param == "hub":
        hub: Hub = request.getfixturevalue("hub")
        return Server(endpoint=hub.endpoint, traits=Traits(), _add=hub.add, _tag=hub.tag)
    olah, root = request.getfixturevalue("olah")

    def add(id: str, files: Mapping[str, str | bytes], *, branch: str, lfs: Iterable[str]) -> str:
        return make_repository(root, id, files, branch=branch, lfs=lfs)

    def tag(id: str, name: str, commit: str) -> None:
        make_tag(root, id, name, commit)

    return Server(endpoint=olah.endpoint, traits=OLAH, _add=add, _tag=tag)
