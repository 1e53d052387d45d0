"""Trees as a sync leaves them, written by hand, and programs that import from them in a Python of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flowverse._guard import module_id_text, tree_sources
from flowverse.model import MODULE_ID_FILE, PACKAGE, ModuleId, Pin

COMMIT = "0123456789" * 4

# What aiFlows has, in small: the function is defined in `loading`, and known in `flow_verse` as well.
_LOADING = """\
import json

def sync_dependencies(dependencies, all_overwrite=False):
    "Sync what is asked for."
    if not isinstance(dependencies, list):
        raise ValueError("not a list")
    print(json.dumps(["original", __name__, [wish["url"] for wish in dependencies], all_overwrite]))
    return ["/synced/" + wish["url"] for wish in dependencies]
"""


def pin(id: str, revision: str = "main", commit: str = COMMIT, path: str | None = None) -> Pin:
    """A pin without files."""
    if path is not None:
        return Pin(id=ModuleId.parse(id), path=path)
    return Pin(id=ModuleId.parse(id), revision=revision, commit=commit)


def make_tree(root: Path, modules: Mapping[str, Mapping[str, str]], **where: str) -> Path:
    """Write `flow_modules` below `root`: modules by id with their files by path, all at one revision."""
    tree = root / PACKAGE
    for path, text in tree_sources({ModuleId.parse(id).package for id in modules}).items():
        write(tree / path, text)
    for id, files in modules.items():
        one = pin(id, **where)
        folder = tree / one.id.folder
        for path, text in {"__init__.py": "", **files, MODULE_ID_FILE: module_id_text(one)}.items():
            write(folder / path, text)
    return tree


def make_package(site: Path, name: str = "aiflows") -> Path:
    """Write a package that has a `sync_dependencies`; it says so when it is called."""
    write(site / name / "__init__.py", "")
    write(site / name / "flow_verse/__init__.py", "from .loading import sync_dependencies\n")
    write(site / name / "flow_verse/loading.py", _LOADING)
    return site


def asking(*ids: str, package: str = "aiflows", revision: str = "main") -> str:
    """The text of a module that asks for others when it is imported."""
    wishes = [{"url": id, "revision": revision} for id in ids]
    return f"from {package} import flow_verse\nflow_verse.sync_dependencies({wishes!r})\n"


def write(path: Path, text: str) -> Path:
    """Write a text file, and the folders that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def run(
    code: str, *, path: Sequence[Path] = (), flags: Sequence[str] = ("-I", "-S", "-W", "error"), **how: Any
) -> list[Any]:
    """Run a program that sees these folders first on `sys.path`, and not much else; return the JSON that it printed.

    It must end well and say nothing on stderr. `how` is what `start` takes.
    """
    begin = f"import json, sys\nsys.path[:0] = {[str(entry) for entry in path]!r}\nsys.dont_write_bytecode = True\n"
    done = start([*flags, "-c", begin + code], **how)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def start(
    arguments: Sequence[str],
    *,
    python: Path | str = sys.executable,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Start a Python with its stdin closed, and without what the environment says to Python, flowverse or the Hub."""
    theirs = ("FLOWVERSE", "PYTHON", "HF_", "HUGGING")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(theirs) and key != "CI"}
    return subprocess.run(
        [str(python), *arguments],
        cwd=cwd,
        env={**inherited, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
