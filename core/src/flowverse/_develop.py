"""Modules that this machine alone takes from a folder, whatever is locked: `flow_modules/.flowverse/develop.json`.

The tree is never committed, so nobody else hears of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from flowverse._cache import writing
from flowverse.errors import InvalidModuleId
from flowverse.model import ModuleId

__all__ = ["read_developed", "write_developed"]

_NAME = ".flowverse/develop.json"


def read_developed(tree: Path) -> dict[ModuleId, str]:
    """The path of every such module, relative to the project; none where nothing can be read."""
    try:
        content = (tree / _NAME).read_bytes()
    except OSError:
        return {}
    import json  # few have such a file, and everybody looks for it

    try:
        document = json.loads(content)
        return {ModuleId.parse(id): path for id, path in document.items() if isinstance(path, str)}
    except (ValueError, AttributeError, RecursionError, InvalidModuleId):
        return {}


def write_developed(tree: Path, developed: Mapping[ModuleId, str]) -> None:
    """Write them, or nothing where there are none. Raises `TreeError`."""
    import json

    place = tree / _NAME
    with writing(place):
        if not developed:
            place.unlink(missing_ok=True)
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_suffix(".tmp")
        fresh.write_text(json.dumps({str(id): path for id, path in sorted(developed.items())}), encoding="utf-8")
        fresh.replace(place)
