"""A user's machine for one test: a project folder, a home for the Hub client, and the address of a Hub."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tomli
from flowverse import api
from flowverse.cli._commands import run as run_command
from flowverse.model import MODULE_ID_FILE, PACKAGE, ModuleId, Result
from flowverse.ports import Chooser

from tests.hub import Hub

COMMAND = Path(sys.executable).with_name("flowverse.exe" if os.name == "nt" else "flowverse")
_OTHERS = (
    "HF_",
    "HUGGING",
    "FLOWVERSE_",
    "TRANSFORMERS_",
    "PYTHON",
    "XDG_",
    "TTY_",
    "http",
    "https",
    "all_proxy",
    "HTTP",
)
_SCREEN = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "CLICOLOR", "PAGER", "LESS", "MORE")
_DROPPED = (*_OTHERS, "ALL_PROXY", "CI", *_SCREEN)
"""How the names of variables begin that a command would listen to."""

Snapshot = dict[str, "bytes | str | None"]


@dataclass(frozen=True)
class Done:
    """What a command did: its exit code, and what it said."""

    code: int
    out: str
    err: str

    def failed_plainly(self, code: int, *words: str) -> None:
        """Check for a documented exit code, a sentence that has these words, a hint, and no traceback.

        Before the error, it may have been said what was waited for.
        """
        assert self.code == code, self
        lines = self.err.splitlines()
        while lines and lines[0].startswith(("Trying again: ", "Waiting ")):
            del lines[0]
        assert lines, self
        assert lines[0].startswith("error: "), self
        assert "\nhint: " in self.err, self
        assert "Traceback" not in self.err, self
        assert "internal" not in self.err.lower(), self
        for word in words:
            assert word in self.err, (word, self)

    def worked(self, *words: str) -> None:
        """Check that it ended well and said these words on standard output."""
        assert self.code == 0, self
        for word in words:
            assert word in self.out, (word, self)


class Workspace:
    """A project folder, a `HF_HOME` and the address of a Hub; nothing of the machine's own."""

    def __init__(self, base: Path, endpoint: str) -> None:
        self.base, self.endpoint = base, endpoint
        self.root, self.home = base / "project", base / "hf"
        self.root.mkdir(parents=True)
        self.manifest, self.lock_path = self.root / "pyproject.toml", self.root / "flowverse.lock"
        self.tree, self.cache = self.root / PACKAGE, self.home / "hub"

    def clone(self, name: str = "clone", *, cached: bool = False) -> Workspace:
        """The project as version control brings it to somebody else; `cached` if they have this machine's cache."""
        other = Workspace(self.base / name, self.endpoint)
        for path in ("pyproject.toml", "flowverse.lock", "flow_patches"):
            if (self.root / path).is_dir():
                shutil.copytree(self.root / path, other.root / path)
            elif (self.root / path).exists():
                shutil.copyfile(self.root / path, other.root / path)
        if cached:
            other.home, other.cache = self.home, self.cache
        return other

    # --- the project -------------------------------------------------------------------------------------------------

    def declare(
        self,
        dependencies: Mapping[str, str | Mapping[str, Any]],
        *,
        overrides: Mapping[str, str] | None = None,
        more: str = "",
    ) -> None:
        """Write `pyproject.toml`; `more` are further lines of `[tool.flowverse]`."""
        lines = ["[project]", 'name = "demo"', 'version = "1"', "", "[tool.flowverse]", more]
        for table, wishes in (("dependencies", dependencies), ("overrides", overrides or {})):
            lines += ["", f"[tool.flowverse.{table}]", *(f'"{id}" = {_inline(wish)}' for id, wish in wishes.items())]
        self.manifest.write_text("\n".join([*lines, ""]), encoding="utf-8")

    def place(self, id: str) -> Path:
        """A module's folder in the tree."""
        return self.tree / ModuleId.parse(id).folder

    def files(self, id: str) -> dict[str, bytes]:
        """The content of a module's folder, but for what is generated or compiled."""
        folder = self.place(id)
        paths = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        return {path: content for path, content in found.items() if path != MODULE_ID_FILE}

    def holds(self, hub: Hub, id: str, revision: str = "main") -> bool:
        """Whether the tree has a module exactly as a Hub has it at a revision, and says so in FLOW_MODULE_ID."""
        commit = hub.commit(id, revision)
        said = (self.place(id) / MODULE_ID_FILE).read_text(encoding="utf-8")
        same = self.files(id) == {path: file.content for path, file in commit.files.items()}
        return same and said == f"{id}:{revision}\n{commit.id}\n"

    @property
    def modules(self) -> set[str]:
        """The modules in the tree, as `owner/name` folders."""
        folders = (path for path in self.tree.glob("*/*") if path.is_dir() and path.name != "__pycache__")
        return {path.relative_to(self.tree).as_posix() for path in folders if not path.parent.name.startswith(".")}

    @property
    def locked(self) -> dict[str, dict[str, Any]]:
        """The modules of the lock, by id."""
        document = tomli.loads(self.lock_path.read_text(encoding="utf-8"))
        return {module["id"]: module for module in document.get("module", [])}

    @property
    def backups(self) -> dict[str, bytes]:
        """Every file that was kept aside, by its path below the backups."""
        folder = self.tree / ".flowverse" / "backups"
        files = [path for path in folder.rglob("*") if path.is_file()]
        files = [path for path in files if not (path.suffix == ".json" and path.with_suffix("").is_dir())]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    def visible(self) -> Snapshot:
        """Everything in the project but the engine's own folder."""
        return {path: what for path, what in snapshot(self.root).items() if ".flowverse" not in path.split("/")}

    def state(self, id: str) -> str:
        """What `status` says that a module is."""
        rows: list[dict[str, str]] = json.loads(self.call("status", "--json").out)["modules"]
        return next(row["state"] for row in rows if row["id"] == id)

    # --- the engine, here and in a process of its own ----------------------------------------------------------------

    def environ(self, **more: str) -> dict[str, str]:
        """The environment of a command."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}
        ours = {"HOME": str(self.base), "HF_HOME": str(self.home), "HF_ENDPOINT": self.endpoint, "TERM": "xterm"}
        return {**kept, **ours, "PYTHONWARNINGS": "error", **more}

    def run(self, *arguments: str, cwd: Path | None = None, **more: str) -> Done:
        """Run the installed command; `more` are environment variables."""
        return self.execute([str(COMMAND), *arguments], cwd=cwd, **more)

    def python(self, *arguments: str, cwd: Path | None = None, **more: str) -> Done:
        """Run Python."""
        return self.execute([sys.executable, *arguments], cwd=cwd, **more)

    def execute(self, command: list[str], *, cwd: Path | None = None, **more: str) -> Done:
        """Run a program in the project, without a terminal."""
        done = subprocess.run(
            command,
            cwd=cwd or self.root,
            env=self.environ(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    @contextlib.contextmanager
    def start(self, *arguments: str, **more: str) -> Iterator[subprocess.Popen[str]]:
        """Run the installed command in the background; it is gone at the end."""
        process = subprocess.Popen(
            [str(COMMAND), *arguments],
            cwd=self.root,
            env=self.environ(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        with process:
            try:
                yield process
            finally:
                process.kill()

    @contextlib.contextmanager
    def inside(self, **more: str) -> Iterator[None]:
        """Be in the project's folder, with its environment, in this process."""
        environ, folder = dict(os.environ), Path.cwd()
        os.environ.clear()
        os.environ.update(self.environ(**more))
        os.chdir(self.root)
        try:
            yield
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(environ)

    def call(self, *arguments: str, **more: str) -> Done:
        """Do what the command does, in this process: faster, where a process adds nothing."""
        out, err = io.StringIO(), io.StringIO()
        with self.inside(**more), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run_command(arguments)
        return Done(code, out.getvalue(), err.getvalue())

    def settings(self, **flags: bool) -> api.Settings:
        """The settings that a host would have, but for the pauses between attempts."""
        settings = api.Settings.from_environ(self.environ(), **flags)
        return replace(settings, patience=replace(settings.patience, pause=0.001))

    def sync(self, *, chooser: Chooser | None = None, **flags: bool) -> Result:
        """Sync with the api."""
        with self.inside():
            return api.sync(self.root, self.settings(**flags), chooser=chooser)

    def settle(self) -> None:
        """Sync until nothing is left to look at.

        What was written in the very tick of the clock in which a sync ended is looked at again by the next one.
        """
        assert any(self.sync().untouched for _ in range(50))

    def lock(self, *, chooser: Chooser | None = None, **flags: bool) -> Result:
        """Lock with the api."""
        with self.inside():
            return api.lock(self.root, self.settings(**flags), chooser=chooser)


def snapshot(folder: Path) -> Snapshot:
    """Everything below a folder: bytes of files, targets of links, None for folders."""
    found: Snapshot = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        else:
            found[name] = path.read_bytes() if path.is_file() else None
    return found


def looks(folder: Path) -> dict[str, tuple[int, int, int]]:
    """How everything below a folder looks from outside: inode, and times of change."""
    stats = {path.relative_to(folder).as_posix(): path.lstat() for path in folder.rglob("*")}
    return {name: (stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns) for name, stat in stats.items()}


def asking(*wishes: tuple[str, str] | str, package: str = "flows") -> str:
    """The text of a module that asks for others when it is imported, at `main` where nothing else is said."""
    pairs = [(wish, "main") if isinstance(wish, str) else wish for wish in wishes]
    rows = "".join(f'    {{"url": "{id}", "revision": "{revision}"}},\n' for id, revision in pairs)
    call = f"from {package} import flow_verse\nflow_verse.sync_dependencies(dependencies)\n"
    return f"dependencies = [\n{rows}]\n{call}"


def _inline(value: str | bool | Mapping[str, Any]) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_inline(item)}" for key, item in value.items()) + " }"
    return json.dumps(value)
