"""What was edited, module by module: as unified diffs, and given up file by file."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flowverse._cache import writing
from flowverse._edits.bases import Bases
from flowverse._edits.diff import FileDiff, FileVersion, file_diff
from flowverse._goal import goal
from flowverse._index import Record, look
from flowverse._project import Project
from flowverse._reader import nearest
from flowverse._survey import survey
from flowverse._tree import Tree
from flowverse.errors import UsageError
from flowverse.model import Edit, ModuleId

__all__ = ["ModuleDiff", "differences", "matching", "put_files_back", "version_of"]


@dataclass(frozen=True, kw_only=True)
class ModuleDiff:
    """A module's edits: what it was synced from (`main (0123456)`), and the diff of each file, by path."""

    id: ModuleId
    base: str
    files: tuple[FileDiff, ...]


def paths_of(edit: Edit) -> tuple[str, ...]:
    """Every path of an edit, sorted."""
    return tuple(sorted({*edit.changed, *edit.added, *edit.deleted}))


async def differences(
    project: Project, tree: Tree, bases: Bases, ids: Collection[ModuleId] | None
) -> tuple[ModuleDiff, ...]:
    """The edits of some modules (None: of all) against what they were synced with. Raises a `HubError` too."""
    pins = {pin.id: pin for pin in goal(project, strict=False)}
    found, records = survey(project, tree, tuple(pins.values()))
    diffs = []
    for id in sorted(found):
        edit = found[id].edit
        if not edit or (ids is not None and id not in ids):
            continue
        contents = await bases.read(records[id], paths_of(edit), pin=pins.get(id))
        prefix = f"{project.manifest.modules_dir}/{id.folder}/"
        place = tree.place(id)
        # A deleted file may be there again by way of a folder that is a link now.
        versions = {path: version_of(place / path) if path not in edit.deleted else None for path in paths_of(edit)}
        files = tuple(_diff(path, contents[path], version, prefix) for path, version in versions.items())
        diffs.append(ModuleDiff(id=id, base=found[id].base, files=files))
    return tuple(diffs)


def _diff(path: str, base: bytes | None, new: FileVersion | None, prefix: str) -> FileDiff:
    old = FileVersion(content=base, executable=new is not None and new.executable) if base is not None else None
    return file_diff(path, old, new, binary=False, prefix=prefix)


def version_of(file: Path) -> FileVersion | None:
    """A file as it is, None where there is none (or a folder); of a link, where it points to. Raises `TreeError`."""
    with writing(file):
        if file.is_symlink():
            return FileVersion(content=os.fsencode(file.readlink()))
        if not file.exists() or file.is_dir():
            return None  # a folder in its place holds files of its own
        if not file.is_file():
            return FileVersion(content=b"neither a file nor a link")
        return FileVersion(content=file.read_bytes(), executable=bool(file.stat().st_mode & 0o100))


# --- giving up single files ------------------------------------------------------------------------------------------


def matching(id: ModuleId, every: Sequence[str], words: Sequence[str], prefix: str) -> tuple[str, ...]:
    """Those of `every` edited path that are meant, by one in the module or the project (below `prefix`), or a folder.

    Raises `UsageError` for a word that means none.
    """
    found: set[str] = set()
    for word in words:
        path = f"{word.replace(os.sep, '/').rstrip('/')}/".removeprefix("./").removeprefix(prefix).rstrip("/")
        meant = {one for one in every if one == path or one.startswith(f"{path}/") or path in {"", "."}}
        if not meant:
            near = nearest(path, every)
            hint = f"Did you mean {near}?" if near else f"`flowverse status -v` lists what was edited of {id}."
            raise UsageError(f"{word} of {id} was not edited.", hint=hint)
        found |= meant
    return tuple(sorted(found))


def put_files_back(
    tree: Tree, record: Record, paths: Collection[str], contents: Mapping[str, bytes | None]
) -> tuple[Record, str | None]:
    """Give up the edits of some files of a module: its new record, and where what was there is kept.

    `contents` are what the files were synced with, None for those that were not there. Call it inside `Tree.locked`.
    """
    place, aside = tree.place(record.id), tree.backup_place(record.id)
    for path in paths:
        tree.check_folders(record.id, path, [one for one in paths if contents[one] is None])
    with writing(place):
        # What was added goes first: it may stand where a folder was.
        for path in sorted(paths, key=lambda path: (contents[path] is not None, path)):
            file, content, mode = place / path, contents[path], None
            if os.path.lexists(file):
                mode = file.stat().st_mode & 0o7777 if file.is_file() and not file.is_symlink() else None
                if content is None:
                    (aside / path).parent.mkdir(parents=True, exist_ok=True)
                    file.rename(aside / path)
                    _drop_empty(file.parent, place)
                    continue
            if content is not None:
                tree.replace_file(file, content, mode, aside / path)
    base = {path: seen.base for path, seen in record.files.items() if seen.base is not None}
    files = look(str(place), base, record.files)
    fresh = replace(record, files=files, conflicts=tuple(path for path in record.conflicts if path not in paths))
    tree.rewrite(fresh)
    if not aside.is_dir():
        return fresh, None
    tree.describe_backup(aside, record.id, None)
    return fresh, str(aside)


def _drop_empty(folder: Path, top: Path) -> None:
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
