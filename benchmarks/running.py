"""Whole processes, in strict alternation: A B C, A B C, ...; what a run needs is made before, and is not timed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Protocol

from benchmarks.desk import Desk
from benchmarks.hub_process import HubProcess
from benchmarks.record import Entry, Row, Sample

__all__ = ["Contender", "Failed", "Job", "Progress", "alternate", "finish"]


class Progress(Protocol):
    """Is told what is done now, and which part of it."""

    def __call__(self, what: str, part: str = "", /) -> None:
        """Show it."""


_LAUNCH = Path(__file__).with_name("launch.py")
_BYTES = 1024 if sys.platform.startswith("linux") else 1  # the unit of `ru_maxrss`


class Failed(Exception):
    """A program that was to be measured did not end well, or did not do what it was to do."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(name, why)
        self.name, self.why = name, why

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


@dataclass(frozen=True, kw_only=True)
class Job:
    """A command, ready to be run: its state is prepared. `check` returns what is wrong afterwards, or nothing."""

    command: Sequence[str]
    cwd: Path
    environ: Mapping[str, str]
    check: Callable[[], str] = str


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A program that is measured. `ready` makes the state of one run; slow ones have fewer `rounds` than the row."""

    name: str
    ready: Callable[[], Job]
    rounds: int | None = None
    warm_up: bool = True


@dataclass(kw_only=True)
class Alternation:
    """The samples of the contenders of one row."""

    contenders: Sequence[Contender]
    hub: HubProcess
    desk: Desk
    say: Progress
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def run(self, title: str, rounds: int) -> None:
        """Run all, round by round; round 0 warms up and is forgotten."""
        for round in range(rounds + 1):
            for one in self.contenders:
                if (one.rounds is not None and round > one.rounds) or (round == 0 and not one.warm_up):
                    continue
                self.say(title, f"{f'round {round} of {rounds}' if round else 'warming up'}, {one.name}")
                with self.desk.passing():
                    sample = _measure(one.name, one.ready(), self.hub)
                if round:
                    self.samples.setdefault(one.name, []).append(sample)


def alternate(
    key: str,
    title: str,
    contenders: Sequence[Contender],
    *,
    rounds: int,
    hub: HubProcess,
    desk: Desk,
    say: Progress,
    size: int | None = None,
) -> Row:
    """Measure a row. Raises `Failed` if a program fails: a number without its work is none."""
    running = Alternation(contenders=contenders, hub=hub, desk=desk, say=say)
    running.run(title, rounds)
    entries = tuple(Entry(name=one.name, samples=tuple(running.samples[one.name])) for one in contenders)
    return Row(key=key, title=title, entries=entries, size=size)


def finish(job: Job, output: IO[bytes]) -> int:
    """Run a job, and return its exit code; if we are ended before it is, it ends too, with all that it started."""
    with subprocess.Popen(
        job.command,
        cwd=job.cwd,
        env=dict(job.environ),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            return process.wait()
        except BaseException:
            # What goes on to write could not be removed.
            os.killpg(process.pid, signal.SIGKILL)
            raise


def _measure(name: str, job: Job, hub: HubProcess) -> Sample:
    hub.counted()
    with TemporaryDirectory() as folder:
        result, said = Path(folder, "result"), Path(folder, "said")
        with said.open("wb") as output:
            finish(replace(job, command=[sys.executable, "-I", "-S", str(_LAUNCH), str(result), *job.command]), output)
        if not result.exists():
            raise Failed(name, said.read_text(encoding="utf-8", errors="replace")[-2000:])
        seconds, cpu, peak, code = result.read_text(encoding="utf-8").split()
        wrong = f"exit code {code}" if code != "0" else job.check()
        if wrong:
            with contextlib.suppress(OSError):
                wrong += "\n" + said.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise Failed(name, wrong)
    megabytes = int(peak) * _BYTES / 1e6
    return Sample(seconds=float(seconds), cpu=float(cpu), peak=megabytes, requests=hub.counted())
