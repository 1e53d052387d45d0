"""Requests that end: a deadline on each, retries with jitter, `Retry-After` honoured; nothing about the Hub's API.

The client itself comes from the caller (`Opened`), so this file knows no HTTP library.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flowverse._hub.limits import Limit
from flowverse._hub.patience import Patience
from flowverse._hub.pools import EACH, Pools
from flowverse._hub.response import TOO_MANY, Answer
from flowverse._hub.turns import PATIENT, Turns
from flowverse._tasks import within
from flowverse.errors import HubUnreachable, Offline
from flowverse.ports import Reporter, Sink

__all__ = ["AT_ONCE", "Client", "Opened"]

AT_ONCE = 4 * EACH
"""How many requests are on their way at most."""
_FILES_OF_A_LISTING = 8
"""How many requests are expected after one for a listing, so that there are clients for them when they come."""
_LISTING, _FILE = range(2)
"""How urgent a request is; a file may be `PATIENT` instead."""
_AS_GOOD_AS_SAID = 2.0
"""Seconds by which a pause may be longer than the one that was said last, and not be said as well."""
_SLOWEST = 50_000
"""Bytes a second below which a download counts as stalled, on top of the timeout."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """An open asynchronous client of httpx's shape, how to open another, its headers, and what it raises.

    `Any`: two libraries fit.
    """

    client: Any
    another: Callable[[], Awaitable[Any]]
    headers: Mapping[str, str]
    errors: tuple[type[Exception], ...]
    offline: type[Exception]

    @property
    def signed_in(self) -> bool:
        """Whether a token is sent."""
        return any(name.lower() == "authorization" for name in self.headers)


Once = Callable[[Opened, Any], Awaitable[Answer]]
"""One attempt, with what was opened and a client."""


class Client:
    """Sends requests, `AT_ONCE` at a time, until they are answered or hopeless. `opener` is called at the first one."""

    def __init__(self, endpoint: str, reporter: Reporter, patience: Patience, opener: Callable[[], Opened]) -> None:
        self._endpoint, self._reporter, self._patience, self._opener = endpoint, reporter, patience, opener
        self._opened: Opened | None = None
        self._pools: Pools | None = None
        self._turns = Turns(EACH)
        self._load, self._width = 0, EACH
        self._widening: set[asyncio.Task[None]] = set()
        self._api, self._files = Limit(), Limit()
        self._said_until = 0.0

    @property
    def signed_in(self) -> bool:
        """Whether a token is sent."""
        return self._opened is not None and self._opened.signed_in

    async def close(self) -> None:
        """Close the client, if it was opened."""
        await asyncio.gather(*self._widening, return_exceptions=True)
        if self._pools is not None:
            await self._pools.aclose()

    async def get(self, url: str, what: str) -> Answer:
        """GET an answer of the API. Raises `HubUnreachable` or `Offline`; a bad status is the caller's to judge."""
        timeout = self._patience.timeout
        return await self._insist(what, timeout, self._api, _LISTING, self._getting(url, what, timeout))

    async def try_to_get(self, url: str, what: str, most: float) -> Answer | None:
        """GET an answer that can be done without: one attempt, `most` seconds; None if there is none.

        Nothing is sent while the Hub wants everybody to wait.
        """
        if self._api.left > 0:
            return None
        timeout = min(self._patience.timeout, most)
        return (await self._attempt(what, timeout, self._getting(url, what, timeout)))[0]

    def _getting(self, url: str, what: str, timeout: float) -> Once:
        async def once(opened: Opened, client: Any) -> Answer:
            response = await client.get(url, headers=opened.headers, timeout=timeout)
            return self._answer(what, response, response.content)

        return once

    async def download(self, url: str, what: str, sink: Sink, size: int, *, patient: bool = False) -> Answer:
        """GET a file of `size` bytes into `sink`; the same errors as `get`. If `patient`, others are more urgent."""

        async def once(opened: Opened, client: Any) -> Answer:
            sink.restart(size)
            # `identity`: what is hashed is what was stored, not a packed form of it.
            headers = {**opened.headers, "accept-encoding": "identity", "x-hf-download-counter": "1"}
            timeout = self._patience.timeout
            async with client.stream("GET", url, headers=headers, timeout=timeout) as response:
                if response.status_code < 400:
                    async for chunk in response.aiter_bytes():
                        sink.write(chunk)
                        if sink.size > size:
                            break  # longer than promised: wrong already, and maybe endless
                return self._answer(what, response, b"")

        deadline = self._patience.timeout + size / _SLOWEST
        return await self._insist(what, deadline, self._files, PATIENT if patient else _FILE, once)

    async def _insist(self, what: str, deadline: float, limit: Limit, urgency: int, once: Once) -> Answer:
        load = _FILES_OF_A_LISTING if urgency == _LISTING else 1
        self._load += load
        self._widen()
        try:
            while True:
                await limit.pause()
                answer = await self._turns.take(urgency, lambda: self._persist(what, deadline, limit, once))
                if answer is not None:
                    return answer
        finally:
            self._load -= load

    async def _persist(self, what: str, deadline: float, limit: Limit, once: Once) -> Answer | None:
        """An answer, maybe the last of several bad ones; None if the Hub wants a pause, of this request or of others.

        A request keeps its place while it waits to be sent again: more of others would only add to the trouble.
        """
        repeats = 0
        while limit.left == 0:
            answer, why = await self._attempt(what, deadline, once)
            if answer is not None and not answer.passing:
                limit.answered()
                return answer
            if answer is not None and (told := answer.told) is not None:
                if not limit.wait(told):
                    return answer
                self._say(self._refused if answer.status == TOO_MANY else f"{what}: {why}", told)
                break
            if repeats == self._patience.retries:
                if answer is None:
                    raise HubUnreachable(self._endpoint, what, why)
                return answer
            pause = self._patience.before(repeats)
            repeats += 1
            self._say(f"{what}: {why}", pause)
            await asyncio.sleep(pause)
        return None

    @property
    def _refused(self) -> str:
        more = "" if self.signed_in else ", and more with a token (`hf auth login`)"
        return f"the Hub allows no more requests for now{more}"

    def _say(self, why: str, pause: float) -> None:
        """Say a pause once, for all that wait at the same time; those who want all of it get all of it."""
        now = asyncio.get_running_loop().time()
        if now < self._said_until and now + pause <= self._said_until + _AS_GOOD_AS_SAID:
            self._reporter.detail(why)
            return
        self._said_until = now + pause
        self._reporter.waiting(why, pause)

    async def _attempt(self, what: str, deadline: float, once: Once) -> tuple[Answer | None, str]:
        """The answer, or why there is none, as a clause."""
        if self._opened is None or self._pools is None:
            self._opened = self._opener()
            self._pools = Pools(self._opened.client)
            self._widen()
        opened = self._opened
        try:
            answer = await within(deadline, once(opened, self._pools))
        except asyncio.TimeoutError:
            return None, f"no answer within {deadline:g} seconds"
        except opened.offline:
            raise Offline(what) from None
        except opened.errors as error:
            return None, _clause(error)
        return answer, f"the Hub answered {answer.status}"

    def _widen(self) -> None:
        """Open as many clients as there is work for, once there is the first."""
        while self._opened is not None and self._width < min(self._load, AT_ONCE):
            self._width += EACH
            task = asyncio.ensure_future(self._add(self._opened.another))
            self._widening.add(task)
            task.add_done_callback(self._widening.discard)

    async def _add(self, another: Callable[[], Awaitable[Any]]) -> None:
        try:
            client = await another()
        except (OSError, ValueError):
            return  # what is open does it, too
        if self._pools is not None:
            self._pools.add(client)
        self._turns.widen(EACH)

    def _answer(self, what: str, response: Any, body: bytes) -> Answer:
        first = response.history[0] if response.history else response
        return Answer(
            endpoint=self._endpoint,
            what=what,
            status=response.status_code,
            headers=response.headers,
            first=first.headers,
            body=body,
        )


def _clause(error: Exception) -> str:
    """A transport error in a few words: its kind only, because its text can hold a URL, and a URL a secret."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()
    return {
        "connect error": "no connection could be made",
        "read timeout": "it stopped answering",
        "connect timeout": "no connection could be made in time",
        "remote protocol error": "the connection broke off",
        "read error": "the connection broke off",
        "proxy error": "the proxy refused",
        "unsupported protocol": "the address is not one of http or https",
        "invalid url": "the address is not a URL",
    }.get(words, words)
