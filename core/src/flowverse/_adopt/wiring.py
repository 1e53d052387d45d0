"""What flow modules need of a project: their table, and the wiring of the host that builds or installs it. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import tomli

from flowverse._adopt.tables import value_text, with_items, with_table, without_entry
from flowverse._adopt.values import Change, Setup, Shape
from flowverse.errors import UsageError
from flowverse.lock import LOCK_NAME
from flowverse.model import PACKAGE, PROJECT

__all__ = ["HATCH_FILE", "wired"]

HATCH_FILE = "hatch.toml"
_EXAMPLE = '# "owner/name" = "main"    # a module id of the Hub; a branch, a tag, refs/pr/N, or a commit'
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_SEE_UV = "uv takes what modules need of Python from pyproject.toml only: `flowverse init --dynamic` wires that as well"


def wired(files: Mapping[str, str], beside: Collection[str], *, dynamic: bool = False) -> Setup:
    """What is missing in the files of a project (`pyproject.toml`, `hatch.toml`), for how it is built.

    `beside` are the names of the other files in its folder. With `dynamic`, the dependencies of a project of hatchling
    move to where flow modules can add theirs to them. Raises `UsageError` for a file that nothing can be added to.
    """
    wiring = _Wiring(files, beside)
    wiring.declare()
    if wiring.backend == "hatchling.build":
        wiring.hatch()
    if wiring.backend == "pdm.backend":
        wiring.require("build-system", "requires", "pdm-flowverse")
    if wiring.pdm:
        wiring.require("tool.pdm", "plugins", "pdm-flowverse[hub]")
    if wiring.shape in ("hatchling", "pdm-backend"):
        wiring.uv()
    if dynamic:
        wiring.dynamic()
    changes = tuple(
        Change(path=path, before=files[path].encode() if path in files else None, after=text.encode())
        for path, text in wiring.files.items()
        if text != files.get(path)
    )
    return Setup(shape=wiring.shape, changes=changes, notes=wiring.notes(dynamic=dynamic) if changes else ())


class _Wiring:
    """The files as they become, change by change."""

    def __init__(self, files: Mapping[str, str], beside: Collection[str]) -> None:
        self.files = {PROJECT: "", **files}
        project = tomli.loads(self.files[PROJECT])
        self.backend = _at(project, "build-system", "build-backend")
        self.pdm = self.backend == "pdm.backend" or "pdm.lock" in beside or _at(project, "tool", "pdm") is not None
        self._uses_uv = "uv.lock" in beside or _at(project, "tool", "uv") is not None

    @property
    def shape(self) -> Shape:
        """How the project is built and installed."""
        known: dict[object, Shape] = {"hatchling.build": "hatchling", "pdm.backend": "pdm-backend"}
        return known.get(self.backend, "pdm" if self.pdm else "command")

    def declare(self) -> None:
        """The table, with an example."""
        if self._get(PROJECT, "tool", "flowverse", "dependencies") is None:
            self._add_table(PROJECT, ("tool", "flowverse", "dependencies"), [_EXAMPLE])

    def hatch(self) -> None:
        """The build hook, and the collector that makes Hatch look again; in `hatch.toml`, where that decides."""
        self.require("build-system", "requires", "hatch-flowverse")
        path, top = self._hatch("build")
        targets = self._get(path, *top, "targets")
        places = [top, *((*top, "targets", name) for name in targets)] if isinstance(targets, Mapping) else [top]
        if all(self._get(path, *place, "hooks", "flowverse") is None for place in places):
            self._add_table(
                path, (*top, "hooks", "flowverse"), comment="syncs for an editable install, ships with builds"
            )
        path, top = self._hatch("env")
        if not any(_name(line) == "hatch-flowverse" for line in self._get(path, *top, "requires") or []):
            comment = "syncs again in `hatch run` when something changed"
            self._add_items(path, top, "requires", ["hatch-flowverse"], comment)
        if self._get(path, *top, "collectors", "flowverse") is None:
            self._add_table(path, (*top, "collectors", "flowverse"))

    def require(self, table: str, key: str, line: str) -> None:
        """A Python requirement in an array, in whatever version it is there already."""
        place = tuple(table.split("."))
        lines = self._get(PROJECT, *place, key) or []
        if not any(_name(other) == _name(line) for other in lines):
            self._add_items(PROJECT, place, key, [line])

    def uv(self) -> None:
        """What uv has to watch, to build an editable project again."""
        tree = self._get(PROJECT, "tool", "flowverse", "modules-dir") or PACKAGE
        keys = list(self._get(PROJECT, "tool", "uv", "cache-keys") or [])
        wanted = [{"file": LOCK_NAME}, {"dir": tree}]
        texts = [key for key in keys if isinstance(key, str)]  # each is a file
        missing = [key for key in wanted if key not in keys and key.get("file") not in texts]
        if missing:
            # A list that is there replaces uv's own, of which pyproject.toml is the part that matters.
            fresh = missing if keys else [{"file": PROJECT}, *missing]
            self._add_items(PROJECT, ("tool", "uv"), "cache-keys", fresh, "what makes `uv sync` build again")

    def dynamic(self) -> None:
        """The metadata hook: `[project]` says that its dependencies are dynamic, and the hook has the project's own."""
        if self.shape != "hatchling":
            raise UsageError(
                "Only hatchling asks flow modules for their part of the dependencies.",
                hint="Leave --dynamic out; `flowverse requirements --write GROUP` serves any other backend.",
            )
        path, top = self._hatch("metadata")
        table = (*top, "hooks", "flowverse")
        if self._get(path, *table) is not None:
            return
        lines = []
        if self._get(PROJECT, "project", "dependencies") is not None:
            taken = without_entry(self.files[PROJECT], ("project",), "dependencies")
            if taken is None:
                raise _unwritable(PROJECT, ["[project]", "# without dependencies"])
            self.files[PROJECT], value = taken
            lines = [f"dependencies = {value}"]
        if "dependencies" not in (self._get(PROJECT, "project", "dynamic") or []):
            self._add_items(PROJECT, ("project",), "dynamic", ["dependencies"])
        self._add_table(path, table, lines, "what modules need of Python is added")

    def notes(self, *, dynamic: bool) -> tuple[str, ...]:
        """What to do next, and what is not wired."""
        notes = []
        if self.shape == "hatchling":
            notes.append("`hatch env create`, `uv sync` and `pip install -e .` sync flow modules")
            if self._uses_uv and not dynamic:
                notes.append(_SEE_UV)
        if self.shape == "pdm-backend" and self._uses_uv:
            notes.append("where uv builds a fresh clone, without PDM, requires must have pdm-flowverse[hub]")
        if self.pdm:
            notes.append("`pdm install --plugins` installs the plugin, `pdm install` syncs flow modules")
        return tuple(notes)

    # --- files --------------------------------------------------------------------------------------------------------

    def _hatch(self, key: str) -> tuple[str, tuple[str, ...]]:
        """Where Hatch reads a part of its configuration: a key of `hatch.toml` hides that of `pyproject.toml`."""
        in_file = HATCH_FILE in self.files and key in tomli.loads(self.files[HATCH_FILE])
        return (HATCH_FILE, (key,)) if in_file else (PROJECT, ("tool", "hatch", key))

    def _get(self, path: str, *keys: str) -> Any:
        return _at(tomli.loads(self.files[path]), *keys)

    def _add_table(self, path: str, table: Sequence[str], lines: Sequence[str] = (), comment: str = "") -> None:
        self._set(path, with_table(self.files[path], table, lines, comment), [f"[{'.'.join(table)}]", *lines])

    def _add_items(self, path: str, table: Sequence[str], key: str, items: Sequence[Any], comment: str = "") -> None:
        wanted = [f"[{'.'.join(table)}]", f"{key} = {value_text(items)}"]
        self._set(path, with_items(self.files[path], table, key, items, comment), wanted)

    def _set(self, path: str, text: str | None, wanted: Sequence[str]) -> None:
        if text is None:
            raise _unwritable(path, wanted)
        self.files[path] = text


def _unwritable(path: str, wanted: Sequence[str]) -> UsageError:
    lines = "\n".join(f"  {line}" for line in wanted)
    return UsageError(f"{path} is written in a way that nothing can be added to.", hint=f"Add by hand:\n{lines}")


def _at(document: Any, *keys: str) -> Any:
    for key in keys:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _name(line: object) -> str:
    """The name in a Python requirement, normalized."""
    match = _NAME.match(line) if isinstance(line, str) else None
    return re.sub(r"[-_.]+", "-", match[1]).lower() if match else ""
