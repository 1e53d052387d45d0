"""For flow scripts: `from flowverse import flow_verse`, then `flow_verse.sync_dependencies(dependencies)`.

It has the arguments and the return value that scripts know from aiFlows. It syncs into the project of the script, and
only where there is none into the folder that the script is started from.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from flowverse import _guard_template as guard
from flowverse.errors import FlowverseError, InvalidManifest, UsageError
from flowverse.lock import LOCK_NAME
from flowverse.manifest import parse_manifest
from flowverse.model import PACKAGE, PROJECT, Requirement, Result

__all__ = ["sync_dependencies"]

_TABLE = "tool.flowverse."
_ADDED_BY_AIFLOWS = "mod_name"
_SITE = {"site-packages", "dist-packages"}
_DEEPEST = 4
"""Packages below that of an application in which its modules are looked for."""

_Globals = Mapping[str, Any]


def sync_dependencies(dependencies: Sequence[Mapping[str, Any]], all_overwrite: bool = False) -> list[str]:
    """Sync flow modules, make `flow_modules` importable, and return the folders of all modules in the tree.

    `dependencies` are dictionaries with `url` (the module id), `revision` (default "main"; a folder that exists is
    linked, as seen from the script's own folder, or else from the current one) and `overwrite` (discard the edits);
    `all_overwrite` sets the last for all.

    Where `pyproject.toml` declares modules, it decides: another revision than its own is a warning, a module that it
    does not bring an error. Elsewhere the scripts decide, and the lock beside the tree remembers what they asked for.
    Where everything is in place, nothing is asked of the Hub. Raises a `FlowverseError`.
    """
    caller = sys._getframe(1).f_globals
    beside = _folder(caller)
    requirements = _requirements(dependencies, all_overwrite=all_overwrite, at=_name(caller), beside=beside)
    if _is_installed(caller):
        # A synced module, or an application that ships its modules: the trees that it can import from come first.
        folders = _trees(caller)
        others = {wish["url"] for wish in guard._answer(dependencies, all_overwrite, folders, f"{PACKAGE}.")}
        requirements = [req for req in requirements if str(req.id) in others]
        if not requirements:
            return [module for folder in folders for module in guard._modules(folder)]
    try:
        tree, told = _sync(_root(caller), requirements)
    except FlowverseError as error:
        if error.hint and sys.version_info >= (3, 11):
            error.add_note(error.hint)
        # Where it went wrong inside flowverse helps nobody: the sentence is to be seen.
        raise error.with_traceback(None) from None
    for message, category in told:
        warnings.warn(message, category, stacklevel=2)
    _make_importable(tree)
    return guard._modules(str(tree))


def _sync(root: Path, requirements: Sequence[Requirement]) -> tuple[Path, list[tuple[str, type[Warning]]]]:
    """Bring what is asked for into the tree of `root`; return the tree, and what the caller should be warned about."""
    from flowverse import api

    environ = dict(os.environ)
    if not (root / LOCK_NAME).exists() and not api.declared(root):
        environ.pop("CI", None)  # what CI protects is a lock that somebody committed
    settings = api.Settings.from_environ(environ)
    requirements = [req if req.path is None else replace(req, path=_relative(req.path, root)) for req in requirements]
    if not api.declared(root):
        # The scripts are the manifest: another revision than the one in the tree is a wish to have it.
        result = api.sync_script(root, requirements, settings)
        return root / PACKAGE, _told(result)
    told: list[tuple[str, type[Warning]]] = []
    if not api.in_sync(root):
        told += _told(api.sync(root, settings))
    tree = api.modules_dir(root)
    told += _compared(requirements, root, tree)
    return tree, told


def _told(result: Result) -> list[tuple[str, type[Warning]]]:
    """Of what a sync did, what nobody should miss: warnings, edits that stay in the way, where discarded ones are."""
    from flowverse import api

    return [(line.text, UserWarning) for line in api.render(result) if line.kind in {"warning", "backup"}]


def _compared(requirements: Sequence[Requirement], root: Path, tree: Path) -> list[tuple[str, type[Warning]]]:
    """Say how a project's tree differs from what a script asks for. Raises `UsageError` for what it does not have."""
    held = {req: guard._held(str(req.id), [str(tree)]) for req in requirements}
    missing = [req for req, found in held.items() if found is None]
    if missing:
        # Were it synced, the next sync of the project would take it away again: the lock answers to the manifest.
        names = " and ".join(str(req.id) for req in missing)
        lines = [
            f'"{req.id}" = ' + (f'{{ path = "{req.path}" }}' if req.path else f'"{req.revision}"') for req in missing
        ]
        raise UsageError(
            f"{root / PROJECT} does not declare {names}.",
            hint="\n".join(["Add to it:", "  [tool.flowverse.dependencies]", *(f"  {line}" for line in lines)]),
        )
    told: list[tuple[str, type[Warning]]] = []
    for req, found in held.items():
        difference = _difference(req, root, found) if found is not None else None
        if difference is not None:
            told.append((difference, guard.FlowRevisionWarning))
        if req.overwrite:
            told.append((guard._kept(str(req.id)), guard.FlowRevisionWarning))
    return told


def _difference(req: Requirement, root: Path, held: tuple[str, str, str]) -> str | None:
    return guard._difference(str(req.id), str(root / req.path) if req.path else req.revision, held)


def _requirements(dependencies: Any, *, all_overwrite: bool, at: str, beside: Path | None) -> list[Requirement]:
    """Read the list form; `beside` is the folder of the script.

    Raises `UsageError`, which names the index and the key of everything that is wrong.
    """
    hint = 'Write them as [{"url": "owner/name", "revision": "main"}].'
    if not isinstance(dependencies, (list, tuple)):
        raise UsageError(f"dependencies must be a list of dictionaries, not {type(dependencies).__name__}.", hint=hint)
    wishes = [
        {key: value for key, value in wish.items() if key != _ADDED_BY_AIFLOWS} if isinstance(wish, Mapping) else wish
        for wish in dependencies
    ]
    try:
        document = {"tool": {"flowverse": {"dependencies": wishes}}}
        manifest = parse_manifest(document, is_folder=lambda path: _located(path, beside) is not None, path=at)
    except InvalidManifest as error:
        problems = [f"{key.replace(_TABLE, '')}: {what}" for key, what in error.problems]
        raise UsageError("\n".join(problems), hint=hint) from None
    return [
        replace(req, path=req.path and _located(req.path, beside), overwrite=req.overwrite or all_overwrite)
        for req in manifest.dependencies
    ]


def _located(path: str, beside: Path | None) -> str | None:
    """Find a folder, from that of the script (so that it is one wherever that is started) or from the current one."""
    # Not with pathlib, which raises for a home that nobody has, and for what no file system takes.
    path = os.path.expanduser(path)  # noqa: PTH111
    found = [os.path.join(base, path) for base in (beside or "", "")]  # noqa: PTH118
    return next((folder for folder in found if os.path.isdir(folder)), None)  # noqa: PTH112


def _relative(path: str, root: Path) -> str:
    """Turn a path that is relative to the current folder into one that is relative to `root`, as locks hold it."""
    try:
        return os.path.relpath(path, root).replace(os.sep, "/")
    except ValueError:  # another drive of Windows
        return str(Path(path).absolute())


# --- where it is called from -----------------------------------------------------------------------------------------


def _is_installed(caller: _Globals) -> bool:
    file = caller.get("__file__")
    in_module = str(caller.get("__name__")).startswith(f"{PACKAGE}.")
    return in_module or (isinstance(file, str) and not _SITE.isdisjoint(Path(file).parts))


def _trees(caller: _Globals) -> list[str]:
    """The trees that a module is answered from: of its application's own package, or those of `flow_modules`."""
    name = guard._name_of(dict(caller))
    for _ in range(2):
        guarded = [package for finder in sys.meta_path for package in getattr(finder, "flowverse_answers", ())]
        package = guard._package_of(name, guarded)
        if package != PACKAGE:
            return list(sys.modules[package].__path__)
        # An application may ask before it imports the package that its modules are in.
        if (own := _own_package(name.partition(".")[0])) is None:
            break
        importlib.import_module(own)
    return guard._folders(getattr(sys.modules.get(PACKAGE), "__path__", ()))


def _own_package(top: str) -> str | None:
    """The package below `top` that holds the modules of an installed application: there is a guard in it."""
    for folder in getattr(sys.modules.get(top), "__path__", ()):
        for depth in range(1, _DEEPEST):
            for file in sorted(Path(folder).glob("/".join(["*"] * depth) + "/_flowverse.py")):
                return ".".join([top, *file.parent.relative_to(folder).parts])
    return None


def _name(caller: _Globals) -> str:
    """Name the asking file, for messages and the lock."""
    file = caller.get("__file__")
    return Path(file).name if isinstance(file, str) else "sync_dependencies"


def _root(caller: _Globals) -> Path:
    """Find the folder to sync into: of the caller's project, or the program's, or the current folder's; or itself."""
    here = Path.cwd()
    for start in (_folder(caller), _folder(vars(sys.modules["__main__"])), here):
        for folder in (start, *start.parents) if start is not None else ():
            if (folder / PROJECT).is_file() or (folder / LOCK_NAME).is_file():
                return folder
    return here


def _folder(caller: _Globals) -> Path | None:
    """Find the folder of a source file, None for what is installed, or has no file (a notebook, a prompt)."""
    file = caller.get("__file__")
    if not isinstance(file, str) or _is_installed(caller):
        return None
    folder = Path(file).resolve().parent
    # The command of an application lies in its environment, which may lie in any project.
    return None if folder == Path(sys.executable).parent else folder


def _make_importable(tree: Path) -> None:
    """Put the folder of `tree` on `sys.path`, before the first that has a `flow_modules`, but not before the others.

    aiFlows appends it; but then the folder of that name that aiFlows installs is found instead.
    """
    entries = [os.path.realpath(entry) for entry in sys.path]
    first = next((at for at, entry in enumerate(entries) if Path(entry, PACKAGE).is_dir()), len(entries))
    if entries[first : first + 1] != [os.path.realpath(tree.parent)]:
        sys.path.insert(first, str(tree.parent))
    loaded = sys.modules.get(PACKAGE)
    if loaded is not None and str(tree) not in loaded.__path__:
        loaded.__path__ = [str(tree), *loaded.__path__]
    importlib.invalidate_caches()
