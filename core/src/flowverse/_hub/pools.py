"""Several clients that look like one, each with no more requests at a time than it keeps idle connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

__all__ = ["EACH", "Pools"]

EACH = 20
"""How many connections a client of httpx keeps when they are idle: of more, it closes some, to open them anew for the
next burst (https://www.python-httpx.org/advanced/resource-limits/). What the Hub's client sets cannot be changed."""


class Pools:
    """Clients of httpx's shape behind the face of one; `opener` makes another of them."""

    def __init__(self, opener: Callable[[], Any]) -> None:
        self._opener = opener
        self._clients = [opener()]
        self._busy = [0]

    async def grow(self) -> None:
        """Make room for `EACH` more requests at a time. In a thread: reading the certificates takes 15 ms."""
        self._clients.append(await asyncio.get_running_loop().run_in_executor(None, self._opener))
        self._busy.append(0)

    @contextmanager
    def _one(self) -> Iterator[Any]:
        """The first client with room, so that the connections of the first are used most."""
        number = next((n for n, busy in enumerate(self._busy) if busy < EACH), len(self._busy) - 1)
        self._busy[number] += 1
        try:
            yield self._clients[number]
        finally:
            self._busy[number] -= 1

    async def get(self, url: str, **how: Any) -> Any:
        """See httpx."""
        with self._one() as client:
            return await client.get(url, **how)

    @asynccontextmanager
    async def stream(self, method: str, url: str, **how: Any) -> AsyncIterator[Any]:
        """See httpx."""
        with self._one() as client:
            async with client.stream(method, url, **how) as response:
                yield response

    async def aclose(self) -> None:
        """Close all clients."""
        for client in self._clients:
            await client.aclose()
