"""Where modules arrived: a wheel, an sdist or an environment, as files with names and contents. Nothing is unpacked."""

from __future__ import annotations

import csv
import os
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Protocol

from flowverse._index import is_bytecode
from flowverse._ship.requirements import normalized
from flowverse.errors import TreeError, UsageError

__all__ = ["Arrived", "Sdist", "installed", "opened"]


class Arrived(Protocol):
    """The files of a distribution: by names with `/`, from the top of the wheel, or of the sdist's folder."""

    what: str
    is_editable: bool

    @property
    def odd(self) -> Sequence[str]:
        """What is wrong with names: they leave their place, or stand there twice."""

    def names(self) -> Iterable[str]:
        """The names of all files."""

    def below(self, folder: str) -> Iterable[str]:
        """The names of what is below a folder (with `/` at its end), but for what is there for another reason."""

    def read(self, name: str) -> bytes | None:
        """The content of a file, None if there is none."""


@contextmanager
def opened(path: Path) -> Iterator[Arrived]:
    """A wheel or an sdist. Raises `TreeError` for what cannot be read, also later."""
    try:
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                yield Wheel(path.name, wheel)
        else:
            with tarfile.open(path) as sdist:
                yield Sdist(path.name, sdist)
    except OSError as error:
        hint = "Name a wheel, an sdist, or an installed distribution."
        raise TreeError(str(path), (error.strerror or str(error)).lower(), hint=hint) from None
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
        why = f"is no archive that can be read ({error})"
        raise TreeError(str(path), why, hint="Build or fetch it again.") from None


def _odd(names: Iterable[str]) -> list[str]:
    counts = Counter(names)
    odd = [f"{name} is there {count} times" for name, count in counts.items() if count > 1]
    return odd + [
        f"{name} is no plain path"
        for name in counts
        if name.startswith("/") or "\\" in name or not {"", ".", ".."}.isdisjoint(name.split("/"))
    ]


class Wheel:
    """A wheel."""

    is_editable = False

    def __init__(self, what: str, archive: zipfile.ZipFile) -> None:
        self.what, self._archive = what, archive
        self._names = [info.filename for info in archive.infolist() if not info.is_dir()]
        self.odd = _odd(self._names)

    def names(self) -> Iterable[str]:
        """See `Arrived.names`."""
        return self._names

    def below(self, folder: str) -> Iterable[str]:
        """See `Arrived.below`; what an installer would put there belongs to it."""
        for name in self._names:
            top, _, rest = name.partition("/")
            inside = rest.partition("/")[2] if top.endswith(".data") else name
            if inside.startswith(folder) or inside == f"{folder[:-1]}.py":
                yield name

    def read(self, name: str) -> bytes | None:
        """See `Arrived.read`."""
        try:
            return self._archive.read(name)
        except KeyError:
            return None


class Sdist:
    """An sdist."""

    is_editable = False

    def __init__(self, what: str, archive: tarfile.TarFile) -> None:
        self.what, self._archive = what, archive
        members = [member for member in archive if not member.isdir()]
        self.odd = _odd(member.name for member in members)
        tops = {member.name.partition("/")[0] for member in members}
        if len(tops) > 1:
            self.odd.append(f"it has {len(tops)} folders at its top")
        self._members = {member.name.partition("/")[2]: member for member in members}

    def names(self) -> Iterable[str]:
        """See `Arrived.names`."""
        return self._members

    def below(self, folder: str) -> Iterable[str]:
        """See `Arrived.below`."""
        return [name for name in self._members if name.startswith(folder)]

    def read(self, name: str) -> bytes | None:
        """See `Arrived.read`. A link is no file of ours: whatever it leads to, it was not shipped."""
        member = self._members.get(name)
        file = self._archive.extractfile(member) if member is not None and member.isfile() else None
        return file.read() if file is not None else None


class Installed:
    """An installed distribution, beside others in one folder. Bytecode is nobody's concern there."""

    odd: Sequence[str] = ()

    def __init__(self, distribution: Distribution, others: Sequence[Distribution]) -> None:
        self._distribution, self._others = distribution, others
        self.what = f"{distribution.metadata['Name']} {distribution.version}"
        self.is_editable = '"editable":true' in (distribution.read_text("direct_url.json") or "").replace(" ", "")
        # Where its own metadata is, told from its place: a RECORD may be lost.
        self._info = Path(str(getattr(distribution, "_path", ""))).name

    def names(self) -> Iterable[str]:
        """See `Arrived.names`: those of its metadata."""
        return self._walk(self._info)

    def below(self, folder: str) -> Iterable[str]:
        """See `Arrived.below`; what another distribution says that it has put there is its own."""
        found = [name for name in self._walk(folder.rstrip("/")) if not is_bytecode(name)]
        if (shadow := f"{folder[:-1]}.py") and self.read(shadow) is not None:
            found.append(shadow)
        theirs = {name for other in self._others for name in _recorded(other)} - set(_recorded(self._distribution))
        return [name for name in found if name not in theirs]

    def _walk(self, folder: str) -> list[str]:
        place = Path(str(self._distribution.locate_file(folder)))
        found = []
        for parent, folders, files in os.walk(place):
            links = [name for name in folders if (Path(parent) / name).is_symlink()]
            here = Path(parent).relative_to(place).as_posix()
            found += [f"{folder}/{here}/{name}".replace("/./", "/") for name in (*files, *links)]
        return found

    def read(self, name: str) -> bytes | None:
        """See `Arrived.read`."""
        try:
            return Path(str(self._distribution.locate_file(name))).read_bytes()
        except OSError:
            return None


def _recorded(distribution: Distribution) -> list[str]:
    rows = csv.reader((distribution.read_text("RECORD") or "").splitlines())
    return [row[0] for row in rows if row]


def installed(name: str, path: Sequence[str] | None) -> Installed:
    """Find an installed distribution on `path` (default `sys.path`). Raises `UsageError` if there is none."""
    every = list(distributions() if path is None else distributions(path=list(path)))
    for distribution in every:
        if normalized(distribution.metadata["Name"] or "") == normalized(name):
            return Installed(distribution, [other for other in every if other is not distribution])
    raise UsageError(
        f"No distribution called {name!r} is installed here.",
        hint="Name the environment's Python with --python, or a wheel or an sdist by its path.",
    )
