"""Whether the flow modules in an archive or an environment are those that were shipped: against its own record of them.

A wheel, and what is installed from it, has its bill of materials; an sdist has the lock. Bytecode is nobody's concern.
"""

from __future__ import annotations

import csv
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Protocol

from packaging.utils import canonicalize_name

from flowverse._digest import sha256
from flowverse._index import is_bytecode
from flowverse._project import MANIFEST_NAME, parse_lock, parse_toml
from flowverse._ship.bom import BOM_NAME, read_bom
from flowverse._ship.selection import Selection
from flowverse.errors import NotVerified, TreeError, UsageError
from flowverse.lock import LOCK_NAME
from flowverse.manifest import parse_manifest
from flowverse.model import MODULE_ID_FILE

__all__ = ["Verified", "verify"]


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was found to be as it was shipped: in which distribution or archive, and against what."""

    what: str
    against: str
    modules: int
    files: int


class _Files(Protocol):
    """The files of a distribution: names with `/` from the top of the wheel or the sdist's folder, and contents."""

    what: str

    def names(self) -> Iterable[str]: ...

    def read(self, name: str) -> bytes | None: ...


@dataclass(frozen=True, kw_only=True)
class _Record:
    """What was shipped: the sha256 of every file by name, and the folders that hold modules, with `/` at the end.

    An sdist has no record of what is generated: whoever builds a wheel from it makes that anew.
    """

    against: str
    files: dict[str, str]
    folders: tuple[str, ...]


def verify(target: str, path: Sequence[str] | None = None) -> Verified:
    """Check a wheel, an sdist, or the installed distribution of that name, found on `path` (default `sys.path`).

    Raises `NotVerified` with every difference, `UsageError` for what holds no flow modules or cannot be found, and
    `TreeError` for what cannot be read.
    """
    if target.endswith((".whl", ".tar.gz")):
        with _opened(Path(target)) as files:
            return _verified(files)
    return _verified(_Installed(_distribution(target, path)))


def _verified(files: _Files) -> Verified:
    record = _recorded_lock(files) if isinstance(files, _Sdist) else _recorded_bom(files)
    differences: list[str] = []
    for name, digest in record.files.items():
        content = files.read(name)
        if content is None:
            differences.append(f"{name} is missing")
        elif sha256(content) != digest:
            differences.append(f"{name} was changed")
    inside = (name for name in files.names() if name.startswith(record.folders) and not is_bytecode(name))
    known = {*record.files, *(f"{folder}{MODULE_ID_FILE}" for folder in record.folders)}
    differences += [f"{name} was added" for name in inside if name not in known]
    if differences:
        raise NotVerified(files.what, sorted(differences))
    return Verified(
        what=files.what, against=record.against, modules=len(record.folders), files=len(record.files)
    )  # fmt: skip


# --- what was shipped ------------------------------------------------------------------------------------------------


def _recorded_bom(files: _Files) -> _Record:
    names = [name for name in files.names() if name.endswith(f".dist-info/sboms/{BOM_NAME}")]
    content = files.read(names[0]) if len(names) == 1 else None
    if content is None:
        raise UsageError(
            f"{files.what} says of no flow modules that it ships them.",
            hint=f"Wheels that were built with flow modules hold sboms/{BOM_NAME} in their .dist-info.",
        )
    try:
        modules, generated = read_bom(content.decode())
    except ValueError:  # also what is no UTF-8
        raise NotVerified(files.what, [f"{names[0]} is not the list of modules that flowverse wrote"]) from None
    every = [*generated, *(file for module in modules for file in module.files)]
    folders = tuple(f"{module.import_name.replace('.', '/')}/" for module in modules)
    return _Record(against="SBOM", files={file.path: file.sha256 for file in every}, folders=folders)


def _recorded_lock(files: _Files) -> _Record:
    content, pyproject = files.read(LOCK_NAME), files.read(MANIFEST_NAME)
    lock = parse_lock(content)
    if lock is None or pyproject is None or not lock.pins:
        raise UsageError(f"{files.what} holds no {LOCK_NAME} with modules.", hint="Was it built with flow modules?")
    document = parse_toml(pyproject, Path(files.what))
    manifest = parse_manifest(document, is_folder=lambda _: False)
    selection, tree = Selection(manifest.build.exclude), manifest.modules_dir
    digests = {f"{pin.id.folder}/{entry.path}": entry.sha256 for pin in lock.pins for entry in selection.of(pin)}
    return _Record(
        against="lock",
        files={f"{tree}/{path}": digest for path, digest in digests.items()},
        folders=tuple(f"{tree}/{pin.id.folder}/" for pin in lock.pins),
    )


# --- where it is -----------------------------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path) -> Iterator[_Files]:
    try:
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                yield _Wheel(path.name, wheel)
        else:
            with tarfile.open(path) as sdist:
                yield _Sdist(path.name, sdist)
    except OSError as error:
        hint = "Name a wheel, an sdist, or an installed distribution."
        raise TreeError(str(path), (error.strerror or str(error)).lower(), hint=hint) from None
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
        why = f"is no archive that can be read ({error})"
        raise TreeError(str(path), why, hint="Build or fetch it again.") from None


class _Wheel:
    def __init__(self, what: str, archive: zipfile.ZipFile) -> None:
        self.what, self._archive = what, archive

    def names(self) -> Iterable[str]:
        return [name for name in self._archive.namelist() if not name.endswith("/")]

    def read(self, name: str) -> bytes | None:
        try:
            return self._archive.read(name)
        except KeyError:
            return None


class _Sdist:
    def __init__(self, what: str, archive: tarfile.TarFile) -> None:
        self.what, self._archive = what, archive
        # A link is no file of ours: whatever it leads to, it was not shipped.
        self._members = {member.name.partition("/")[2]: member for member in archive if not member.isdir()}

    def names(self) -> Iterable[str]:
        return self._members

    def read(self, name: str) -> bytes | None:
        member = self._members.get(name)
        file = self._archive.extractfile(member) if member is not None and member.isfile() else None
        return file.read() if file is not None else None


class _Installed:
    """An installed distribution, with what lies in its modules' folders, whoever put it there."""

    def __init__(self, distribution: Distribution) -> None:
        self._distribution = distribution
        self.what = f"{distribution.metadata['Name']} {distribution.version}"

    def names(self) -> Iterable[str]:
        listed = self._distribution.read_text("RECORD") or ""
        names = {row[0] for row in csv.reader(listed.splitlines()) if row}
        for folder in {name.rpartition("/")[0] for name in names if name.endswith(f"/{MODULE_ID_FILE}")}:
            place = Path(str(self._distribution.locate_file(folder)))
            names.update(
                f"{folder}/{path.relative_to(place).as_posix()}" for path in place.rglob("*") if path.is_file()
            )
        return names

    def read(self, name: str) -> bytes | None:
        try:
            return Path(str(self._distribution.locate_file(name))).read_bytes()
        except OSError:
            return None


def _distribution(name: str, path: Sequence[str] | None) -> Distribution:
    found = distributions() if path is None else distributions(path=list(path))
    for distribution in found:
        if canonicalize_name(distribution.metadata["Name"] or "") == canonicalize_name(name):
            return distribution
    raise UsageError(
        f"No distribution called {name!r} is installed here.",
        hint="Name the environment's Python with --python, or a wheel or an sdist by its path.",
    )
