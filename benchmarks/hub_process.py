"""The benchmark's Hub, as whoever measures sees it."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

__all__ = ["FAR", "NEAR", "Delays", "HubProcess"]

Delays = tuple[float, float]
"""Seconds a request, and seconds to set a connection up."""
FAR: Delays = (0.040, 0.080)
"""40 ms a request, and twice that a connection: one round trip for TCP, one for TLS."""
NEAR: Delays = (0.0, 0.0)


class HubProcess:
    """Starts the Hub, and stops it."""

    def __init__(self, root: Path, folder: Path) -> None:
        folder.mkdir(parents=True)
        command = [sys.executable, "-m", "benchmarks.hub", "--repositories", str(folder)]
        self._process = subprocess.Popen(
            command,
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is for us
        )
        assert self._process.stdout is not None  # noqa: S101 - for mypy
        self.endpoint = self._process.stdout.readline().strip()
        if not self.endpoint:
            msg = "the benchmark's Hub did not start"
            raise RuntimeError(msg)

    def __enter__(self) -> HubProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()  # closes its standard input, and waits

    def set(self, delays: Delays) -> None:
        """Answer with these delays from now on."""
        self._ask(f"request={delays[0]}&connection={delays[1]}")

    def counted(self) -> Mapping[str, int]:
        """What was asked since the last call: `requests`, of them `api`, `files`, `head`, `git`; and `connections`."""
        return self._ask("")

    def _ask(self, query: str) -> Mapping[str, int]:
        with urllib.request.urlopen(f"{self.endpoint}/_bench?{query}") as answer:  # noqa: S310 - our own address
            counts: dict[str, int] = json.load(answer)
        return counts
