"""Coming to flowverse with a project that is there: `migrate` its scripts' calls, `setup` its host.

Like `api`, everything takes the folder of a project and raises `flowverse.errors.FlowverseError`. What would be done is
a value, which can be rendered, and applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from flowverse._adopt.migration import migration
from flowverse._adopt.values import Change, Migration, Setup
from flowverse._adopt.wiring import HATCH_FILE, wired
from flowverse._cache import write as write_file
from flowverse._project import MANIFEST_NAME, Project, parse_toml, read_manifest
from flowverse._render.adopting import migration_document, render_changes, render_migration, render_setup
from flowverse.errors import NoProject

__all__ = [
    "Change",
    "Migration",
    "Setup",
    "migrate",
    "migration_document",
    "render_changes",
    "render_migration",
    "render_setup",
    "set_up",
    "setup",
]


def migrate(root: Path, paths: Sequence[Path] = (), *, write: bool = False) -> Migration:
    """Find the calls of `sync_dependencies` in the project's own Python files, and what they become.

    `paths` are files and folders of the project to look at; without any, all of it. With `write`, the requirements are
    written to `pyproject.toml` and the calls are deleted, but for those that are left to a person. Raises `NoProject`,
    `InvalidManifest`, `UsageError` and `TreeError`.
    """
    if not (root / MANIFEST_NAME).exists():
        hint = "`flowverse init` writes one; or name the project's folder with --project."
        raise NoProject(str(root / MANIFEST_NAME), "there is no such file", hint=hint)
    project = Project.read(root)
    found = migration(project, paths)
    if write:
        _write(project.root, found.changes)
    return replace(found, written=write)


def setup(root: Path, *, dynamic: bool = False) -> Setup:
    """What flow modules need of the project: their table, and the wiring of its backend. Writes nothing.

    Where there is no `pyproject.toml`, one that holds the table is what is missing. With `dynamic`, `dependencies` of
    a project of hatchling become dynamic, so that those of flow modules are among them. Raises `NoProject` for a file
    that cannot be read, `InvalidManifest`, and `UsageError` for one that nothing can be added to.
    """
    files = {}
    for name in (MANIFEST_NAME, HATCH_FILE):
        if (root / name).exists():
            content = read_manifest(root, name)
            parse_toml(content, root, name)
            files[name] = content.decode()
    if MANIFEST_NAME in files:
        Project.read(root)
    return wired(files, {name for name in ("pdm.lock", "uv.lock") if (root / name).exists()}, dynamic=dynamic)


def set_up(root: Path, setup: Setup) -> None:
    """Write what was missing. Raises `TreeError`."""
    _write(root, setup.changes)


def _write(root: Path, changes: Sequence[Change]) -> None:
    """Write the files, the manifest first: what was asked for is not to be lost in between."""
    for change in changes:
        write_file(root / change.path, change.after)
