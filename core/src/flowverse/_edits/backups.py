"""What was discarded of the tree: listed by name, and copied back.

Below `flow_modules/.flowverse/backups` is a folder for every moment, and in it things where they were: a module's
folder (`saibo/ChatFlows`), with a file beside it that says what it was synced with; or a patch, or a generated file.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flowverse._cache import writing
from flowverse._index import Record, look
from flowverse._linking import is_link
from flowverse._patches import PATCHES
from flowverse._tree import Tree
from flowverse.errors import InvalidModuleId, UsageError
from flowverse.model import MODULE_ID_FILE, ModuleId

__all__ = ["Backup", "bring_back", "list_backups", "meant_backups"]


_SECOND = len("20261125-101500")


@dataclass(frozen=True, kw_only=True)
class Backup:
    """One thing that was kept: its name (`20261125-101500/saibo/ChatFlows`), and what it is of.

    `time` is the local time in ISO 8601, `files` are the paths in it (of a whole module, those that were edited, as far
    as that is known), `size` is in bytes. `id` is None for a generated file; `whole` is True for a whole module.
    """

    name: str
    time: str
    id: ModuleId | None
    files: tuple[str, ...]
    size: int
    whole: bool = False


def list_backups(tree: Tree) -> tuple[Backup, ...]:
    """Every backup, the newest first. Raises `TreeError`."""
    found: list[Backup] = []
    with writing(tree.backups):
        moments = sorted(tree.backups.iterdir(), key=_moment, reverse=True) if tree.backups.is_dir() else []
        for moment in moments:
            found += [_backup(tree, moment, place) for place in _things(moment)]
    return tuple(found)


def _moment(folder: Path) -> tuple[str, int]:
    """A moment in order: the second, and which of that second it is."""
    second, number = folder.name[:_SECOND], folder.name[_SECOND + 1 :]
    return second, int(number) if number.isdigit() else 1


def meant_backups(every: Sequence[Backup], name: str) -> tuple[Backup, ...]:
    """Those that a person means: by name or path, else by moment or module id, else by the module's name alone."""
    word = (name.replace(os.sep, "/").partition("backups/")[2] or name.replace(os.sep, "/")).strip("/")
    exact = tuple(backup for backup in every if backup.name == word)
    word = word.casefold()
    loose = tuple(b for b in every if word == b.name.partition("/")[0] or (b.id and word == str(b.id).casefold()))
    return exact or loose or tuple(b for b in every if b.id is not None and b.id.name.casefold() == word)


def _things(moment: Path) -> Iterator[Path]:
    """What was kept at one moment: modules' folders, and single files."""
    for path in sorted(moment.rglob("*")):
        parts = path.relative_to(moment).parts
        is_patch = parts[0] == PATCHES
        if path.is_dir():
            if len(parts) == 2 and not is_patch:
                yield path
        elif is_patch or (len(parts) < 3 and not (path.suffix == ".json" and path.with_suffix("").is_dir())):
            yield path


def _backup(tree: Tree, moment: Path, place: Path) -> Backup:
    name = place.relative_to(tree.backups).as_posix()
    stamp = moment.name
    time = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}T{stamp[9:11]}:{stamp[11:13]}:{stamp[13:15]}"
    if place.is_file():
        parts = place.relative_to(moment).with_suffix("").as_posix().removeprefix(f"{PATCHES}/")
        id = _id(parts) if place.suffix == ".patch" else None
        return Backup(name=name, time=time, id=id, files=(place.name,), size=place.stat().st_size)
    paths = [path for path in sorted(place.rglob("*")) if path.name != MODULE_ID_FILE and not path.is_dir()]
    every = {path.relative_to(place).as_posix(): path.lstat().st_size for path in paths}
    id, record = _description(place)
    if id is None:
        said = place / MODULE_ID_FILE
        id = _id(said.read_text(encoding="utf-8", errors="replace").partition(":")[0]) if said.is_file() else None
        id = id or _id(place.relative_to(moment).as_posix())
    edited = _edited(place, record) if record is not None else tuple(every)
    return Backup(name=name, time=time, id=id, files=edited, size=sum(every.values()), whole=record is not None)


def _edited(place: Path, record: Record) -> tuple[str, ...]:
    base = {path: seen.base for path, seen in record.files.items() if seen.base is not None}
    seen = look(str(place), base, record.files)
    return tuple(sorted(p for p, s in seen.items() if s.now != s.base and p != MODULE_ID_FILE))


def _id(text: str) -> ModuleId | None:
    try:
        return ModuleId.parse(text)
    except InvalidModuleId:
        return None


def _description(place: Path) -> tuple[ModuleId | None, Record | None]:
    """What a module's backup says of itself; Nones where it says nothing that can be read."""
    try:
        said = json.loads(place.with_name(f"{place.name}.json").read_bytes())
        id = ModuleId.parse(said["id"])
        return id, Record.of_row(id, said["record"]) if said["record"] is not None else None
    except (OSError, ValueError, TypeError, KeyError, InvalidModuleId):
        return None, None


# --- bringing back ---------------------------------------------------------------------------------------------------


def bring_back(tree: Tree, root: Path, backup: Backup) -> str | None:
    """Put a backup back in its place, and answer where what was there is kept (None: nothing of a person's was there).

    The backup stays. Call it inside `Tree.locked`. Raises `UsageError` for a generated file, and `TreeError`.
    """
    place = tree.backups / backup.name
    if backup.id is None:
        raise UsageError(
            f"{backup.name} was in the place of a file that flowverse generates.",
            hint=f"Take from {os.path.relpath(place, root)} what you need of it.",
        )
    with writing(place):
        if place.is_file():
            return _bring_file(tree, root, place, root / PATCHES / f"{backup.id}.patch")
        record = _description(place)[1]
        if backup.whole and record is not None:
            return _bring_module(tree, place, record)
        return _bring_files(tree, backup.id, place)


def _bring_file(tree: Tree, root: Path, backup: Path, to: Path) -> str | None:
    aside = None
    if to.is_file() and to.read_bytes() != backup.read_bytes():
        aside = str(tree.keep_copy(to, to.relative_to(root).as_posix()))
    to.parent.mkdir(parents=True, exist_ok=True)
    fresh = to.with_name(f".{to.name}.tmp")
    shutil.copy2(backup, fresh)
    fresh.replace(to)
    return aside


def _bring_module(tree: Tree, backup: Path, record: Record) -> str | None:
    """The whole folder, as it was: with the record of what it was synced with, so that it can be merged."""
    staged = tree.staging.place(record.id)
    staged.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(backup, staged, symlinks=True)
    aside = tree.put_back(record.id, tree.load().modules.get(record.id))
    base = {path: seen.base for path, seen in record.files.items() if seen.base is not None}
    files = look(str(tree.place(record.id)), base, {})
    tree.rewrite(Record.of_row(record.id, {**record.row(0), "files": files}))
    return aside


def _bring_files(tree: Tree, id: ModuleId, backup: Path) -> str | None:
    """Single files, over those of the module."""
    target, aside = tree.place(id), tree.backup_place(id)
    if is_link(target):
        raise UsageError(f"{id} is linked to a folder of yours.", hint=f"Take what you need from {backup}.")
    files = [file for file in sorted(backup.rglob("*")) if file.is_symlink() or not file.is_dir()]
    names = [name for name in (file.relative_to(backup) for file in files) if name.as_posix() != MODULE_ID_FILE]
    for name in names:
        tree.check_folders(id, name.as_posix())
        if (target / name).is_dir() and not (target / name).is_symlink():
            raise UsageError(f"{target / name} is a folder now.", hint=f"Take what you need from {backup / name}.")
    for name in names:
        to = target / name
        if os.path.lexists(to):
            (aside / name).parent.mkdir(parents=True, exist_ok=True)
            to.rename(aside / name)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(backup / name, to, follow_symlinks=False)
    if not aside.is_dir():
        return None
    tree.describe_backup(aside, id, None)
    return str(aside)
