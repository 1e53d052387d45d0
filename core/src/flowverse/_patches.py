"""Where a project keeps its patches: `flow_patches/<owner>/<name>.patch`, committed with it."""

from __future__ import annotations

from pathlib import Path

from flowverse._cache import writing
from flowverse.errors import InvalidModuleId
from flowverse.model import ModuleId

__all__ = ["PATCHES", "patch_name", "read_patches"]

PATCHES = "flow_patches"


def patch_name(id: ModuleId) -> str:
    """The path of a module's patch, relative to the project, with `/`."""
    return f"{PATCHES}/{id}.patch"


def read_patches(root: Path) -> dict[ModuleId, bytes]:
    """The text of every patch of a project. Raises `TreeError`; what has no module's name is passed over."""
    folder = root / PATCHES
    found = {}
    with writing(folder):
        for file in sorted(folder.glob("*/*.patch")) if folder.is_dir() else ():
            try:
                id = ModuleId.parse(f"{file.parent.name}/{file.name.removesuffix('.patch')}")
            except InvalidModuleId:
                continue
            found[id] = file.read_bytes()
    return found
