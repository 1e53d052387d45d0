"""What a program does, counted from inside a process of its own: imports, opened files, stats, calls."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.integration.workspace import Done, Workspace

_WATCHED = Path(__file__).with_name("watched.py")
COMMAND = "import sys; sys.argv[0] = 'flowverse'; from flowverse.cli import main; main()"
"""The installed command, as its entry point calls it."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a program did, and how it ended."""

    done: Done
    imported: frozenset[str]
    """Full names of what it imported, and a bare interpreter had not."""
    opened: Sequence[str]
    """Paths, absolute or not, of every file that it opened, in order; also to write."""
    listed: Sequence[str]
    """Paths of every folder that it listed."""
    stats: int
    """How often it asked the disk about a file or a folder, what the import system asked left out."""
    called: frozenset[tuple[str, str]]
    """Every function that it called: the file that it is in (or the module, of one written in C), and its name."""

    @property
    def packages(self) -> set[str]:
        """What it imported, by its first name."""
        return {name.partition(".")[0] for name in self.imported}

    def opened_below(self, folder: Path) -> list[str]:
        """The files that it opened below a folder, relative to it, sorted."""
        start = f"{folder}{os.sep}"
        paths = [os.path.join(folder, path) for path in self.opened]  # noqa: PTH118 - text stays text
        return sorted(path.removeprefix(start).replace(os.sep, "/") for path in paths if path.startswith(start))


def watch(space: Workspace, code: str, *arguments: str) -> Seen:
    """Run Python code in the project, in a fresh interpreter, and tell what it did."""
    file = space.base / "seen.json"
    done = space.python(str(_WATCHED), str(file), code, *arguments)
    seen = json.loads(file.read_text(encoding="utf-8"))
    file.unlink()
    return Seen(
        done=done,
        imported=frozenset(seen["imported"]),
        opened=seen["opened"],
        listed=seen["listed"],
        stats=len(seen["stats"]),
        called=frozenset((place, name) for place, name in seen["called"]),
    )
