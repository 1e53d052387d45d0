"""olah, a mirror of the Hub that people point `HF_ENDPOINT` at, over git repositories made by the tests.

It is poorer than the Hub, so what works with both works with more than what one server happens to answer.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType

from tests.environments import environment
from tests.hub import ids

VERSION = "0.5.4"
_READY_SECONDS = 120.0
_ACCESS = re.compile(r'"(?P<method>[A-Z]+) (?P<target>\S+) HTTP/[\d.]+" (?P<status>\d{3})')


@dataclass(frozen=True, kw_only=True)
class Access:
    """One line of olah's own log."""

    method: str
    target: str
    status: int


class Olah:
    """A running olah, offline, that serves what `make_repository` made below a folder.

    Args:
        repositories: the folder; repositories may be made and changed while olah runs.
    """

    def __init__(self, repositories: Path) -> None:
        self._repositories = repositories
        self._stack = contextlib.ExitStack()
        self._output = Path()
        self.endpoint = ""

    def __enter__(self) -> Olah:
        # olah asks for versions that conflict with the tests' own.
        python = environment(f"olah-{VERSION}", [f"olah=={VERSION}"])
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="olah-", ignore_cleanup_errors=True)))
            mirrors = str(self._repositories).replace("\\", "/")
            settings = f'[basic]\nmirrors-path = ["{mirrors}"]\n\n[accessibility]\noffline = true\n'
            (folder / "olah.toml").write_text(settings, encoding="utf-8")
            self._output = folder / "output"
            port = _free_port()
            # -I: nothing of the tests' own environment, such as warnings as errors, is meant for olah.
            command = [str(python), "-I", "-m", "olah.server", "--config", "olah.toml", "--host", "127.0.0.1"]
            with self._output.open("wb") as output:
                process = subprocess.Popen(
                    [*command, "--port", str(port)],
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            stack.callback(_stop, process)
            self._wait_until_ready(process)
            self.endpoint = f"http://127.0.0.1:{port}"
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def log(self) -> list[Access]:
        """The requests that olah answered so far, as its own log tells them."""
        lines = self._output.read_text(encoding="utf-8", errors="replace")
        return [
            Access(method=match["method"], target=match["target"], status=int(match["status"]))
            for match in _ACCESS.finditer(lines)
        ]

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            # Its own word, not an open port: that could be another process' that was faster to take it.
            if b"Uvicorn running on" in self._output.read_bytes():
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)  # a pause that ends at once if olah does
                break
        msg = f"olah did not start:\n{self._output.read_text(encoding='utf-8', errors='replace')}"
        raise RuntimeError(msg)


def make_repository(
    root: Path,
    id: str,
    files: Mapping[str, str | bytes],
    *,
    message: str = "Add files",
    branch: str = "main",
    lfs: Iterable[str] = (),
) -> str:
    """Commit to the git repository of a model below `root`, made if need be, and return the commit.

    Arguments, content and ids are those of `Hub.add`.
    """
    folder = root / "models" / id
    if not folder.exists():
        _run(["git", "init", "--quiet", "--initial-branch=main", str(folder)])
    ref = branch if branch.startswith("refs/") else f"refs/heads/{branch}"
    parent, seconds = _tip(folder, ref)
    who = f"{ids.AUTHOR_NAME} <{ids.AUTHOR_EMAIL}> {seconds} +0000".encode()
    stream = [b"commit " + ref.encode(), b"author " + who, b"committer " + who, _data(f"{message}\n".encode())]
    stream += [b"from " + parent.encode()] if parent else []
    stream.append(b"deleteall")
    patterns = tuple(lfs)
    for path, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        if any(fnmatchcase(path, pattern) for pattern in patterns):
            _store(folder, data)
            data = ids.lfs_pointer(data)
        stream += [b"M 100644 inline " + path.encode(), _data(data)]
    _run(["git", "-C", str(folder), "fast-import", "--quiet", "--force"], b"\n".join([*stream, b""]))
    return _run(["git", "-C", str(folder), "rev-parse", ref]).strip()


def make_tag(root: Path, id: str, name: str, commit: str) -> None:
    """Tag a commit of a model below `root`."""
    _run(["git", "-C", str(root / "models" / id), "tag", name, commit])


def _data(content: bytes) -> bytes:
    return b"data %d\n" % len(content) + content


def _tip(folder: Path, ref: str) -> tuple[str, int]:
    """Return the commit to build on and the second at which the next is made."""
    named = _run(["git", "-C", str(folder), "for-each-ref", "--format=%(objectname) %(committerdate:unix)", ref])
    if not named:
        main = "refs/heads/main"
        named = _run(["git", "-C", str(folder), "for-each-ref", "--format=%(objectname) %(committerdate:unix)", main])
    if not named:
        return "", ids.EPOCH
    commit, seconds = named.split()
    return commit, int(seconds) + 60


def _store(folder: Path, content: bytes) -> None:
    """Put content where git-lfs keeps it."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = folder / ".git" / "lfs" / "objects" / sha256[:2] / sha256[2:4] / sha256
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _run(command: list[str], given: bytes = b"") -> str:
    """Run a program that knows nothing of the user's git, and return what it prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") and name != "VIRTUAL_ENV"}
    environ = {**kept, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    done = subprocess.run(command, input=given, capture_output=True, env=environ, check=False)
    if done.returncode != 0:
        msg = f"{command} failed:\n{(done.stdout + done.stderr).decode(errors='replace')}"
        raise RuntimeError(msg)
    return done.stdout.decode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
