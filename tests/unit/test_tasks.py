"""Coroutines that end when they are to end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from flowverse._tasks import _within, run, within

Within = Callable[[float, Awaitable[str]], Awaitable[str]]
BOTH = pytest.mark.parametrize("limited", [within, _within])
"""What newer Pythons have, and what is done in older ones."""


@BOTH
def test_what_comes_in_time_is_the_result(limited: Within) -> None:
    async def main() -> str:
        return await limited(60, asyncio.sleep(0, "done"))

    assert run(main) == "done"


@BOTH
def test_what_does_not_come_in_time_is_ended(limited: Within) -> None:
    """And it is told, so that it can clear up; what comes after is not disturbed."""
    ended = []

    async def never() -> str:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append(True)
        return ""

    async def main() -> str:
        with pytest.raises(asyncio.TimeoutError):
            await limited(0.001, never())
        return await asyncio.sleep(0, "after")

    assert (run(main), ended) == ("after", [True])


@BOTH
def test_ctrl_c_is_heard_also_in_the_moment_of_an_answer(limited: Within) -> None:
    """Where both come at once, nothing goes on: what was answered may have been "wait for five minutes"."""

    async def main() -> bool:
        answer = asyncio.get_running_loop().create_future()

        async def asking() -> str:
            return await limited(60, answer)

        task = asyncio.ensure_future(asking())
        await asyncio.sleep(0)
        answer.set_result("an answer")
        task.cancel()
        await asyncio.wait({task})
        return task.cancelled()

    assert run(main)
