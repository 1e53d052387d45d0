"""Which files of a module an archive holds: all that are pinned, but for what the project leaves out. Pure."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence

from pathspec import GitIgnoreSpec

from flowverse._index import is_bytecode
from flowverse.errors import InvalidManifest
from flowverse.model import FileEntry, Pin

__all__ = ["Selection", "is_licence"]

_LICENCE = re.compile(r"(?:^|[-_. ])(?:un)?(?:licen[cs]e|copying|copyright|notice|authors)", re.IGNORECASE)
_FOLDERS = ("licences", "licenses")
_README = re.compile(r"readme(?:\..*)?", re.IGNORECASE)
_NO_PROSE = (".cfg", ".ini", ".ipynb", ".json", ".py", ".pyi", ".toml", ".yaml", ".yml")


def is_licence(path: str) -> bool:
    """Whether a file holds a licence, a notice or the names of authors, which have to go where the code goes.

    The names begin, after a dash if need be, as those that build backends look for do
    (https://peps.python.org/pep-0639/), in any case and in any folder; so does everything in a `licenses` folder
    (https://reuse.software).
    """
    *folders, name = path.split("/")
    if name.lower().endswith(_NO_PROSE):
        return False
    return _LICENCE.search(name) is not None or any(folder.lower() in _FOLDERS for folder in folders)


class Selection:
    """Chooses by the patterns of `[tool.flowverse.build] exclude`."""

    def __init__(self, exclude: Sequence[str]) -> None:
        """Take patterns in the words of gitignore, relative to the tree. Raises `InvalidManifest`."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # of regular expressions that nobody here wrote
                self._spec = GitIgnoreSpec.from_lines(exclude)
        except (ValueError, re.error) as error:
            why = str(error).rstrip(".")
            raise InvalidManifest([("tool.flowverse.build.exclude", f"holds what is no pattern: {why}")]) from None

    def takes(self, pin: Pin, path: str) -> bool:
        """Whether a file of a module is shipped. Licences, notices and READMEs always are; bytecode never is."""
        if is_bytecode(path):
            return False
        if not self._spec:
            return True
        kept = is_licence(path) or _README.fullmatch(path.rpartition("/")[2]) is not None
        return kept or not self._spec.match_file(f"{pin.id.folder}/{path}")

    def of(self, pin: Pin) -> tuple[FileEntry, ...]:
        """The files of a module that are shipped."""
        return tuple(entry for entry in pin.files if self.takes(pin, entry.path))
