"""What people change in synced modules, for hosts and for scripts: shown, given up, kept as patches, brought back.

Like `api`, everything takes the folder of a project and raises `flowverse.errors.FlowverseError`. A module is named as
a person names it: by its id, or by its name alone where only one has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from flowverse._edits.backups import Backup, bring_back, list_backups, meant_backups
from flowverse._edits.desk import Changed, Desk
from flowverse._edits.developing import develop, developed, end_develop
from flowverse._edits.differences import ModuleDiff, differences, matching, paths_of, put_files_back, version_of
from flowverse._edits.merge import has_markers
from flowverse._edits.saving import patch, remove_patch
from flowverse._names import pick
from flowverse._project import Project
from flowverse._reader import nearest
from flowverse._settings import Settings
from flowverse._tasks import run
from flowverse._tree import Tree
from flowverse.errors import Unresolved, UsageError
from flowverse.model import ModuleId
from flowverse.ports import SILENT, Reporter

__all__ = [
    "Backup",
    "Changed",
    "ModuleDiff",
    "backups",
    "bring_back_backup",
    "develop",
    "developed",
    "diff",
    "end_develop",
    "patch",
    "remove_patch",
    "resolve",
    "restore",
]


def diff(
    root: Path, settings: Settings, modules: Sequence[str] = (), *, reporter: Reporter = SILENT
) -> tuple[ModuleDiff, ...]:
    """The edits of some modules (none named: of all), each as unified diffs against what it was synced with."""
    desk = Desk(root, settings, reporter)
    ids = {desk.pick(text) for text in modules} or None
    return run(lambda: differences(desk.project, desk.tree, desk.bases, ids))


def restore(
    root: Path,
    settings: Settings,
    module: str | None = None,
    paths: Sequence[str] = (),
    *,
    reporter: Reporter = SILENT,
) -> Changed:
    """Give up the edits of a module (of all if none is named), or of some of its files.

    A whole module is then what the lock says; single files are what they were synced with. What was there is kept in a
    backup. Raises `UsageError` for a path that was not edited.
    """
    desk = Desk(root, settings, reporter)
    if module is not None and paths:
        return _restore_files(desk, desk.pick(module), paths)
    found, _ = desk.survey()
    locked = {pin.id for pin in desk.pins}
    ids = [desk.pick(module)] if module is not None else [id for id in found if id in locked]
    meant = [
        there
        for there in (found[id] for id in ids if id in found)
        if there.edit or there.conflicts or not there.exists or (module is not None and not there.same)
    ]
    if not meant:
        return Changed(done=())
    for there in meant:
        desk.pin(there.id)
    result = desk.sync_only(*(there.id for there in meant), overwrite=True, frozen=True)
    gone = {there.id: f"; its edits ({there.edit}) are given up" if there.edit else "" for there in meant}
    done = tuple(f"{id} is as it is locked again{what}" for id, what in sorted(gone.items()))
    return Changed(done=done, backups=result.backups, warnings=result.warnings)


def _restore_files(desk: Desk, id: ModuleId, words: Sequence[str]) -> Changed:
    pin = desk.pin(id)
    with desk.tree.locked(desk.reporter):
        found, records = desk.survey()
        prefix = f"{desk.project.manifest.modules_dir}/{id.folder}/"
        every = sorted({*paths_of(found[id].edit), *found[id].conflicts})
        paths, added = matching(id, every, words, prefix), found[id].edit.added
        contents = run(lambda: desk.bases.read(records[id], paths, pin=pin))
        _, aside = put_files_back(desk.tree, records[id], paths, contents)
    return Changed(
        done=tuple(
            f"{path} of {id} {'was added, and is removed' if path in added else 'is as it was synced again'}"
            for path in paths
        ),
        backups=((id, desk.said(aside)),) if aside is not None else (),
    )


def resolve(
    root: Path, settings: Settings, module: str, *, force: bool = False, reporter: Reporter = SILENT
) -> Changed:
    """Say that a person has dealt with what a merge left. Raises `Unresolved` while a conflict's markers are there.

    With `force` they may be: a text can be about markers.
    """
    desk = Desk(root, settings, reporter)
    id = desk.pick(module)
    with desk.tree.locked(reporter):
        _, records = desk.survey()
        record = records.get(id)
        if record is None or not record.conflicts:
            conflicted = [str(one) for one, other in records.items() if other.conflicts]
            hint = f"These have: {', '.join(conflicted)}." if conflicted else "No module has any."
            raise UsageError(f"{id} has no conflicts.", hint=hint)
        versions = {path: version_of(desk.tree.place(id) / path) for path in record.conflicts}
        marked = [path for path, version in versions.items() if version is not None and has_markers(version.content)]
        if marked and not force:
            raise Unresolved(id, marked)
        desk.tree.rewrite(replace(record, conflicts=()))
    verb = "is" if len(record.conflicts) == 1 else "are"
    return Changed(done=(f"{id} has no conflicts any more: {', '.join(record.conflicts)} {verb} resolved",))


# --- backups ---------------------------------------------------------------------------------------------------------


def backups(root: Path, name: str | None = None) -> tuple[Backup, ...]:
    """What was discarded of the tree and is kept, the newest first.

    With `name` only that backup, or those of that moment, or of that module. Raises `UsageError` for a name of nothing.
    """
    project = Project.read(root)
    every = list_backups(Tree(project.tree_root))
    if name is None:
        return every
    meant = meant_backups(every, name)
    if not meant:
        pins = project.lock.pins if project.lock is not None else ()
        try:
            pick(name, {pin.id for pin in pins})
        except UsageError:
            raise _no_backup(every, name) from None
    return meant


def bring_back_backup(root: Path, settings: Settings, name: str, *, reporter: Reporter = SILENT) -> Changed:
    """Put a backup back in its place. What is there now is kept in another one; the backup itself stays.

    Raises `UsageError` for a name that is none, or may be several.
    """
    desk = Desk(root, settings, reporter)
    with desk.tree.locked(reporter):
        desk.survey()
        backup = _named(list_backups(desk.tree), name)
        aside = bring_back(desk.tree, desk.project.root, backup)
    kept = ((backup.id, desk.said(aside)),) if aside is not None and backup.id is not None else ()
    return Changed(done=(f"{backup.name} is back in its place",), backups=kept)


def _named(every: Sequence[Backup], name: str) -> Backup:
    meant = meant_backups(every, name)
    if len(meant) == 1:
        return meant[0]
    if meant:
        names = ", ".join(backup.name for backup in meant[:5])
        raise UsageError(f"{name} may be one of {len(meant)} backups.", hint=f"Name one: {names}.")
    raise _no_backup(every, name)


def _no_backup(every: Sequence[Backup], name: str) -> UsageError:
    near = nearest(name, [backup.name for backup in every])
    hint = f"Did you mean {near}?" if near else "`flowverse backups` lists them."
    return UsageError(f"There is no backup {name}.", hint=hint)
