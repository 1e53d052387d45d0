"""Coroutines that end when they are to end."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable

import pytest
from flowverse._tasks import _within, drain, run, within

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


def test_of_errors_at_the_same_moment_one_is_told_and_none_is_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    """What nobody asks a task for is written to the log, whenever the memory is tidied up."""

    async def fail(number: int) -> None:
        raise OSError(number)

    async def main() -> None:
        await drain({asyncio.ensure_future(fail(number)) for number in range(3)})

    with pytest.raises(OSError, match=r"[012]"):
        run(main)
    gc.collect()

    assert caplog.records == []
