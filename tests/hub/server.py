"""The sockets: two loopback servers with one log, and a stop that neither waits nor leaves anything open."""

from __future__ import annotations

import os
import socket
import socketserver
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.hub.log import Log
from tests.hub.rules import Rule, Rules
from tests.hub.wire import Answer, Call, Origin, problem

Answerer = Callable[[Call, Sequence[Rule]], Answer]


class Server(ThreadingHTTPServer):
    """One origin. A thread a connection; `stop` ends them all, whatever they are waiting for."""

    daemon_threads = False  # so that server_close waits for them
    request_queue_size = 512

    def __init__(self, origin: Origin, answerer: Answerer, rules: Rules, log: Log, port: int = 0) -> None:
        self.origin: Origin = origin
        self.answerer = answerer
        self.rules = rules
        self.log = log
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._open: dict[socket.socket, int] = {}
        self._to_reset: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)
        # A short poll: `shutdown` waits for the end of one.
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name=f"test-{origin}")

    @property
    def endpoint(self) -> str:
        """The address, without a slash at its end.

        The store goes by another name than the Hub: some versions of the client tell origins apart by name only.
        """
        host = "127.0.0.1" if self.origin == "hub" else "localhost"
        return f"http://{host}:{self.server_address[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Cut every connection and wait for every thread to end. The rules must have been cleared."""
        self.closing.set()
        self.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._open:
                _quietly(connection.shutdown, socket.SHUT_RDWR)
        self.server_close()

    def connection_number(self, connection: socket.socket) -> int:
        """Return which connection this is, counted over both servers."""
        with self._lock:
            return self._open[connection]

    def reset(self, connection: socket.socket) -> None:
        """Have a connection reset, rather than closed, as soon as its thread is done with it."""
        with self._lock:
            self._to_reset.add(connection)

    # What follows is called by socketserver.

    def server_bind(self) -> None:
        # Not HTTPServer's: that asks for the host's full name, which may take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open[request] = self.log.connected()
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
            reset = request in self._to_reset
            self._to_reset.discard(request)
        if reset:
            # Lingering for no time makes the system send a reset in place of an orderly end.
            layout = "hh" if os.name == "nt" else "ii"
            _quietly(request.setsockopt, socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(layout, 1, 0))
        else:
            _quietly(request.shutdown, socket.SHUT_WR)
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        # A client that goes away is no problem of the Hub; anything else is, and is to be seen.
        if not isinstance(sys.exc_info()[1], OSError):
            self.log.problem(traceback.format_exc())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server
    connection: socket.socket

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        call = Call(
            origin=self.server.origin,
            method=self.command,
            target=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )
        number = self.server.log.came(call, self.server.connection_number(self.connection))
        try:
            self._reply(call, number)
        finally:
            self.server.log.left()

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815

    def _reply(self, call: Call, number: int) -> None:
        applied = self.server.rules.take(call)
        self.server.closing.wait(self.server.rules.delay(call, applied))
        for rule in applied:
            if rule.holds:
                rule.hold()
        action = next((rule.action for rule in applied if rule.action), None)
        if self.server.closing.is_set() or action in {"reset", "hangup"}:
            self.close_connection = True
            if action == "reset":
                self.server.reset(self.connection)
            return
        try:
            answer = self.server.answerer(call, applied)
        except Exception:  # noqa: BLE001 - a bug of the test Hub: shown to the test, answered as the Hub would
            self.server.log.problem(traceback.format_exc())
            answer = problem(500, "Internal Server Error")
        self.server.log.answered(number, answer.status)
        self._send(call, answer, applied)

    def _send(self, call: Call, answer: Answer, applied: Sequence[Rule]) -> None:
        body = b"" if call.method == "HEAD" else answer.body
        half = len(body) // 2
        actions = {rule.action: rule for rule in applied if rule.action}
        if "corrupt" in actions and body:
            body = body[:half] + bytes([body[half] ^ 1]) + body[half + 1 :]
        if "truncate" in actions:
            self.connection.sendall(answer.head() + body[:half])
            self.close_connection = True
        elif "pause" in actions:
            self.connection.sendall(answer.head() + body[:half])
            actions["pause"].hold()
            self.close_connection = self.server.closing.is_set()
            if not self.close_connection:
                self.connection.sendall(body[half:])
        else:
            self.connection.sendall(answer.head() + body)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the log is in memory."""


def _quietly(function: Callable[..., object], *args: object) -> None:
    """Call a socket's method that fails if the other side is gone already."""
    try:
        function(*args)
    except OSError:
        return
