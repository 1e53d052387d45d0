"""What the metadata of a distribution says of its modules, read from the lock alone. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from flowverse._ship.requirements import merged, requirements_of
from flowverse._ship.selection import Selection, is_licence
from flowverse._ship.values import Metadata
from flowverse.manifest import Manifest
from flowverse.model import Pin

__all__ = ["metadata_of"]


def metadata_of(manifest: Manifest, pins: Sequence[Pin], own: Sequence[str]) -> Metadata:
    """Read it from pins. `own` are the Python requirements that the distribution has itself."""
    selection = Selection(manifest.build.exclude)
    asked = requirements_of(pins, own)
    files = ((pin, entry.path) for pin in pins for entry in selection.of(pin))
    direct = [f"{row.asker} asks for {row.text!r}: PyPI takes no such reference" for row in asked.rows if row.url]
    return Metadata(
        requirements=merged(asked, own),
        licenses=tuple(f"{manifest.modules_dir}/{pin.id.folder}/{path}" for pin, path in files if is_licence(path)),
        warnings=(*asked.unusable, *direct, *map(str, asked.clashes)),
    )
