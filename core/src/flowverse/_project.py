"""A project's two files: `pyproject.toml` and `flowverse.lock`, read as values, written without losing a comment."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli

from flowverse import __version__
from flowverse._cache import write, writing
from flowverse._develop import read_developed
from flowverse._editing import with_entries
from flowverse._local import expanded
from flowverse._meant import unquoted_id
from flowverse._patches import read_patches
from flowverse._toml import quote
from flowverse.errors import BrokenLock, BrokenPatch, NoProject, UsageError
from flowverse.lock import LOCK_NAME, Lock, dump_lock, load_lock, parse_text
from flowverse.manifest import Manifest, parse_manifest
from flowverse.model import ModuleId, Requirement

if TYPE_CHECKING:
    from flowverse._edits.patch import Patch

__all__ = ["MANIFEST_NAME", "Outdated", "Project"]

MANIFEST_NAME = "pyproject.toml"


_ONE_SIDE = (
    "Take either side of it, such as with `git checkout --ours flowverse.lock`, and run `flowverse sync`, "
    "which brings it up to date with pyproject.toml and the patches."
)


class Outdated(Exception):
    """What was read of a project is not what is there any more: whoever meets it begins again."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """A folder with a manifest, and perhaps a lock. Read once; what is written is not read back.

    `patch_texts` are its patches, `developed` the paths of the modules that this machine alone takes from there.
    """

    root: Path
    manifest: Manifest
    lock_bytes: bytes | None
    manifest_bytes: bytes | None = None
    pending: bytes | None = None
    """What `pyproject.toml` is to hold once all of it can be locked; `manifest` says that already."""
    patch_texts: Mapping[ModuleId, bytes] = field(default_factory=dict)
    developed: Mapping[ModuleId, str] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Path) -> Project:
        """Read a project. Raises `NoProject` and `InvalidManifest`."""
        root = Path(os.path.abspath(root))  # noqa: PTH100 - resolve() would follow a link to the project
        content = read_manifest(root)
        manifest = _manifest(content, root)
        read = cls(root=root, manifest=manifest, lock_bytes=read_lock_bytes(root), manifest_bytes=content)
        return read._with_the_rest()

    @classmethod
    def of(cls, root: Path, *, frozen: bool) -> Project:
        """Read a project as the settings want it: with its manifest, or `frozen` to its lock."""
        return cls.read_frozen(root) if frozen else cls.read(root)

    @classmethod
    def read_frozen(cls, root: Path) -> Project:
        """Read a project whose lock is the truth: of the manifest only where the tree is, and how to build."""
        root = Path(os.path.abspath(root))  # noqa: PTH100 - as above
        lock_bytes = read_lock_bytes(root)
        if lock_bytes is None:
            raise UsageError("There is no flowverse.lock to be frozen to.", hint="Run `flowverse lock`.")
        table: Any = parse_toml(read_manifest(root), root)
        for key in ("tool", "flowverse"):
            table = table.get(key) if isinstance(table, Mapping) else None
        said = table if isinstance(table, Mapping) else {}
        only = {"tool": {"flowverse": {key: said[key] for key in ("modules-dir", "build") if key in said}}}
        read = cls(root=root, manifest=parse_manifest(only, is_folder=lambda _: False), lock_bytes=lock_bytes)
        return read._with_the_rest()

    @classmethod
    def scripted(cls, root: Path, requirements: Sequence[Requirement]) -> Project:
        """Make a project of what a script asks for, in a folder that declares nothing.

        What the lock there answers to already stays asked for, unless the script asks for it in another way.
        """
        root = Path(os.path.abspath(root))  # noqa: PTH100 - as above
        lock_bytes = read_lock_bytes(root)
        lock = parse_lock(lock_bytes)
        asked = {req.id: req for req in requirements}
        for text, kind, target in lock.dependencies if lock is not None else ():
            id = ModuleId.parse(text)
            before = Requirement(id=id, path=target) if kind == "path" else Requirement(id=id, revision=target)
            asked.setdefault(id, before)
        manifest = Manifest(dependencies=tuple(asked[id] for id in sorted(asked)), declared=True)
        return cls(root=root, manifest=manifest, lock_bytes=lock_bytes)._with_the_rest()

    def _with_the_rest(self) -> Project:
        return replace(self, patch_texts=read_patches(self.root), developed=read_developed(self.tree_root))

    @cached_property
    def any_patches(self) -> Mapping[ModuleId, Patch | BrokenPatch]:
        """The patches by module id; of one that cannot be used, what is wrong with it."""
        found: dict[ModuleId, Patch | BrokenPatch] = {}
        if not self.patch_texts:
            return found
        from flowverse._edits.patch import parse_patch  # most projects have none

        for id, text in self.patch_texts.items():
            try:
                found[id] = parse_patch(id, text)
            except BrokenPatch as error:  # noqa: PERF203 - told to whoever needs it
                found[id] = error
        return found

    @property
    def patches(self) -> Mapping[ModuleId, Patch]:
        """The patches by module id, but for those that are broken."""
        return {id: patch for id, patch in self.any_patches.items() if not isinstance(patch, BrokenPatch)}

    @property
    def broken_patches(self) -> Mapping[ModuleId, BrokenPatch]:
        """What is wrong with the patches that cannot be used, by module id."""
        return {id: patch for id, patch in self.any_patches.items() if isinstance(patch, BrokenPatch)}

    @property
    def tree_root(self) -> Path:
        """The `flow_modules` folder."""
        return self.root / self.manifest.modules_dir

    @cached_property
    def _table(self) -> Mapping[str, Any]:
        table = parse_toml(self.manifest_bytes or b"", self.root).get("project", {})
        return table if isinstance(table, Mapping) else {}

    @property
    def name(self) -> str:
        """The distribution's name, or the folder's where it is no distribution."""
        name = self._table.get("name")
        return name if isinstance(name, str) and name else self.root.name

    @property
    def version(self) -> str | None:
        """The distribution's version, None where it is computed."""
        version = self._table.get("version")
        return version if isinstance(version, str) and version else None

    @property
    def dependencies(self) -> tuple[str, ...]:
        """The Python requirements in `[project]`."""
        lines = self._table.get("dependencies", [])
        return tuple(line for line in lines if isinstance(line, str)) if isinstance(lines, list) else ()

    @property
    def unpacked(self) -> bool:
        """Whether this is an unpacked sdist: there everything is verified and nothing fetched."""
        return (self.root / "PKG-INFO").is_file()

    @cached_property
    def lock(self) -> Lock | None:
        """The lock, None if there is none. Raises `BrokenLock` and `NewerLock`."""
        return parse_lock(self.lock_bytes)

    @property
    def locked(self) -> Lock:
        """The lock. Raises `UsageError` if there is none."""
        if self.lock is None:
            run = "Run `flowverse lock`."
            declare = "Declare flow modules in [tool.flowverse.dependencies] first."
            hint = run if self.manifest.dependencies else "\n".join([*self.manifest.warnings, declare])
            raise UsageError("There is no flowverse.lock.", hint=hint)
        return self.lock

    def target(self, path: str) -> Path:
        """Where a local requirement's path leads, absolute."""
        return (self.root / expanded(path)).resolve()

    @cached_property
    def answers(self) -> dict[str, str]:
        """Fingerprints of what a sync answers to: the manifest's meaning, the lock's bytes, the place, who we are, etc.

        Another flowverse may have another guard.
        """
        local = sorted((str(id), path) for id, path in self.developed.items())
        patches = sorted((str(id), _digest(text)) for id, text in self.patch_texts.items())
        return {
            "flowverse": __version__,
            "manifest": _digest(repr(self.manifest).encode()),
            "lock": _digest(self.lock_bytes or b""),
            "root": str(self.root),
            "local": _digest(repr((local, patches)).encode()) if local or patches else "",
        }

    def check_current(self) -> None:
        """Raise `Outdated` if somebody changed the two files since they were read."""
        manifest = self.manifest_bytes if self.manifest_bytes is None else read_manifest(self.root)
        if manifest != self.manifest_bytes or read_lock_bytes(self.root) != self.lock_bytes:
            raise Outdated
        if read_patches(self.root) != self.patch_texts:
            raise Outdated

    def with_manifest(self, text: str) -> Project:
        """The project as it would be with this text as `pyproject.toml`. Raises `InvalidManifest`."""
        content = text.encode()
        if content == self.manifest_bytes:
            return self
        return replace(self, manifest=_manifest(content, self.root), pending=content)

    def write_manifest(self) -> Project:
        """Write what `with_manifest` was given, if anything; the project as it is then. Raises `TreeError`."""
        if self.pending is None:
            return self
        write(self.root / MANIFEST_NAME, self.pending)
        return replace(self, manifest_bytes=self.pending, pending=None)

    def with_lock(self, lock: Lock) -> Project:
        """The project as it would be with this lock."""
        return replace(self, lock_bytes=dump_lock(lock).encode())

    def with_patches(self, patches: Mapping[ModuleId, bytes | None]) -> Project:
        """The project as it would be with these patches changed; None is for one that is gone."""
        texts = {**self.patch_texts, **patches}
        return replace(self, patch_texts={id: text for id, text in texts.items() if text is not None})

    def write_lock(self, lock: Lock) -> Project:
        """Write the lock, and answer with the project as it is then. Raises `TreeError`."""
        fresh = self.with_lock(lock)
        write(self.root / LOCK_NAME, fresh.lock_bytes or b"")
        return fresh

    def add_overrides(self, overrides: Sequence[Requirement]) -> None:
        """Add lines to `[tool.flowverse.overrides]`; comments, order and line ends stay.

        Raises `TreeError`, and `UsageError` for a file that is written in a way that nothing can be added to.
        """
        path = self.root / MANIFEST_NAME
        wishes: dict[str, Any] = {
            str(req.id): req.revision if req.path is None else {"path": req.path} for req in overrides
        }
        if not self._edit(("tool", "flowverse", "overrides"), wishes):
            lines = [f"  {line}" for line in _lines(wishes)]
            raise UsageError(
                f"The choice cannot be written to {path}.",
                hint="\n".join(["Add it by hand:", "  [tool.flowverse.overrides]", *lines]),
            )

    def write_group(self, group: str, lines: Sequence[str]) -> bool:
        """Make a dependency group (https://peps.python.org/pep-0735/) these lines; whether that changed anything.

        Raises `UsageError` if there is such a group that was written by somebody else, and `TreeError`.
        """
        if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", group):
            why = f"{group!r} is no name for a dependency group."
            raise UsageError(why, hint="Names have letters, digits, '-', '_' and '.', as those of distributions.")
        table = parse_toml(read_manifest(self.root), self.root).get("dependency-groups", {})
        names = [name for name in table if _group_name(name) == _group_name(group)] if isinstance(table, dict) else []
        name = names[0] if names else group
        if names and table[name] == list(lines):
            return False
        path = self.root / MANIFEST_NAME
        written = f"Written by `flowverse requirements --write {name}`, which replaces it."
        if names and table[name] and written not in read_manifest(self.root).decode():
            raise UsageError(
                f"The dependency group {name!r} in {path} was not written by flowverse, and holds other lines.",
                hint="Name another group, and add { include-group = ... } with its name where it is needed.",
            )
        if not self._edit(("dependency-groups",), {name: tuple(lines)}, written):
            text = "\n".join(f"  {quote(line)}," for line in lines)
            raise UsageError(
                f"The dependency group cannot be written to {path}.",
                hint=f"Write it by hand:\n  [dependency-groups]\n  {group} = [\n{text}\n  ]",
            )
        return True

    def _edit(self, table: Sequence[str], entries: Mapping[str, Any], comment: str = "") -> bool:
        path = self.root / MANIFEST_NAME
        with writing(path):
            text = path.read_bytes().decode()
        fresh = with_entries(text, table, entries, comment)
        if fresh is not None:
            write(path, fresh.encode())
        return fresh is not None


def _group_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _lines(wishes: Mapping[str, Any]) -> list[str]:
    texts = {id: f"{{ path = {quote(w['path'])} }}" if isinstance(w, dict) else quote(w) for id, w in wishes.items()}
    return [f"{quote(id)} = {text}" for id, text in texts.items()]


def _manifest(content: bytes, root: Path) -> Manifest:
    return parse_manifest(parse_toml(content, root), is_folder=lambda path: _is_folder(root, path))


def _is_folder(root: Path, path: str) -> bool:
    """Whether a text is a folder, whatever it is: `Path.is_dir` may raise for what no file system takes."""
    return os.path.isdir(root / expanded(path))  # noqa: PTH112


def read_manifest(root: Path, name: str = MANIFEST_NAME) -> bytes:
    """The bytes of `pyproject.toml`, or of a file beside it. Raises `NoProject` if it is missing or unreadable."""
    path = root / name
    try:
        return path.read_bytes()
    except FileNotFoundError:
        hint = "Run this in a project, name its folder with --project, or begin one with `flowverse init`."
        raise NoProject(str(path), "there is no such file", hint=hint) from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise NoProject(str(path), why, hint="Mend its permissions.") from None


def parse_toml(content: bytes, root: Path, name: str = MANIFEST_NAME) -> Mapping[str, Any]:
    """Read the content of `pyproject.toml`, or of a file beside it. Raises `NoProject` if it is no TOML."""
    path = str(root / name)
    try:
        return tomli.loads(content.decode())
    except UnicodeDecodeError:
        raise NoProject(path, "it is not UTF-8", hint="Save it as UTF-8; TOML allows no other.") from None
    except tomli.TOMLDecodeError as error:
        why = f"it is not TOML: {error}"
        unquoted = unquoted_id(content.decode())
        hint = f"Put the id in quotes there: {quote(unquoted)} = ..." if unquoted else "Correct it there."
        raise NoProject(path, why[0].lower() + why[1:], hint=hint) from None


def read_lock_bytes(root: Path) -> bytes | None:
    """The lock's bytes, None if there is none. Raises `BrokenLock` if it cannot be read."""
    try:
        return (root / LOCK_NAME).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BrokenLock((error.strerror or str(error)).lower()) from None


def parse_lock(content: bytes | None) -> Lock | None:
    """Bytes to a lock. Raises `BrokenLock` and `NewerLock`."""
    if content is None:
        return None
    try:
        return load_lock(parse_text(content.decode()))
    except UnicodeDecodeError:
        raise BrokenLock("it is not UTF-8") from None
    except tomli.TOMLDecodeError as error:
        if b"\n<<<<<<< " in b"\n" + content:
            raise BrokenLock("it holds the marks of an unfinished merge", hint=_ONE_SIDE) from None
        raise BrokenLock(f"it is not TOML: {error}") from None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
