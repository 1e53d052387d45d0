"""What modules were synced with and neither the Hub nor its cache has: patched files, by their sha256."""

from __future__ import annotations

from pathlib import Path

from flowverse._cache import writing
from flowverse._digest import sha256
from flowverse._index import Index

__all__ = ["Contents"]


class Contents:
    """The contents that are kept in a tree's private folder. Whoever writes must hold the tree's lock."""

    def __init__(self, private: Path) -> None:
        self._private, self._root = private, private / "contents"

    def keep(self, content: bytes) -> None:
        """Keep some bytes."""
        place = self._root / sha256(content)
        with writing(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._private / "content.tmp"
            fresh.write_bytes(content)
            fresh.replace(place)

    def kept(self, digest: str) -> bytes | None:
        """What was kept under a sha256, None if nothing is (or not that)."""
        try:
            content = (self._root / digest).read_bytes()
        except OSError:
            return None
        return content if sha256(content) == digest else None

    def drop(self, index: Index, backups: Path) -> None:
        """Remove what no module is compared with any more. Raises `OSError`."""
        if self._root.is_dir():
            needed = {seen.base for record in index.modules.values() for seen in record.files.values()}
            left = [file for file in self._root.iterdir() if file.name not in needed]
            # A module that is brought back from a backup is compared and merged with what it was synced with.
            said = "".join(path.read_text(encoding="utf-8") for path in backups.glob("*/*/*.json") if left)
            for file in left:
                if file.name not in said:
                    file.unlink(missing_ok=True)
