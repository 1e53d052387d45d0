"""What is not built into an archive, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flowverse._project import Project
from flowverse._ship.selection import Selection
from flowverse._survey import survey
from flowverse._tree import Tree
from flowverse.errors import InvalidManifest, NotShippable
from flowverse.model import Pin

__all__ = ["check_free", "check_package", "check_tree"]


def check_tree(project: Project, pins: tuple[Pin, ...], selection: Selection) -> None:
    """Raise `NotShippable` with everything in the tree that is not what the lock says."""
    problems = _problems(project, Tree(project.tree_root), pins, selection)
    if problems:
        hint = (
            "The sdist was changed after it was built; build it again."
            if project.unpacked
            else "Only what is locked is shipped. To give edits up, set overwrite = true or delete the folder, and "
            "sync; instead of a local folder, name a revision."
        )
        raise NotShippable(problems, hint=hint)


def _problems(project: Project, tree: Tree, pins: tuple[Pin, ...], selection: Selection) -> list[str]:
    found, _ = survey(project, tree, pins)
    problems = []
    for pin in pins:
        there = found[pin.id]
        # What the project leaves out is not in its sdist.
        gone = () if not project.unpacked else tuple(p for p in there.edit.deleted if not selection.takes(pin, p))
        edit = replace(there.edit, deleted=tuple(path for path in there.edit.deleted if path not in gone))
        if pin.path is not None:
            problems.append(f"{pin.id} is the local folder {pin.path}, which nobody else has")
        elif not there.exists:
            problems.append(f"{pin.id} is missing")
        elif there.link is not None:
            problems.append(f"{pin.id} is a link to {there.link}")
        elif edit:
            problems.append(f"{pin.id} was edited ({edit})")
        elif not there.same and not gone:
            problems.append(f"{pin.id} is not the commit that is locked")
    return problems


def check_free(project: Project, base: str) -> None:
    """Refuse a package that the project has files of its own in; where they would be, as far as that can be known."""
    for place in (project.root / base, project.root / "src" / base):
        if place.is_dir() and any(path.is_file() for path in place.rglob("*") if "__pycache__" not in path.parts):
            where = place.relative_to(project.root).as_posix()
            why = f"is taken, there are files in {where}; name a package that is not there yet"
            raise InvalidManifest([("tool.flowverse.build.into", why)])


def check_package(into: str | None, names: Sequence[str]) -> None:
    """Raise `InvalidManifest` if the package that the modules are below has nothing but them in a finished wheel."""
    top, base = (into or "").partition(".")[0], (into or "").replace(".", "/")
    if into is not None and not any(n.startswith(f"{top}/") and not n.startswith(f"{base}/") for n in names):
        why = f"is below {top!r}, and the wheel holds no such package; is it spelled as it is imported?"
        raise InvalidManifest([("tool.flowverse.build.into", why)])
