"""What is said of what leaves a project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flowverse._render.lines import Line, count, document, table

if TYPE_CHECKING:
    from flowverse._ship.licenses import LicenseRow
    from flowverse._ship.requirements import Requirements
    from flowverse._ship.verify import Verified

__all__ = [
    "licenses_document",
    "render_licenses",
    "render_requirements",
    "render_verified",
    "requirements_document",
    "verified_document",
]


def render_licenses(rows: Sequence[LicenseRow]) -> list[Line]:
    """Every module with its licence and its licence files, and a count of each licence."""
    lines = table(
        [
            (
                "note" if row.license else "kept",
                (row.pin.brief, row.license or "unknown", ", ".join(row.files) or "no licence file"),
            )
            for row in rows
        ]
    )
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.license or "unknown"] = counts.get(row.license or "unknown", 0) + 1
    told = ", ".join(f"{number:,} {license}" for license, number in sorted(counts.items()))
    return [*lines, Line("summary", f"{count(len(rows), 'flow module')}" + (f": {told}" if told else ""))]


def licenses_document(rows: Sequence[LicenseRow]) -> str:
    """The same for other programs."""
    modules = [
        {
            "id": str(row.pin.id),
            "revision": row.pin.revision or None,
            "commit": row.pin.commit or None,
            "path": row.pin.path,
            "license": row.license,
            "files": sorted(row.files),
        }
        for row in rows
    ]
    return document("licenses", 1, {"modules": modules})


def render_requirements(requirements: Requirements) -> list[Line]:
    """Every Python requirement with who asks for it, then what cannot be had at the same time."""
    askers = requirements.grouped
    lines = table([("note", (text, ", ".join(who))) for text, who in askers.items()])
    lines += [Line("warning", text) for text in requirements.unusable]
    lines += [Line("warning", str(clash)) for clash in requirements.clashes]
    clashes = f", {count(len(requirements.clashes), 'conflict')}" if requirements.clashes else ""
    return [*lines, Line("summary", f"{count(len(askers), 'Python requirement')} of flow modules{clashes}")]


def requirements_document(requirements: Requirements) -> str:
    """The same for other programs."""
    names = {row.text: row.name for row in requirements.rows}
    return document(
        "requirements",
        1,
        {
            "requirements": [
                {"name": names[text], "requirement": text, "asked_by": sorted(who)}
                for text, who in requirements.grouped.items()
            ],
            "conflicts": [
                {
                    "name": clash.name,
                    "sides": [{"requirement": side.text, "asked_by": side.asker} for side in clash.sides],
                }
                for clash in requirements.clashes
            ],
            "unusable": sorted(requirements.unusable),
        },
    )


def verified_document(verified: Verified) -> str:
    """The same for other programs."""
    body = {"target": verified.what, "against": verified.against, "modules": verified.modules, "files": verified.files}
    return document("verify", 1, body)


def render_verified(verified: Verified) -> list[Line]:
    """What was checked, and against what."""
    told = f"{count(verified.modules, 'flow module')}, {count(verified.files, 'file')}, as in its {verified.against}"
    return [Line("summary", f"{verified.what} is as it was shipped: {told}")]
