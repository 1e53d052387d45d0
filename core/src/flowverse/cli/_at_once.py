"""The answer of `flowverse sync` where nothing is to do, before click, rich and the engine are imported.

It is the commonest call by far, in hooks and in scripts. What is asked for in any other way than the plainest, and
what a terminal needs that is not like most, is left to `_commands`, which says the same.
"""

import os
import sys

__all__ = ["answered", "nearest_project"]

_PLAIN = {"--locked", "--frozen", "--offline"}
_QUIET = {"-q", "--quiet"}
_SCREEN = ("NO_COLOR", "COLUMNS")
_NO_SCREEN = ("", "dumb", "unknown")
_YES_OR_NO = {"0", "1"}
_MODES = {"FLOWVERSE_LOCKED", "FLOWVERSE_FROZEN", "FLOWVERSE_OFFLINE"}


def answered(arguments: list[str]) -> bool:
    """Whether the command line was carried out: nothing was to be done, and that is said."""
    flags = set(arguments[1:])
    if arguments[:1] != ["sync"] or not flags <= _PLAIN | _QUIET or len(flags & _PLAIN) > 1 or not _usual():
        return False
    from flowverse._glance import known  # also where hosts get it
    from flowverse._render.words import in_sync

    try:
        root = nearest_project(os.getcwd())
    except OSError:
        return False
    found = known(root) if root is not None else None
    return found is not None and (bool(flags & _QUIET) or _said(in_sync(found[0])))


def _usual() -> bool:
    """Whether the environment says nothing that has to be understood, or refused."""
    ours = {name: value for name, value in os.environ.items() if name.startswith("FLOWVERSE_") and value}
    ours.pop("FLOWVERSE_GUARD", None)
    if not ours.keys() <= _MODES or not set(ours.values()) <= _YES_OR_NO:
        return False
    return (os.environ.get("HF_ENDPOINT") or "http://").startswith(("http://", "https://"))


def nearest_project(folder: str) -> str | None:
    """The nearest folder upwards, from this one on, that has a pyproject.toml."""
    while not os.path.isfile(f"{folder}/pyproject.toml"):
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            return None
    return folder


def _said(text: str) -> bool:
    """Print a summary as `_terminal` would, and answer whether that is all there is to it."""
    out = sys.stdout
    if out is None:  # closed from the start; mypy does not know of it
        return False
    try:
        if os.environ.get("FORCE_COLOR"):
            return False
        if out.isatty():
            if any(name in os.environ for name in _SCREEN):
                return False
            narrow = os.get_terminal_size(out.fileno()).columns <= len(text)
            if narrow or os.name == "nt" or os.environ.get("TERM", "") in _NO_SCREEN:
                return False
            text = f"\033[1m{text}\033[0m"
        out.write(f"{text}\n")
        out.flush()
    except (OSError, ValueError):
        return False  # it is said again, and so is what is wrong with it
    return True
