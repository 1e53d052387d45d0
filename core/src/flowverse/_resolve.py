"""Requirements to pins: first look at everything that can be reached, then decide, so that no answer's order matters.

Looking is concurrent and cached, deciding is a pure walk over what was seen. The project's requirement for a module
wins over any module's; an override wins over all. What is left wanted at two commits is a conflict.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from flowverse._tasks import drain, interruptible
from flowverse.errors import ConflictError, FlowverseError, LicenseRefused, OwnerRefused, SharedFolder
from flowverse.model import DEFAULT_REVISION, PROJECT, Conflict, ModuleId, Pin, Requirement, Wish, is_commit
from flowverse.ports import Chooser, Examined, Examiner, Reporter

__all__ = ["Resolution", "resolve"]

Key = tuple[ModuleId, str, "str | None"]
"""What is looked at once: a module id, a revision, or a path instead."""


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """The pins by id, what the Chooser answered (to become overrides), and what to tell.

    `patches` are the texts of patches that go with the pins and had to be looked at.
    """

    pins: tuple[Pin, ...]
    patches: Mapping[ModuleId, bytes] = field(default_factory=dict)
    chosen: tuple[Requirement, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Rules:
    """Who wins: the project's requirements and the overrides, by id."""

    roots: Mapping[ModuleId, Requirement]
    overrides: Mapping[ModuleId, Requirement]
    owners: tuple[str, ...] | None

    def effective(self, requirement: Requirement) -> Requirement:
        """The requirement after the project and the overrides had their say; the asker stays.

        What it is for stands where the winner does: that line is to be mended if it cannot be read.
        """
        winner = self.overrides.get(requirement.id) or self.roots.get(requirement.id)
        if winner is None:
            return requirement
        return replace(requirement, revision=winner.revision, path=winner.path, at=winner.at)


@dataclass(kw_only=True)
class _Seen:
    """Everything looked at so far: what was found, or the error. Kept between a conflict's question and the answer."""

    examiner: Examiner
    reporter: Reporter
    nodes: dict[Key, Examined | FlowverseError] = field(default_factory=dict)
    edges: dict[Key, tuple[Requirement, ...]] = field(default_factory=dict)


async def resolve(
    dependencies: Sequence[Requirement],
    overrides: Sequence[Requirement],
    examiner: Examiner,
    chooser: Chooser,
    reporter: Reporter,
    owners: tuple[str, ...] | None = None,
    licenses: tuple[str, ...] | None = None,
) -> Resolution:
    """Resolve the project's requirements. `owners` and `licenses` are those that are allowed, None for any.

    Raises `ConflictError` where the Chooser has no answer, `SharedFolder`, `OwnerRefused`, `LicenseRefused`, and
    whatever the Source raises for a module that is really needed (an error of one that a conflict leaves behind does
    not count).
    """
    seen = _Seen(examiner=examiner, reporter=reporter)
    chosen: dict[ModuleId, Requirement] = {}
    roots = {requirement.id: requirement for requirement in dependencies}
    while True:
        rules = _Rules(roots=roots, overrides={**{req.id: req for req in overrides}, **chosen}, owners=owners)
        await _explore(list(roots.values()), rules, seen)
        reached = _reach(list(roots.values()), rules, seen)
        conflicts = _conflicts(reached, seen)
        # What is reached whatever the answers will be: its errors count, and its conflicts are asked about first,
        # because an answer may settle what is below.
        certain = _reach(list(roots.values()), rules, seen, but_below={conflict.id for conflict in conflicts})
        if certain.error is not None:
            raise certain.error
        if not conflicts:
            resolution = _decide(reached, rules, seen, chosen)
            _check_licenses(resolution, reached, licenses)
            return resolution
        first = {conflict.id for conflict in _conflicts(certain, seen)}
        conflict = next((conflict for conflict in conflicts if conflict.id in first), conflicts[0])
        with interruptible():
            wish = chooser.choose(conflict)
        if wish is None:
            raise ConflictError(conflicts, has_overrides=bool(overrides))
        chosen[conflict.id] = Requirement(
            id=conflict.id, revision=wish.revision or DEFAULT_REVISION, path=wish.path, at=PROJECT
        )


# --- looking ---------------------------------------------------------------------------------------------------------


async def _explore(roots: Iterable[Requirement], rules: _Rules, seen: _Seen) -> None:
    """Examine all that can be reached, all at once: a module's requirements start as soon as they are known."""
    tasks: set[asyncio.Task[None]] = set()
    started: set[Key] = set()

    def ask(requirements: Iterable[Requirement]) -> None:
        for wish in requirements:
            requirement = rules.effective(wish)
            key = _key(requirement)
            if key in started:
                continue
            started.add(key)
            if key in seen.nodes:
                ask(seen.edges[key])
            elif rules.owners is not None and requirement.id.owner not in rules.owners:
                seen.nodes[key], seen.edges[key] = OwnerRefused(requirement.id, requirement.asker), ()
            else:
                seen.reporter.found(requirement.id, len(started))
                tasks.add(asyncio.ensure_future(look(key, requirement)))

    async def look(key: Key, requirement: Requirement) -> None:
        seen.edges[key] = ()

        def found(requirements: Sequence[Requirement]) -> None:
            seen.edges[key] = tuple(requirements)
            ask(requirements)

        try:
            seen.nodes[key] = await seen.examiner.examine(requirement, found)
        except FlowverseError as error:
            seen.nodes[key] = error

    ask(roots)
    await drain(tasks)


def _key(requirement: Requirement) -> Key:
    return (requirement.id, "" if requirement.path is not None else requirement.revision, requirement.path)


# --- deciding --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Reached:
    """What is really reached from the project: per key every wish for it, with the chain that leads to it.

    `error` is the nearest one.
    """

    wishes: Mapping[Key, list[tuple[Requirement, str]]]
    error: FlowverseError | None


def _reach(roots: Sequence[Requirement], rules: _Rules, seen: _Seen, but_below: Collection[ModuleId] = ()) -> _Reached:
    """Walk down from the project, nearest first and in the order of ids, so that chains are short and stable.

    What the modules `but_below` hold (an error, or what they ask for) does not count.
    """
    wishes: dict[Key, list[tuple[Requirement, str]]] = {}
    first: FlowverseError | None = None
    level = [(requirement, PROJECT) for requirement in sorted(roots, key=lambda req: req.id)]
    while level:
        below: list[tuple[Requirement, str]] = []
        for wish, chain in level:
            key = _key(rules.effective(wish))
            if key in wishes:
                wishes[key].append((wish, chain))
                continue
            wishes[key] = [(wish, chain)]
            if wish.id in but_below:
                continue
            if isinstance(error := seen.nodes[key], FlowverseError):
                first = first or _told_of(error, wish.id, chain)
            edges = sorted(seen.edges[key], key=lambda req: (req.id, req.revision, req.at))
            below += [(edge, f"{chain} -> {wish.id} ({edge.at})") for edge in edges]
        level = below
    return _Reached(wishes=wishes, error=first)


def _told_of(error: FlowverseError, id: ModuleId, chain: str) -> FlowverseError:
    """An error that says who asked for what it is about."""
    if isinstance(error, OwnerRefused):
        return OwnerRefused(id, chain)
    error.asked_by = chain if chain != PROJECT else None
    return error


def _examined(key: Key, seen: _Seen) -> Examined:
    node = seen.nodes[key]
    if isinstance(node, FlowverseError):  # it was raised before anybody could ask
        raise node
    return node


def _conflicts(reached: _Reached, seen: _Seen) -> list[Conflict]:
    by_id: dict[ModuleId, list[Key]] = {}
    for key in reached.wishes:
        if not isinstance(seen.nodes[key], FlowverseError):
            by_id.setdefault(key[0], []).append(key)
    conflicts = []
    for id in sorted(by_id):
        keys = sorted(by_id[id], key=lambda key: (key[1], key[2] or ""))
        # A folder is a content of its own: two of them, or one and a commit, cannot both be had.
        if len({(_examined(key, seen).pin.commit, key[2]) for key in keys}) > 1:
            wishes = tuple(
                Wish(
                    revision=key[1],
                    path=key[2],
                    commit=_examined(key, seen).pin.commit,
                    chains=tuple(sorted({chain for _, chain in reached.wishes[key]})),
                )
                for key in keys
            )
            conflicts.append(Conflict(id=id, wishes=wishes))
    return conflicts


def _decide(reached: _Reached, rules: _Rules, seen: _Seen, chosen: Mapping[ModuleId, Requirement]) -> Resolution:
    pins: dict[ModuleId, Pin] = {}
    patches: dict[ModuleId, bytes] = {}
    # Of several revisions that are one commit the lock keeps a moving one, so that `update` has something to move.
    for key in sorted(reached.wishes, key=lambda key: (key[0], is_commit(key[1]), key[1])):
        examined = _examined(key, seen)
        if key[0] not in pins and examined.patch is not None:
            patches[key[0]] = examined.patch
        pins.setdefault(key[0], examined.pin)
    folders: dict[str, ModuleId] = {}
    for id in sorted(pins):
        other = folders.setdefault(id.folder.casefold(), id)
        if other != id:
            raise SharedFolder(other, id)
    return Resolution(
        pins=tuple(pins[id] for id in sorted(pins)),
        patches=patches,
        chosen=tuple(chosen[id] for id in sorted(chosen) if id in pins),
        notes=(*_overruled(reached, rules, chosen), *_unused(reached, rules)),
        warnings=tuple(warning for key in sorted(reached.wishes, key=str) for warning in _examined(key, seen).warnings),
    )


def _check_licenses(resolution: Resolution, reached: _Reached, licenses: tuple[str, ...] | None) -> None:
    """Raise `LicenseRefused` for every pin whose licence is not allowed. A local module is its author's own."""
    chains: dict[ModuleId, str] = {}
    for key, wishes in reached.wishes.items():
        chains.setdefault(key[0], wishes[0][1])
    refused = [
        (pin.id, license, chains[pin.id])
        for pin in resolution.pins
        for license in pin.license_ids
        if pin.path is None and licenses is not None and license not in licenses
    ]
    if refused:
        raise LicenseRefused(refused)


def _unused(reached: _Reached, rules: _Rules) -> Iterable[str]:
    """One sentence for each override that overrides nothing."""
    for id in sorted(rules.overrides.keys() - {key[0] for key in reached.wishes}):
        yield f"{id}: nothing asks for it, so the project's override {rules.overrides[id].target} is of no use"


def _overruled(reached: _Reached, rules: _Rules, chosen: Mapping[ModuleId, Requirement]) -> Iterable[str]:
    """One sentence for each module whose own wish another overruled."""
    for key in sorted(reached.wishes, key=lambda key: key[0]):
        id = key[0]
        winner = rules.overrides.get(id) or rules.roots.get(id)
        if winner is None or id in chosen:
            continue
        lost = sorted(
            {f"{wish.target} by {wish.asker}" for wish, _ in reached.wishes[key] if wish.target != winner.target}
        )
        if lost:
            what = "override" if id in rules.overrides else "requirement"
            yield f"{id}: the project's {what} {winner.target} is used, not {', not '.join(lost)}"
