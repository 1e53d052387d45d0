"""Under which licences the modules of a project are, and which of their files say so. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flowverse._ship.selection import is_licence
from flowverse.model import Pin

__all__ = ["LicenseRow", "licenses_of"]


@dataclass(frozen=True, kw_only=True)
class LicenseRow:
    """One module: the licence that it declares (None if it declares none), and its licence and notice files."""

    pin: Pin
    license: str | None
    files: tuple[str, ...]


def licenses_of(pins: Sequence[Pin]) -> tuple[LicenseRow, ...]:
    """Read it from pins; of a local module nothing is known."""
    return tuple(
        LicenseRow(
            pin=pin,
            license=pin.license,
            files=tuple(entry.path for entry in pin.files if is_licence(entry.path)),
        )
        for pin in pins
    )
