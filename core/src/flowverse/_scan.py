"""What a module asks for, read from its text and never run. Pure.

A module that declares its requirements in its own `pyproject.toml` has answered. For any other, they are the literal
arguments of the calls of `sync_dependencies` in its Python files. What cannot be read so is a warning with file and
line and never an error: other people's modules are as they are.
"""

from __future__ import annotations

import ast
import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tomli

from flowverse._calls import CALL, Entry, PythonFile, Unparsable, parse
from flowverse.errors import InvalidManifest, InvalidModuleId
from flowverse.manifest import looks_like_path, parse_manifest, quiet, revision_problem
from flowverse.model import DEFAULT_REVISION, ModuleId, Requirement

__all__ = ["Scan", "scan", "wanted"]

_MANIFEST = "pyproject.toml"
_PIP = "pip_requirements.txt"
_COMMENT = re.compile(r"(?:^|\s)#.*")
_NAMED = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\s*(?:[\[(@;<>=!~].*)?")
"""A Python requirement begins with a name (PEP 508); a bare URL or a path is something that only pip knows."""


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What a module asks for: modules in the order of file and line, Python requirements sorted; each once."""

    requirements: tuple[Requirement, ...] = ()
    python_requirements: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def wanted(path: str) -> bool:
    """Tell whether `scan` needs the content of a module's file."""
    return path in (_MANIFEST, _PIP) or path.endswith(".py")


def scan(id: ModuleId, files: Mapping[str, bytes], *, local: bool = False) -> Scan:
    """Read what a module asks for from the content of its files, by path. Raises nothing, whatever the bytes are.

    A `local` module is on this machine, so a path in its `pyproject.toml` means something: it is kept as written,
    relative to the module. In a module of the Hub the default revision takes its place, with a warning.
    """
    scanner = _Scanner(id, local=local)
    asked = scanner.declared(files[_MANIFEST]) if _MANIFEST in files else None
    if asked is None:
        asked = scanner.called({path: files[path] for path in sorted(files) if path.endswith(".py")})
    distinct: dict[tuple[ModuleId, str, str | None], Requirement] = {}
    for req in asked:
        distinct.setdefault((req.id, req.revision, req.path), req)
    return Scan(
        requirements=tuple(distinct.values()),
        python_requirements=scanner.python_requirements(files.get(_PIP, b"")),
        warnings=tuple(dict.fromkeys(scanner.warnings)),
    )


class _Scanner:
    """Reads the parts of one module, and collects the warnings on the way."""

    def __init__(self, id: ModuleId, *, local: bool) -> None:
        self.warnings: list[str] = []
        self._id, self._local = id, local

    def _warn(self, what: str, at: str) -> None:
        text = quiet(f"{self._id} {what} ({at}).")
        self.warnings.append("".join(character if character.isprintable() else "?" for character in text))

    def _own(self, other: ModuleId) -> bool:
        return other.folder.lower() == self._id.folder.lower()

    # --- pyproject.toml -----------------------------------------------------------------------------------------------

    def declared(self, content: bytes) -> list[Requirement] | None:
        """Read the requirements that the module declares; None if it declares none, or in a way that is of no use."""
        instead = "its Python files are read instead"
        try:
            text = content.decode()
            table: Any = tomli.loads(text)
            for key in ("tool", "flowverse", "dependencies"):
                if not isinstance(table, dict) or key not in table:
                    return None
                table = table[key]
            # Nothing else is looked at: the other keys are a project's, and a newer flowverse may know more of them.
            manifest = parse_manifest({"tool": {"flowverse": {"dependencies": table}}}, is_folder=looks_like_path)
        except (ValueError, RecursionError) as error:
            self._warn(f"has a {_MANIFEST} that cannot be parsed, {instead}: {error}", _MANIFEST)
            return None
        except InvalidManifest as error:
            why = "; ".join(f"{key}: {clause}" for key, clause in error.problems)
            self._warn(f"declares its modules wrongly, {instead}: {why}", _MANIFEST)
            return None
        return [self._here(req, text) for req in manifest.dependencies if not self._own(req.id)]

    def _here(self, req: Requirement, text: str) -> Requirement:
        """Turn a requirement of a project into one of this module."""
        lines = text.splitlines()
        start = next(number for number, line in enumerate(lines) if "flowverse" in line)
        line = next((number for number, line in enumerate(lines[start:], start + 1) if str(req.id) in line), start + 1)
        at = f"{_MANIFEST}:{line}"
        if req.path is not None and not self._local:
            self._warn(f"asks for {req.id} at a path on its author's machine; {DEFAULT_REVISION} is used", at)
        return replace(req, path=req.path if self._local else None, overwrite=False, asker=str(self._id), at=at)

    # --- Python files -------------------------------------------------------------------------------------------------

    def called(self, files: Mapping[str, bytes]) -> list[Requirement]:
        """Read the requirements of the calls in Python files, but for those that are only scripts."""
        parsed: dict[str, PythonFile] = {}
        for path, content in files.items():
            if CALL.encode() in content:  # parsing is what costs, and no other file can have a call
                try:
                    parsed[path] = PythonFile(content)
                except Unparsable as error:
                    self._warn(
                        f"may ask for modules in a file that cannot be parsed: {error.why}", f"{path}:{error.line}"
                    )
        scripts = self._scripts(files, parsed)
        return [req for path, file in parsed.items() if path not in scripts for req in self._asked(path, file)]

    def _scripts(self, files: Mapping[str, bytes], parsed: Mapping[str, PythonFile]) -> set[str]:
        """Find the files with calls that are only scripts: guarded, imported by no other file, and without a class.

        A flow with a little demo at its end has a class, and is imported by the users of the module. An `__init__.py`
        is imported with its folder.
        """
        scripts = {
            path
            for path, file in parsed.items()
            if file.calls and file.guarded and not file.has_class and path.rpartition("/")[2] != "__init__.py"
        }
        for path, content in files.items() if scripts else ():
            if path in parsed or b"import" in content:
                try:
                    tree = parsed[path].tree if path in parsed else parse(content)
                except Unparsable:  # what matters of it was said already
                    continue
                scripts -= set(_imports(tree, self._id.import_name.split("."), path.split("/")[:-1])) - {path}
        return scripts

    def _asked(self, path: str, file: PythonFile) -> Iterator[Requirement]:
        for item in file.asked():
            at = f"{path}:{item.line}"
            if not isinstance(item, Entry):
                self._warn(f"asks for modules in a way that cannot be read: {item.what}", at)
                continue
            try:
                other = ModuleId.parse(item.url)
            except InvalidModuleId as error:
                self._warn(f"asks for a module that cannot be synced: {str(error).rstrip('.')}", at)
                continue
            if not self._own(other):
                yield Requirement(id=other, revision=self._revision(other, item, at), asker=str(self._id), at=at)

    def _revision(self, other: ModuleId, entry: Entry, at: str) -> str:
        """Take the revision of an entry, or the default where it has a meaning only where it was written."""
        revision = entry.revision
        if entry.path or (revision is not None and looks_like_path(revision)):
            where = "a path on its author's machine"
        elif revision is None:
            where = "a revision that cannot be read"
        elif revision_problem(revision):
            where = f"{revision!r}, which cannot be a revision"
        else:
            return revision
        self._warn(f"asks for {other} at {where}; {DEFAULT_REVISION} is used", at)
        return DEFAULT_REVISION

    # --- pip_requirements.txt -----------------------------------------------------------------------------------------

    def python_requirements(self, content: bytes) -> tuple[str, ...]:
        """Read the Python requirements, without what is meant for pip itself."""
        boms = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # what `>` writes in a PowerShell
        try:
            text = content.decode("utf-16" if content.startswith(boms) else "utf-8-sig")
        except UnicodeDecodeError:
            self._warn("has Python requirements that are not UTF-8 text, they are left out", _PIP)
            return ()
        found = set()
        for number, line in _logical_lines(text):
            at = f"{_PIP}:{number}"
            requirement, *options = re.split(r"(?:^|\s+)-(?=[-\w])", line)
            if options:
                self._warn(f"has options for pip among its Python requirements, they are left out: {line}", at)
            if not requirement:
                continue
            if _NAMED.fullmatch(requirement) and requirement.isprintable() and quiet(requirement) == requirement:
                found.add(requirement)
            else:
                self._warn(f"has a Python requirement that does not begin with a name, it is left out: {line}", at)
        return tuple(sorted(found))


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    r"""Join the lines that end in `\` and drop comments and blank lines, as pip does; with the number of the first."""
    joined, start = "", 0
    for number, line in enumerate([*text.splitlines(), ""], 1):
        start = start or number
        comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not comment:
            joined += line[:-1]
            continue
        whole = " ".join(_COMMENT.sub("", f"{joined} {line}" if comment else f"{joined}{line}").split())
        if whole:
            yield start, whole
        joined, start = "", 0


def _imports(tree: ast.Module, root: Sequence[str], folder: Sequence[str]) -> Iterator[str]:
    """Name the files that a file may import: by full name, relatively, or beside it as a script does.

    `root` is the full name of the module, `folder` the file's in it; the answers are paths in it, of files that need
    not exist.
    """
    top = tuple(root)
    package = (*top, *folder)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            level, names = 0, [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            stem = tuple(node.module.split(".")) if node.module else ()
            level, names = node.level, [stem, *((*stem, alias.name) for alias in node.names)]
        else:
            continue
        bases = [package[: max(len(package) - level + 1, 0)]] if level else [(), top, package]
        for full in ((*base, *name) for base in bases for name in names):
            if full[: len(top)] == top:
                yield "/".join(full[len(top) :]) + ".py"
