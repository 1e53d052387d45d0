"""What the desks of all hosts share: a project, an environment, and commands that are run in them."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["Runner"]


class Runner:
    """Runs commands in the folder `root` with the variables `environ`, without a terminal."""

    root: Path
    environ: dict[str, str]

    def run(self, *command: str, cwd: Path | None = None, code: int = 0, **environ: str) -> str:
        """Run a command in the project, and return what it says; its exit code must be `code`."""
        done = subprocess.run(
            command,
            cwd=cwd or self.root,
            env={**self.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == code, done.stdout
        return done.stdout
