"""The manifest: the `[tool.flowverse]` table of `pyproject.toml` as a value. Pure.

Two forms of `dependencies` are accepted, the table (`"saibo/ChatFlows" = "main"`) and the list that flow scripts use
(`url`, `revision`, `overwrite`). Every problem is reported at once, each with its full TOML key.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flowverse._meant import dotted_id, is_range, overlooked
from flowverse._reader import Reader, key_of, kind_of
from flowverse._toml import quote
from flowverse.errors import FlowverseError, InvalidManifest, InvalidModuleId, SharedFolder, quiet
from flowverse.model import DEFAULT_REVISION, PACKAGE, ModuleId, Requirement

__all__ = ["Build", "Manifest", "looks_like_path", "parse_manifest", "quiet", "revision_problem"]

_ROOT = "tool.flowverse"
_KEYS = ("dependencies", "overrides", "modules-dir", "owners", "licenses", "build")
_BUILD_KEYS = ("exclude", "into")
_ENTRY_KEYS = ("revision", "path", "overwrite")
_LISTED_KEYS = ("url", "revision", "overwrite")
_CALLED_SO = dict.fromkeys(("branch", "commit", "ref", "rev", "sha", "tag", "version"), "revision")
_LISTED_CALLED_SO = {**_CALLED_SO, **dict.fromkeys(("id", "name", "repo", "repo_id"), "url")}

_DRIVE = re.compile(r"[A-Za-z]:")
_NO_REF = re.compile(r"[~^:?*\[\\]|\.\.|@\{|//|(?:^|/)\.|^/|[./]$|\.lock(?:/|$)|^@$")
"""What git allows in no name of a branch or a tag (git-check-ref-format)."""


@dataclass(frozen=True, kw_only=True)
class Build:
    """What `[tool.flowverse.build]` says of archives.

    `exclude` are patterns of gitignore, relative to the tree, for files to leave out. `into` is the dotted name of the
    package that takes the place of `flow_modules` in a wheel, None for `flow_modules` itself.
    """

    exclude: tuple[str, ...] = ()
    into: str | None = None


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a project declares. `dependencies` and `overrides` are sorted by module id.

    `modules_dir` is the tree's folder, relative to the project, with `/`. `owners` are those that modules may come
    from, `licenses` (in lower case) those that they may have; None for any. `declared` tells whether there is a
    `[tool.flowverse]` table at all; if not, `overlooked` is the name of one that was probably meant to be it, or None.
    """

    dependencies: tuple[Requirement, ...] = ()
    overrides: tuple[Requirement, ...] = ()
    modules_dir: str = PACKAGE
    owners: tuple[str, ...] | None = None
    licenses: tuple[str, ...] | None = None
    build: Build = field(default_factory=Build)
    declared: bool = False
    overlooked: str | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is not wrong, and yet probably not as it was meant."""
        if self.overlooked is None:
            return ()
        return (f"[{self.overlooked}] in pyproject.toml is looked at by nobody; did you mean [{_ROOT}]?",)


def parse_manifest(
    document: Mapping[str, Any], *, is_folder: Callable[[str], bool], path: str = "pyproject.toml"
) -> Manifest:
    """Read a parsed `pyproject.toml`. Raises `InvalidManifest` with every problem, in a stable order.

    `is_folder` tells whether a text (relative to the project, `~` not expanded) is an existing folder; it must not
    raise, and is asked in the list form only. `path` is what the requirements and the error name as their file.
    """
    reader = _Reader(is_folder, path)
    tool = reader.table("tool", document.get("tool", {}))
    table = reader.table(_ROOT, tool.get("flowverse", {}))
    reader.known(_ROOT, table, _KEYS)
    dependencies = reader.dependencies(f"{_ROOT}.dependencies", table.get("dependencies", {}))
    overrides = reader.named(f"{_ROOT}.overrides", table.get("overrides", {}))
    reader.apart(dependencies, overrides)
    modules_dir = reader.modules_dir(f"{_ROOT}.modules-dir", table.get("modules-dir", PACKAGE))
    owners = reader.owners(f"{_ROOT}.owners", table["owners"]) if "owners" in table else None
    licenses = reader.texts(f"{_ROOT}.licenses", table["licenses"]) if "licenses" in table else None
    reader.allowed(dependencies, owners)
    build = reader.build(f"{_ROOT}.build", table.get("build", {}))
    if reader.problems:
        raise InvalidManifest(reader.problems, path=path)
    return Manifest(
        dependencies=_sorted(dependencies),
        overrides=_sorted(overrides),
        modules_dir=modules_dir,
        owners=owners,
        licenses=None if licenses is None else tuple(text.lower() for _, text in licenses),
        build=build,
        declared="flowverse" in tool,
        overlooked=None if "flowverse" in tool else _overlooked(document, tool),
    )


def looks_like_path(text: str) -> bool:
    """Tell whether a text can only be meant as a path: git allows no revision with such a name."""
    return text.startswith((".", "~", "/")) or "\\" in text or _DRIVE.match(text) is not None


def revision_problem(text: str) -> str | None:
    """Say in a clause why a text cannot be a branch, a tag, `refs/pr/N` or a commit; None if it can."""
    if not text:
        return "must not be empty; write a branch, a tag or a commit"
    if not text.isprintable() or any(character.isspace() for character in text):
        return f"{text!r} cannot be a revision, it has a space or a control character in it"
    if is_range(text):
        return f"{text!r} is a range of versions; a revision is one branch, tag or commit"
    if text.startswith("-"):
        return f"{text!r} cannot be a revision, it begins with '-'"
    if looks_like_path(text):
        return f"{text!r} is a path and not a revision; write {{ path = {quote(text)} }}"
    if _NO_REF.search(text):
        return f"{text!r} cannot be a revision, git allows no such name"
    return None


def _overlooked(document: Mapping[str, Any], tool: Mapping[str, Any]) -> str | None:
    name = overlooked(tool)
    return overlooked(document) if name is None else f"tool.{name}"


Found = dict[str, tuple[str, Requirement]]
"""By folder, case folded: the TOML key that a requirement was read from, and the requirement."""


class _Reader(Reader):
    """Reads the parts, and collects the problems on the way so that all of them can be told at once."""

    def __init__(self, is_folder: Callable[[str], bool], at: str) -> None:
        super().__init__()
        self._is_folder, self._at = is_folder, at

    def dependencies(self, key: str, value: Any) -> Found:
        return self._listed(key, value) if isinstance(value, list) else self.named(key, value)

    def named(self, key: str, value: Any) -> Found:
        """Read the table form: a revision or a table by module id."""
        found: Found = {}
        for name, wish in self.table(key, value).items():
            at = f"{key}.{key_of(name)}"
            dotted = dotted_id(name, wish)
            if dotted is not None and not {*_ENTRY_KEYS, *_CALLED_SO}.intersection(wish):
                self.wrong(at, f"is a table to TOML; put the id in quotes, {quote(dotted)} = ...")
                continue
            wanted = self._id(at, name)
            if isinstance(wish, str):
                self._keep(found, at, wanted, revision=self._revision(at, wish))
            elif isinstance(wish, Mapping):
                self._keep(found, at, wanted, **self._entry(at, wish))
            else:
                self.wrong(at, f"must be a revision, or a table with {', '.join(_ENTRY_KEYS)}, not {kind_of(wish)}")
        return found

    def _entry(self, at: str, wish: Mapping[str, Any]) -> dict[str, Any]:
        self.known(at, wish, _ENTRY_KEYS, _CALLED_SO)
        if "revision" in wish and "path" in wish:
            self.wrong(f"{at}.path", "cannot be used together with revision; drop one of the two")
        return {
            "revision": self._revision(f"{at}.revision", wish.get("revision", DEFAULT_REVISION)),
            "path": self._path(f"{at}.path", wish["path"]) if "path" in wish else None,
            "overwrite": self._overwrite(at, wish),
        }

    def _listed(self, key: str, items: Sequence[Any]) -> Found:
        """Read the list form: tables with a `url`. A revision that is an existing folder is a path, as in flow scripts.

        But a plain name such as "main", and a full one such as "refs/pr/1", always stay revisions, whatever folders
        there are.
        """
        found: Found = {}
        for index, item in enumerate(items):
            at = f"{key}[{index}]"
            if not isinstance(item, Mapping):
                self.wrong(at, f"must be a table with {', '.join(_LISTED_KEYS)}, not {kind_of(item)}")
                continue
            self.known(at, item, _LISTED_KEYS, _LISTED_CALLED_SO)
            if "url" not in item:
                self.wrong(f"{at}.url", 'is missing; write the module id as on the Hub, "owner/name"')
            wanted = self._id(f"{at}.url", item["url"]) if "url" in item else None
            text, path = item.get("revision", DEFAULT_REVISION), None
            could_be_path = isinstance(text, str) and text.isprintable() and ("/" in text or looks_like_path(text))
            could_be_path = could_be_path and not text.startswith("refs/")
            if could_be_path and self._is_folder(str(text)):
                text, path = DEFAULT_REVISION, str(text)
            elif could_be_path and looks_like_path(text):
                self.wrong(f"{at}.revision", f"there is no folder {text!r}, and no revision has such a name")
                text = DEFAULT_REVISION
            revision = self._revision(f"{at}.revision", text)
            self._keep(found, f"{at}.url", wanted, revision=revision, path=path, overwrite=self._overwrite(at, item))
        return found

    def _keep(self, found: Found, at: str, wanted: ModuleId | None, **wish: Any) -> None:
        """Keep a requirement, unless an earlier one of the same part would be synced to the same folder."""
        if wanted is None:
            return
        twin_at, twin = found.setdefault(wanted.folder.lower(), (at, Requirement(id=wanted, at=self._at, **wish)))
        if twin.id != wanted:
            self.wrong(at, _clause(SharedFolder(twin.id, wanted)))
        elif twin_at != at:
            self.wrong(at, f"{wanted} is asked for by {twin_at} already; drop one of the two")

    def apart(self, dependencies: Found, overrides: Found) -> None:
        """Refuse an override that shares its folder with a dependency of another id: it could never be used."""
        for folder in sorted(overrides.keys() & dependencies.keys()):
            (at, override), (_, dependency) = overrides[folder], dependencies[folder]
            if override.id != dependency.id:
                self.wrong(at, _clause(SharedFolder(dependency.id, override.id)))

    def modules_dir(self, key: str, value: Any) -> str:
        text = self.text(key, value)
        if text is None:
            return PACKAGE
        parts = [part for part in text.split("/") if part not in ("", ".")]
        if not text.isprintable() or "\\" in text:
            self.wrong(key, "must be a path with '/' between its parts, and no control characters")
        elif text.startswith(("/", "~")) or _DRIVE.match(text) or ".." in parts:
            self.wrong(key, f"must be a folder inside the project, such as {PACKAGE!r}, not {text!r}")
        elif parts[-1:] != [PACKAGE]:
            self.wrong(key, f"must end in {PACKAGE!r}, modules import each other as {PACKAGE}.<owner>.<name>")
        return "/".join(parts)

    def build(self, key: str, value: Any) -> Build:
        """Read what archives are to hold, and where."""
        table = self.table(key, value)
        self.known(key, table, _BUILD_KEYS)
        exclude = self.texts(f"{key}.exclude", table.get("exclude", [])) or []
        into = self.text(f"{key}.into", table["into"]) if "into" in table else None
        if into is not None:
            self._package(f"{key}.into", into)
        return Build(exclude=tuple(text for _, text in exclude), into=into)

    def _package(self, at: str, text: str) -> None:
        parts = text.split(".")
        wrong = next((part for part in parts if not part.isidentifier() or keyword.iskeyword(part)), None)
        if wrong is not None:
            self.wrong(at, f"must be the name of a package, and {wrong!r} is no name that Python can import")
        elif len(parts) < 2 or parts[0] == PACKAGE:
            self.wrong(at, f'must be a package below your own, such as "my_app._vendor", not {text!r}')

    def owners(self, key: str, value: Any) -> tuple[str, ...] | None:
        """Read the owners; None (nothing to compare with) if any of them is wrong."""
        texts = self.texts(key, value)
        owners = [self._owner(at, text) for at, text in texts or ()]
        return None if texts is None or None in owners else tuple(owner for owner in owners if owner is not None)

    def _owner(self, at: str, text: str) -> str | None:
        try:
            return ModuleId.parse(f"{text}/name").owner
        except InvalidModuleId:
            self.wrong(at, f'{text!r} is not an owner; write the part before "/" in a module id')
            return None

    def allowed(self, dependencies: Found, owners: Sequence[str] | None) -> None:
        for at, req in dependencies.values():
            if owners is not None and req.id.owner not in owners:
                fix = f'add "{req.id.owner}" there if you trust it, or drop {req.id}'
                self.wrong(at, f"its owner is not listed in {_ROOT}.owners; {fix}")

    def _id(self, at: str, value: Any) -> ModuleId | None:
        text = self.text(at, value)
        try:
            return None if text is None else ModuleId.parse(text)
        except InvalidModuleId as error:
            id, _, revision = str(text).partition("@")
            said = f"{text!r} has a revision in it; write {quote(id)} = {quote(revision)}"
            self.wrong(at, said if "/" in id and revision and "://" not in id else _clause(error))
            return None

    def _revision(self, at: str, value: Any) -> str:
        text = self.text(at, value)
        problem = None if text is None else revision_problem(text)
        if problem:
            self.wrong(at, problem)
        return text or DEFAULT_REVISION

    def _path(self, at: str, value: Any) -> str | None:
        text = self.text(at, value)
        if text is not None and not (text.strip() and text.isprintable()):
            self.wrong(at, "must be the path of a folder, without control characters")
        return text

    def _overwrite(self, at: str, wish: Mapping[str, Any]) -> bool:
        value = wish.get("overwrite", False)
        if not isinstance(value, bool):
            self.wrong(f"{at}.overwrite", f"must be true or false, not {kind_of(value)}")
        return value is True


def _sorted(found: Found) -> tuple[Requirement, ...]:
    return tuple(sorted((req for _, req in found.values()), key=lambda req: req.id))


def _clause(error: FlowverseError) -> str:
    """Join an error's sentence and its hint to one clause."""
    text, hint = str(error).rstrip("."), (error.hint or "").rstrip(".")
    return f"{text}; {hint[0].lower()}{hint[1:]}" if hint else text
