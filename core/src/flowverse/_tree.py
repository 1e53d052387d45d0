"""The tree: the only writer below `flow_modules/`.

A module is built whole in `.flowverse/staging` (see `_staging.py`), and only then put in place of the old folder, so a
reader sees the one or the other, and a sync that is killed leaves nothing that the next cannot mend.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flowverse._cache import writing
from flowverse._contents import Contents
from flowverse._files import make_folder
from flowverse._glance import NAME as GLANCE
from flowverse._glance import PRIVATE
from flowverse._guard import module_id_text, owner_source
from flowverse._index import Index, Record, edit_of, look, looks_same
from flowverse._linking import is_link, put_link
from flowverse._staging import Staging
from flowverse._swap import exchange
from flowverse.errors import TreeError, UsageError
from flowverse.model import MODULE_ID_FILE, ModuleId, Pin, PlanStep
from flowverse.ports import Reporter

__all__ = ["Tree"]

_MOST_TICKS, _TICK = 25, 0.001
"""How often, and for how many seconds, the disk's clock is waited for: most tick in 1 to 10 ms, some in 2 s."""


class Tree:
    """A `flow_modules` folder. Every method that writes must be called inside `locked`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.private = root / PRIVATE
        self.staging = Staging(self.private / "staging")
        self.contents = Contents(self.private)

    def place(self, id: ModuleId) -> Path:
        """A module's folder."""
        return self.root / id.folder

    @property
    def index_path(self) -> Path:
        """The record of the tree."""
        return self.private / "index.json"

    @property
    def backups(self) -> Path:
        """Where what was discarded is kept: `<time>/<module's folder>`."""
        return self.private / "backups"

    def check_root(self) -> None:
        """Raise `TreeError` if something else stands where the tree belongs."""
        if os.path.lexists(self.root) and not self.root.is_dir():
            hint = "Move it away, or name another folder as modules-dir in [tool.flowverse]."
            raise TreeError(str(self.root), "is no folder, and flow modules belong there", hint=hint)

    @contextmanager
    def locked(self, reporter: Reporter) -> Iterator[None]:
        """Be the only sync of this tree; another waits, and says so. What a killed one left behind is cleared."""
        from filelock import FileLock, Timeout  # not needed where nothing is written, and with asyncio in its wake

        self.check_root()
        with writing(self.private):
            self.private.mkdir(parents=True, exist_ok=True)
            # Of its own, because a sync that fails may leave nothing else behind for version control to see.
            (self.private / ".gitignore").write_text("*\n", encoding="ascii")
            lock = FileLock(self.private / "lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                reporter.waiting(f"another sync of {self.root}", 0)
                lock.acquire()
        try:
            with writing(self.private):
                self._rescue()
            self._clear()
            yield
            self._clear()  # what was put aside is done with, and no work of a killed sync that the next has to keep
        finally:
            lock.release()

    def _rescue(self) -> None:
        """Keep what a killed sync had put aside as clean, and was edited while it fetched: it had no time to look."""
        trash = self.private / "trash"
        if not trash.is_dir():
            return
        before, meant = Index.load(self.index_path).modules, Index.load(self._next_path).modules
        for id in {**before, **meant}:
            folder = trash / id.folder
            records = [modules[id] for modules in (before, meant) if id in modules]
            if is_link(folder) or not folder.is_dir() or any(_is_clean(folder, record) for record in records):
                continue
            if self._is_kept(id, folder):  # it was on its way back
                continue
            backup = self.backup_place(id)
            _move(folder, backup)
            self.describe_backup(backup, id, before.get(id))

    def _is_kept(self, id: ModuleId, folder: Path) -> bool:
        """Whether a backup of the module has the same files."""
        files = _contents(folder)
        return any(_contents(backup) == files for backup in self.backups.glob(f"*/{id.folder}"))

    def _clear(self) -> None:
        self.staging.clear()
        rubbish = self.private / "rubbish"
        shutil.rmtree(rubbish, ignore_errors=True)
        with suppress(OSError):
            # At once: half of it would look as if somebody had deleted the rest.
            (self.private / "trash").rename(rubbish)
            shutil.rmtree(rubbish)

    # --- reading -----------------------------------------------------------------------------------------------------

    def load(self) -> Index:
        """The record. After a kill in the middle, that of the sync that was killed counts where it got to."""
        index = Index.load(self.index_path)
        meant = Index.load(self._next_path)
        modules = dict(index.modules)
        for id, record in meant.modules.items():
            pin = Pin(id=id, revision=record.revision, commit=record.commit, patch=record.patch)
            with suppress(OSError):
                said = (self.place(id) / MODULE_ID_FILE).read_bytes()
                if said == module_id_text(pin).encode() and not self._waits(id, index.modules.get(id), record):
                    modules[id] = record
        return Index(answers=index.answers, generated=index.generated, modules=modules)

    def _waits(self, id: ModuleId, before: Record | None, meant: Record) -> bool:
        """Whether a module with conflicts was to be restored, and is as it was: its id file says the same then."""
        if before is None or not before.conflicts or meant.conflicts or before.base != meant.base:
            return False
        return not _is_clean(self.place(id), meant)

    # --- putting in place --------------------------------------------------------------------------------------------

    def apply(self, step: PlanStep, target: Path | None, before: Record | None) -> Path | None:
        """Carry out one step whose module is staged; the backup's folder where something was discarded.

        `before` is how the folder looked when that was decided. What a person changed since, while files were fetched,
        is kept in a backup as well.
        """
        place = self.place(step.id)
        with writing(place):
            self._owner_folder(place)
            if step.action == "install" and not os.path.lexists(place):
                self.staging.place(step.id).rename(place)
                return None
            aside = self.backup_place(step.id) if step.backup else self._trash_place(step.id)
            if step.action == "prune":
                _move(place, aside)
            else:
                fresh = self.staging.place(step.id)
                if target is not None:
                    fresh.parent.mkdir(parents=True, exist_ok=True)
                    put_link(fresh, target)
                self._swap(fresh, place, aside)
            if step.backup and aside.is_dir():
                self.describe_backup(aside, step.id, before)
            if step.backup or before is None or not aside.is_dir() or looks_same(str(aside), before):
                return aside if step.backup else None
            backup = self.backup_place(step.id)
            _move(aside, backup)
            self.describe_backup(backup, step.id, before)
            return backup

    def describe_backup(self, backup: Path, id: ModuleId, record: Record | None) -> None:
        """Write beside a backup whose it is, and for a whole module what it was synced with, to take its place again.

        `record` is None for single files. Call it inside `writing`.
        """
        row = record.row(0) if record is not None else None
        text = json.dumps({"id": str(id), "record": row}, separators=(",", ":"))
        backup.with_name(f"{backup.name}.json").write_text(text, encoding="utf-8")

    def put_back(self, id: ModuleId, before: Record | None) -> str | None:
        """Put what is staged in a module's place, and answer where what was there is kept.

        None if nothing that a person wrote was there, as far as `before` tells.
        """
        place = self.place(id)
        with writing(place):
            self._owner_folder(place)
            clean = is_link(place) or not place.exists() or _is_clean(place, before)
            aside = self._trash_place(id) if clean else self.backup_place(id)
            self._swap(self.staging.place(id), place, aside)
            if clean and aside.is_dir() and not _is_clean(aside, before):  # changed since it was looked at
                clean, backup = False, self.backup_place(id)
                _move(aside, backup)
                aside = backup
            if clean:
                return None
            self.describe_backup(aside, id, before)
            return str(aside)

    def _swap(self, fresh: Path, place: Path, aside: Path) -> None:
        """Put a folder in place of another, which ends up aside: an edit is always in one of the two."""
        if not os.path.lexists(place):
            fresh.rename(place)
            return
        aside.parent.mkdir(parents=True, exist_ok=True)
        fresh.rename(aside)
        if not exchange(aside, place):
            aside.rename(fresh)
            _move(place, aside)
            fresh.rename(place)
        elif is_link(aside):
            aside.unlink()

    def _owner_folder(self, place: Path) -> None:
        """Make the owner's folder. A link in its place would carry every write out of the tree."""
        if not make_folder(str(place.parent)):
            self.check_owner(place.parent)

    def check_owner(self, owner: Path) -> None:
        """Raise `TreeError` if an owner's folder is something else."""
        if owner.is_symlink() or (owner.exists() and not owner.is_dir()):
            raise TreeError(str(owner), "is not a folder", hint="Move it away; modules are synced below it.")

    def check_folders(self, id: ModuleId, path: str, leaving: Collection[str] = ()) -> None:
        """Raise `UsageError` if what a path of a module is below is no folder, unless it is one of those `leaving`.

        A link would carry what is written there out of the tree.
        """
        parts = path.split("/")[:-1]
        for parent in ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1)):
            there = self.place(id) / parent
            if parent in leaving:
                return
            if os.path.lexists(there) and (is_link(there) or not there.is_dir()):
                raise UsageError(
                    f"{parent} of {id} is no folder any more, and {path} belongs below it.",
                    hint=f"`flowverse restore {id} {parent}` puts the folder back, and what was in it.",
                )

    def backup_place(self, id: ModuleId) -> Path:
        """A folder that is not there yet, for what is discarded of a module now."""
        return self._aside(id.folder)

    def _aside(self, name: str) -> Path:
        """A place that is not taken yet for something of this name (with `/`), among the backups of this second."""
        stamp = time.strftime("%Y%m%d-%H%M%S")
        for suffix in ("", *(f"-{number}" for number in range(2, 1000))):
            place = self.backups / f"{stamp}{suffix}" / name
            if not os.path.lexists(place):
                return place
        raise TreeError(str(self.backups), "has a thousand backups of this second")

    def _trash_place(self, id: ModuleId) -> Path:
        return self.private / "trash" / id.folder

    # --- what is generated -------------------------------------------------------------------------------------------

    def rename_pin(self, pin: Pin) -> None:
        """Bring FLOW_MODULE_ID up to date where the content stayed and only the revision's name moved."""
        self.generate(f"{pin.id.folder}/{MODULE_ID_FILE}", module_id_text(pin))

    def generate(self, path: str, text: str) -> bool:
        """Write a generated file unless it holds that already; whether it was written."""
        place = self.root / path
        content = _encoded(text)
        with writing(place):
            with suppress(OSError):
                if place.read_bytes() == content and not place.is_symlink():
                    return False
            if "/" in path:
                self._owner_folder(self.root.joinpath(*path.split("/")[:2]))
            place.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.private / "generated.tmp"
            fresh.write_bytes(content)
            fresh.replace(place)
        return True

    def keep_aside(self, path: str) -> Path:
        """Move a file that a person wrote out of the way of a generated one, to the backups."""
        aside = self._aside(path)
        with writing(aside):
            _move(self.root / path, aside)
        return aside

    def keep_copy(self, file: Path, name: str) -> Path:
        """Copy a file that is about to change to the backups, under a name with `/`. Call it inside `writing`."""
        aside = self._aside(name)
        aside.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, aside)
        return aside

    def replace_file(self, file: Path, content: bytes, mode: int | None, aside: Path) -> None:
        """Write a file of a module as a whole; what is there goes `aside`. Call it inside `writing`.

        At every moment, what was there is in one of the two places.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.private / "file.tmp"
        fresh.write_bytes(content)  # not aside yet: on a full disk, half of it would be left there as a backup
        if mode is not None:
            fresh.chmod(mode)
        if os.path.lexists(file):
            aside.parent.mkdir(parents=True, exist_ok=True)
            fresh.rename(aside)
            if exchange(aside, file):
                return
            aside.rename(fresh)
            shutil.copy2(file, aside, follow_symlinks=False)
        fresh.replace(file)

    def holds_other(self, path: str, text: str) -> bool:
        """Whether there is something else than `text` in a generated file's place that a person may have written."""
        try:
            content = (self.root / path).read_bytes()
        except OSError:
            return False
        # aiFlows 1.x makes empty packages, and marks what it generates.
        return bool(content.strip()) and content != _encoded(text) and b"auto-generated by " not in content

    def drop_owners(self, packages: Collection[str]) -> None:
        """Remove the folders of other owners than these in which nothing is left but what was generated."""
        for folder in [entry for entry in self.root.iterdir() if entry.is_dir() and not entry.is_symlink()]:
            if folder.name in packages or folder.name.startswith((".", "__")):
                continue
            with suppress(OSError):
                left = {entry.name for entry in folder.iterdir()}
                own = self.holds_other(f"{folder.name}/__init__.py", owner_source(folder.name))
                if left <= {"__init__.py", "__pycache__"} and not own:
                    shutil.rmtree(folder)

    # --- the record --------------------------------------------------------------------------------------------------

    @property
    def _next_path(self) -> Path:
        return self.private / "index.next.json"

    def announce(self, index: Index) -> None:
        """Write the record that will hold when the sync is through, before anything is moved."""
        self._write_index(index, self._next_path)

    @property
    def interrupted(self) -> bool:
        """Whether a sync was killed while it moved folders."""
        return self._next_path.exists()

    def record(self, index: Index) -> None:
        """Write the record that holds now."""
        self._write_index(index, self.index_path, index.newest)
        with suppress(OSError):
            self._next_path.unlink()
        with suppress(OSError):
            self.contents.drop(index, self.backups)
        self._clear()

    def rewrite(self, record: Record) -> None:
        """Change the record of one module; the next sync looks at all of them again."""
        index = self.load()
        modules = {**index.modules, record.id: record}
        named = f"{record.id.folder}/{MODULE_ID_FILE}"  # what it says was not looked at
        generated = {path: row for path, row in index.generated.items() if path != named}
        self._write_index(Index(generated=generated, modules=modules), self.index_path)
        # What a killed sync meant is in it as far as it got, and would be taken for newer than this.
        with writing(self.private):
            self._next_path.unlink(missing_ok=True)

    def _write_index(self, index: Index, path: Path, newest: int = 0) -> None:
        fresh = self.private / "index.tmp"
        with writing(path):
            clock = _tick_after(newest, fresh)
            fresh.write_text(index.dump(clock), encoding="utf-8")
            fresh.replace(path)

    def note(self, content: bytes) -> None:
        """Write down how a project looks, as `_glance` notes it. It is for speed alone: no failure counts."""
        fresh = self.private / f"{GLANCE}.tmp"
        with suppress(OSError):
            fresh.write_bytes(content)
            fresh.replace(self.private / GLANCE)

    def tick_after(self, newest: int) -> int:
        """The time, in nanoseconds, that the disk has now: after `newest`, if its clock ticks often enough; or 0.

        A file that changes in the tick in which it was looked at looks the same as before.
        """
        file = self.private / f"clock-{os.getpid()}.tmp"
        with suppress(OSError):
            try:
                return _tick_after(newest, file)
            finally:
                file.unlink()
        return 0


def _tick_after(newest: int, file: Path) -> int:
    for _ in range(_MOST_TICKS):
        file.write_bytes(b"")
        clock = file.stat().st_mtime_ns
        if clock > newest:
            break
        time.sleep(_TICK)
    return clock


def _contents(folder: Path) -> dict[str, str | None]:
    """The sha256 of every file by path."""
    return {path: seen.now for path, seen in look(str(folder), {}, {}).items()}


def _is_clean(folder: Path, record: Record | None) -> bool:
    """Whether a folder holds what it was synced with, by its record; without one, nobody knows it."""
    if record is None:
        return False
    base = {path: seen.base for path, seen in record.files.items() if seen.base is not None}
    files = look(str(folder), base, {})
    return not edit_of(files)


def _encoded(text: str) -> bytes:
    """As UTF-8; a path in it that is not UTF-8 becomes the bytes that it is on the disk."""
    return text.encode("utf-8", "surrogateescape")


def _move(place: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    if is_link(place):
        place.unlink()
    else:
        place.rename(to)
