"""Who is next: so many pieces of work at a time, the most urgent first."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

__all__ = ["PATIENT", "Turns"]

T = TypeVar("T")

PATIENT = 9
"""The urgency from which on work leaves a quarter of the turns to what is more urgent, and may come at any time."""


@dataclass(order=True)
class _Waiting:
    """A piece of work that waits for its turn; the least is the next."""

    rank: tuple[int, int]
    work: Callable[[], Awaitable[Any]] = field(compare=False)
    result: asyncio.Future[Any] = field(compare=False)
    worker: asyncio.Task[None] | None = field(default=None, compare=False)

    @property
    def patient(self) -> bool:
        return self.rank[0] >= PATIENT


class Turns:
    """Does at most `at_once` pieces of work at a time.

    A worker goes on with the next piece in the step that ended the last, so that a connection which has become free is
    taken again before anybody else looks at it: an HTTP client keeps only a few that are idle, and closes the others.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = self._free = at_once
        self._patient = 0  # pieces of patient work that are being done
        self._called = 0  # workers that have not begun yet
        self._order = itertools.count()
        self._waiting: list[_Waiting] = []
        self._workers: set[asyncio.Task[None]] = set()  # a loop holds its tasks weakly

    async def take(self, urgency: int, work: Callable[[], Awaitable[T]]) -> T:
        """The result of some work, done when it is its turn: lower urgency first, then as asked for.

        Whoever is cancelled meanwhile takes its work along, and it has ended before this returns.
        """
        mine = _Waiting((urgency, next(self._order)), work, asyncio.get_running_loop().create_future())
        heapq.heappush(self._waiting, mine)
        self._call_one()
        try:
            answer: T = await mine.result
        except asyncio.CancelledError:
            if mine.worker is not None:
                mine.worker.cancel()
                await asyncio.wait({mine.worker})
            raise
        return answer

    def widen(self, by: int) -> None:
        """Do so much more at a time."""
        self._at_once += by
        self._free += by
        for _ in range(by):
            self._call_one()

    def _call_one(self) -> None:
        if self._free and len(self._waiting) > self._called:
            self._free -= 1
            self._called += 1
            worker = asyncio.ensure_future(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _work(self) -> None:
        self._called -= 1
        try:
            while (job := self._next()) is not None:
                await self._do(job)
        finally:
            self._free += 1
            if self._may_go_on:  # where this one was cancelled, another goes on
                self._call_one()

    def _next(self) -> _Waiting | None:
        while self._may_go_on:
            job = heapq.heappop(self._waiting)
            if not job.result.done():
                return job
        return None

    @property
    def _may_go_on(self) -> bool:
        return bool(self._waiting) and (
            not self._waiting[0].patient or self._patient < self._at_once - self._at_once // 4
        )

    async def _do(self, job: _Waiting) -> None:
        job.worker = asyncio.current_task()
        self._patient += job.patient
        try:
            result = await job.work()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - raised again where the work was asked for
            if not job.result.done():
                job.result.set_exception(error)
        else:
            if not job.result.done():
                job.result.set_result(result)
        finally:
            self._patient -= job.patient
            job.worker = None
            job.result.cancel()  # of no effect but where this worker is cancelled with the whole loop
