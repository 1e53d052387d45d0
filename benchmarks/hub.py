"""The benchmark's Hub, a process of its own: `python -m benchmarks.hub --repositories DIR`.

It answers as the Hub of the tests does (`tests.hub.routes`), remembers each answer, and sends it after a delay: so long
a request, and before the first answer of a connection as long as it takes to set one up. It prints its address, and
stops when its standard input is closed. What is below `/_bench` is for whoever measures, and is answered at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from benchmarks.git_side import GitSide
from benchmarks.modules import contents, known
from tests.hub.repository import Repository
from tests.hub.routes import Site, answer
from tests.hub.wire import Answer, Call

__all__ = ["main"]


class Host:
    """What all connections share: the content, the answers that were given, the delays, and what was counted."""

    def __init__(self, repositories: Path) -> None:
        self.site = Site()
        self.git = GitSide(repositories)
        self.remembered: dict[tuple[str, str], bytes] = {}
        self.request_delay = self.connection_delay = 0.0
        self.counts: Counter[str] = Counter()

    def control(self, target: str) -> bytes:
        """Set the delays, if they are named; say what was counted since it was last asked, and begin anew."""
        wanted = parse_qs(urlsplit(target).query)
        self.request_delay = float(wanted.get("request", [self.request_delay])[0])
        self.connection_delay = float(wanted.get("connection", [self.connection_delay])[0])
        counted, self.counts = dict(self.counts), Counter()
        return _message(Answer(body=json.dumps(counted).encode()))

    def answer(self, method: str, target: str) -> bytes:
        """Answer a request of the Hub's API, or of a file."""
        parts = [unquote(part) for part in urlsplit(target).path.split("/")[1:]]
        self.counts["api" if parts[0] == "api" else "head" if method == "HEAD" else "files"] += 1
        key = (method, target)
        if key not in self.remembered:
            self._know("/".join(parts[2:4] if parts[0] == "api" else parts[:2]), target)
            call = Call(origin="hub", method=method, target=target, headers={})
            self.remembered[key] = _message(answer(self.site, call), with_body=method != "HEAD")
        return self.remembered[key]

    def _know(self, id: str, target: str) -> None:
        """Make a repository, and the branch `nextN` of it, when it is first asked for."""
        module = known(id)
        if module is None:
            return
        repository = self.site.repositories.get(id)
        if repository is None:
            repository = self.site.repositories[id] = Repository(id=id)
            repository.commit(contents(*module), message="Add files", branch="main", lfs=())
        version = unquote(target).partition("/next")[2].partition("/")[0].partition("?")[0]
        if version.isdigit() and f"refs/heads/next{version}" not in repository.refs:
            files = contents(*module, int(version))
            repository.commit(files, message=f"Move {version}", branch=f"next{version}", lfs=())


class Connection(asyncio.Protocol):
    """One connection, which the client keeps or closes; it sends a request when it has the answer to the one before."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._buffer = b""
        self._ready: float | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to set the connection up."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for mypy
        self._transport = transport
        self._made = asyncio.get_running_loop().time()

    def data_received(self, data: bytes) -> None:
        """Take whole requests from what has come."""
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, rest = self._buffer.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            length = int(headers.get("content-length", "0"))
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            method, target, _ = first.split(" ", 2)
            self._take(method, target, rest[:length], headers)

    def _take(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> None:
        if target.startswith("/_bench"):
            self._transport.write(self._host.control(target))
            return
        if self._ready is None:
            self._host.counts["connections"] += 1
            self._ready = self._made + self._host.connection_delay
        self._host.counts["requests"] += 1
        # The time that it takes us to make an answer is a part of the delay, not added to it.
        due = max(asyncio.get_running_loop().time(), self._ready) + self._host.request_delay
        if ".git/" in target:
            task = asyncio.ensure_future(self._reply_to_git(method, target, body, headers, due))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._send(self._host.answer(method, target), due)

    async def _reply_to_git(self, method: str, target: str, body: bytes, headers: dict[str, str], due: float) -> None:
        self._host.counts["git"] += 1
        self._send(await self._host.git.answer(method, target, body, headers), due)

    def _send(self, message: bytes, due: float) -> None:
        loop = asyncio.get_running_loop()
        if due > loop.time():
            loop.call_at(due, self._transport.write, message)
        else:
            self._transport.write(message)


def _message(answer: Answer, *, with_body: bool = True) -> bytes:
    return answer.head() + (answer.body if with_body else b"")


async def _serve(repositories: Path) -> None:
    loop = asyncio.get_running_loop()
    host = Host(repositories)
    server = await loop.create_server(lambda: Connection(host), "127.0.0.1", 0, backlog=512)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    """Serve until standard input ends.

    A terminal sends Ctrl-C to all that run in it; whoever measures may still ask us then, and closes our input at last.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hub", description=__doc__)
    parser.add_argument("--repositories", type=Path, required=True, help="where repositories for git are made")
    asyncio.run(_serve(parser.parse_args().repositories))


if __name__ == "__main__":
    main()
