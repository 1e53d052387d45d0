"""Where a project keeps its patches: `flow_patches/<owner>/<name>.patch`, committed with it."""

from __future__ import annotations

import os
from pathlib import Path

from flowverse._cache import write, writing
from flowverse.errors import InvalidModuleId
from flowverse.model import ModuleId

__all__ = ["ATTRIBUTES", "ATTRIBUTES_NAME", "PATCHES", "patch_name", "protect", "read_patches"]

PATCHES = "flow_patches"
ATTRIBUTES_NAME = ".gitattributes"
ATTRIBUTES = "# Line ends are a part of a patch: git is to leave them as they are.\n*.patch -text\n"


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


def protect(root: Path) -> None:
    """Keep git's `core.autocrlf` from the patches of a project, unless a person says there what git is to do."""
    attributes = root / PATCHES / ATTRIBUTES_NAME
    if not os.path.lexists(attributes):
        write(attributes, ATTRIBUTES.encode())
