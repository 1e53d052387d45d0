"""What an archive must hold: exactly the pinned files, every one of them verified against the lock."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flowverse._guard import module_id_text, tree_sources
from flowverse._index import is_bytecode
from flowverse._project import Project
from flowverse._state import stale
from flowverse._survey import survey
from flowverse._tree import Tree
from flowverse.errors import NotShippable, StaleLock
from flowverse.lock import LOCK_NAME
from flowverse.model import MODULE_ID_FILE, PACKAGE, Pin

__all__ = ["Shipment", "ship"]


@dataclass(frozen=True, kw_only=True)
class Shipment:
    """`files` are (path in the archive, file on disk) pairs, sorted: `flow_modules/saibo/ChatFlows/ChatGPT4.py`.

    `lock` is the lock file, None in a project that has no modules. `tree` is where the tree is in the project.
    """

    files: tuple[tuple[str, Path], ...]
    lock: Path | None
    tree: Path


def ship(project: Project, *, frozen: bool) -> Shipment:
    """Verify and list. Raises `StaleLock`, or `NotShippable` with every module that is not what the lock says."""
    reasons = () if frozen else stale(project)
    if reasons:
        raise StaleLock(reasons)
    pins = project.lock.pins if project.lock is not None else ()
    if not pins:
        return Shipment(files=(), lock=None, tree=project.tree_root)
    tree = Tree(project.tree_root)
    problems = _problems(project, tree, pins)
    if problems:
        hint = (
            "The sdist was changed after it was built; build it again."
            if project.unpacked
            else "Only what is locked is shipped. To give edits up, set overwrite = true or delete the folder, and "
            "sync; instead of a local folder, name a revision."
        )
        raise NotShippable(problems, hint=hint)
    files = [(path, tree.root / path) for pin in pins for path in _shipped(pin)]
    files += [(path, tree.root / path) for path in tree_sources({pin.id.package for pin in pins})]
    return Shipment(
        files=tuple(sorted((f"{PACKAGE}/{path}", file) for path, file in files)),
        lock=project.root / LOCK_NAME,
        tree=project.tree_root,
    )


def _shipped(pin: Pin) -> list[str]:
    paths = [entry.path for entry in pin.files if not is_bytecode(entry.path)]
    return [f"{pin.id.folder}/{path}" for path in [*paths, MODULE_ID_FILE]]


def _problems(project: Project, tree: Tree, pins: tuple[Pin, ...]) -> list[str]:
    found, _ = survey(project, tree, pins)
    problems = []
    for pin in pins:
        there = found[pin.id]
        if pin.path is not None:
            problems.append(f"{pin.id} is the local folder {pin.path}, which nobody else has")
        elif not there.exists:
            problems.append(f"{pin.id} is missing")
        elif there.link is not None:
            problems.append(f"{pin.id} is a link to {there.link}")
        elif there.edit:
            problems.append(f"{pin.id} was edited ({there.edit})")
        elif not there.same:
            problems.append(f"{pin.id} is not the commit that is locked")
    generated = {f"{pin.id.folder}/{MODULE_ID_FILE}": module_id_text(pin) for pin in pins if found[pin.id].exists}
    generated.update(tree_sources({pin.id.package for pin in pins}))
    problems += [f"{PACKAGE}/{path} was changed" for path, text in generated.items() if tree.holds_not(path, text)]
    return problems
