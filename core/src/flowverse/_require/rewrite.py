"""A change of the requirements in `pyproject.toml`: written once it can be locked, and taken back if that fails."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flowverse._cache import write
from flowverse._names import pick
from flowverse._patches import patch_name, protect
from flowverse._project import MANIFEST_NAME, Project
from flowverse._require.entries import with_requirement, without_requirement
from flowverse._require.wishes import Wanted
from flowverse.errors import FlowverseError, OwnerRefused, SharedFolder, UsageError
from flowverse.lock import LOCK_NAME
from flowverse.model import DEFAULT_REVISION, PROJECT, ModuleId, Requirement

__all__ = ["Entry", "Rewrite", "adding", "picked", "read_checkout", "removing"]

Edit = Callable[[Project], str]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of `[tool.flowverse.dependencies]`: what it asked for, and asks for now; None where there is none."""

    id: ModuleId
    old: Requirement | None
    new: Requirement | None


class Rewrite:
    """A project with its requirements changed. `read` gives it to an engine, which writes it when all is known."""

    def __init__(self, root: Path, ids: Sequence[ModuleId], edit: Edit) -> None:
        self.root, self._ids, self._edit = root, ids, edit
        self._saved: Project | None = None
        self.entries: tuple[Entry, ...] = ()

    def read(self) -> Project:
        """The project as it is, with what is to become of its manifest."""
        self._saved = before = read_checkout(self.root)
        after = before.with_manifest(self._edit(before))
        if not self.entries:  # read again after it was written, it would say that nothing changed
            old, new = ({req.id: req for req in project.manifest.dependencies} for project in (before, after))
            self.entries = tuple(Entry(id=id, old=old.get(id), new=new.get(id)) for id in self._ids)
        return after

    def undo(self, now: Project) -> None:
        """Put back what was written on the way to `now`, unless somebody else wrote there since."""
        saved = self._saved
        if saved is None:
            return
        files = [
            (MANIFEST_NAME, saved.manifest_bytes, now.manifest_bytes),
            (LOCK_NAME, saved.lock_bytes, now.lock_bytes),
        ]
        ids = {*saved.patch_texts, *now.patch_texts}
        files += [(patch_name(id), saved.patch_texts.get(id), now.patch_texts.get(id)) for id in ids]
        for name, before, after in files:
            place = now.root / name
            with suppress(FlowverseError, OSError):
                if before == after or (place.read_bytes() if place.exists() else None) != after:
                    continue
                if before is None:
                    place.unlink()
                else:
                    place.parent.mkdir(parents=True, exist_ok=True)
                    write(place, before)
                    if name not in {MANIFEST_NAME, LOCK_NAME}:
                        protect(now.root)


def read_checkout(root: Path) -> Project:
    """Read a project that may be changed. Raises `UsageError` for an unpacked sdist."""
    project = Project.read(root)
    if project.unpacked:
        raise UsageError(
            "This is an unpacked sdist, which stays as it was built.", hint="Change the project that it was built from."
        )
    return project


def adding(wanted: Sequence[Wanted], folder: Path | None) -> Edit:
    """What asks for modules: at their revisions (`main` where none was named), or for the one from a folder.

    Raises `OwnerRefused`, `SharedFolder`, and `UsageError` for a file in which it cannot be written.
    """

    def edit(project: Project) -> str:
        text = (project.manifest_bytes or b"").decode()
        owners = project.manifest.owners
        known = {req.id.folder.casefold(): req.id for req in project.manifest.dependencies}
        for one in wanted:
            twin = known.setdefault(one.id.folder.casefold(), one.id)
            if twin != one.id:
                raise SharedFolder(twin, one.id)
            if owners is not None and one.id.owner not in owners:
                raise OwnerRefused(one.id, PROJECT)
            target = one.revision or DEFAULT_REVISION if folder is None else _relative(folder, project.root)
            fresh = with_requirement(text, str(one.id), target, local=folder is not None)
            if fresh is None:
                raise _by_hand(project.root, f"Ask for {one.id} there by hand, in [tool.flowverse.dependencies].")
            text = fresh
        return text

    return edit


def removing(ids: Sequence[ModuleId]) -> Edit:
    """What asks for modules no more. Raises `UsageError` for a file in which it cannot be written."""

    def edit(project: Project) -> str:
        text = (project.manifest_bytes or b"").decode()
        for id in ids:
            fresh = without_requirement(text, str(id))
            if fresh is None:
                raise _by_hand(project.root, f"Take {id} out of [tool.flowverse.dependencies] by hand.")
            text = fresh
        return text

    return edit


def picked(project: Project, names: Sequence[str]) -> tuple[ModuleId, ...]:
    """The requirements of a project that are meant. Raises `UsageError`, also for what only modules ask for."""
    return tuple(dict.fromkeys(_picked(project, name) for name in names))


def _picked(project: Project, name: str) -> ModuleId:
    known = [req.id for req in project.manifest.dependencies]
    pins = project.lock.by_id if project.lock is not None else {}
    try:
        return pick(name, known, of="that pyproject.toml asks for")
    except UsageError:
        others = [id for id in pins if id not in known]
        word = name.strip().casefold()
        id = next((id for id in others if word in {str(id).casefold(), id.name.casefold()}), None)
        if id is None:
            raise
    who = " and ".join(str(pin.id) for pin in pins.values() if any(edge.id == id for edge in pin.dependencies))
    raise UsageError(
        f"{id} does not stand in pyproject.toml; {who or 'the lock'} asks for it.",
        hint=f"Remove what asks for it; `flowverse tree --why {id}` shows that.",
    )


def _relative(folder: Path, root: Path) -> str:
    """The path of a folder from the project, as it is written into the manifest."""
    try:
        plain = os.path.relpath(os.path.abspath(folder), root)  # noqa: PTH100 - a link in it stays what was written
        if (root / plain).resolve() != folder.resolve():
            plain = os.path.relpath(folder.resolve(), root.resolve())  # the project is behind a link
    except ValueError:  # on another drive
        return folder.resolve().as_posix()
    return Path(plain).as_posix()


def _by_hand(root: Path, hint: str) -> UsageError:
    return UsageError(f"{root / MANIFEST_NAME} is written in a way that cannot be changed safely.", hint=hint)
