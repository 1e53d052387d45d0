"""What the test Hub can do wrong on purpose, and what it keeps to itself."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from tests.hub import FILE, INFO, TREE, Action, Hub, Window, adding, names_only, read_log, without_blob_ids

ID = "saibo/ChatFlows"
URL = f"/{ID}/resolve/main/a.py"
TEXT = b"x = 1\n"


class Reply(NamedTuple):
    """What one plain request got."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(hub: Hub, target: str = URL, method: str = "GET", token: str | None = None) -> Reply:
    """Send a request over a connection of its own; redirects are not followed."""
    connection = http.client.HTTPConnection(urlsplit(hub.endpoint).netloc, timeout=30)
    try:
        connection.request(method, target, headers={"Authorization": f"Bearer {token}"} if token else {})
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, headers, response.read())
    finally:
        connection.close()


@pytest.fixture
def hub(hub: Hub) -> Hub:
    """A Hub with a module of one file."""
    hub.add(ID, {"a.py": TEXT})
    return hub


def test_failing_a_number_of_times(hub: Hub) -> None:
    """A rule applies to the first requests that match, and then no more."""
    rule = hub.rule(FILE, status=503, first=2, headers={"Retry-After": "1"})
    replies = [ask(hub) for _ in range(3)]
    assert [reply.status for reply in replies] == [503, 503, 200]
    assert replies[0].headers["retry-after"] == "1"
    assert rule.hits == 2
    assert hub.count(status=503) == 2


def test_a_rule_leaves_other_requests_alone(hub: Hub) -> None:
    """Path and method both have to match."""
    hub.rule(r"\.yaml$", status=500)
    hub.rule(method="HEAD", status=500)
    assert (ask(hub).status, ask(hub, method="HEAD").status) == (200, 500)


def test_rate_limit_is_what_the_client_takes_it_for(hub: Hub) -> None:
    """The headers of a 429 are those that the client reads."""
    hub.rule(INFO, status=429, headers={"RateLimit": '"api";r=0;t=17'})
    with pytest.raises(HfHubHTTPError, match="Retry after 17 seconds"):
        HfApi(endpoint=hub.endpoint, token=False).model_info(ID)


def test_limits_are_of_two_kinds(hub: Hub) -> None:
    """Each answer says what is left of its window, as the Hub's do; files are counted apart, and their store is not."""
    hub.add(ID, {"a.py": TEXT, "model.bin": b"large"}, lfs=["*.bin"])
    limit = hub.limit(api=1, files=2, seconds=60)

    files = [ask(hub), ask(hub, f"/{ID}/resolve/main/model.bin"), ask(hub)]
    infos = [ask(hub, f"/api/models/{ID}"), ask(hub, f"/api/models/{ID}")]

    assert [reply.status for reply in files] == [200, 302, 429]
    assert [reply.headers["ratelimit"] for reply in files] == [f'"resolvers";r={left};t=60' for left in (1, 0, 0)]
    assert files[0].headers["ratelimit-policy"] == '"fixed window";"resolvers";q=2;w=60'
    assert [reply.status for reply in infos] == [200, 429]
    assert infos[1].headers["ratelimit"] == '"api";r=0;t=60'
    assert (limit.windows("api"), limit.windows("resolvers")) == ([Window(1, 1)], [Window(2, 1)])


@pytest.mark.parametrize("action", ["reset", "hangup"])
def test_cut_connection(hub: Hub, action: Action) -> None:
    """The connection ends without an answer."""
    hub.rule(action=action, first=1)
    with pytest.raises(ConnectionResetError) as error:
        ask(hub)
    assert isinstance(error.value, http.client.RemoteDisconnected) == (action == "hangup")
    assert ask(hub).body == TEXT
    assert [request.status for request in hub.requests] == [None, 200]


def test_truncated_body(hub: Hub) -> None:
    """Half of the body comes, then the connection ends."""
    hub.rule(action="truncate")
    with pytest.raises(http.client.IncompleteRead) as error:
        ask(hub)
    assert (error.value.partial, error.value.expected) == (TEXT[:3], 3)


def test_corrupted_body_has_the_right_length(hub: Hub, tmp_path: Path) -> None:
    """A wrong body that the client takes, since it looks at the size only."""
    hub.rule(FILE, method="GET", action="corrupt")
    path = Path(hf_hub_download(ID, "a.py", endpoint=hub.endpoint, cache_dir=tmp_path, token=False))
    assert path.read_bytes() != TEXT
    assert path.stat().st_size == len(TEXT)


def test_paused_body(hub: Hub) -> None:
    """The second half of a body comes when the test says so."""
    rule = hub.rule(action="pause")
    with ThreadPoolExecutor(1) as pool:
        reply = pool.submit(ask, hub)
        rule.wait()
        rule.release()
        assert reply.result().body == TEXT


@pytest.mark.parametrize("delay", [3600.0, None])
def test_late_answer_holds_up_nobody_else(delay: float | None) -> None:
    """What waits for an hour, or for ever, neither blocks other requests nor keeps the Hub from stopping."""
    with ThreadPoolExecutor(1) as pool:
        with Hub() as hub:
            hub.add(ID, {"a.py": TEXT})
            rule = hub.rule(INFO, delay=delay) if delay else hub.rule(INFO, action="stall")
            late = pool.submit(ask, hub, f"/api/models/{ID}")
            rule.wait()
            assert ask(hub).body == TEXT
            assert [request.status for request in hub.requests] == [None, 200]
        assert isinstance(late.exception(), (http.client.RemoteDisconnected, ConnectionError))


def test_stalled_requests_go_on_when_released(hub: Hub) -> None:
    """A test can hold requests back, look, and let them go."""
    rule = hub.rule(action="stall")
    with ThreadPoolExecutor(3) as pool:
        replies = [pool.submit(ask, hub) for _ in range(3)]
        rule.wait(3)
        assert hub.peak == 3
        rule.release()
        assert [reply.result().status for reply in replies] == [200, 200, 200]


def test_requests_that_come_together(hub: Hub) -> None:
    """A rule can prove that requests are made at the same time: none is answered before all have come."""
    hub.rule(FILE, together=4)
    with ThreadPoolExecutor(4) as pool:
        assert {reply.status for reply in pool.map(ask, [hub] * 4)} == {200}
    assert hub.peak == 4


def test_shuffled_answers_are_all_given(hub: Hub) -> None:
    """Answers in random order are the same answers."""
    files = {f"f{number}.py": str(number) for number in range(8)}
    hub.add("saibo/Many", files)
    hub.shuffle(seed=1, up_to=0.02)
    with ThreadPoolExecutor(8) as pool:
        replies = pool.map(lambda name: ask(hub, f"/saibo/Many/resolve/main/{name}").body.decode(), files)
    assert dict(zip(files, replies, strict=True)) == files


EVIL = ["../x.py", "/etc/x.py", "a\\b.py", "CON", ".git/config", "A.py"]


@pytest.mark.parametrize("path", EVIL)
def test_evil_path_is_listed(hub: Hub, path: str) -> None:
    """A listing may name what no repository should hold: by a rule, or in a commit, which then also serves it."""
    api = HfApi(endpoint=hub.endpoint, token=False)
    hub.rule(f"{INFO}|{TREE}", listing=adding(path))
    hub.add("mallory/Held", {path: b"evil"})
    for id in (ID, "mallory/Held"):
        siblings = api.model_info(id, files_metadata=True).siblings or ()
        assert path in [each.rfilename for each in siblings]
        assert path in [each.path for each in api.list_repo_tree(id, recursive=True)]
    assert ask(hub, f"/mallory/Held/resolve/main/{path}").body == b"evil"


def test_listing_as_poor_as_a_mirrors(hub: Hub) -> None:
    """Blob ids, or all that is not a name, can be left out of model info."""
    api = HfApi(endpoint=hub.endpoint, token=False)
    hub.rule(INFO, listing=without_blob_ids, first=1)
    found = list(api.model_info(ID, files_metadata=True).siblings or ())
    hub.rule(INFO, listing=names_only)
    found += api.model_info(ID, files_metadata=True).siblings or ()
    assert [(each.size, each.blob_id) for each in found] == [(6, None), (None, None)]


def test_listing_of_another_kind(hub: Hub) -> None:
    """A tree may hold what is neither file nor folder."""
    hub.rule(TREE, listing=adding("link", kind="symlink"))
    items = json.loads(ask(hub, f"/api/models/{ID}/tree/main").body)
    assert [(item["path"], item["type"]) for item in items] == [("a.py", "file"), ("link", "symlink")]


def test_paging(tmp_path: Path) -> None:
    """A long tree comes in pages, each naming the next."""
    files = {f"pkg/f{number:02}.py": f"{number}\n" for number in range(25)}
    with Hub(page=10) as hub:
        hub.add(ID, files)
        api = HfApi(endpoint=hub.endpoint, token=False)
        paths = [each.path for each in api.list_repo_tree(ID, recursive=True)]
        assert paths == ["pkg", *files]
        assert hub.count(contains="/tree/") == 3
        root = Path(snapshot_download(ID, endpoint=hub.endpoint, cache_dir=tmp_path, token=False))
    assert len(list(root.glob("pkg/*.py"))) == 25


def test_renamed_repository(hub: Hub, tmp_path: Path) -> None:
    """The old id leads to the new one: for the API, and for files."""
    commit = hub.commit(ID).id
    hub.rename(ID, "saibo/Renamed")
    hub.rename("saibo/Renamed", "new-owner/ChatFlows")
    info = HfApi(endpoint=hub.endpoint, token=False).model_info(ID, revision=commit)
    assert (info.id, info.sha) == ("new-owner/ChatFlows", commit)
    path = hf_hub_download(ID, "a.py", endpoint=hub.endpoint, cache_dir=tmp_path, token=False)
    assert Path(path).read_bytes() == TEXT
    reply = ask(hub, f"{URL}?download=true")
    assert (reply.status, reply.headers["location"]) == (307, "/saibo/Renamed/resolve/main/a.py?download=true")


def test_private_repository(hub: Hub) -> None:
    """A stranger cannot tell a private repository from none; a reader sees it."""
    hub.add("saibo/Secret", {"a.py": TEXT}, private=True, readers=["hf_reader"])
    hub.user("hf_other")
    for token in (None, "hf_other"):
        with pytest.raises(RepositoryNotFoundError) as error:
            HfApi(endpoint=hub.endpoint, token=token or False).model_info("saibo/Secret")
        assert error.value.response.status_code == (404 if token else 401)
    info = HfApi(endpoint=hub.endpoint, token="hf_reader").model_info("saibo/Secret")
    assert info.private is True


def test_gated_repository(hub: Hub, tmp_path: Path) -> None:
    """Anyone sees what is in a gated repository; its files are for readers."""
    hub.add("saibo/Gated", {"a.py": TEXT}, gated=True, readers=["hf_reader"])
    hub.user("hf_other")
    info = HfApi(endpoint=hub.endpoint, token=False).model_info("saibo/Gated", files_metadata=True)
    assert info.gated == "manual"
    assert len(info.siblings or ()) == 1
    for token in (False, "hf_other"):
        with pytest.raises(GatedRepoError) as error:
            hf_hub_download("saibo/Gated", "a.py", endpoint=hub.endpoint, cache_dir=tmp_path, token=token)
        assert error.value.response.status_code == (403 if token else 401)
    path = hf_hub_download("saibo/Gated", "a.py", endpoint=hub.endpoint, cache_dir=tmp_path, token="hf_reader")
    assert Path(path).read_bytes() == TEXT


def test_token_that_is_not_known(hub: Hub) -> None:
    """A wrong token is refused also where none is needed."""
    with pytest.raises(HfHubHTTPError, match="Invalid credentials"):
        HfApi(endpoint=hub.endpoint, token="hf_stale").model_info(ID)


def test_lfs_comes_from_elsewhere_without_the_token(hub: Hub, tmp_path: Path) -> None:
    """LFS content is at another origin, which is not shown the token, and refuses whoever shows one."""
    hub.add("saibo/Large", {"w.bin": b"w" * 5000}, lfs=["*.bin"], private=True, readers=["hf_reader"])
    path = hf_hub_download("saibo/Large", "w.bin", endpoint=hub.endpoint, cache_dir=tmp_path, token="hf_reader")
    assert Path(path).read_bytes() == b"w" * 5000
    asked = [(request.origin, request.method, request.authorized, request.status) for request in hub.requests]
    assert asked[0] == ("hub", "HEAD", True, 302)
    assert asked[-1] == ("files", "GET", False, 200)


def test_plain_file_by_way_of_the_resolve_cache(tmp_path: Path) -> None:
    """The Hub may redirect a plain file to another of its own paths, relative to the first."""
    with Hub(resolve_cache=True) as hub:
        hub.add(ID, {"a b.py": TEXT})
        path = hf_hub_download(ID, "a b.py", endpoint=hub.endpoint, cache_dir=tmp_path, token=False)
        assert Path(path).read_bytes() == TEXT
        assert hub.count(status=307) > 0


def test_log_never_holds_a_token(tmp_path: Path) -> None:
    """The log says that a token came, in memory and on disk, and not which."""
    log = tmp_path / "log"
    with Hub(log=log) as hub:
        hub.add(ID, {"a.py": TEXT}, private=True, readers=["hf_reader"])
        assert ask(hub, token="hf_reader").status == 200
        assert read_log(log) == hub.requests
    assert [request.authorized for request in read_log(log)] == [True]
    assert "hf_reader" not in log.read_text(encoding="utf-8")


def test_connections_are_counted_and_kept_alive(hub: Hub) -> None:
    """Several requests may share a connection, and the log tells which did."""
    connection = http.client.HTTPConnection(urlsplit(hub.endpoint).netloc, timeout=30)
    for method in ("HEAD", "GET"):
        connection.request(method, URL)
        connection.getresponse().read()
    connection.close()
    ask(hub)
    assert hub.connections == 2
    first, second, third = (request.connection for request in hub.requests)
    assert first == second != third
    hub.clear()
    assert (hub.connections, hub.requests) == (0, [])


def test_hub_leaves_no_thread_behind() -> None:
    """A Hub that stops with an idle connection open ends it."""
    before = set(threading.enumerate())
    with Hub() as hub:
        connection = http.client.HTTPConnection(urlsplit(hub.endpoint).netloc, timeout=30)
        connection.request("GET", "/api/agent-harnesses")
        assert json.loads(connection.getresponse().read()) == {"standardEnvVars": [], "harnesses": {}}
    connection.close()
    assert set(threading.enumerate()) <= before


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two repositories on disk, one of which names the other's commit."""
    for name, text in (("martinjosifoski/ChatAtomicFlow", "x = 1\n"), (ID, "y = 2\n")):
        path = tmp_path / "hub" / name
        (path / "__pycache__").mkdir(parents=True)
        (path / "__pycache__" / "a.pyc").write_bytes(b"not served")
        (path / "a.py").write_bytes(text.encode())
    return tmp_path / "hub"


def test_commits_of_a_folder(folder: Path) -> None:
    """What is printed for a folder is what will be served from it, and does not change."""
    command = [sys.executable, "-m", "tests.hub", "--folder", str(folder), "--commits"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    with Hub() as hub:
        commits = hub.add_folder(folder)
        assert list(hub.commit(ID).files) == ["a.py"]
    assert dict(line.split() for line in printed.splitlines()) == commits
    assert list(commits) == ["martinjosifoski/ChatAtomicFlow", ID]


def test_hub_as_a_process(folder: Path, tmp_path: Path) -> None:
    """Served by another process, with a log that this one reads; it ends when its input does."""
    log = tmp_path / "log"
    command = [sys.executable, "-m", "tests.hub", "--folder", str(folder), "--log", str(log)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        endpoint = process.stdout.readline().strip()
        path = hf_hub_download(ID, "a.py", endpoint=endpoint, cache_dir=tmp_path / "cache", token=False)
        assert Path(path).read_bytes() == b"y = 2\n"
        process.stdin.close()
        assert process.wait(30) == 0
    assert [request.method for request in read_log(log)] == ["HEAD", "GET"]
