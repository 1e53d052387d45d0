"""What people change in synced modules, for hosts and for scripts: shown, given up, kept as patches, brought back.

Like `api`, everything takes the folder of a project and raises `flowverse.errors.FlowverseError`. A module is named as
a person names it: by its id, or by its name alone where only one has it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flowverse import api
from flowverse._cache import Cache
from flowverse._develop import write_developed
from flowverse._edits.backups import Backup, bring_back, list_backups, meant_backups
from flowverse._edits.bases import Bases
from flowverse._edits.diff import FileVersion
from flowverse._edits.differences import ModuleDiff, differences, matching, paths_of, put_files_back, version_of
from flowverse._edits.merge import has_markers
from flowverse._edits.patch import make_patch, misplaced
from flowverse._edits.patching import rebase, write_patches
from flowverse._goal import goal, patch_reasons
from flowverse._index import Record, base_of, edit_of, look
from flowverse._local import expanded, look_at_local
from flowverse._names import pick
from flowverse._patches import patch_name
from flowverse._paths import unsafe
from flowverse._plan import Found
from flowverse._project import Project
from flowverse._reader import nearest
from flowverse._settings import Settings
from flowverse._survey import survey
from flowverse._tasks import run
from flowverse._tree import Tree
from flowverse.errors import StaleLock, Unresolved, UsageError
from flowverse.model import MODULE_ID_FILE, Edit, ModuleId, Pin, Requirement, Result
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


@dataclass(frozen=True, kw_only=True)
class Changed:
    """What a verb did: sentences, where discarded content is kept by module id, and what a sync after it did."""

    done: tuple[str, ...]
    backups: tuple[tuple[ModuleId, str], ...] = ()
    warnings: tuple[str, ...] = ()
    result: Result | None = None


class _Desk:
    """One project with everything that its edits are worked on with."""

    def __init__(self, root: Path, settings: Settings, reporter: Reporter) -> None:
        self.settings, self.reporter = settings, reporter
        self.project = Project.of(root, frozen=settings.frozen)
        self.tree = Tree(self.project.tree_root)
        self.cache = Cache(settings.cache)
        source = api.source_of(settings, self.cache, reporter)
        self.bases = Bases(self.cache, source, self.tree.kept_content)

    def survey(self) -> tuple[dict[ModuleId, Found], dict[ModuleId, Record]]:
        """What is there, looked at now."""
        return survey(self.project, self.tree, goal(self.project, strict=False))

    def pick(self, text: str) -> ModuleId:
        """The module that is meant, of those that are locked or in the tree."""
        return pick(text, {*(pin.id for pin in self.pins), *self.tree.load().modules})

    @property
    def pins(self) -> tuple[Pin, ...]:
        """The lock's pins, as they stand there."""
        return self.project.lock.pins if self.project.lock is not None else ()

    def pin(self, id: ModuleId) -> Pin:
        """A module's pin. Raises `UsageError` if it is not locked."""
        found = next((pin for pin in self.pins if pin.id == id), None)
        if found is None:
            hint = "`flowverse status` shows what is." if self.pins else "Run `flowverse sync`."
            raise UsageError(f"{id} is not locked.", hint=hint)
        return found

    def said(self, place: str) -> str:
        """A path as a person is told it."""
        return os.path.relpath(place, self.project.root)

    def sync_only(self, *ids: ModuleId, overwrite: bool = False, frozen: bool = False) -> Result:
        """Have the tree follow, for some modules; with `frozen`, whatever else is stale."""
        settings = replace(self.settings, frozen=frozen or self.settings.frozen)
        engine = api.engine_of(self.project.root, settings, self.reporter)
        return run(lambda: engine.sync_only(frozenset(ids), overwrite=overwrite))

    def must_lock(self, what: str) -> None:
        """Raise `UsageError` where the lock must not be rewritten."""
        if self.settings.locked or self.settings.frozen:
            raise UsageError(
                f"{what} changes flowverse.lock, which --locked, --frozen, their variables or CI forbid.",
                hint="Do it where you develop, and commit flowverse.lock.",
            )


def diff(
    root: Path, settings: Settings, modules: Sequence[str] = (), *, reporter: Reporter = SILENT
) -> tuple[ModuleDiff, ...]:
    """The edits of some modules (none named: of all), each as unified diffs against what it was synced with."""
    desk = _Desk(root, settings, reporter)
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
    desk = _Desk(root, settings, reporter)
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


def _restore_files(desk: _Desk, id: ModuleId, words: Sequence[str]) -> Changed:
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
    desk = _Desk(root, settings, reporter)
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


# --- patches ---------------------------------------------------------------------------------------------------------


def patch(root: Path, settings: Settings, module: str, *, reporter: Reporter = SILENT) -> Changed:
    """Save the edits of a module as its patch, `flow_patches/<owner>/<name>.patch`, which the lock then names.

    An older patch is part of it. Raises `UsageError` where there is nothing to save, or where the module was edited
    from another commit than the one that is locked.
    """
    desk = _Desk(root, settings, reporter)
    id = desk.pick(module)
    pin = replace(desk.pin(id), patch="")
    desk.must_lock("Saving a patch")
    with desk.tree.locked(reporter):
        found, records = desk.survey()
        _check_patchable(id, pin, found[id], records.get(id))
        files = look(str(desk.tree.place(id)), base_of(pin), records[id].files)
        files.pop(MODULE_ID_FILE, None)
        edit = edit_of(files)
        _check_plain(desk.tree, id, edit)
        bases = run(lambda: desk.bases.raw(pin, paths_of(edit)))
        versions = {path: version_of(desk.tree.place(id) / path) for path in paths_of(edit)}
        old = {path: _of_repository(base) for path, base in bases.items()}
        fresh = make_patch(id, pin.commit, {path: (old[path], versions[path]) for path in versions})
        if fresh is not None and (wrong := misplaced(fresh, pin.by_path)) is not None:
            raise _unfit(id, *wrong)
        if fresh is None and id not in desk.project.patch_texts:
            raise UsageError(f"{id} was not edited, so there is nothing to save.", hint="Edit its files first.")
        for path in fresh.files if fresh is not None else ():
            version = versions[path]
            desk.tree.keep_content(version.content if version is not None else b"")
        text = fresh.text if fresh is not None else None
        changed = text != desk.project.patch_texts.get(id)
        kept = write_patches(desk.project.root, desk.tree, {id: text}) if changed else ()
    result = desk.sync_only(id)
    if fresh is None:
        done = f"{id} is as its repository has it; its patch is at its end"
    else:
        done = f"{patch_name(id)} holds the edits of {id} ({edit}); commit it, and flowverse.lock"
    return _changed(id, done, kept, result)


def _changed(id: ModuleId, done: str, kept: tuple[tuple[ModuleId, str], ...], result: Result) -> Changed:
    """What came of a patch; it may change what its module asks for, and the tree holds only that module already."""
    others = [str(change.id) for change in result.locked if change.id != id]
    more = (
        [f"flowverse.lock is another for {', '.join(others)} as well; `flowverse sync` brings that"] if others else []
    )
    return Changed(done=(done, *more), backups=kept, warnings=result.warnings, result=result)


def _of_repository(content: bytes | None) -> FileVersion | None:
    """A file of a repository, which has no modes."""
    return FileVersion(content=content) if content is not None else None


def _check_patchable(id: ModuleId, pin: Pin, there: Found, record: Record | None) -> None:
    if pin.path is not None or there.link is not None:
        raise UsageError(f"{id} is linked to a folder of yours, so there is nothing to patch.", hint="Commit it there.")
    if record is None or not there.exists:
        raise UsageError(f"{id} is not in the tree.", hint="Run `flowverse sync`.")
    if there.conflicts:
        raise Unresolved(id, there.conflicts)
    if record.commit not in {pin.commit, ""}:
        raise UsageError(
            f"{id} was edited from {there.base}, and {pin.revision} ({pin.commit[:7]}) is locked.",
            hint="Run `flowverse sync --merge` first.",
        )


def _check_plain(tree: Tree, id: ModuleId, edit: Edit) -> None:
    for path in (*edit.changed, *edit.added):
        file = tree.place(id) / path
        if file.is_symlink() or not file.is_file():
            raise UsageError(f"{path} of {id} is no plain file, and a patch holds nothing else.", hint="Take it out.")
        if (why := unsafe(path)) is not None:
            raise _unfit(id, path, why)


def _unfit(id: ModuleId, path: str, why: str) -> UsageError:
    return UsageError(f"{path} of {id} {why}, and a patch is for every system.", hint="Rename it, or take it out.")


def remove_patch(root: Path, settings: Settings, module: str, *, reporter: Reporter = SILENT) -> Changed:
    """End a module's patch: what it changed are edits in the tree from now on, and nowhere else.

    A tree that has not the patch gets it first. Of one that is broken, or does not get there for the edits that are in
    its place, only the backup is left, which is said.
    """
    desk = _Desk(root, settings, reporter)
    patched = set(desk.project.patch_texts)
    id = pick(module, patched, of="with a patch") if patched else None
    if id is None:
        raise UsageError(f"{module} has no patch.", hint=f"`flowverse patch {module}` saves its edits as one.")
    desk.must_lock("Ending a patch")
    if id in desk.project.patches and any(pin.id == id and pin.path is None for pin in desk.pins):
        desk.sync_only(id)
        desk = _Desk(root, settings, reporter)
    pin = next((pin for pin in desk.pins if pin.id == id), None)
    with desk.tree.locked(reporter):
        record = desk.tree.load().modules.get(id)
        held = record is not None and bool(record.patch) and pin is not None and record.patch == pin.patch
        if pin is not None and pin.path is None:
            held = rebase(desk.tree, replace(pin, patch="")) and held
        kept = write_patches(desk.project.root, desk.tree, {id: None})
    result = desk.sync_only(id)
    where = "what it changed are edits in the tree" if held else "it is in the backup alone"
    return _changed(id, f"{id} has no patch any more; {where}", kept, result)


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
    desk = _Desk(root, settings, reporter)
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


# --- modules that are developed here ---------------------------------------------------------------------------------


def develop(root: Path, settings: Settings, module: str, path: str, *, reporter: Reporter = SILENT) -> Changed:
    """Take a module from a folder, on this machine only: what is declared and locked stays as it is.

    `path` is relative to the current folder. Raises `UsageError` if it is no folder, or the module is edited.
    """
    desk = _Desk(root, settings, reporter)
    id = desk.pick(module)
    desk.pin(id)
    where = path if expanded(path).is_absolute() or path.startswith("~") else os.path.relpath(path, desk.project.root)
    where = where.replace(os.sep, "/")
    if not (desk.project.root / expanded(where)).is_dir():
        raise UsageError(f"{id} cannot be taken from {path}, which is not a folder.", hint="Correct the path.")
    examined, asked = look_at_local(desk.project.root, Requirement(id=id, path=where, asker="the command line"))
    found, _ = desk.survey()
    if found[id].edit and found[id].link is None:
        raise UsageError(
            f"{id} was edited ({found[id].edit}), and its folder would become a link.",
            hint=f"Save the edits with `flowverse patch {id}`, or give them up with `flowverse restore {id}`.",
        )
    with desk.tree.locked(reporter):
        write_developed(desk.tree.root, {**desk.project.developed, id: where})
    result = desk.sync_only(id, frozen=True)
    locked = {pin.id for pin in desk.pins}
    missing = [
        f"{id} at {where} asks for {req.id} ({req.at}), which is not locked" for req in asked if req.id not in locked
    ]
    return Changed(
        done=(f"{id} is taken from {where}, on this machine only",),
        backups=result.backups,
        warnings=(*examined.warnings, *missing, *result.warnings),
        result=result,
    )


def end_develop(root: Path, settings: Settings, module: str, *, reporter: Reporter = SILENT) -> Changed:
    """Take a module from the lock again. Its folder stays as it is."""
    desk = _Desk(root, settings, reporter)
    if not desk.project.developed:
        raise UsageError("No flow module is developed here.", hint="`flowverse develop ID PATH` begins that.")
    id = pick(module, set(desk.project.developed), of="that is developed here")
    rest = {one: where for one, where in desk.project.developed.items() if one != id}
    if reasons := patch_reasons(replace(desk.project, developed=rest), {id}):
        raise StaleLock(reasons)
    with desk.tree.locked(reporter):
        write_developed(desk.tree.root, rest)
    result = desk.sync_only(id, frozen=True)
    done = (f"{id} is what is locked again",)
    return Changed(done=done, backups=result.backups, warnings=result.warnings, result=result)


def developed(root: Path) -> tuple[tuple[ModuleId, str], ...]:
    """The modules that this machine takes from elsewhere, with the paths, by id."""
    return tuple(sorted(Project.read(root).developed.items()))
