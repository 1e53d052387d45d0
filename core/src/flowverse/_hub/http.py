"""Requests that end: a deadline on each, retries with jitter, `Retry-After` honoured; nothing about the Hub's API.

The client itself comes from the caller (`Opened`), so this file knows no HTTP library.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flowverse._tasks import within
from flowverse.errors import HubAnswer, HubUnreachable, Offline
from flowverse.ports import Reporter, Sink

__all__ = ["Answer", "Client", "Opened", "Patience"]

_RETRIED = {408, 429}
_SERVER_ERROR = 500
_LONGEST_TOLD = 900.0
"""How long, in seconds, a request waits in all because the Hub says so; its windows are of five minutes."""
_SLOWEST = 50_000
"""Bytes a second below which a download counts as stalled, on top of the timeout."""
_NEXT = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?')
_RATE_LIMIT = re.compile(r"r\s*=\s*0\s*;\s*t\s*=\s*(\d+)")


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait: `timeout` seconds a request, `retries` times again, pauses that double from `pause` seconds."""

    timeout: float = 30.0
    retries: int = 4
    pause: float = 0.25

    def before(self, attempt: int) -> float:
        """The pause in seconds before a repeated attempt (0 is the first repeat), with jitter in its upper half."""
        longest = min(self.pause * 2.0**attempt, 10.0)
        return random.uniform(longest / 2, longest)  # noqa: S311 - spreads load, guards nothing


@dataclass(frozen=True, kw_only=True)
class Opened:
    """An open asynchronous client of httpx's shape, its headers, and what it raises. `Any`: two libraries fit."""

    client: Any
    headers: Mapping[str, str]
    errors: tuple[type[Exception], ...]
    offline: type[Exception]

    @property
    def signed_in(self) -> bool:
        """Whether a token is sent."""
        return any(name.lower() == "authorization" for name in self.headers)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: the status, the headers of the last and of the first response, and (not of a download) a body."""

    endpoint: str
    what: str
    status: int
    headers: Mapping[str, str]
    first: Mapping[str, str]
    body: bytes = b""

    def json(self) -> Any:
        """The body as JSON. Raises `HubAnswer` if it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise HubAnswer(self.endpoint, self.what, "with something that is not JSON") from None

    @property
    def error_code(self) -> str:
        """The Hub's own word for what is wrong."""
        return self.headers.get("x-error-code", "")

    @property
    def error_message(self) -> str:
        """The Hub's own sentence about it."""
        return self.headers.get("x-error-message", "")

    @property
    def etag(self) -> str:
        """The content's name: behind a redirect to a large-file store, what the Hub said before it."""
        raw = self.first.get("x-linked-etag") or self.first.get("etag") or self.headers.get("etag", "")
        return raw.removeprefix("W/").strip('"')

    @property
    def next_page(self) -> str | None:
        """The next page of a listing. Only its path is believed: a token must not follow it to another host.

        Raises `HubAnswer` if it is no address.
        """
        match = _NEXT.search(self.headers.get("link", ""))
        if match is None:
            return None
        try:
            parts = urlsplit(match[1])
        except ValueError:
            raise HubAnswer(self.endpoint, self.what, "with a next page that has no address") from None
        # A mirror below a path of its host names the whole path.
        path = parts.path.removeprefix(urlsplit(self.endpoint).path)
        # With a slash, or a path such as `@elsewhere` would become a part of the host.
        return f"{self.endpoint}/{path.lstrip('/')}" + (f"?{parts.query}" if parts.query else "")

    @property
    def told(self) -> float | None:
        """How many seconds the Hub asks to wait, if it does; none at all is not a wish, and would be tried for ever."""
        limit = _RATE_LIMIT.search(self.headers.get("ratelimit", "")) if self.status == 429 else None
        retry = _seconds(self.headers.get("retry-after", "").strip())
        seconds = retry if retry is not None else float(limit[1]) if limit else 0.0
        return seconds if seconds > 0 else None


class Client:
    """Sends requests until they are answered or hopeless. `opener` is called at the first one."""

    def __init__(self, endpoint: str, reporter: Reporter, patience: Patience, opener: Callable[[], Opened]) -> None:
        self._endpoint, self._reporter, self._patience, self._opener = endpoint, reporter, patience, opener
        self._opened: Opened | None = None
        self._not_before = 0.0

    @property
    def signed_in(self) -> bool:
        """Whether a token is sent."""
        return self._opened is not None and self._opened.signed_in

    async def close(self) -> None:
        """Close the client, if it was opened."""
        if self._opened is not None:
            await self._opened.client.aclose()

    async def grow(self) -> None:
        """Have the client make room for more requests at a time."""
        if self._opened is not None:
            await self._opened.client.grow()

    async def get(self, url: str, what: str) -> Answer:
        """GET a small answer. Raises `HubUnreachable` or `Offline`; a bad status is the caller's to judge."""
        timeout = self._patience.timeout
        return await self._insist(what, timeout, self._getting(url, what, timeout))

    async def try_to_get(self, url: str, what: str, most: float) -> Answer | None:
        """GET a small answer that can be done without: one attempt, `most` seconds; None if there is none.

        Nothing is sent while the Hub wants everybody to wait.
        """
        if self._not_before > asyncio.get_running_loop().time():
            return None
        timeout = min(self._patience.timeout, most)
        return (await self._attempt(what, timeout, self._getting(url, what, timeout)))[0]

    def _getting(self, url: str, what: str, timeout: float) -> Callable[[Opened], Awaitable[Answer]]:
        async def once(opened: Opened) -> Answer:
            response = await opened.client.get(url, headers=opened.headers, timeout=timeout)
            return self._answer(what, response, response.content)

        return once

    async def download(self, url: str, what: str, sink: Sink, size: int) -> Answer:
        """GET a file of `size` bytes into `sink`; the same errors as `get`."""

        async def once(opened: Opened) -> Answer:
            sink.restart(size)
            # `identity`: what is hashed is what was stored, not a packed form of it.
            headers = {**opened.headers, "accept-encoding": "identity", "x-hf-download-counter": "1"}
            timeout = self._patience.timeout
            async with opened.client.stream("GET", url, headers=headers, timeout=timeout) as response:
                if response.status_code < 400:
                    async for chunk in response.aiter_bytes():
                        sink.write(chunk)
                        if sink.size > size:
                            break  # longer than promised: wrong already, and maybe endless
                return self._answer(what, response, b"")

        return await self._insist(what, self._patience.timeout + size / _SLOWEST, once)

    async def _insist(self, what: str, deadline: float, once: Callable[[Opened], Awaitable[Answer]]) -> Answer:
        repeats, told = 0, 0.0
        while True:
            await self._until_allowed()
            answer, why = await self._attempt(what, deadline, once)
            if answer is not None and answer.status < _SERVER_ERROR and answer.status not in _RETRIED:
                return answer
            pause = answer.told if answer is not None else None
            if pause is not None and told + pause <= _LONGEST_TOLD:
                told += pause
                self._not_before = max(self._not_before, asyncio.get_running_loop().time() + pause)
            elif repeats < self._patience.retries and pause is None:
                pause = self._patience.before(repeats)
                repeats += 1
            elif answer is not None:
                return answer
            else:
                raise HubUnreachable(self._endpoint, what, why)
            self._reporter.waiting(f"{what}: {why}", pause)
            await asyncio.sleep(pause)

    async def _until_allowed(self) -> None:
        """Once the Hub has said "wait", everybody waits: more requests would only be refused as well."""
        pause = self._not_before - asyncio.get_running_loop().time()
        if pause > 0:
            await asyncio.sleep(pause)

    async def _attempt(
        self, what: str, deadline: float, once: Callable[[Opened], Awaitable[Answer]]
    ) -> tuple[Answer | None, str]:
        """The answer, or why there is none, as a clause."""
        if self._opened is None:
            self._opened = self._opener()
        opened = self._opened
        try:
            answer = await within(deadline, once(opened))
        except asyncio.TimeoutError:
            return None, f"no answer within {deadline:g} seconds"
        except opened.offline:
            raise Offline(what) from None
        except opened.errors as error:
            return None, _clause(error)
        return answer, f"the Hub answered {answer.status}"

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


def _seconds(text: str) -> float | None:
    """What a `Retry-After` means: seconds, or a date (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after)."""
    if text.isascii() and text.isdigit():
        return float(text)
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None


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
