"""Running work side by side: all of it, or none once a part fails."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import chain
from typing import Any, TypeVar

__all__ = ["all_of", "beside", "drain", "each", "interruptible", "run", "within"]

S = TypeVar("S")
T = TypeVar("T")

_THREADS = 2
"""More than two contend for the interpreter, and win nothing."""

_BATCH = 8


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

    Before Python 3.12, `asyncio.wait_for` gives the result where both are there, it and Ctrl-C: what goes on then has
    not heard of it.
    """
    if sys.version_info >= (3, 11):
        async with asyncio.timeout(seconds):
            return await awaitable
    return await _within(seconds, awaitable)


async def _within(seconds: float, awaitable: Awaitable[T]) -> T:
    """The same for Python 3.10."""
    task, late = asyncio.current_task(), False

    def ring() -> None:
        nonlocal late
        late = True
        if task is not None:
            task.cancel()

    timer = asyncio.get_running_loop().call_later(seconds, ring)
    try:
        return await awaitable
    except asyncio.CancelledError:
        if late:
            raise asyncio.TimeoutError from None
        raise
    finally:
        timer.cancel()


async def drain(tasks: set[asyncio.Task[None]]) -> None:
    """Wait until a set of tasks that grows while it is worked on is empty; at the first error the rest is cancelled."""
    done: set[asyncio.Task[None]] = set()
    try:
        while tasks:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            tasks -= done
            for task in done:
                task.result()
    except BaseException:
        for task in tasks:
            task.cancel()
        # Those that ended at the same moment are asked as well: asyncio has a word to say of an error nobody asks for.
        await asyncio.gather(*tasks, *done, return_exceptions=True)
        raise


def each(work: Callable[[S], T], items: Sequence[S]) -> list[T]:
    """What `work` makes of every item, in the order given; the first error in that order is raised.

    Many items are shared among threads, which is worth it for work that waits for a disk or hashes.
    """
    if len(items) <= _BATCH:
        return [work(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor  # not needed where little is to do

    batches = [items[start : start + _BATCH] for start in range(0, len(items), _BATCH)]
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="flowverse") as pool:
        return list(chain.from_iterable(pool.map(lambda batch: [work(item) for item in batch], batches)))


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
    answers: list[T] = []

    async def call() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def press(*_: object) -> None:
            nonlocal pressed
            if pressed or task is None:
                raise KeyboardInterrupt
            pressed = True
            loop.call_soon_threadsafe(task.cancel)

        before = signal.signal(signal.SIGINT, press) if ours else None
        try:
            # Not returned: setting a signal's handler back words the task with its result, of which nobody hears.
            answers.append(await main())
        finally:
            if ours:
                signal.signal(signal.SIGINT, before)

    try:
        asyncio.run(call())
    except asyncio.CancelledError:
        if pressed:
            raise KeyboardInterrupt from None
        raise
    return answers[0]
