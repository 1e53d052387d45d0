"""A server that answers everything with one body, at once or a byte at a time, which no Hub would."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextlib.contextmanager
def answering(body: bytes, *, every: float = 0.0) -> Iterator[str]:
    """Answer every GET with this body and status 200, a byte each so many seconds; gives the address."""
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if not every:
                self.wfile.write(body)
                return
            with contextlib.suppress(OSError):  # the client has had enough
                for byte in body:
                    if closing.wait(every):
                        break
                    self.wfile.write(bytes([byte]))

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            closing.set()
            server.shutdown()
            thread.join()
