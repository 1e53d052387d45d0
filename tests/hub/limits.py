"""The Hub's rate limits, scaled down: so many requests a window of its API, and so many of files, counted apart.

See https://huggingface.co/docs/hub/rate-limits. On the Hub a window lasts five minutes by the clock. Here it lasts
until somebody was refused and has waited as told, so that what is counted does not depend on how fast a machine is.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.hub.wire import Answer, Call, problem

Bucket = Literal["api", "resolvers"]


@dataclass
class Window:
    """How many requests were answered in a window, and how many refused."""

    answered: int = 0
    refused: int = 0
    ends: float | None = field(default=None, repr=False, compare=False)


class Limit:
    """How many requests may come, and what came."""

    def __init__(self, most: Mapping[Bucket, int], seconds: int, *, retry_after: bool) -> None:
        self._most, self._seconds, self._retry_after = most, seconds, retry_after
        self._lock = threading.Lock()
        self._windows: dict[Bucket, list[Window]] = {"api": [Window()], "resolvers": [Window()]}

    def windows(self, bucket: Bucket) -> list[Window]:
        """What came in each window, in their order."""
        with self._lock:
            return list(self._windows[bucket])

    def judge(self, call: Call) -> tuple[Mapping[str, str], Answer | None]:
        """Return the headers that every answer gets, and the refusal, if it is one."""
        bucket = _bucket(call)
        if bucket is None or bucket not in self._most:
            return {}, None
        with self._lock:
            now, window = time.monotonic(), self._windows[bucket][-1]
            if window.ends is not None and now >= window.ends:
                window = Window()
                self._windows[bucket].append(window)
            left = self._most[bucket] - window.answered
            if left > 0:
                window.answered += 1
            else:
                window.refused += 1
                window.ends = window.ends or now + self._seconds
            rest = math.ceil((window.ends or now + self._seconds) - now)
        policy = f'"fixed window";"{bucket}";q={self._most[bucket]};w={self._seconds}'
        headers = {"RateLimit": f'"{bucket}";r={max(left - 1, 0)};t={rest}', "RateLimit-Policy": policy}
        if left > 0:
            return headers, None
        if self._retry_after:
            headers = {"Retry-After": str(rest)}
        return headers, problem(429, "We had to rate limit you", headers=headers)


def _bucket(call: Call) -> Bucket | None:
    """What a request counts as; the store of large files counts none."""
    if call.origin == "files":
        return None
    if "resolve" in call.segments or "resolve-cache" in call.segments:
        return "resolvers"
    return "api" if call.segments[0] == "api" else None
