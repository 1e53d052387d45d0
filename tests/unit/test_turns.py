"""Whose turn it is: the most urgent first, so many at a time, and one client more where they do not suffice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from flowverse._hub.pools import EACH, Pools
from flowverse._hub.turns import PATIENT, Turns
from hypothesis import given
from hypothesis import strategies as st


class Desk:
    """Turns, and what was done in them: work waits until it is told to end."""

    def __init__(self, at_once: int) -> None:
        self.turns = Turns(at_once)
        self.begun: list[str] = []
        self.ended: list[str] = []
        self._may_end: dict[str, asyncio.Event] = {}

    def ask(self, name: str, urgency: int = 0) -> asyncio.Task[str]:
        async def work() -> str:
            self.begun.append(name)
            try:
                await self._event(name).wait()
            finally:
                self.ended.append(name)
            return name

        return asyncio.ensure_future(self.turns.take(urgency, work))

    async def end(self, *names: str) -> None:
        for name in names:
            self._event(name).set()
        await settle()

    def _event(self, name: str) -> asyncio.Event:
        return self._may_end.setdefault(name, asyncio.Event())


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_the_most_urgent_is_next_and_of_those_the_oldest() -> None:
    """Whatever was asked for first."""

    async def story() -> Desk:
        desk = Desk(1)
        first = desk.ask("first", 2)
        await settle()
        rest = [desk.ask("data", 2), desk.ask("source", 1), desk.ask("listing", 0), desk.ask("other source", 1)]
        await desk.end("first", "data", "source", "listing", "other source")
        assert await asyncio.gather(first, *rest) == ["first", "data", "source", "listing", "other source"]
        return desk

    assert asyncio.run(story()).begun == ["first", "listing", "source", "other source", "data"]


@given(st.integers(1, 5), st.lists(st.sampled_from([0, 1, PATIENT]), max_size=30))
def test_all_is_done_and_no_more_at_a_time_than_is_allowed(at_once: int, urgencies: list[int]) -> None:
    """Whatever is asked for in which order; nor are more turns idle than are kept from what is patient."""
    for_patient = at_once - at_once // 4

    async def story() -> tuple[int, int, int]:
        turns, now, peaks = Turns(at_once), Counter[bool](), Counter[bool]()
        peak = 0

        async def work(patient: bool) -> None:
            nonlocal peak
            now[patient] += 1
            peaks[patient] = max(peaks[patient], now[patient])
            peak = max(peak, now.total())
            await asyncio.sleep(0)
            now[patient] -= 1

        await asyncio.gather(*(turns.take(urgency, partial(work, urgency == PATIENT)) for urgency in urgencies))
        return peak, peaks[True], peaks[False]

    peak, patient, hurried = asyncio.run(story())
    assert min(for_patient, len(urgencies)) <= peak <= at_once
    assert patient <= for_patient
    assert hurried == min(at_once, sum(urgency != PATIENT for urgency in urgencies))


def test_what_is_patient_leaves_a_quarter_to_what_is_not() -> None:
    """Also while it takes long: somebody who is in a hurry need not wait for it."""

    async def story() -> None:
        desk = Desk(4)
        patient = [desk.ask(f"large {number}", PATIENT) for number in range(5)]
        await settle()
        assert desk.begun == ["large 0", "large 1", "large 2"]

        hurried = desk.ask("hurried", 1)
        await settle()
        assert desk.begun[3:] == ["hurried"]
        await desk.end("hurried")
        assert await hurried == "hurried"
        assert desk.begun[4:] == []

        await desk.end("large 0")
        assert desk.begun[4:] == ["large 3"]
        await desk.end(*(f"large {number}" for number in range(5)))
        await asyncio.gather(*patient)

    asyncio.run(story())


def test_more_turns_are_taken_at_once() -> None:
    """By what was waiting for them."""

    async def story() -> None:
        desk = Desk(1)
        tasks = [desk.ask(str(number)) for number in range(4)]
        await settle()
        assert desk.begun == ["0"]
        desk.turns.widen(2)
        await settle()
        assert desk.begun == ["0", "1", "2"]
        await desk.end("0", "1", "2", "3")
        await asyncio.gather(*tasks)

    asyncio.run(story())


def test_who_is_cancelled_takes_the_work_along() -> None:
    """It has ended before that is known, and another takes the turn; what was waiting is never begun."""

    async def story() -> None:
        desk = Desk(1)
        doing, waiting, next_one = desk.ask("doing"), desk.ask("waiting"), desk.ask("next")
        await settle()
        waiting.cancel()
        doing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await doing
        assert desk.ended == ["doing"]
        await desk.end("next")
        assert await next_one == "next"
        assert desk.begun == ["doing", "next"]

    asyncio.run(story())


def test_an_error_reaches_who_asked_and_nobody_else() -> None:
    """The turn goes on to the next."""

    async def story() -> None:
        turns = Turns(1)

        async def fail() -> None:
            raise ValueError("no")

        async def work() -> int:
            return 1

        results = await asyncio.gather(turns.take(0, fail), turns.take(0, work), return_exceptions=True)
        assert [type(result) for result in results] == [ValueError, int]

    asyncio.run(story())


def test_a_loop_that_ends_ends_the_work() -> None:
    """Nothing is left behind, and nothing is complained about."""
    desk = Desk(1)

    async def story() -> None:
        desk.ask("doing")
        desk.ask("waiting")
        await settle()

    asyncio.run(story())

    assert (desk.begun, desk.ended) == (["doing"], ["doing"])


# --- clients ---------------------------------------------------------------------------------------------------------


class Client:
    """A client of httpx's shape that counts what it does."""

    def __init__(self) -> None:
        self.now = self.peak = self.closed = 0

    async def get(self, url: str) -> str:
        async with self.stream("GET", url) as response:
            return response

    @asynccontextmanager
    async def stream(self, method: str, url: str) -> AsyncIterator[str]:
        self.now += 1
        self.peak = max(self.peak, self.now)
        await asyncio.sleep(0)
        yield f"{method} {url}"
        self.now -= 1

    async def aclose(self) -> None:
        self.closed += 1


def test_no_client_is_given_more_than_the_connections_that_it_keeps() -> None:
    """The first are used before the others, and all are closed in the end."""
    clients = [Client() for _ in range(3)]

    async def story() -> list[str]:
        pools = Pools(clients[0])
        for client in clients[1:]:
            pools.add(client)

        async def stream() -> str:
            async with pools.stream("GET", "x") as response:
                await asyncio.sleep(0)
                return str(response)

        answers = await asyncio.gather(*(stream() for _ in range(EACH + 3)), *(pools.get("y") for _ in range(2)))
        await pools.aclose()
        return answers

    assert asyncio.run(story()) == ["GET x"] * (EACH + 3) + ["GET y"] * 2
    assert [client.peak for client in clients] == [EACH, 5, 0]
    assert [client.closed for client in clients] == [1, 1, 1]
