"""Edits saved with the project as patches, and patches made edits again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flowverse._edits.desk import Changed, Desk
from flowverse._edits.diff import FileVersion
from flowverse._edits.differences import paths_of, version_of
from flowverse._edits.patch import make_patch, misplaced
from flowverse._edits.patching import rebase, write_patches
from flowverse._index import Record, base_of, edit_of, look
from flowverse._names import pick
from flowverse._patches import patch_name
from flowverse._paths import unsafe
from flowverse._plan import Found
from flowverse._settings import Settings
from flowverse._tasks import run
from flowverse._tree import Tree
from flowverse.errors import Unresolved, UsageError
from flowverse.model import Edit, ModuleId, Pin, Result
from flowverse.ports import SILENT, Reporter

__all__ = ["patch", "remove_patch"]


def patch(root: Path, settings: Settings, module: str, *, reporter: Reporter = SILENT) -> Changed:
    """Save the edits of a module as its patch, `flow_patches/<owner>/<name>.patch`, which the lock then names.

    An older patch is part of it. Raises `UsageError` where there is nothing to save, or where the module was edited
    from another commit than the one that is locked.
    """
    desk = Desk(root, settings, reporter)
    id = desk.pick(module)
    pin = replace(desk.pin(id), patch="")
    desk.must_lock("Saving a patch")
    with desk.tree.locked(reporter):
        found, records = desk.survey()
        _check_patchable(id, pin, found[id], records.get(id))
        files = look(str(desk.tree.place(id)), base_of(pin), records[id].files)
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
            desk.tree.contents.keep(version.content if version is not None else b"")
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
    desk = Desk(root, settings, reporter)
    patched = set(desk.project.patch_texts)
    id = pick(module, patched, of="with a patch") if patched else None
    if id is None:
        raise UsageError(f"{module} has no patch.", hint=f"`flowverse patch {module}` saves its edits as one.")
    desk.must_lock("Ending a patch")
    if id in desk.project.patches and any(pin.id == id and pin.path is None for pin in desk.pins):
        desk.sync_only(id)
        desk = Desk(root, settings, reporter)
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
