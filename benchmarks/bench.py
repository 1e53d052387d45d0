"""What a row is given: environments, the Hub, a desk, how thorough to be; and what several rows need of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

from benchmarks.desk import LOCK, MANIFEST, TREE, Desk, declare, missing
from benchmarks.hub_process import NEAR, HubProcess
from benchmarks.modules import FILES, roots, world
from benchmarks.places import Places
from benchmarks.record import Row
from benchmarks.running import Contender, Failed, Job, Progress, alternate, finish

__all__ = ["Bench", "Synced"]


@dataclass(frozen=True, kw_only=True)
class Synced:
    """A project whose tree is in sync with its lock, and the home that its content is cached in."""

    root: Path
    home: Path

    @property
    def manifest(self) -> str:
        """The text of its `pyproject.toml`."""
        return (self.root / MANIFEST).read_text(encoding="utf-8")

    @property
    def lock(self) -> bytes:
        """Its lock."""
        return (self.root / LOCK).read_bytes()

    @property
    def tree(self) -> Path:
        """Its tree."""
        return self.root / TREE


@dataclass(kw_only=True)
class Bench:
    """One run of the benchmark."""

    places: Places
    hub: HubProcess
    desk: Desk
    quick: bool
    say: Progress
    _synced: dict[int, Synced] = field(default_factory=dict)
    _repositories: dict[Path, Path] = field(default_factory=dict)

    def race(
        self, key: str, title: str, contenders: Sequence[Contender], *, rounds: int, size: int | None = None
    ) -> Row:
        """Measure a row; see `alternate`."""
        return alternate(key, title, contenders, rounds=rounds, hub=self.hub, desk=self.desk, say=self.say, size=size)

    def rounds(self, full: int, quick: int = 2) -> int:
        """How often a row is measured."""
        return quick if self.quick else full

    def command(
        self, root: Path, home: Path, *arguments: str, whole: Sequence[str] = (), check: Callable[[], str] = str
    ) -> Job:
        """A run of our command in a project; the modules of `whole` must be in the tree afterwards."""

        def wrong() -> str:
            return missing(root / TREE, whole, FILES) or check()

        command = [self.places.ours.command("flowverse"), *arguments]
        return Job(command=command, cwd=root, environ=self.desk.environ(home), check=wrong)

    def synced(self, size: int) -> Synced:
        """A project that asks for the roots of a world, in sync; the same one whoever asks."""
        if size not in self._synced:
            self.say(f"a tree of {size} modules")
            self._synced[size] = self.sync(declare(dict.fromkeys(roots(size), "main")), world(size))
        return self._synced[size]

    def sync(self, manifest: str, whole: Sequence[str]) -> Synced:
        """A new project, synced from a Hub without delay."""
        self.hub.set(NEAR)
        made = Synced(root=self.desk.project(manifest), home=self.desk.folder("home"))
        self.do(self.command(made.root, made.home, "sync", whole=whole))
        return made

    def repository(self, synced: Synced) -> Path:
        """A repository of git that has the files of a synced tree, committed and packed; the same one whoever asks."""
        if synced.tree not in self._repositories:
            folder = self._repositories[synced.tree] = self.desk.folder("repository")
            environ = self.desk.environ(folder)
            shutil.copytree(synced.tree, folder / "modules", ignore=shutil.ignore_patterns(".flowverse", ".gitignore"))
            git = "git -c user.name=A -c user.email=a@example.com -c core.autocrlf=false"
            for arguments in ("init --quiet", "add --all", "commit --quiet --message All", "repack -adq"):
                self.do(Job(command=f"{git} {arguments}".split(), cwd=folder, environ=environ))
        return self._repositories[synced.tree]

    def do(self, job: Job) -> None:
        """Run what is not measured. Raises `Failed`."""
        with TemporaryFile() as output:
            code = finish(job, output)
            output.seek(0)
            said = output.read().decode("utf-8", "replace")
        wrong = (said or f"exit code {code}") if code else job.check()
        if wrong:
            raise Failed(" ".join(job.command), wrong)
