"""How many requests the Hub allows: once it says "no more", nothing of that kind is sent until it allows more.

It counts requests of its API and requests for files apart, each in windows of five minutes
(https://huggingface.co/docs/hub/rate-limits), so one kind goes on while the other waits.
"""

from __future__ import annotations

import asyncio

__all__ = ["Limit"]

_LONGEST = 900.0
"""Seconds that are waited, in all, without an answer in between: three windows of the Hub's."""


class Limit:
    """The pauses that are asked for of requests of one kind."""

    def __init__(self) -> None:
        self._until = 0.0
        self._since: float | None = None

    @property
    def left(self) -> float:
        """For how many seconds, from now on, nothing may be sent."""
        return max(self._until - asyncio.get_running_loop().time(), 0.0)

    async def pause(self) -> None:
        """Wait as long as it looks now, with those that were refused; it may have become longer then."""
        if (left := self.left) > 0:
            await asyncio.sleep(left)

    def wait(self, seconds: float) -> bool:
        """Send nothing for so many seconds; False if that is too long.

        What counts is the time since the last answer: a sync that is many times larger than what is allowed goes on
        for as long as each window brings it further.
        """
        now = asyncio.get_running_loop().time()
        since = now if self._since is None else self._since
        if now + seconds - since > _LONGEST:
            return False
        self._since, self._until = since, max(self._until, now + seconds)
        return True

    def answered(self) -> None:
        """Something was answered: it goes on."""
        self._since = None
