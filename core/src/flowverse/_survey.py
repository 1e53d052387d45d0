"""What is in the tree: every pinned and every recorded module as it is now, against what it was synced from."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from flowverse._cache import writing
from flowverse._index import Index, Record, Seen, base_of, edit_of, look, looks_same
from flowverse._linking import copied_names, is_link, target_of_link
from flowverse._local import stats_of
from flowverse._plan import Found
from flowverse._project import Project
from flowverse._tree import Tree
from flowverse.errors import TreeError
from flowverse.model import ModuleId, Pin

__all__ = ["survey"]


def survey(
    project: Project, tree: Tree, pins: tuple[Pin, ...], index: Index | None = None
) -> tuple[dict[ModuleId, Found], dict[ModuleId, Record]]:
    """Look at every module, and bring the records up to date. Writes nothing. `index` is the tree's, if it is at hand.

    Raises `TreeError` for what cannot be read, or stands where a module belongs.
    """
    tree.check_root()
    found: dict[ModuleId, Found] = {}
    records: dict[ModuleId, Record] = {}
    by_id = {pin.id: pin for pin in pins}
    known = dict((index or tree.load()).modules)
    owners = set()
    by_folder = {pin.id.folder.casefold(): pin.id for pin in pins}
    for other in [id for id in known if id not in by_id]:
        new = by_folder.get(other.folder.casefold())
        if new is not None and _one_place(tree, other, new):
            # Another id had this folder: what is there was synced from that, and there is one folder to decide about.
            known.setdefault(new, replace(known[other], id=new))
            del known[other]
    for id in {**by_id, **known}:
        place, pin = tree.place(id), by_id.get(id)
        if pin is not None and id.package not in owners:
            tree.check_owner(place.parent)  # now: later, other modules would be in place already
            owners.add(id.package)
        target = project.target(pin.path) if pin is not None and pin.path is not None else None
        with writing(place):
            there, record = _look(id, place, pin, known.get(id), target)
        if there.link is not None:  # told as seen from the project: nobody else has this machine's folders
            there = replace(there, link=Path(os.path.relpath(there.link, project.root)).as_posix())
        found[id] = there
        if record is not None:
            records[id] = record
    return found, records


def _look(
    id: ModuleId, place: Path, pin: Pin | None, record: Record | None, target: Path | None
) -> tuple[Found, Record | None]:
    if not os.path.lexists(place):
        return Found(id=id, exists=False), None
    if is_link(place):
        link = target_of_link(place)
        same = target is not None and link == str(target)
        sources = stats_of(target) if same and target is not None and target.is_dir() else {}
        return Found(id=id, link=link, same=same), Record(id=id, link=link, sources=sources)
    if not place.is_dir():
        raise TreeError(str(place), "is a file where a module's folder belongs", hint="Move it away.")
    if record is not None and record.copied:
        return _look_at_copy(id, place, record, target)
    if record is None or record.link is not None:
        # Not ours, or the record is lost: it is the pin's content, or an edit of something unknown.
        record = Record(id=id, files={path: Seen(sha, 0, 0, 0, None) for path, sha in _base(pin).items()})
    files = record.files
    if not looks_same(str(place), record):
        base = {path: seen.base for path, seen in files.items() if seen.base is not None}
        files = look(str(place), base, files)
    same = pin is not None and pin.path is None and record.digest == pin.digest
    if pin is not None and pin.path is None and not same:
        against_pin = look(str(place), base_of(pin), files)
        if not edit_of(against_pin):
            return Found(id=id, base=record.base, same=True), Record.of(pin, against_pin)
    fresh = replace(record, behind="", files=files)
    found = Found(id=id, base=record.base, same=same, edit=edit_of(files), patched=bool(record.patch))
    return replace(found, conflicts=record.conflicts), fresh


def _look_at_copy(id: ModuleId, place: Path, record: Record, target: Path | None) -> tuple[Found, Record]:
    """A copy of a local folder, against what was copied; it is the same as long as the folder has not changed."""
    base = {path: seen.base for path, seen in record.files.items() if seen.base is not None}
    files = look(str(place), base, record.files)
    source = look(str(target), base, {}) if target is not None and target.is_dir() else {}
    tops = copied_names([path.partition("/")[0] for path in source])
    source = {path: seen for path, seen in source.items() if path.partition("/")[0] not in tops}
    same = record.link == str(target) and bool(source) and not edit_of(source)
    return Found(id=id, same=same, edit=edit_of(files), copied=True), replace(record, behind="", files=files)


def _one_place(tree: Tree, one: ModuleId, other: ModuleId) -> bool:
    """Whether two ids that are alike but for case share a folder, as they do where the file system ignores case."""
    here, there = tree.place(one), tree.place(other)
    return here == there or (here.exists() and there.exists() and here.samefile(there))


def _base(pin: Pin | None) -> dict[str, str]:
    return base_of(pin) if pin is not None else {}
