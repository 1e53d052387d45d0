"""The project's own Python files and notebooks: not what was installed, built, synced or hidden."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from flowverse._calls import CALL
from flowverse.errors import UsageError
from flowverse.model import PACKAGE, PROJECT

__all__ = ["Files", "has_calls"]

_NOT_OWN = {"__pycache__", "build", "dist", "node_modules", "site-packages", PACKAGE}
_KINDS = (".py", ".pyw", ".ipynb")
_CALLED = re.compile(rf"^[^#\n]*\b{CALL}\s*\(", re.MULTILINE)


class Files:
    """Walks a project. `others` are the folders, with `/`, that are projects of their own and were left out."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.others: list[str] = []

    def found(self, paths: Sequence[Path]) -> Iterator[Path]:
        """The files below some paths, or all; each once. Raises `UsageError` for a path that cannot be meant."""
        seen: set[Path] = set()
        for path in [self._inside(path) for path in paths] or [self.root]:
            for file in [path] if path.is_file() else self._below(path):
                if file not in seen:
                    seen.add(file)
                    yield file

    def _inside(self, path: Path) -> Path:
        path = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow a link in the project
        if not path.exists():
            raise UsageError(f"There is no {path}.", hint="Name files and folders of the project, or none for all.")
        root = self.root
        if not path.is_relative_to(root):  # named by another way to the same place
            path, root = path.resolve(), root.resolve()
        if not path.is_relative_to(root):
            hint = "Name the folder of its own project with --project."
            raise UsageError(f"{path} is not in the project {self.root}.", hint=hint)
        return self.root / path.relative_to(root)

    def contents(self) -> dict[str, bytes]:
        """What the Python files of all of it hold, by name, as far as they can be read."""
        found = {}
        for file in self.found(()):
            with suppress(OSError):
                if file.suffix != ".ipynb":
                    found[self.name(file)] = file.read_bytes()
        return found

    def name(self, path: Path) -> str:
        """A path as it is told: from the project, with `/`."""
        return path.relative_to(self.root).as_posix()

    def _below(self, top: Path) -> Iterator[Path]:
        for parent, folders, files in os.walk(top):
            here = Path(parent)
            own = [name for name in sorted(folders) if self._is_own(here / name)]
            projects = {name for name in own if (here / name / PROJECT).is_file()}
            self.others += [self.name(here / name) for name in sorted(projects)]
            folders[:] = [name for name in own if name not in projects]
            yield from (
                here / name for name in sorted(files) if name.endswith(_KINDS) and not (here / name).is_symlink()
            )

    def _is_own(self, folder: Path) -> bool:
        hidden = folder.name.startswith(".") or folder.name in _NOT_OWN or folder.name.endswith(".egg-info")
        return not hidden and not any((folder / mark).exists() for mark in ("pyvenv.cfg", "conda-meta"))


def has_calls(notebook: bytes) -> bool:
    """Whether a notebook has calls in a cell of code, as far as its text tells."""
    try:
        cells = json.loads(notebook)["cells"]
        sources = [cell.get("source", "") for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return CALL.encode() in notebook
    return any(_CALLED.search(source if isinstance(source, str) else "".join(source)) for source in sources)
