"""From the calls in a project's files to requirements in its `pyproject.toml`: what would be done, as a value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from flowverse._adopt.deleting import without
from flowverse._adopt.files import Files
from flowverse._adopt.reading import Reading, Site
from flowverse._adopt.tables import value_text
from flowverse._adopt.values import ByHand, Change, Clash, Migration, Present, Wish
from flowverse._calls import CALL
from flowverse._editing import with_entries
from flowverse._project import MANIFEST_NAME, Project, parse_toml
from flowverse._toml import quote
from flowverse.errors import InvalidManifest, UsageError
from flowverse.manifest import parse_manifest
from flowverse.model import PACKAGE, ModuleId

__all__ = ["migration"]

_TABLE = ("tool", "flowverse", "dependencies")


def migration(project: Project, paths: Sequence[Path] = ()) -> Migration:
    """Read the calls below `paths` (all of the project, if there are none). Writes nothing.

    Raises `UsageError` for a path that cannot be meant, and for a `pyproject.toml` that nothing can be added to.
    """
    reading = Reading(project.root, paths)
    sites = [site for several in reading.sites.values() for site in several]
    wishes, present, clashes = _decided(project, sites)
    taken, wrong = _taken(project, wishes)
    open_ = {clash.id for clash in clashes} | {wish.id for wish in wishes if wish not in taken}
    changes, deleted = _deleted(reading, open_)
    return Migration(
        wishes=taken,
        present=present,
        clashes=clashes,
        deleted=deleted,
        by_hand=(*reading.by_hand, *(item for site in sites for item in site.by_hand), *wrong),
        notes=(*_others(project.root, reading.others), *_inner(changes)),
        changes=(*_manifest(project, taken), *changes),
    )


# --- requirements ----------------------------------------------------------------------------------------------------


def _decided(
    project: Project, sites: Sequence[Site]
) -> tuple[tuple[Wish, ...], tuple[Present, ...], tuple[Clash, ...]]:
    """What is new, what `pyproject.toml` has already, and what cannot be chosen; sorted by id."""
    asked: defaultdict[ModuleId, dict[tuple[str, str | None], Wish]] = defaultdict(dict)
    for wish in (wish for site in sites for wish in site.wishes):
        same = asked[wish.id].get((wish.revision, wish.path))
        asked[wish.id][wish.revision, wish.path] = wish if same is None else _joined(same, wish)
    declared = {req.id: req.path or req.revision for req in project.manifest.dependencies}
    wishes: list[Wish] = []
    present: list[Present] = []
    clashes: list[Clash] = []
    for id, several in sorted(asked.items()):
        if id in declared:
            present += [Present(wish=wish, target=declared[id]) for wish in several.values()]
        elif len(several) > 1:
            clashes.append(Clash(id=id, wishes=tuple(several.values())))
        else:
            wishes += several.values()
    return tuple(wishes), tuple(present), tuple(clashes)


def _joined(one: Wish, other: Wish) -> Wish:
    """One wish that two calls have."""
    places = tuple(dict.fromkeys((*one.places, *other.places)))
    return replace(one, places=places, overwrite=one.overwrite or other.overwrite)


def _taken(project: Project, wishes: Sequence[Wish]) -> tuple[tuple[Wish, ...], tuple[ByHand, ...]]:
    """The wishes that the manifest can have, and why not the others: an owner is not allowed, a folder is taken."""
    table: Any = parse_toml(project.manifest_bytes or b"", project.root).get("tool", {}).get("flowverse", {})
    own = table.get("dependencies", {})
    taken: list[Wish] = []
    wrong: list[ByHand] = []
    for wish in wishes:
        fresh = {str(other.id): other.value for other in (*taken, wish)}
        entries = fresh if isinstance(own, list) else {**own, **fresh}
        try:
            parse_manifest({"tool": {"flowverse": {**table, "dependencies": entries}}}, is_folder=lambda _: False)
            taken.append(wish)
        except InvalidManifest as error:
            why = "; ".join(clause for _, clause in error.problems)
            wrong += [ByHand(at=place, why=f"{wish.id}: {why}") for place in wish.places]
    return tuple(taken), tuple(wrong)


def _manifest(project: Project, wishes: Sequence[Wish]) -> Iterator[Change]:
    """The change of `pyproject.toml`, if there is any."""
    if not wishes:
        return
    before = project.manifest_bytes or b""
    entries = {str(wish.id): wish.value for wish in wishes}
    text = with_entries(before.decode(), _TABLE, entries)
    if text is None:
        lines = [f"  {quote(id)} = {value_text(value)}" for id, value in entries.items()]
        raise UsageError(
            f"The requirements cannot be written to {project.root / MANIFEST_NAME}.",
            hint="\n".join(["Write them by hand, in the form that the others there have:", *lines]),
        )
    yield Change(path=MANIFEST_NAME, before=before, after=text.encode())


# --- calls -----------------------------------------------------------------------------------------------------------


def _deleted(reading: Reading, open_: Collection[ModuleId]) -> tuple[list[Change], tuple[str, ...]]:
    """The files without the calls of which nothing is left to do, and where these were.

    A call stays as long as a module that it asks for is among `open_`.
    """
    changes: list[Change] = []
    deleted: list[str] = []
    for name, sites in reading.sites.items():
        going = [site for site in sites if not site.by_hand and not any(wish.id in open_ for wish in site.wishes)]
        if not going:
            continue
        source = reading.sources[name]
        after = without(source, [site.found.call.node for site in going], partial(reading.uses, but=name))
        if after is None:
            for site in going:
                site.by_hand.append(ByHand(at=site.at, why="the call stays: the file would not mean the same without"))
            continue
        changes.append(Change(path=name, before=reading.contents[name], after=after, encoding=source.encoding))
        deleted += [site.at for site in going]
    return changes, tuple(deleted)


# --- notes -----------------------------------------------------------------------------------------------------------


def _others(root: Path, folders: Sequence[str]) -> Iterator[str]:
    """Name the projects inside the project that have calls."""
    for folder in folders:
        if any(CALL.encode() in content for content in Files(root / folder).contents().values()):
            yield f"{folder} is a project of its own, with calls: --project {folder} migrates it"


def _inner(changes: Sequence[Change]) -> Iterator[str]:
    """Say where scripts find the modules: aiFlows put the current folder on their path when it was called."""
    inner = [change.path for change in changes if "/" in change.path and PACKAGE.encode() in change.after]
    if inner:
        more = f" and {len(inner) - 1} more" if len(inner) > 1 else ""
        yield (
            f"{inner[0]}{more}: a script outside the project's own folder finds {PACKAGE} where the project is "
            "installed for editing, or where PYTHONPATH names its folder"
        )
