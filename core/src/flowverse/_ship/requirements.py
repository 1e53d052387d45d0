"""The Python requirements of flow modules: who asks for what, and what cannot be had at the same time. Pure.

The lock keeps the lines of every module's `pip_requirements.txt`; what of them is a requirement by PEP 508 goes into
the metadata of archives, into environments, and into what `flowverse requirements` shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Parsed
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from flowverse.model import Pin

__all__ = ["Clash", "PythonRequirement", "Requirements", "merged", "normalized", "requirements_of", "unsatisfiable"]


@dataclass(frozen=True, kw_only=True)
class PythonRequirement:
    """One line of PEP 508, its normalised name, and the module id (or `pyproject.toml`) that asks for it.

    `url` is that of a direct reference, None where an index is meant.
    """

    name: str
    text: str
    asker: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Clash:
    """Requirements for one name that no version of it can meet, two or more."""

    name: str
    sides: tuple[PythonRequirement, ...]

    def __str__(self) -> str:
        return f"no {self.name} can be " + " and ".join(f"{side.text} ({side.asker})" for side in self.sides)


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """What modules ask for, by name and asker; the clashes among them; a clause for each line that cannot be used."""

    rows: tuple[PythonRequirement, ...] = ()
    clashes: tuple[Clash, ...] = ()
    unusable: tuple[str, ...] = ()

    @property
    def grouped(self) -> dict[str, tuple[str, ...]]:
        """Who asks for each, by its text; two ways to write one requirement are one, in the first of them."""
        texts: dict[str, str] = {}
        askers: dict[str, list[str]] = {}
        for row in self.rows:
            askers.setdefault(texts.setdefault(_key(row.text), row.text), []).append(row.asker)
        return {text: tuple(dict.fromkeys(who)) for text, who in askers.items()}


def normalized(name: str) -> str:
    """The name of a distribution, as all who write it in their own way mean it."""
    return canonicalize_name(name)


def requirements_of(pins: Iterable[Pin], own: Sequence[str] = (), *, own_asker: str = "pyproject.toml") -> Requirements:
    """Read the requirements of pins. `own` are the project's, which are only looked at for clashes."""
    rows, unusable = [], []
    for pin in pins:
        for line in pin.requirements:
            row = _read(line, str(pin.id))
            if row is None:
                unusable.append(f"{pin.id} asks for {line!r}, which is not a Python requirement (PEP 508)")
            else:
                rows.append(row)
    rows.sort(key=lambda row: (row.name, row.asker, row.text))
    mine = [row for line in own if (row := _read(line, own_asker)) is not None]
    return Requirements(rows=tuple(rows), clashes=tuple(_clashes([*mine, *rows])), unusable=tuple(unusable))


def merged(requirements: Requirements, own: Iterable[str] = ()) -> tuple[str, ...]:
    """The lines to add to those that a project has itself: each once, by name, as they are written."""
    seen = {_key(line) for line in own}
    return tuple(text for text in requirements.grouped if _key(text) not in seen)


def _read(line: str, asker: str) -> PythonRequirement | None:
    try:
        parsed = Parsed(line)
    except InvalidRequirement:
        return None
    return PythonRequirement(name=canonicalize_name(parsed.name), text=line, asker=asker, url=parsed.url)


def _key(line: str) -> str:
    """What two ways to write one requirement share."""
    try:
        parsed = Parsed(line)
    except InvalidRequirement:
        return line
    parsed.name = canonicalize_name(parsed.name)
    return str(parsed)


def _clashes(rows: Sequence[PythonRequirement]) -> Iterable[Clash]:
    by_name: dict[str, list[PythonRequirement]] = {}
    for row in rows:
        # Where one holds only somewhere, they may never meet: a resolver, which knows where, has to say.
        if Parsed(row.text).marker is None:
            by_name.setdefault(row.name, []).append(row)
    for name, sides in sorted(by_name.items()):
        parsed = [Parsed(side.text) for side in sides]
        urls = {req.url for req in parsed if req.url is not None}
        together = SpecifierSet(",".join(str(req.specifier) for req in parsed if req.url is None))
        if len(urls) > 1 or (not urls and unsatisfiable(together)):
            yield Clash(name=name, sides=tuple(sides))


def unsatisfiable(specifiers: SpecifierSet) -> bool:
    """Whether no version at all is in a set.

    Whether one is changes only at the versions that are named, so those, and one on each side of each, tell.
    """
    named = [text.removesuffix(".*") for specifier in specifiers for text in [specifier.version]]
    tried = {"0", "999999"}
    for text in named:
        try:
            version = Version(text)
        except InvalidVersion:  # ===, which is compared as text
            tried.add(text)
            continue
        tried |= {text, *_beside(version)}
    return not any(_holds(specifiers, text) for text in tried)


def _holds(specifiers: SpecifierSet, text: str) -> bool:
    try:
        return specifiers.contains(text, prereleases=True)
    except InvalidVersion:  # `packaging` before 26 does not compare what is no version
        return all(one.operator == "===" and one.version.lower() == text.lower() for one in specifiers)


def _beside(version: Version) -> Iterable[str]:
    """Versions next to one, on both sides: with other last parts, and with other releases."""
    epoch = f"{version.epoch}!" if version.epoch else ""
    release = epoch + ".".join(map(str, version.release))
    pre = f"{version.pre[0]}{version.pre[1]}" if version.pre else ""
    post = f".post{version.post}" if version.post is not None else ""
    yield from (f"{release}.dev0", f"{release}a0.dev0", f"{release}a0", f"{release}rc999999", f"{release}.0.1")
    yield from (f"{release}{pre}.dev0", f"{release}{pre}.dev999999", f"{release}{pre}.post0.dev0")
    yield from (f"{release}{pre}.post0", f"{release}{pre}{post}", f"{release}{pre}{post}.dev0")
    yield from (f"{release}{pre}{post}.dev{number}" for number in _around(version.dev))
    yield from (f"{release}{pre}.post{number}" for number in _around(version.post))
    yield from (f"{release}{version.pre[0]}{number}" for number in _around(version.pre[1])) if version.pre else ()
    for place, number in enumerate(version.release):
        for parts in ([number - 1, 999999] if number else [], [number + 1]):
            if parts:
                yield epoch + ".".join(map(str, [*version.release[:place], *parts]))


def _around(number: int | None) -> list[int]:
    return [] if number is None else [max(number - 1, 0), number + 1]
