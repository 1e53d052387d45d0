"""What the Hub or the network does wrong ends in a sentence and exit code 3, or is got over."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.hub import FILE, INFO, Hub
from tests.integration.answering import answering
from tests.integration.workspace import Workspace, asking

TOKEN = "hf_averysecrettokenofsomeone"


@pytest.fixture
def declared(space: Workspace, hub: Hub) -> Workspace:
    hub.add("a/One", {"one.py": asking("b/Two"), "data.txt": "some data\n" * 100})
    hub.add("b/Two", {"two.py": "two = 2\n", "more.txt": "more data\n" * 100})
    space.declare({"a/One": "main"})
    return space


def unchanged(space: Workspace) -> bool:
    """Whether there is still nothing but the manifest."""
    return set(space.visible()) == {"pyproject.toml"}


# --- what is not there, or not for everybody -------------------------------------------------------------------------


def test_a_repository_that_is_not_there(space: Workspace) -> None:
    """It may be private: the Hub does not tell, so the hint says both."""
    space.declare({"a/Nothing": "main"})

    space.run("sync").failed_plainly(
        3, "a/Nothing (revision 'main') was not found on the Hub.", "Check the spelling", "HF_TOKEN"
    )
    assert unchanged(space)


def test_a_revision_that_is_not_there(declared: Workspace) -> None:
    """The repository is there, the revision is not."""
    declared.declare({"a/One": "v9"})

    declared.call("sync").failed_plainly(3, "a/One has no revision 'v9'.", "branches and tags of a/One")
    assert unchanged(declared)


def test_a_commit_that_was_cut_is_told_apart(declared: Workspace) -> None:
    """The digits that flowverse shows of a commit are not a revision."""
    declared.declare({"a/One": "a858a21"})

    declared.call("sync").failed_plainly(3, "all of its 40 digits")


def test_a_dependency_that_is_not_there(declared: Workspace, hub: Hub) -> None:
    """What a module asks for and nobody has ends the sync before anything is installed."""
    hub.remove("b/Two")

    declared.call("sync").failed_plainly(3, "b/Two", "pyproject.toml -> a/One (", "asks for it")
    assert unchanged(declared)


@pytest.mark.parametrize("kind", ["private", "gated"])
def test_a_token_opens_what_is_closed(space: Workspace, hub: Hub, kind: str) -> None:
    """Without a token a sentence; with one it works. The token is in no output and in no file."""
    hub.add("a/Closed", {"one.py": "one = 1\n"}, private=kind == "private", gated=kind == "gated", readers=[TOKEN])
    space.declare({"a/Closed": "main"})
    words = "was not found on the Hub" if kind == "private" else "it is gated"

    space.call("sync").failed_plainly(3, "a/Closed", words, "HF_TOKEN")
    assert unchanged(space)
    done = space.run("sync", "-v", HF_TOKEN=TOKEN)

    assert done.code == 0, done
    assert space.holds(hub, "a/Closed")
    assert not_told(space, done.out + done.err)


def test_a_token_that_may_not_read_is_told_so(space: Workspace, hub: Hub) -> None:
    """Somebody who is signed in is not told to sign in."""
    hub.add("a/Private", {"one.py": ""}, private=True)
    hub.add("a/Gated", {"one.py": "1\n"}, gated=True)
    hub.user(TOKEN)
    for id, words in (("a/Private", "check that your token may read it"), ("a/Gated", "Ask for access at")):
        space.declare({id: "main"})
        done = space.call("sync", HF_TOKEN=TOKEN)
        done.failed_plainly(3, id, words)
        assert not_told(space, done.out + done.err)


def test_a_token_that_nobody_knows_is_told_so(declared: Workspace) -> None:
    """A token that was revoked, or mistyped, is not a repository that is missing."""
    done = declared.call("sync", HF_TOKEN=TOKEN)

    done.failed_plainly(3, "does not know the token", "Renew it")
    assert not_told(declared, done.out + done.err)


def test_a_token_that_cannot_be_sent_is_a_sentence(declared: Workspace) -> None:
    """A token with a character that no header takes: said without the token."""
    done = declared.call("sync", HF_TOKEN=f"{TOKEN}\N{LATIN SMALL LETTER E WITH ACUTE}")

    done.failed_plainly(2, "HF_TOKEN")
    assert TOKEN not in done.out + done.err


def test_a_token_file_that_cannot_be_read_is_a_sentence(declared: Workspace) -> None:
    """The client keeps its token in a file, which may be anything."""
    (declared.home / "token").mkdir(parents=True)

    declared.run("sync").failed_plainly(4, str(declared.home / "token"), "is a directory")


def test_a_token_in_the_address_of_the_hub_is_not_told(space: Workspace, hub: Hub) -> None:
    """Mirrors are addressed with a password in the URL; it is in no message."""
    space.declare({"a/Nothing": "main"})
    address = hub.endpoint.replace("://", f"://user:{TOKEN}@")

    done = space.call("sync", HF_ENDPOINT=address)
    hub.rule(INFO, status=503)
    again = space.call("sync", HF_ENDPOINT=address, FLOWVERSE_HTTP_RETRIES="0")

    assert (done.code, again.code) == (3, 3)
    assert not_told(space, done.err + again.err)


def not_told(space: Workspace, said: str) -> bool:
    """Whether the token is neither in what was said nor in any file."""
    files = [path for path in space.base.rglob("*") if path.is_file()]
    assert any(path.name == "index.json" for path in files) or not space.tree.exists()
    return TOKEN not in said and not any(TOKEN.encode() in path.read_bytes() for path in files)


# --- a network that does not work ------------------------------------------------------------------------------------


def test_a_hub_that_is_off(declared: Workspace) -> None:
    """Nobody listens: the address is named, and where it comes from."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # taken, and not listened at: nobody else can get it meanwhile
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = declared.run("sync", HF_ENDPOINT=endpoint, FLOWVERSE_HTTP_RETRIES="1")

    done.failed_plainly(3, f"{endpoint} did not answer for a/One@main: no connection could be made.", "HF_ENDPOINT")
    assert done.err.startswith("Trying again: a/One@main: no connection could be made\n")
    assert unchanged(declared)


@pytest.mark.parametrize("where", [INFO, FILE])
def test_a_hub_that_does_not_answer(declared: Workspace, hub: Hub, where: str) -> None:
    """Every request has a deadline."""
    hub.rule(where, action="stall")

    done = declared.call("sync", FLOWVERSE_HTTP_TIMEOUT="0.2", FLOWVERSE_HTTP_RETRIES="0")

    done.failed_plainly(3, f"{hub.endpoint} did not answer for")
    assert unchanged(declared)


def test_a_hub_that_sends_a_byte_at_a_time(tmp_path: Path) -> None:
    """Something comes all the time, and yet the deadline holds."""
    with answering(b" " * 10_000, every=0.05) as endpoint:
        space = Workspace(tmp_path, endpoint)
        space.declare({"a/One": "main"})
        done = space.call("sync", FLOWVERSE_HTTP_TIMEOUT="0.3", FLOWVERSE_HTTP_RETRIES="0")

    done.failed_plainly(3, f"{endpoint} did not answer for a/One@main: no answer within 0.3 seconds.")


def test_a_hub_that_stops_in_the_middle(declared: Workspace, hub: Hub) -> None:
    """Half a file, and then nothing more."""
    hub.rule(FILE + ".*data.txt", action="pause")

    done = declared.call("sync", FLOWVERSE_HTTP_TIMEOUT="0.2", FLOWVERSE_HTTP_RETRIES="0")

    done.failed_plainly(3, f"{hub.endpoint} did not answer for data.txt of a/One")
    assert unchanged(declared)
    assert list(declared.cache.rglob("*.incomplete")) == []


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408])
@pytest.mark.parametrize("where", [INFO, FILE])
def test_a_hub_that_is_in_trouble(declared: Workspace, hub: Hub, where: str, status: int) -> None:
    """A status that stays is said, after as many attempts as are allowed."""
    rule = hub.rule(where, status=status)

    done = declared.call("sync", FLOWVERSE_HTTP_RETRIES="0")

    done.failed_plainly(3, f"{hub.endpoint} answered {status} for", "what was fetched is kept")
    assert rule.hits >= 1
    assert unchanged(declared)


@pytest.mark.parametrize("action", ["reset", "hangup", "truncate"])
@pytest.mark.parametrize("where", [INFO, FILE])
def test_a_connection_that_breaks_off(declared: Workspace, hub: Hub, where: str, action: str) -> None:
    """Once it is got over; always it is said."""
    for first in (2, None):
        rule = hub.rule(where, action=action, first=first)  # type: ignore[arg-type]
        if first:
            declared.lock()
            assert rule.hits == 2
            declared.lock_path.unlink()
            for path in declared.cache.rglob("blobs/*"):
                path.unlink()
        else:
            done = declared.call("sync", FLOWVERSE_HTTP_RETRIES="0")
            done.failed_plainly(3, f"{hub.endpoint} did not answer for", "the connection broke off")
    assert unchanged(declared)


@pytest.mark.parametrize("status", [500, 503, 429])
@pytest.mark.parametrize("where", [INFO, FILE])
def test_trouble_that_passes_is_got_over(declared: Workspace, hub: Hub, where: str, status: int) -> None:
    """A few failures, then an answer: the sync succeeds."""
    rule = hub.rule(where, status=status, first=3)

    declared.sync()

    assert rule.hits == 3
    assert declared.holds(hub, "a/One")
    assert declared.holds(hub, "b/Two")


ALLOWED = "Waiting 1 s: the Hub allows no more requests for now, and more with a token (`hf auth login`)"


@pytest.mark.parametrize(("after", "said"), [("0", "Trying again: a/One@main: the Hub answered 429"), ("1", ALLOWED)])
def test_a_hub_that_asks_to_wait(declared: Workspace, hub: Hub, after: str, said: str) -> None:
    """What it asks for is waited, more often than failures are put up with, and said."""
    rule = hub.rule(INFO, status=429, headers={"Retry-After": after}, first=2)

    done = declared.call("sync", FLOWVERSE_HTTP_RETRIES="2")

    assert done.code == 0, done
    assert rule.hits == 2
    assert done.err.splitlines() == [said] * 2
    assert declared.holds(hub, "a/One")


def test_a_hub_that_asks_to_wait_no_time_for_ever(declared: Workspace, hub: Hub) -> None:
    """`Retry-After: 0` with every answer does not make an endless loop."""
    rule = hub.rule(INFO, status=429, headers={"Retry-After": "0"})

    declared.call("sync", FLOWVERSE_HTTP_RETRIES="2").failed_plainly(3, "answered 429 for a/One@main")

    assert rule.hits == 3


BODIES = {
    "not JSON": b"<html>Sign in to the hotel's network</html>",
    "a list": b"[]",
    "no commit": b'{"id": "a/One", "siblings": []}',
    "a short commit": b'{"id": "a/One", "sha": "abc", "siblings": []}',
    "siblings that are a number": b'{"id": "a/One", "sha": "0123456789012345678901234567890123456789", "siblings": 5}',
    "a size below zero": b'{"id": "a/One", "sha": "0123456789012345678901234567890123456789", '
    b'"siblings": [{"rfilename": "x", "size": -1, "blobId": "0"}]}',
    "a blob id that leaves": b'{"id": "a/One", "sha": "0123456789012345678901234567890123456789", '
    b'"siblings": [{"rfilename": "x", "size": 1, "blobId": "../../../../x"}]}',
    "deep nesting": b"[" * 100_000,
}


@pytest.mark.parametrize("what", BODIES)
def test_an_answer_that_cannot_be_used(tmp_path: Path, what: str) -> None:
    """A portal, a broken mirror, a malicious one: exit code 3 and a sentence."""
    with answering(BODIES[what]) as endpoint:
        space = Workspace(tmp_path, endpoint)
        space.declare({"a/One": "main"})
        space.call("sync", FLOWVERSE_HTTP_RETRIES="0").failed_plainly(3, "a/One")
        assert unchanged(space)
    assert not (tmp_path / "x").exists()


def test_what_was_fetched_before_a_failure_is_kept(declared: Workspace, hub: Hub) -> None:
    """After a failure in the middle, the next sync asks only for what is still missing."""
    hub.rule(FILE + ".*more.txt", status=404)
    declared.call("sync").failed_plainly(3, "more.txt of b/Two")
    hub.clear_rules()
    hub.clear()

    declared.sync()

    assert [request.path.rpartition("/")[2] for request in hub.requests if "/resolve/" in request.path] == ["more.txt"]
