"""Several clients that look like one, each with no more requests at a time than it keeps idle connections."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

__all__ = ["EACH", "Pools"]

EACH = 16
"""How many requests a client is given at a time. httpx keeps 20 idle connections and closes what is above, only to open
it again for the next burst (https://www.python-httpx.org/advanced/resource-limits/); what the Hub's client sets cannot
be changed."""


class Pools:
    """Clients of httpx's shape behind the face of one."""

    def __init__(self, client: Any) -> None:
        self._clients = [client]
        self._busy = [0]

    def add(self, client: Any) -> None:
        """Make room for `EACH` more requests at a time."""
        self._clients.append(client)
        self._busy.append(0)

    @contextmanager
    def _one(self) -> Iterator[Any]:
        """The first client with room, so that the connections of the first are used most."""
        number = next((n for n, busy in enumerate(self._busy) if busy < EACH), 0)
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
