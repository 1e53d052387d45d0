"""What is not built into an archive, and why.

An archive holds what is locked, to the byte: every file is read, whatever the tree's own record says of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flowverse._goal import goal
from flowverse._index import Index, base_of, holds
from flowverse._linking import is_link
from flowverse._project import Project
from flowverse._ship.selection import Selection
from flowverse._stale import stale
from flowverse.errors import FlowverseError, InvalidManifest, NotShippable, StaleLock
from flowverse.model import Pin

__all__ = ["check_free", "check_lock", "check_package", "check_tree", "is_exact"]

_FEW = 3
_FREE = "name a package that is not there yet"
_SPELLED = "is it spelled as it is imported?"


def is_exact(project: Project, *, frozen: bool) -> bool:
    """Whether all that is locked is in the tree, and the lock answers to the manifest (if not `frozen`). Never raises.

    False is no refusal yet: it may be enough to sync, and `check_tree` says what is wrong.
    """
    try:
        if project.lock is None or (not frozen and stale(project)):
            return False
        return all(_is_exact(project, pin) for pin in goal(project))
    except (FlowverseError, OSError):
        return False


def _is_exact(project: Project, pin: Pin) -> bool:
    place = project.tree_root / pin.id.folder
    if pin.path is not None or is_link(place) or is_link(place.parent):
        return False
    return holds(str(place), base_of(pin))


def check_lock(project: Project, *, frozen: bool) -> None:
    """Raise `StaleLock` if the lock does not answer to the manifest and the patches."""
    reasons = () if frozen else stale(project)
    if reasons:
        raise StaleLock(reasons)


def check_tree(project: Project) -> None:
    """Raise `NotShippable` with everything in the tree that is not what the lock says."""
    pins = goal(project)
    problems = _problems(project, pins, Selection(project.manifest.build.exclude))
    if not problems:
        return
    hints = ["The sdist was changed after it was built; build it again."]
    if not project.unpacked:
        local = any(pin.path is not None and not pin.developed for pin in pins)
        hints = ["Name a revision instead of the local folder."] if local else []
        edited = any("was edited" in problem for problem in problems)
        ways = "`flowverse patch` saves edits in the project, `flowverse restore` gives them up."
        hints += [ways] if edited else []
        conflicted = any("has conflicts" in problem for problem in problems)
        hints += ["Mend conflicts, then run `flowverse resolve`."] if conflicted else []
        developed = any(pin.developed for pin in pins)
        hints += ["`flowverse develop --undo` takes a module from the lock again."] if developed else []
    raise NotShippable(problems, hint=" ".join(hints) or "Run `flowverse sync`.")


def _problems(project: Project, pins: tuple[Pin, ...], selection: Selection) -> list[str]:
    from flowverse._survey import survey  # not needed where all is well
    from flowverse._tree import Tree

    tree = Tree(project.tree_root)
    found, _ = survey(project, tree, pins, _without_stats(tree.load()))
    problems = []
    for pin in pins:
        there = found[pin.id]
        # What the project leaves out is not in its sdist.
        gone = () if not project.unpacked else tuple(p for p in there.edit.deleted if not selection.takes(pin, p))
        edit = replace(there.edit, deleted=tuple(path for path in there.edit.deleted if path not in gone))
        if pin.developed:
            problems.append(f"{pin.id} is taken from {pin.path}, on this machine only")
        elif pin.path is not None:
            problems.append(f"{pin.id} is the local folder {pin.path}, which nobody else has")
        elif not there.exists:
            problems.append(f"{pin.id} is missing")
        elif there.link is not None:
            problems.append(f"{pin.id} is a link to {there.link}")
        elif there.conflicts:
            problems.append(f"{pin.id} has conflicts in {_few(there.conflicts)}")
        elif edit:
            problems.append(f"{pin.id} was edited ({edit}: {_few([*edit.changed, *edit.added, *edit.deleted])})")
        elif not there.same and not gone:
            problems.append(f"{pin.id} is not the commit that is locked")
    return problems


def _without_stats(index: Index) -> Index:
    """The tree's record as if no file looked as it did, so that every one is read."""
    modules = {}
    for id, record in index.modules.items():
        modules[id] = replace(record, files={path: seen._replace(size=-1) for path, seen in record.files.items()})
    return replace(index, modules=modules)


def _few(names: Sequence[str]) -> str:
    """The first of some files."""
    return ", ".join(names[:_FEW]) + (", ..." if len(names) > _FEW else "")


def check_free(project: Project, into: str) -> None:
    """Refuse a package that the project has files of its own in, or that is below none of its packages.

    Where they would be, as far as that can be known: the finished wheel is checked again.
    """
    top, base = into.partition(".")[0], into.replace(".", "/")
    for root in (project.root, project.root / "src"):
        for place in (root / base, root / f"{base}.py"):
            if place.is_file() or any(path.is_file() and path.suffix != ".pyc" for path in place.rglob("*")):
                raise _wrong(f"is taken, there is {place.relative_to(project.root).as_posix()}; {_FREE}")
    depths = (f"{'*/' * depth}{top}" for depth in range(4))
    if not any(place.is_dir() for pattern in depths for place in project.root.glob(pattern)):
        raise _wrong(f"is below {top!r}, and the project has no such folder; {_SPELLED}")


def check_package(into: str, names: Sequence[str], shipped: Sequence[str]) -> None:
    """Raise `InvalidManifest` if in a finished wheel the modules are below no package, or in one with other files."""
    top, base = into.partition(".")[0], into.replace(".", "/")
    if not any(name.startswith(f"{top}/") and not name.startswith(f"{base}/") for name in names):
        raise _wrong(f"is below {top!r}, and the wheel holds no such package; {_SPELLED}")
    others = [n for n in names if n == f"{base}.py" or (n.startswith(f"{base}/") and n not in shipped)]
    if others:
        raise _wrong(f"is taken, there is {others[0]}; {_FREE}")


def _wrong(why: str) -> InvalidManifest:
    return InvalidManifest([("tool.flowverse.build.into", why)])
