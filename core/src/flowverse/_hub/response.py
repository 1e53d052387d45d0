"""What came back for a request: its status, what its headers ask for, and its body."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flowverse.errors import HubAnswer

__all__ = ["TOO_MANY", "Answer"]

TOO_MANY = 429
_RETRIED = {408, TOO_MANY}
_SERVER_ERROR = 500
_NEXT = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?')
_RATE_LIMIT = re.compile(r"r\s*=\s*0\s*;\s*t\s*=\s*(\d{1,9})\b")


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
        limit = _RATE_LIMIT.search(self.headers.get("ratelimit", "")) if self.status == TOO_MANY else None
        seconds = _seconds(self.headers.get("retry-after", "").strip())
        if seconds is None and limit and int(limit[1]) > 0:
            seconds = float(limit[1]) + 1  # whole seconds, which may have been rounded down
        return seconds if seconds is not None and seconds > 0 else None

    @property
    def passing(self) -> bool:
        """Whether the next answer may be a better one."""
        return self.status >= _SERVER_ERROR or self.status in _RETRIED


def _seconds(text: str) -> float | None:
    """What a `Retry-After` means: seconds, or a date (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after)."""
    if text.isascii() and text.isdigit():
        return float(text)
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
