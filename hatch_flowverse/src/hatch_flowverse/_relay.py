"""What a build hook says, carried past the installer that runs it: pip and uv hide it, or bury it in their own words.

Whoever starts the installer names a file in the environment; the hook adds its lines to that file as well.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowverse.api import Line

__all__ = ["Heard", "listen", "pass_on"]

_FILE = "HATCH_FLOWVERSE_RELAY"


def pass_on(lines: Sequence[Line], code: int | None = None) -> None:
    """Add lines, and the exit code if the hook ends with them, to what whoever started this build will read."""
    if path := os.environ.get(_FILE):
        with Path(path).open("a", encoding="utf-8") as file:
            file.writelines(json.dumps([line.kind, line.text, code]) + "\n" for line in lines)


class Heard:
    """What came through."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[list[Line], int | None]:
        """The lines so far, and the exit code if the hook ended with an error of its own."""
        from flowverse.api import Line

        try:
            rows = [json.loads(row) for row in self.path.read_text(encoding="utf-8").splitlines()]
        except FileNotFoundError:
            rows = []
        code = next((code for _, _, code in rows if code is not None), None)
        return [Line(kind, text) for kind, text, row_code in rows if code is None or row_code is not None], code


@contextmanager
def listen() -> Iterator[Heard]:
    """While this is open, hooks in the processes that are started pass on what they say."""
    from tempfile import TemporaryDirectory  # which takes a while, and builds say things without it

    with TemporaryDirectory(prefix="flowverse-") as folder:
        path = Path(folder, "heard")
        os.environ[_FILE] = str(path)
        try:
            yield Heard(path)
        finally:
            del os.environ[_FILE]
