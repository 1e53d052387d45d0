"""What the Hub was asked, in the order in which it came."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from tests.hub.wire import Call, Request, log_line


class Log:
    """Records of all requests; safe to be used from every thread of the two servers."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._requests: dict[int, Request] = {}
        self._next = 1
        self._connections = 0
        self._now = 0
        self._peak = 0
        self._problems: list[str] = []
        if path is not None:
            path.write_text("", encoding="utf-8")

    def connected(self) -> int:
        """Count a connection, and return its number."""
        with self._lock:
            self._connections += 1
            return self._connections

    def came(self, call: Call, connection: int) -> int:
        """Record a request that has no answer yet, and return its number."""
        with self._lock:
            self._now += 1
            self._peak = max(self._peak, self._now)
            number = self._next
            self._next += 1
            self._requests[number] = Request(
                number=number,
                origin=call.origin,
                method=call.method,
                path=call.path,
                query=call.query,
                status=None,
                range=call.headers.get("range"),
                authorized="authorization" in call.headers,
                user_agent=call.headers.get("user-agent", ""),
                connection=connection,
            )
            return number

    def answered(self, number: int, status: int) -> None:
        """Record an answer. Called before it is sent, so that whoever has it finds it in the log."""
        with self._lock:
            if number in self._requests:
                self._requests[number] = replace(self._requests[number], status=status)
                self._write(self._requests[number])

    def left(self) -> None:
        """Count a request as no longer being answered."""
        with self._lock:
            self._now -= 1

    def problem(self, text: str) -> None:
        """Record an error in the test Hub itself."""
        with self._lock:
            self._problems.append(text)

    def clear(self) -> None:
        """Forget all requests, connections and the peak."""
        with self._lock:
            self._requests.clear()
            self._connections = 0
            self._peak = self._now

    def close(self) -> None:
        """Write those to the file that never got an answer; raise if the test Hub itself failed."""
        with self._lock:
            for request in self._requests.values():
                if request.status is None:
                    self._write(request)
            if self._problems:
                raise AssertionError("the test Hub failed:\n" + "\n".join(self._problems))

    @property
    def requests(self) -> list[Request]:
        """All requests, by the time at which they came."""
        with self._lock:
            return list(self._requests.values())

    @property
    def connections(self) -> int:
        """How many connections were made."""
        with self._lock:
            return self._connections

    @property
    def peak(self) -> int:
        """The most requests that were being answered at one time."""
        with self._lock:
            return self._peak

    def _write(self, request: Request) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(log_line(request))
