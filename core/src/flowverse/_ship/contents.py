"""What an archive must hold: exactly the pinned files, which `refusals` has verified against the lock."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from flowverse._digest import sha256
from flowverse._files import read_at_most
from flowverse._goal import goal
from flowverse._guard import module_id_text, tree_sources
from flowverse._patches import patch_name
from flowverse._project import Project
from flowverse._ship.metadata import metadata_of
from flowverse._ship.refusals import check_free
from flowverse._ship.selection import Selection
from flowverse._ship.values import Metadata, Shipment, ShippedFile, ShippedModule, Target
from flowverse.errors import NotShippable
from flowverse.lock import LOCK_NAME, Lock
from flowverse.model import MODULE_ID_FILE, PACKAGE, ModuleId, Pin

if TYPE_CHECKING:
    from flowverse._ship.vendor import Mover

__all__ = ["ship"]

_EXECUTABLE = 0o111


def ship(project: Project, target: Target) -> Shipment:
    """List what belongs into the archive of a project that is as it is locked. Raises `NotShippable`."""
    lock = project.lock
    if lock is None or not lock.pins:
        return Shipment(tree=project.tree_root)
    selection = Selection(project.manifest.build.exclude)
    lock = replace(lock, pins=goal(project))
    metadata = metadata_of(project.manifest, lock.pins, target.own)
    wheel = _Wheel(project, target, selection, lock).shipment(metadata)  # what cannot be a wheel is no good sdist
    if target.archive == "sdist":
        return replace(wheel, files=_as_they_are(project, target, lock.pins, selection))
    return wheel


def _as_they_are(
    project: Project, target: Target, pins: tuple[Pin, ...], selection: Selection
) -> tuple[tuple[str, str], ...]:
    tree, found = str(project.tree_root), []
    for pin in pins:
        below = pin.id.folder
        for entry in selection.of(pin):
            path = f"{below}/{entry.path}"
            found.append((path, _plain(f"{tree}/{path}", target.scratch, path)))
    found += [(path, _made(tree, target.scratch, path, text.encode())) for path, text in _texts(pins).items()]
    folder = project.manifest.modules_dir
    beside = [LOCK_NAME, *(patch_name(pin.id) for pin in pins if pin.patch)]
    own = [(name, str(project.root / name)) for name in beside]
    return tuple(sorted([*((f"{folder}/{path}", file) for path, file in found), *own]))


def _texts(pins: tuple[Pin, ...]) -> dict[str, str]:
    """What makes the modules importable, by path.

    Not what the tree has for it: another flowverse may have synced that, or made the sdist that it came with.
    """
    texts = tree_sources({pin.id.package for pin in pins})
    return {**texts, **{f"{pin.id.folder}/{MODULE_ID_FILE}": module_id_text(pin) for pin in pins}}


def _plain(file: str, scratch: Path, name: str) -> str:
    """A file that nobody can execute, or a copy of it: a pin has no modes, and backends ship those that they find."""
    if not os.stat(file).st_mode & _EXECUTABLE:  # noqa: PTH116 - of thousands of files
        return file
    return _write(scratch, f"plain/{name}", Path(file).read_bytes())


def _made(tree: str, scratch: Path, name: str, content: bytes) -> str:
    """A file with this content: that of the tree, which mostly has the same, or else a new one."""
    there = f"{tree}/{name}"
    with suppress(OSError):
        mode = os.lstat(there).st_mode
        if stat.S_ISREG(mode) and not mode & _EXECUTABLE and read_at_most(there, len(content) + 1) == content:
            return there
    return _write(scratch, f"made/{name}", content)


def _write(scratch: Path, name: str, content: bytes) -> str:
    file = scratch / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return str(file)


def _identity(pin: Pin) -> str:
    """What tells two contents of one module apart."""
    return f"{pin.commit}+{pin.patch}" if pin.patch else pin.commit


class _Wheel:
    """The modules as they are in a wheel: below `flow_modules`, or rewritten below a package of the project."""

    def __init__(self, project: Project, target: Target, selection: Selection, lock: Lock) -> None:
        self._project, self._target, self._selection, self._lock = project, target, selection, lock
        self._tree = str(project.tree_root)
        self._into = project.manifest.build.into
        self._package = self._into or PACKAGE
        self._base = self._package.replace(".", "/")
        self._files: list[tuple[str, str]] = []
        self._left: list[str] = []
        self._unmovable: list[str] = []

    def shipment(self, metadata: Metadata) -> Shipment:
        """Write what has to be written, and list everything."""
        mover = None
        if self._into is not None:
            from flowverse._ship.vendor import Mover  # it reads Python, which takes a parser

            check_free(self._project, self._into)
            mover = Mover({pin.id.import_name.removeprefix(f"{PACKAGE}.") for pin in self._lock.pins}, self._into)
        is_wheel = self._target.archive == "wheel"
        modules = [self._module(pin, mover) for pin in self._lock.pins] if is_wheel or mover is not None else []
        if self._unmovable:
            hint = "Leave it out with exclude in [tool.flowverse.build], or build with a Python that can parse it."
            raise NotShippable(self._unmovable, hint=hint)
        boms = (self._bom(modules),) if is_wheel else ()
        return Shipment(
            files=tuple(sorted(self._files)),
            boms=boms,
            metadata=metadata,
            notes=tuple(
                f"{pin.id} is shipped with its patch, {patch_name(pin.id)}" for pin in self._lock.pins if pin.patch
            ),
            warnings=(*metadata.warnings, *self._left),
            tree=self._project.tree_root,
        )

    def _bom(self, modules: Sequence[ShippedModule]) -> Path:
        from flowverse._ship.bom import BOM_NAME, bom_text

        bom = bom_text(
            self._target.application,
            modules,
            roots={ModuleId.parse(id) for id, _, _ in self._lock.dependencies},
            generated=[self._generated(path, text) for path, text in self._texts().items()],
            epoch=self._target.epoch,
        )
        return Path(_write(self._target.scratch, BOM_NAME, bom.encode()))

    def _texts(self) -> dict[str, str]:
        texts = _texts(self._lock.pins)
        if self._into is None:
            # Another application may ship the same module at another commit, and the guard is to say so.
            name = self._target.application.name.replace("-", "_")
            texts[f"_shipped/{name}.txt"] = "".join(f"{pin.id} {_identity(pin)}\n" for pin in self._lock.pins)
        return texts

    def _module(self, pin: Pin, mover: Mover | None) -> ShippedModule:
        below = pin.id.folder
        files = []
        for entry in self._selection.of(pin):
            name = f"{below}/{entry.path}"
            place = _plain(f"{self._tree}/{name}", self._target.scratch, name)
            if mover is not None:
                files.append(self._moved(pin, entry.path, entry.sha256, place, mover))
            else:
                files.append(self._add(name, place, entry.sha256, entry.sha256))
        name = f"{self._package}{pin.id.import_name.removeprefix(PACKAGE)}"
        return ShippedModule(pin=pin, import_name=name, files=tuple(files))

    def _moved(self, pin: Pin, path: str, pinned: str, place: str, mover: Mover) -> ShippedFile:
        from flowverse._ship.vendor import Unmovable

        content = Path(place).read_bytes()
        try:
            moved = mover.move(path, content)
        except Unmovable as error:
            self._unmovable.append(f"{pin.id} cannot be moved to {self._into}: {path}:{error.line}: {error.why}")
            return ShippedFile(path=path, sha256=pinned, pinned=pinned)
        stays, missing = f"names {PACKAGE} in a way that stays as it is", "imports a flow module that is not shipped"
        for what, lines in ((stays, moved.left), (missing, moved.missing)):
            self._left += [f"{pin.id}: {path}:{line} {what} in {self._into}" for line in lines]
        if moved.content != content:
            place = _write(self._target.scratch, f"moved/{pin.id.folder}/{path}", moved.content)
        return self._add(f"{pin.id.folder}/{path}", place, sha256(moved.content), pinned)

    def _generated(self, path: str, text: str) -> ShippedFile:
        content = text.encode()
        digest = sha256(content)
        return self._add(path, _made(self._tree, self._target.scratch, path, content), digest, digest)

    def _add(self, path: str, file: str, digest: str, pinned: str) -> ShippedFile:
        self._files.append((f"{self._base}/{path}", file))
        return ShippedFile(path=f"{self._base}/{path}", sha256=digest, pinned=pinned)
