"""What is said of what leaves a project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flowverse._render.lines import Line, count, table

if TYPE_CHECKING:
    from flowverse._ship.licenses import LicenseRow
    from flowverse._ship.requirements import Requirements
    from flowverse._ship.verify import Verified

__all__ = ["render_licenses", "render_requirements", "render_verified"]


def render_licenses(rows: Sequence[LicenseRow]) -> list[Line]:
    """Every module with its licence and its licence files, and a count of each licence."""
    lines = table(
        [
            (
                "note" if row.license else "kept",
                (row.label, row.license or "unknown", ", ".join(row.files) or "no licence file"),
            )
            for row in rows
        ]
    )
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.license or "unknown"] = counts.get(row.license or "unknown", 0) + 1
    told = ", ".join(f"{number:,} {license}" for license, number in sorted(counts.items()))
    return [*lines, Line("summary", f"{count(len(rows), 'flow module')}" + (f": {told}" if told else ""))]


def render_requirements(requirements: Requirements) -> list[Line]:
    """Every Python requirement with who asks for it, then what cannot be had at the same time."""
    askers = requirements.grouped
    lines = table([("note", (text, ", ".join(who))) for text, who in askers.items()])
    lines += [Line("warning", text) for text in requirements.unusable]
    lines += [Line("warning", str(clash)) for clash in requirements.clashes]
    clashes = f", {count(len(requirements.clashes), 'conflict')}" if requirements.clashes else ""
    return [*lines, Line("summary", f"{count(len(askers), 'Python requirement')} of flow modules{clashes}")]


def render_verified(verified: Verified) -> list[Line]:
    """What was checked, and against what."""
    told = f"{count(verified.modules, 'flow module')}, {count(verified.files, 'file')}, as in its {verified.against}"
    return [Line("summary", f"{verified.what} is as it was shipped: {told}")]
