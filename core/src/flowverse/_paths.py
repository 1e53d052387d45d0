"""Which paths of a repository may be written: one rule, asked when a listing or a lock is read and again when writing.

The rule is the strictest of the systems that a project is shared between, so that a lock made on one is good on all:
Windows' device names, trailing dots and drive letters, file systems that fold case or normalise Unicode, git's folder.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from flowverse.errors import UnsafeContent
from flowverse.model import ModuleId

__all__ = ["check_paths", "unsafe"]

_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"}
_DEVICES |= {f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789\u00b9\u00b2\u00b3"}
_LONGEST_NAME = 255
_LONGEST_PATH = 1024


@lru_cache(maxsize=4096)  # modules have the same names over and over
def unsafe(path: str) -> str | None:
    """Why a repository path (with `/`) must not be written, as a clause; None if it may be."""
    if not path or len(path) > _LONGEST_PATH:
        return "has no length that a file system takes"
    if path.startswith("/"):
        return "leaves the module's folder"
    for part in path.split("/"):
        reason = _unsafe_name(part)
        if reason is not None:
            return reason
    return None


def _unsafe_name(name: str) -> str | None:
    if name in {"", ".", ".."}:
        return "leaves the module's folder"
    if "\\" in name or ":" in name:
        return "has a backslash or a colon, which leave the module's folder on Windows"
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in name):
        return "has a character that cannot be printed"
    if name[-1] in ". ":
        return "has a name that ends with a dot or a space, which Windows drops"
    if name.partition(".")[0].rstrip().casefold() in _DEVICES:
        return "has the name of a device on Windows"
    if name.casefold() == ".git":
        return "is in a .git folder"
    if len(name.encode("utf-8", "surrogatepass")) > _LONGEST_NAME:
        return "has a name that is too long"
    return None


@lru_cache(maxsize=4096)
def fold(path: str) -> str:
    """The form under which two paths are one on some file system (NFC, and case folded)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def check_paths(id: ModuleId, paths: Iterable[str]) -> None:
    """Raise `UnsafeContent` for the first path, in sorted order, that must not be written beside the others."""
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in sorted(paths):
        why = unsafe(path)
        if why is not None:
            raise UnsafeContent(id, path, why)
        parents = path.split("/")[:-1]
        for depth in range(1, len(parents) + 1):
            folder = "/".join(parents[:depth])
            other = folders.setdefault(fold(folder), folder)
            if other != folder:
                raise UnsafeContent(id, path, f"is in a folder that is {other!r} where case is ignored")
        key = fold(path)
        if files.get(key) == path:
            raise UnsafeContent(id, path, "is listed twice")
        other = files.setdefault(key, path)
        if other != path or key in folders:
            raise UnsafeContent(id, path, f"is {other!r} where case is ignored")
    for key, folder in folders.items():
        if key in files:
            raise UnsafeContent(id, files[key], f"is the folder {folder!r} as well")
