"""Patches put in force and ended: their files, and what a module counts as edited against."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from flowverse._cache import write, writing
from flowverse._index import Record, base_of, look
from flowverse._linking import is_link
from flowverse._patches import ATTRIBUTES, ATTRIBUTES_NAME, patch_name, protect
from flowverse._tree import Tree
from flowverse.model import ModuleId, Pin

__all__ = ["rebase", "write_patches"]


def rebase(tree: Tree, pin: Pin) -> bool:
    """Have a module count as synced from `pin`, and every difference as an edit. Call it inside `Tree.locked`.

    False, and nothing done, where the tree has it from another commit, or not as a folder.
    """
    place, record = tree.place(pin.id), tree.load().modules.get(pin.id)
    if record is None or record.commit != pin.commit or is_link(place) or not place.is_dir():
        return False
    files = look(str(place), base_of(pin), record.files)
    tree.rewrite(replace(Record.of(pin, files), conflicts=record.conflicts))
    return True


def write_patches(root: Path, tree: Tree, patches: Mapping[ModuleId, bytes | None]) -> tuple[tuple[ModuleId, str], ...]:
    """Write patches, and move those that are at their end (None) to the backups, whose places are answered.

    Raises `TreeError`.
    """
    backups = []
    for id, text in sorted(patches.items()):
        place = root / patch_name(id)
        with writing(place):
            if place.is_file():
                aside = tree.keep_copy(place, patch_name(id))
                backups.append((id, os.path.relpath(aside, root)))
            if text is None:
                _unprotect(place.parent.parent, place)
                place.unlink(missing_ok=True)
                for folder in (place.parent, place.parent.parent):
                    with suppress(OSError):
                        folder.rmdir()
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                write(place, text)
                protect(root)
    return tuple(backups)


def _unprotect(folder: Path, last: Path) -> None:
    """Take away what `protect` wrote when the last patch goes, and before it does: none is left alone."""
    attributes = folder / ATTRIBUTES_NAME
    with suppress(OSError):
        if [file for file in folder.glob("*/*") if file != last]:
            return
        if attributes.read_bytes().replace(b"\r\n", b"\n") == ATTRIBUTES.encode():
            attributes.unlink()
