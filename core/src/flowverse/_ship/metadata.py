"""What the metadata of a distribution says of its modules, read from the lock alone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flowverse._ship.selection import Selection, is_licence
from flowverse._ship.values import Metadata
from flowverse.manifest import Manifest
from flowverse.model import Pin

__all__ = ["metadata_of"]


def metadata_of(manifest: Manifest, pins: Sequence[Pin], own: Sequence[str]) -> Metadata:
    """Read it from pins. `own` are the Python requirements that the distribution has itself."""
    selection = Selection(manifest.build.exclude)
    licences = [(pin, entry.path) for pin in pins for entry in pin.files if is_licence(entry.path)]
    found = Metadata(
        licenses=tuple(
            f"{manifest.modules_dir}/{pin.id.folder}/{path}" for pin, path in licences if selection.takes(pin, path)
        )
    )
    if not any(pin.requirements for pin in pins):
        return found
    from flowverse._ship.requirements import merged, requirements_of

    asked = requirements_of(pins, own)
    direct = [f"{row.asker} asks for {row.text!r}: PyPI takes no such reference" for row in asked.rows if row.url]
    return replace(
        found, requirements=merged(asked, own), warnings=(*asked.unusable, *direct, *map(str, asked.clashes))
    )
