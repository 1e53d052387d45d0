"""Running coroutines side by side: all of them, or none once one fails."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

__all__ = ["all_of", "beside", "drain", "interruptible", "run", "within"]

T = TypeVar("T")


async def all_of(coroutines: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results, in the order given. At the first error the others are cancelled and waited for; then it is raised.

    What `asyncio.TaskGroup` does from Python 3.11 on, with the error itself instead of a group.
    """
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


@asynccontextmanager
async def beside(coroutine: Coroutine[Any, Any, T]) -> AsyncIterator[asyncio.Task[T]]:
    """Run a coroutine beside the body, which awaits it; it is cancelled and waited for if the body fails before."""
    task = asyncio.ensure_future(coroutine)
    try:
        yield task
    except BaseException:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise


async def within(seconds: float, awaitable: Awaitable[T]) -> T:
    """The result, if it comes within some seconds; else `asyncio.TimeoutError`.

    What `asyncio.wait_for` does, in the task that calls it: from Python 3.12 on, that does so too.
    """
    if sys.version_info >= (3, 11):
        async with asyncio.timeout(seconds):
            return await awaitable
    return await asyncio.wait_for(awaitable, seconds)


async def drain(tasks: set[asyncio.Task[None]]) -> None:
    """Wait until a set of tasks that grows while it is worked on is empty; at the first error the rest is cancelled."""
    try:
        while tasks:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            tasks -= done
            for task in done:
                task.result()
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C end what waits for a person inside a coroutine: from Python 3.11 on, `asyncio.run` keeps it back."""
    before = signal.getsignal(signal.SIGINT)
    if before is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def run(main: Callable[[], Awaitable[T]]) -> T:
    """Run to the end in an event loop of its own, in a thread of its own where one is running here (Jupyter)."""
    if not _is_running():
        return _run(main)
    answers: list[T] = []
    errors: list[BaseException] = []

    def body() -> None:
        try:
            answers.append(_run(main))
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=body, name="flowverse")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return answers[0]


def _is_running() -> bool:
    """Whether an event loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _run(main: Callable[[], Awaitable[T]]) -> T:
    """`asyncio.run`, in which Ctrl-C cancels the work, so that it clears up, before `KeyboardInterrupt` is raised.

    That is what it does by itself from Python 3.11 on; before, the interrupt strikes anywhere in the loop.
    """
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ours = ours and threading.current_thread() is threading.main_thread()
    pressed = False

    async def call() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def press(*_: object) -> None:
            nonlocal pressed
            if pressed or task is None:
                raise KeyboardInterrupt
            pressed = True
            loop.call_soon_threadsafe(task.cancel)

        before = signal.signal(signal.SIGINT, press) if ours else None
        try:
            return await main()
        finally:
            if ours:
                signal.signal(signal.SIGINT, before)

    try:
        return asyncio.run(call())
    except asyncio.CancelledError:
        if pressed:
            raise KeyboardInterrupt from None
        raise
