"""What the benchmark's Hub answers to git: what `git http-backend` says, remembered.

Every clone of a repository asks the same, so after the warm-up git's own server takes no time from what is measured.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.modules import contents, known
from tests.hub.wire import Answer

__all__ = ["GitSide"]


class GitSide:
    """Serves `owner/name.git` over the smart HTTP protocol; a repository is made below `root` when it is asked for."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._remembered: dict[tuple[str, str, bytes, str], bytes] = {}
        self._making = asyncio.Lock()

    async def answer(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """The whole answer to a request of git's."""
        key = (method, target, body, headers.get("git-protocol", ""))
        if key not in self._remembered:
            await self._make(urlsplit(target).path.partition(".git")[0].strip("/"))
            self._remembered[key] = await self._ask(method, target, body, headers)
        return self._remembered[key]

    async def _make(self, id: str) -> None:
        module = known(id)
        folder = self._root / f"{id}.git"
        async with self._making:
            if module is None or folder.exists():
                return
            await _git(b"", "init", "--quiet", "--bare", "--initial-branch", "main", str(folder))
            await _git(_stream(contents(*module)), "-C", str(folder), "fast-import", "--quiet")

    async def _ask(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Run git's own server for one request, as web servers do (CGI)."""
        parts = urlsplit(target)
        environ = {
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": headers.get("content-type", ""),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROJECT_ROOT": str(self._root),
            "GIT_PROTOCOL": headers.get("git-protocol", ""),
            "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "REMOTE_ADDR": "127.0.0.1",
            "REQUEST_METHOD": method,
        }
        head, _, content = (await _git(body, "http-backend", **environ)).partition(b"\r\n\r\n")
        lines = [line.partition(": ") for line in head.decode("latin-1").split("\r\n")]
        found = {name: value for name, _, value in lines}
        status = int(found.pop("Status", "200").split()[0])
        message = Answer(status=status, headers=found, body=content)
        return message.head() + content


async def _git(given: bytes, *arguments: str, **environ: str) -> bytes:
    """Run git and return what it prints; safe.directory, because its server looks at who owns a folder."""
    process = await asyncio.create_subprocess_exec(
        "git",
        "-c",
        "safe.directory=*",
        *arguments,
        env={**os.environ, **environ},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate(given)
    if process.returncode:
        msg = f"git {arguments[0]} failed"
        raise RuntimeError(msg)
    return printed


def _stream(files: Mapping[str, bytes]) -> bytes:
    """One commit on `main`, in the words of `git fast-import`."""
    parts = [b"commit refs/heads/main\ncommitter A <a@example.com> 1700000000 +0000\ndata 9\nAdd files\n"]
    for path, content in files.items():
        parts.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content))
    return b"".join(parts)
