"""Whether the flow modules that arrived are those that were shipped: against the record that came with them.

A wheel, and what is installed from it, has its bill of materials; an sdist has the lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flowverse._digest import sha256
from flowverse._edits.patch import parse_patch, patched_pin
from flowverse._guard import tree_sources
from flowverse._patches import patch_name
from flowverse._project import MANIFEST_NAME, parse_lock, parse_toml
from flowverse._ship.arrived import Arrived, Sdist, installed, opened
from flowverse._ship.bom import BOM_NAME, read_bom
from flowverse._ship.selection import Selection, is_licence
from flowverse.errors import BrokenLock, BrokenPatch, InvalidManifest, NoProject, NotVerified, UsageError
from flowverse.lock import LOCK_NAME
from flowverse.manifest import parse_manifest
from flowverse.model import MODULE_ID_FILE, Pin

__all__ = ["Verified", "verify"]


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was found to be as it was shipped: in which distribution or archive, and against what."""

    what: str
    against: str
    modules: int
    files: int


@dataclass(frozen=True, kw_only=True)
class _Record:
    """What was shipped.

    `files` is the sha256 of every file by name, `base` the folder with the modules, with `/` at its end. `licenses` is
    the same for the copies in the metadata, by how their names end. `made` are names of files that are made anew for
    every archive, so that nobody relies on what is in them.
    """

    against: str
    modules: int
    files: dict[str, str]
    base: str
    licenses: dict[str, str] = field(default_factory=dict)
    made: frozenset[str] = frozenset()


def verify(target: str, path: Sequence[str] | None = None) -> Verified:
    """Check a wheel, an sdist, or the installed distribution of that name, found on `path` (default `sys.path`).

    Raises `NotVerified` with every difference, `UsageError` for what holds no flow modules or cannot be found, and
    `TreeError` for what cannot be read.
    """
    if target.endswith((".whl", ".tar.gz")):
        with opened(Path(target)) as files:
            return _verified(files)
    return _verified(installed(target, path))


def _verified(files: Arrived) -> Verified:
    record = _recorded_lock(files) if isinstance(files, Sdist) else _recorded_bom(files)
    differences = list(files.odd)
    for name, digest in record.files.items():
        differences += _compared(files, name, digest)
    known = record.files.keys() | record.made
    differences += [f"{name} was added" for name in files.below(record.base) if name not in known]
    names = list(files.names()) if record.licenses else []
    for end, digest in record.licenses.items():
        found = [name for name in names if ".dist-info/licenses/" in name and name.endswith(f"/{end}")]
        differences += [line for name in found for line in _compared(files, name, digest)]
        differences += [] if found else [f"{end} is missing among the licences"]
    if differences:
        raise NotVerified(files.what, sorted(set(differences)))
    return Verified(what=files.what, against=record.against, modules=record.modules, files=len(record.files))


def _compared(files: Arrived, name: str, digest: str) -> list[str]:
    content = files.read(name)
    if content is None:
        return [f"{name} is missing"]
    return [] if sha256(content) == digest else [f"{name} was changed"]


def _recorded_bom(files: Arrived) -> _Record:
    names = [name for name in files.names() if name.endswith(f".dist-info/sboms/{BOM_NAME}")]
    if not names and files.is_editable:
        raise UsageError(
            f"{files.what} is installed for editing: its flow modules are in the project.",
            hint="Run `flowverse status` there.",
        )
    if not names:
        raise UsageError(
            f"{files.what} says of no flow modules that it ships them.",
            hint=f"Wheels that were built with flow modules hold sboms/{BOM_NAME} in their .dist-info.",
        )
    try:
        modules, generated = read_bom((files.read(names[0]) or b"").decode())
        (base,) = {module.import_name.rsplit(".", 2)[0].replace(".", "/") + "/" for module in modules}
    except ValueError:  # also what is no UTF-8, or has no modules
        raise NotVerified(files.what, [f"{names[0]} is not the list of modules that flowverse wrote"]) from None
    every = [*generated, *(file for module in modules for file in module.files)]
    shipped = [file for module in modules for file in module.files if is_licence(file.path)]
    return _Record(
        against="SBOM",
        modules=len(modules),
        files={file.path: file.sha256 for file in every},
        base=base,
        licenses={file.path.removeprefix(base): file.pinned for file in shipped},
    )


def _with_patch(files: Sdist, pin: Pin) -> Pin:
    """A pin as the sdist has to hold it. Raises `NotVerified` where its patch is not the one that is locked."""
    if not pin.patch:
        return pin
    text = files.read(patch_name(pin.id))
    if text is None or sha256(text) != pin.patch:
        how = "is missing" if text is None else "was changed"
        raise NotVerified(files.what, [f"{patch_name(pin.id)} {how}"])
    try:
        return patched_pin(pin, parse_patch(pin.id, text))
    except BrokenPatch as error:
        raise NotVerified(files.what, [str(error)]) from None


def _recorded_lock(files: Sdist) -> _Record:
    content, pyproject = files.read(LOCK_NAME), files.read(MANIFEST_NAME)
    try:
        lock = parse_lock(content)
        manifest = parse_manifest(parse_toml(pyproject or b"", Path(files.what)), is_folder=lambda _: False)
    except (BrokenLock, InvalidManifest, NoProject) as error:
        raise NotVerified(files.what, [f"what it says of its modules cannot be read: {error}"]) from None
    if lock is None or not lock.pins:
        raise UsageError(f"{files.what} holds no {LOCK_NAME} with modules.", hint="Was it built with flow modules?")
    pins = [_with_patch(files, pin) for pin in lock.pins]
    selection, tree = Selection(manifest.build.exclude), f"{manifest.modules_dir}/"
    digests = {f"{pin.id.folder}/{entry.path}": entry.sha256 for pin in pins for entry in selection.of(pin)}
    digests_of_patches = {patch_name(pin.id): pin.patch for pin in pins if pin.patch}
    made = [
        *tree_sources({pin.id.package for pin in lock.pins}),
        *(f"{p.id.folder}/{MODULE_ID_FILE}" for p in lock.pins),
    ]
    return _Record(
        against="lock",
        modules=len(lock.pins),
        files={**{f"{tree}{path}": digest for path, digest in digests.items()}, **digests_of_patches},
        base=tree,
        made=frozenset(f"{tree}{path}" for path in made),
    )
