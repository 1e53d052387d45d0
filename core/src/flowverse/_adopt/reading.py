"""Reading a project's files: every call, what it asks for, and what of it only a person can say."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from flowverse._adopt.files import Files, has_calls
from flowverse._adopt.source import Found, Source, Undecodable
from flowverse._adopt.values import ByHand, Wish
from flowverse._calls import CALL, Entry, Unparsable, parse
from flowverse._local import expanded
from flowverse.errors import InvalidModuleId
from flowverse.manifest import looks_like_path, revision_problem
from flowverse.model import DEFAULT_REVISION, PACKAGE, PROJECT, ModuleId

__all__ = ["Reading", "Site"]


@dataclass(kw_only=True)
class Site:
    """A call, where it is, what was made of what it asks for, and what a person has to do about it."""

    found: Found
    at: str
    wishes: list[Wish]
    by_hand: list[ByHand]


class Reading:
    """The files of the project at `root` below some paths, or all of them. Raises `UsageError` for a wrong path.

    `contents` are the Python files by name, `sources` and `sites` those with calls, `by_hand` is what could not be
    read at all, `others` are the folders of other projects that were left out.
    """

    def __init__(self, root: Path, paths: Sequence[Path]) -> None:
        self._root, self._files = root, Files(root)
        self.contents: dict[str, bytes] = {}
        self.sources: dict[str, Source] = {}
        self.sites: dict[str, list[Site]] = {}
        self.by_hand: list[ByHand] = []
        self._read(paths)
        self.others = self._files.others

    def _read(self, paths: Sequence[Path]) -> None:
        for file in self._files.found(paths):
            name = self._files.name(file)
            try:
                content = file.read_bytes()
            except OSError as error:
                self.by_hand.append(ByHand(at=name, why=f"it cannot be read: {(error.strerror or str(error)).lower()}"))
                continue
            if file.suffix == ".ipynb":
                if has_calls(content):
                    self.by_hand.append(ByHand(at=name, why=f"a notebook that calls {CALL} is not changed"))
                continue
            self.contents[name] = content
            if CALL.encode() in content:
                self._read_calls(name, content)

    def _read_calls(self, name: str, content: bytes) -> None:
        try:
            source = Source(content)
        except Unparsable as error:
            self.by_hand.append(ByHand(at=f"{name}:{error.line}", why=f"it cannot be parsed: {error.why}"))
            return
        except Undecodable:
            self.by_hand.append(ByHand(at=name, why="it is not in the encoding that it declares"))
            return
        self.sources[name] = source
        self.sites[name] = [self._site(name, found) for found in source.found()]

    def _site(self, name: str, found: Found) -> Site:
        at = f"{name}:{found.call.node.lineno}"
        site = Site(found=found, at=at, wishes=[], by_hand=[])
        if found.call.overwrite is None:
            site.by_hand.append(ByHand(at=at, why="its all_overwrite cannot be read"))
        for item in found.call.items:
            place = f"{name}:{item.line}"
            wish = self._wish(item, name, place) if isinstance(item, Entry) else item.what
            if isinstance(wish, str):
                site.by_hand.append(ByHand(at=place, why=wish))
            elif not found.unsure:
                site.wishes.append(replace(wish, overwrite=wish.overwrite or found.call.overwrite is True))
        if found.stays is not None:
            site.by_hand.append(ByHand(at=at, why=f"the call stays: {found.stays}"))
        return site

    def _wish(self, entry: Entry, name: str, place: str) -> Wish | str:
        """What an entry asks for, or why that cannot be said."""
        try:
            id = ModuleId.parse(entry.url)
        except InvalidModuleId as error:
            return str(error).rstrip(".")
        if entry.overwrite is None:
            return f"whether the edits of {id} are to be overwritten is computed"
        if entry.path and entry.revision is None:
            return f"{id} is asked for at a path that is computed; write {{ path = ... }} in {PROJECT}"
        if entry.revision is None:
            return f"the revision of {id} is computed"
        folders = self._folders(entry.revision, name)
        if len(folders) > 1:
            return f"{id} is asked for at {entry.revision!r}, which may be {' or '.join(folders)}"
        if folders:
            return self._linked(id, folders[0], place)
        if looks_like_path(entry.revision):
            return f"{id} is asked for at {entry.revision!r}, and there is no such folder"
        problem = revision_problem(entry.revision)
        return problem or Wish(id=id, revision=entry.revision, overwrite=entry.overwrite, places=(place,))

    def _folders(self, revision: str, name: str) -> list[str]:
        """The folders that a revision may be, from the project: scripts are run there, or in their own folder."""
        if revision == DEFAULT_REVISION or revision.startswith("refs/") or not revision.strip():
            return []  # these stay revisions, whatever folders there are
        if not revision.isprintable():
            return []
        if expanded(revision).is_absolute():
            return [revision] if os.path.isdir(expanded(revision)) else []  # noqa: PTH112 - Path.is_dir may raise
        text = revision.replace("\\", "/") if os.sep == "\\" else revision
        bases = [self._root, (self._root / name).parent]
        found = [os.path.normpath(base / text) for base in bases if os.path.isdir(base / text)]  # noqa: PTH112
        return [os.path.relpath(folder, self._root).replace(os.sep, "/") for folder in dict.fromkeys(found)]

    def _linked(self, id: ModuleId, path: str, place: str) -> Wish | str:
        inside = Path(os.path.relpath((self._root / expanded(path)).resolve(), self._root.resolve())).parts
        if PACKAGE in inside or set(inside) <= {os.pardir}:
            what = "in a tree of synced modules" if PACKAGE in inside else "the project itself, or holds it"
            return f"{id} is asked for from {path!r}, which is {what}"
        return Wish(id=id, revision=DEFAULT_REVISION, path=path, places=(place,))

    def uses(self, word: str, *, but: str) -> bool:
        """Whether another file of the project imports a name, or asks a module for it."""
        whole = re.compile(rb"\b" + re.escape(word.encode()) + rb"\b")
        others = [content for name, content in self._all.items() if name != but and whole.search(content)]
        return any(_asks_for(content, word) for content in others)

    @cached_property
    def _all(self) -> dict[str, bytes]:
        """All Python files of the project, whatever paths were named."""
        return Files(self._root).contents()


def _asks_for(content: bytes, word: str) -> bool:
    try:
        nodes = list(ast.walk(parse(content)))
    except Unparsable:
        return True
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    imported = {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    return word in attributes | imported
