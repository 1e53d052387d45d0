"""What flow modules ask for of Python packages, as PDM needs it: lines, requirements, and words about both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from subprocess import CalledProcessError
from typing import TYPE_CHECKING

from flowverse import api, shipping
from flowverse._ship.requirements import PythonRequirement, Requirements, merged
from pdm.exceptions import CandidateNotFound, RequirementError
from pdm.models.requirements import Requirement, parse_requirement
from pdm.utils import normalize_name
from resolvelib.resolvers import ResolutionImpossible

from pdm_flowverse.terminal import show
from pdm_flowverse.work import plainly

if TYPE_CHECKING:
    from pdm.project import Project

_WAYS_OUT = """\
Take other revisions of these modules, or write what is to win over all in [tool.pdm.resolution.overrides]."""

__all__ = ["explain_failure", "lines_for", "parsed", "warn"]


def lines_for(project: Project, own: Iterable[str] = ()) -> tuple[str, ...]:
    """What the flow modules of a project ask for, each line once; not what `own` lines say already."""
    return merged(_asked(project), own)


def parsed(lines: Iterable[str]) -> list[Requirement]:
    """Lines as requirements of the default group."""
    found = []
    for line in lines:
        requirement = parse_requirement(line)
        requirement.groups = ["default"]
        found.append(requirement)
    return found


def warn(project: Project, own: Sequence[str]) -> None:
    """Say what cannot be had at the same time, before PDM finds out, and what it will not look at."""
    asked = _asked(project, own)
    told = [f"Python requirements clash: {clash}." for clash in asked.clashes]
    told += [f"{clause}; it is left out." for clause in asked.unusable]
    show(project.core.ui, [api.Line("warning", line) for line in told])


def explain_failure(project: Project, error: BaseException) -> None:
    """Where PDM could not resolve packages: say which of what it names flow modules asked for, and which did."""
    causes = [cause for cause in _chain(error) if _is_of_resolving(cause)]
    if not causes:
        return
    named = {name for cause in causes for name in _names(cause)}
    rows = _asked(project).rows
    concerned = [row for row in rows if row.name in named] if named else rows
    if concerned:
        lines = [f"  {row.text} ({row.asker})" for row in concerned]
        told = [api.Line("error", line) for line in ("Flow modules ask for Python packages too:", *lines)]
        show(project.core.ui, [*told, api.Line("hint", _WAYS_OUT)])


def _asked(project: Project, own: Sequence[str] = ()) -> Requirements:
    """What is locked. PDM leaves out what a project asks of itself, so that is left out of what modules ask for too."""
    with plainly(project.core.ui):
        asked = shipping.python_requirements(project.root, own=own)
    itself = normalize_name(project.name) if project.name else None
    rows, unusable = [], list(asked.unusable)
    for row in asked.rows:
        if row.name == itself:
            continue
        if _is_for_pdm(row):
            rows.append(row)
        else:
            unusable.append(f"{row.asker} asks for {row.text!r}, which PDM cannot read")
    return Requirements(rows=tuple(rows), clashes=asked.clashes, unusable=tuple(unusable))


def _is_for_pdm(row: PythonRequirement) -> bool:
    try:
        parse_requirement(row.text)
    except RequirementError:
        return False
    return True


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those it was raised for: PDM ends with a SystemExit, and suppresses what it stems from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_of_resolving(error: BaseException) -> bool:
    if isinstance(error, CalledProcessError):  # uv has said what is wrong
        return "lock" in [str(word) for word in error.cmd]
    return isinstance(error, (ResolutionImpossible, CandidateNotFound))


def _names(error: BaseException) -> Iterator[str]:
    """The packages that it is about, where it can be known."""
    if isinstance(error, CandidateNotFound):  # a sentence with the name in it
        yield from (normalize_name(word.strip(".")) for word in str(error).split())
    causes = getattr(error, "causes", ())
    for cause in causes if isinstance(causes, list) else ():  # PDM raises it anew, with a sentence for causes
        if (key := cause.requirement.key) is not None:
            yield key
