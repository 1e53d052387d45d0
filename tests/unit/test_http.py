"""Requests end: answered, told why not, or given up; on a clock that jumps, so that no test waits."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from flowverse._cache import Incoming
from flowverse._digest import sha256
from flowverse._hub.http import AT_ONCE, Client, Opened
from flowverse._hub.patience import Patience
from flowverse._hub.pools import EACH
from flowverse._hub.response import Answer
from flowverse.errors import HubAnswer, HubUnreachable, Offline
from flowverse.model import ModuleId
from hypothesis import given
from hypothesis import strategies as st

T = TypeVar("T")
SECRET = "hf_abcdefgh12345678"
ENDPOINT = "https://hub.example"
URL = f"{ENDPOINT}/api/models/a/A?token={SECRET}"


# --- a clock that jumps ----------------------------------------------------------------------------------------------


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing: the clock is put forward instead."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing will ever happen"
        self.now += max(timeout, 0.0)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run(main: Callable[[], Awaitable[T]]) -> tuple[T, float]:
    """The result, and how many seconds it would have taken."""

    async def call() -> T:
        return await main()

    loop = _Loop()
    try:
        return loop.run_until_complete(call()), loop.time()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


# --- a client of httpx's shape ---------------------------------------------------------------------------------------


class TransportError(Exception):
    """What a client raises; its text has the URL, as texts of clients have."""


class ConnectError(TransportError): ...


class RemoteProtocolError(TransportError): ...


class SomethingElseError(TransportError): ...


class OfflineModeIsEnabled(Exception): ...


@dataclass
class Response:
    status_code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    chunks: Sequence[bytes] = ()
    history: Sequence[Response] = ()
    breaks: bool = False

    async def aiter_bytes(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            yield chunk
        if self.breaks:
            raise RemoteProtocolError(URL)


Event = Response | Exception | None
"""What happens to a request: a response, an error, or nothing ever."""


@dataclass
class Fake:
    """A client that follows a script; the last event stays."""

    script: list[Event]
    sent: list[tuple[float, str, dict[str, str]]] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)
    closed: int = 0
    opened: int = 0

    async def get(self, url: str, *, headers: Mapping[str, str], timeout: float) -> Response:
        self.sent.append((asyncio.get_running_loop().time(), url, dict(headers)))
        self.timeouts.append(timeout)
        event = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        await asyncio.sleep(0)
        if event is None:
            await asyncio.get_running_loop().create_future()
        if isinstance(event, Exception):
            raise event
        assert event is not None
        return event

    @asynccontextmanager
    async def stream(self, method: str, url: str, **more: Any) -> AsyncIterator[Response]:
        assert method == "GET"
        yield await self.get(url, **more)

    async def aclose(self) -> None:
        self.closed += 1

    async def another(self) -> Fake:
        self.opened += 1
        return self


@dataclass
class Waits:
    """A Reporter of what is waited for."""

    said: list[tuple[str, float]] = field(default_factory=list)
    details: list[str] = field(default_factory=list)

    def phase(self, name: str) -> None: ...

    def found(self, id: ModuleId, total: int) -> None: ...

    def fetching(self, files: int, size: int) -> None: ...

    def fetched(self, size: int) -> None: ...

    def waiting(self, what: str, seconds: float) -> None:
        self.said.append((what, seconds))

    def detail(self, message: str) -> None:
        self.details.append(message)


SIGNED_IN = {"authorization": f"Bearer {SECRET}", "user-agent": "x"}


class Desk:
    """A Client over a script."""

    def __init__(
        self,
        *script: Event,
        endpoint: str = ENDPOINT,
        headers: Mapping[str, str] = SIGNED_IN,
        fake: Fake | None = None,
        **patience: Any,
    ) -> None:
        self.fake, self.waits, self.headers = fake or Fake(list(script)), Waits(), headers
        self.client = Client(endpoint, self.waits, Patience(**{"timeout": 30.0, "pause": 0.0, **patience}), self._open)

    def _open(self) -> Opened:
        self.fake.opened += 1
        return Opened(
            client=self.fake,
            another=self.fake.another,
            headers=self.headers,
            errors=(TransportError,),
            offline=OfflineModeIsEnabled,
        )

    def get(self) -> tuple[Answer, float]:
        return run(lambda: self.client.get(URL, "a/A@main"))

    async def get_many(self, number: int) -> list[Answer]:
        return await asyncio.gather(*(self.client.get(URL, f"a/A{count}@main") for count in range(number)))


# --- retries ---------------------------------------------------------------------------------------------------------


def test_an_answer_is_an_answer() -> None:
    """One request, with the client's headers and a timeout; its client is opened then, once, and closed at the end."""
    desk = Desk(Response(200, {"etag": '"x"'}, b'{"a": 1}'))
    assert desk.fake.opened == 0
    answer, seconds = desk.get()
    assert (answer.status, answer.json(), answer.etag, seconds) == (200, {"a": 1}, "x", 0.0)
    assert desk.client.signed_in
    desk.get()
    run(desk.client.close)
    assert (desk.fake.opened, desk.fake.closed, desk.fake.timeouts) == (1, 1, [30.0, 30.0])
    assert desk.fake.sent[0][2]["authorization"] == f"Bearer {SECRET}"


def test_a_client_that_was_never_needed_is_never_opened() -> None:
    desk = Desk(Response())
    run(desk.client.close)
    assert (desk.fake.opened, desk.client.signed_in) == (0, False)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520])
def test_what_may_be_better_next_time_is_asked_again(status: int) -> None:
    desk = Desk(Response(status), Response(status), Response(200))
    assert desk.get()[0].status == 200
    assert len(desk.fake.sent) == 3
    assert desk.waits.said == [(f"a/A@main: the Hub answered {status}", 0.0)] * 2


@pytest.mark.parametrize("status", [304, 400, 401, 403, 404, 410, 416])
def test_what_will_not_be_better_is_not_asked_again(status: int) -> None:
    desk = Desk(Response(status, {"x-error-code": "RepoNotFound"}), Response(200))
    answer, _ = desk.get()
    assert (answer.status, answer.error_code, len(desk.fake.sent)) == (status, "RepoNotFound", 1)


def test_a_bad_status_that_stays_is_the_callers_to_judge() -> None:
    desk = Desk(Response(503), retries=3)
    assert desk.get()[0].status == 503
    assert len(desk.fake.sent) == 4


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ConnectError(URL), "no connection could be made"),
        (RemoteProtocolError(URL), "the connection broke off"),
        (SomethingElseError(URL), "something else error"),
    ],
)
def test_a_connection_that_fails_is_tried_again(error: Exception, why: str) -> None:
    """And in the end it is a sentence without the URL, which may hold a secret."""
    assert Desk(error, Response(200)).get()[0].status == 200
    desk = Desk(error, retries=2)
    with pytest.raises(HubUnreachable) as caught:
        desk.get()
    assert str(caught.value) == f"{ENDPOINT} did not answer for a/A@main: {why}."
    assert len(desk.fake.sent) == 3
    assert SECRET not in f"{caught.value}{caught.value.hint}{desk.waits.said}"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_the_secrets_of_an_endpoint_are_not_told() -> None:
    desk = Desk(ConnectError(), endpoint="https://me:pass@mirror.example", retries=0)
    with pytest.raises(HubUnreachable) as caught:
        desk.get()
    assert str(caught.value).startswith("https://***@mirror.example did not answer")
    assert "pass" not in repr(caught.value)


def test_pauses_double_with_jitter() -> None:
    """Each is in the upper half of what it may be at most, and never above ten seconds."""
    desk = Desk(Response(503), pause=1.0, retries=6)
    _, seconds = desk.get()
    pauses = [pause for _, pause in desk.waits.said]
    for pause, longest in zip(pauses, (1, 2, 4, 8, 10, 10), strict=True):
        assert longest / 2 <= pause <= longest
    assert seconds == pytest.approx(sum(pauses))


def test_a_server_that_never_answers_is_given_up() -> None:
    """There is a deadline on each request, whatever the client does."""
    desk = Desk(None, retries=1, timeout=5.0)
    with pytest.raises(HubUnreachable, match="no answer within 5 seconds"):
        desk.get()
    assert [at for at, _, _ in desk.fake.sent] == [0.0, 5.0]


def test_offline_is_no_reason_to_try_again() -> None:
    desk = Desk(OfflineModeIsEnabled(URL))
    with pytest.raises(Offline) as caught:
        desk.get()
    assert (len(desk.fake.sent), caught.value.missing) == (1, "a/A@main")


# --- what the Hub asks for -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"retry-after": "7"}, 7.0),
        (503, {"retry-after": " 12 "}, 12.0),
        (429, {"ratelimit": '"api";r=0;t=55'}, 56.0),
        (429, {"ratelimit": '"api";r=0;t=55', "retry-after": "3"}, 3.0),
    ],
)
def test_the_wait_that_is_asked_for_is_kept(status: int, headers: dict[str, str], seconds: float) -> None:
    """The rest of a window is told in whole seconds: one more, or it may not be over."""
    desk = Desk(Response(status, headers), Response(200))
    answer, took = desk.get()
    assert (answer.status, took) == (200, seconds)
    why = "a/A@main: the Hub answered 503" if status == 503 else "the Hub allows no more requests for now"
    assert desk.waits.said == [(why, seconds)]


def test_what_more_is_allowed_is_told_who_has_no_token() -> None:
    desk = Desk(Response(429, {"retry-after": "7"}), Response(200), headers={})
    desk.get()
    why = "the Hub allows no more requests for now, and more with a token (`hf auth login`)"
    assert desk.waits.said == [(why, 7.0)]


def test_a_wait_may_be_asked_for_with_a_date() -> None:
    """The other form that HTTP knows."""
    _, took = Desk(Response(503, {"retry-after": formatdate(time.time() + 100, usegmt=True)}), Response(200)).get()
    assert 0 < took <= 100


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"retry-after": "0"},
        {"retry-after": "-5"},
        {"retry-after": "soon"},
        {"retry-after": "\u00b2"},
        {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"},
        {"retry-after": "Wed, 21 Oct 99999 07:28:00 GMT"},
        {"ratelimit": '"api";r=5;t=55'},
        {"ratelimit": '"api";r=0;t=0'},
    ],
)
def test_no_wait_worth_the_name_is_no_endless_loop(headers: dict[str, str]) -> None:
    """The usual number of repeats, with the usual pauses."""
    desk = Desk(Response(429, headers), retries=3)
    assert desk.get()[0].status == 429
    assert len(desk.fake.sent) == 4


@pytest.mark.parametrize("told", ["901", "9" * 400])
def test_a_wait_that_is_too_long_is_an_answer(told: str) -> None:
    """Nobody waits for more than a quarter of an hour in all."""
    desk = Desk(Response(429, {"retry-after": told}))
    assert desk.get() == (desk.get()[0], 0.0)
    assert len(desk.fake.sent) == 2


def test_waits_that_add_up_to_too_long_end() -> None:
    """And asked-for waits do not use up the repeats."""
    desk = Desk(Response(429, {"retry-after": "300"}), retries=0)
    answer, took = desk.get()
    assert (answer.status, took, len(desk.fake.sent)) == (429, 900.0, 4)


def test_everybody_waits() -> None:
    """A request that begins meanwhile is not sent before the time is up: it would only be refused as well."""
    desk = Desk(Response(429, {"retry-after": "20"}), Response(200))

    async def both() -> None:
        async def later() -> None:
            await asyncio.sleep(5)
            await desk.client.get(URL, "b/B@main")

        await asyncio.gather(desk.client.get(URL, "a/A@main"), later())

    run(both)
    assert [at for at, _, _ in desk.fake.sent] == [0.0, 20.0, 20.0]


def test_files_do_not_wait_for_the_api(tmp_path: Any) -> None:
    """The Hub counts them apart, so what it says of the one it does not say of the other."""
    desk = Desk(Response(429, {"retry-after": "20"}), Response(200, chunks=[b"ab"]), Response(200))
    incoming = Incoming(tmp_path / "x", 2)

    async def both() -> None:
        await asyncio.gather(desk.get_many(1), desk.client.download(URL, "a.py of a/A", incoming, 2))

    run(both)
    incoming.close()
    assert [at for at, _, _ in desk.fake.sent] == [0.0, 0.0, 20.0]


# --- many at once ----------------------------------------------------------------------------------------------------


class Counting(Fake):
    """A Hub that answers so many requests in each window of 300 s, and tells the others how long it lasts."""

    def __init__(self, most: int) -> None:
        super().__init__([])
        self.most, self.refused, self.now, self.peak = most, 0, 0, 0
        self.windows: Counter[float] = Counter()

    async def get(self, url: str, *, headers: Mapping[str, str], timeout: float) -> Response:  # noqa: ARG002
        clock = asyncio.get_running_loop().time()
        window, spent = divmod(clock, 300)
        self.windows[window] += 1
        allowed = self.windows[window] <= self.most
        self.now += 1
        self.peak = max(self.peak, self.now)
        await asyncio.sleep(0.04)
        self.now -= 1
        if allowed:
            return Response(200)
        self.refused += 1
        return Response(429, {"ratelimit": f'"api";r=0;t={int(300 - spent)}'})


def test_more_than_many_windows_allow_is_done_in_as_many_windows() -> None:
    """As long as it goes on, nobody gives up; refused is what was on its way, and one line a window says so."""
    desk = Desk(fake=Counting(500))

    answers, seconds = run(lambda: desk.get_many(5000))

    assert isinstance(desk.fake, Counting)
    assert {answer.status for answer in answers} == {200}
    assert 9 * 300 < seconds < 9.1 * 300
    assert len(desk.waits.said) == 9
    assert {round(pause, -1) for _, pause in desk.waits.said} == {300}
    assert len(desk.fake.windows) == 10
    assert desk.fake.refused <= 9 * AT_ONCE
    assert desk.fake.peak == AT_ONCE


class Alone(Counting):
    """A client of which there can be no second one."""

    async def another(self) -> Fake:
        raise OSError("too many open files")


def test_one_client_is_enough_where_no_other_can_be_opened() -> None:
    """All is answered, only fewer at a time."""
    desk = Desk(fake=Alone(500))

    answers, _ = run(lambda: desk.get_many(100))

    assert isinstance(desk.fake, Alone)
    assert {answer.status for answer in answers} == {200}
    assert desk.fake.peak == EACH
    run(desk.client.close)


@pytest.mark.parametrize(("listings", "opened"), [(1, 1), (3, 2), (50, AT_ONCE // EACH)])
def test_clients_are_opened_for_what_is_expected(listings: int, opened: int) -> None:
    """A listing is followed by files: a second client for a few of them, all for many, and no other for one."""
    desk = Desk(Response(200))

    run(lambda: desk.get_many(listings))

    assert desk.fake.opened == opened


def test_a_hub_that_allows_nothing_any_more_is_given_up() -> None:
    """However many wait: after a quarter of an hour in which none was answered."""
    desk = Desk(fake=Counting(0), headers={})

    answers, seconds = run(lambda: desk.get_many(200))

    assert {answer.status for answer in answers} == {429}
    assert seconds < 900
    assert len(desk.waits.said) == 2


def test_one_line_says_that_many_are_in_trouble() -> None:
    """Requests that fail side by side are sent again together; who asks for details gets each."""
    desk = Desk(Response(503), pause=1.0, retries=2)

    answers, _ = run(lambda: desk.get_many(AT_ONCE))

    assert {answer.status for answer in answers} == {503}
    assert len(desk.fake.sent) == 3 * AT_ONCE
    assert len(desk.waits.said) <= 3
    assert len(desk.waits.said) + len(desk.waits.details) == 2 * AT_ONCE


def test_a_longer_wait_is_said_as_well() -> None:
    """Whoever was told of two seconds is told when they become twenty."""
    desk = Desk(Response(429, {"retry-after": "2"}), Response(429, {"retry-after": "20"}), Response(200))

    run(lambda: desk.get_many(2))

    assert [pause for _, pause in desk.waits.said] == [2.0, 20.0]


def test_a_server_in_trouble_is_not_asked_more_often() -> None:
    """What waits because the server failed keeps its place: no more than AT_ONCE are sent before they are through."""
    desk = Desk(Response(503), pause=1.0, retries=1)

    run(lambda: desk.get_many(100))

    first = [at for at, _, _ in desk.fake.sent if at < 0.5]
    assert len(first) == AT_ONCE


# --- downloads -------------------------------------------------------------------------------------------------------


def download(desk: Desk, path: Any, size: int) -> tuple[Answer, Incoming, float]:
    incoming = Incoming(path, size)
    try:
        answer, seconds = run(lambda: desk.client.download(URL, "a.py of a/A", incoming, size))
    finally:
        incoming.close()
    return answer, incoming, seconds


def test_a_download_begins_again_after_a_break(tmp_path: Any) -> None:
    """What came before is forgotten, in the file and in the hash; and it is asked for as it is stored."""
    desk = Desk(
        Response(chunks=[b"wr", b"o"], breaks=True), Response(503, chunks=[b"no"]), Response(chunks=[b"ab", b"cde"])
    )
    _, incoming, _ = download(desk, tmp_path / "x", 5)
    assert (tmp_path / "x").read_bytes() == b"abcde"
    assert (incoming.size, incoming.hasher.sha256) == (5, sha256(b"abcde"))
    assert {headers["accept-encoding"] for _, _, headers in desk.fake.sent} == {"identity"}
    assert {headers["x-hf-download-counter"] for _, _, headers in desk.fake.sent} == {"1"}


def test_a_download_that_is_longer_than_promised_is_cut(tmp_path: Any) -> None:
    """It is wrong already, and may be endless."""
    _, incoming, _ = download(Desk(Response(chunks=[b"12345"] * 1000)), tmp_path / "x", 7)
    assert incoming.size == 10


def test_the_words_of_an_error_are_no_content(tmp_path: Any) -> None:
    answer, incoming, _ = download(Desk(Response(404, chunks=[b"Not found"])), tmp_path / "x", 9)
    assert (answer.status, incoming.size) == (404, 0)


def test_a_large_file_has_more_time(tmp_path: Any) -> None:
    """50 kB a second, on top of the timeout; a download that stalls ends all the same."""
    desk = Desk(None, retries=0, timeout=10.0)
    with pytest.raises(HubUnreachable, match="no answer within 30 seconds"):
        download(desk, tmp_path / "x", 1_000_000)


# --- answers ---------------------------------------------------------------------------------------------------------


def answer(**more: Any) -> Answer:
    return Answer(**{"endpoint": ENDPOINT, "what": "a/A", "status": 200, "headers": {}, "first": {}, **more})


@pytest.mark.parametrize(
    ("headers", "first", "etag"),
    [
        ({"etag": '"abc"'}, {"etag": '"abc"'}, "abc"),
        ({"etag": 'W/"abc"'}, {}, "abc"),
        ({"etag": '"of the store"'}, {"x-linked-etag": '"abc"', "etag": '"pointer"'}, "abc"),
        ({}, {}, ""),
    ],
)
def test_the_name_of_a_content(headers: dict[str, str], first: dict[str, str], etag: str) -> None:
    """Behind a redirect to a store of large files, what the Hub said before it."""
    assert answer(headers=headers, first=first).etag == etag


def test_the_first_answer_is_that_before_all_redirects() -> None:
    desk = Desk(
        Response(200, {"etag": "last"}, history=[Response(302, {"etag": "first"}), Response(302, {"etag": "2"})])
    )
    assert desk.get()[0].etag == "first"


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"{"])
def test_what_is_not_json_is_said(body: bytes) -> None:
    with pytest.raises(HubAnswer, match="with something that is not JSON for a/A"):
        answer(body=body).json()


def test_the_next_page_is_a_path_of_the_endpoint() -> None:
    link = '<https://hub.example/api/models/a/A/tree/1?cursor=x%2F>; rel="next"'
    assert answer(headers={"link": link}).next_page == f"{ENDPOINT}/api/models/a/A/tree/1?cursor=x%2F"
    assert answer(headers={"link": "</api/x>; rel=next"}).next_page == f"{ENDPOINT}/api/x"
    assert answer(headers={"link": '</api/x>; rel="prev"'}).next_page is None
    assert answer().next_page is None
    mirror = f"{ENDPOINT}/hub"
    assert answer(endpoint=mirror, headers={"link": "</hub/api/x>; rel=next"}).next_page == f"{mirror}/api/x"
    with pytest.raises(HubAnswer, match="next page"):
        _ = answer(headers={"link": '<https://[x>; rel="next"'}).next_page


PIECES = st.sampled_from(
    ["https://", "//", "/", "@", "evil.example", ".evil", ":8", ":x@", "api", "?a=b", "#", "\\", "%40", " ", "["]
)


@given(st.lists(PIECES | st.text(max_size=3), max_size=6).map("".join), st.sampled_from(["", "/hf", ":8080"]))
def test_no_next_page_leaves_the_endpoint(link: str, more: str) -> None:
    """Whatever a server says: the token goes to no other host."""
    try:
        there = answer(endpoint=ENDPOINT + more, headers={"link": f'<{link}>; rel="next"'}).next_page
    except HubAnswer:
        return
    if there is not None:
        assert there.startswith(f"{ENDPOINT}{more}/")
        assert urlsplit(there)[:2] == urlsplit(ENDPOINT + more)[:2]
