"""A project with a tree, a store in memory and a source that fills it: what `install` needs, without a Hub."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flowverse._guard import module_id_text
from flowverse._install import How, Installed, install
from flowverse._project import Project
from flowverse._tree import Tree
from flowverse.lock import Lock, dump_lock, wanted
from flowverse.manifest import Manifest
from flowverse.model import MODULE_ID_FILE, FileEntry, Listing, ModuleId, Pin, RemoteFile, Requirement
from flowverse.ports import SILENT, Reporter

from tests.unit.making import MemoryStore, hub_pin, mid

Files = Mapping[str, bytes]


@dataclass
class Bench:
    """One project. `remote` is what the source can fetch; what is fetched is in the store from then on."""

    root: Path
    store: MemoryStore = field(default_factory=MemoryStore)
    remote: dict[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)

    @property
    def tree(self) -> Tree:
        return Tree(self.root / "flow_modules")

    async def fetch(self, id: ModuleId, commit: str, file: RemoteFile, *, patient: bool = False) -> FileEntry:  # noqa: ARG002
        """See `Source.fetch`."""
        assert file.sha256 is not None
        self.fetched.append(file.path)
        self.store.contents[file.sha256] = self.remote[file.sha256]
        return FileEntry(path=file.path, size=file.size, sha256=file.sha256)

    async def resolve(self, id: ModuleId, revision: str) -> Listing:
        """See `Source.resolve`; nothing is resolved here."""
        raise AssertionError(id, revision)

    def pin(self, id: str, files: Files, commit: str, revision: str = "main") -> Pin:
        """A pin whose files are in the store."""
        pin = hub_pin(id, files, revision, commit)
        for entry in pin.files:
            self.store.contents[entry.sha256] = files[entry.path]
        return pin

    def project(self, pins: Collection[Pin], overwrite: Collection[ModuleId] = ()) -> Project:
        """The project, locked to these pins."""
        wishes = [
            Requirement(id=pin.id, revision=pin.revision or "main", path=pin.path, overwrite=pin.id in overwrite)
            for pin in pins
        ]
        lock = Lock(dependencies=wanted(wishes), pins=tuple(pins))
        manifest = Manifest(dependencies=tuple(sorted(wishes, key=lambda wish: wish.id)), declared=True)
        return Project(root=self.root, manifest=manifest, lock_bytes=dump_lock(lock).encode())

    def sync(
        self,
        *pins: Pin,
        overwrite: Collection[str] = (),
        force: bool = False,
        merge: bool = False,
        dry_run: bool = False,
        reporter: Reporter = SILENT,
    ) -> Installed:
        """Make the tree what the pins say."""
        project = self.project(pins, {mid(id) for id in overwrite})
        cache = str(self.root / "cache")
        return asyncio.run(
            install(
                project,
                self.store,
                self,
                reporter,
                How(force=force, merge=merge, dry_run=dry_run),
                check_current=lambda: None,
                cache=cache,
            )
        )

    def write(self, path: str, content: bytes) -> Path:
        """Do as a person does: write a file of the tree."""
        place = self.tree.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        return place

    def holds(self, id: str) -> dict[str, bytes]:
        """The files of a module's folder, without FLOW_MODULE_ID."""
        folder = self.tree.place(mid(id))
        return {path: content for path, content in contents(folder).items() if path != MODULE_ID_FILE}

    def is_whole(self, pin: Pin, files: Files) -> bool:
        """Whether a module is in the tree as its pin says, and says so itself."""
        folder = self.tree.place(pin.id)
        return contents(folder) == {**files, MODULE_ID_FILE: module_id_text(pin).encode()}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by path with `/`; nothing for a folder that is not there."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
