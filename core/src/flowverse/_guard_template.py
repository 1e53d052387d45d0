"""The guard of a package of flow modules: what they ask for is answered from what is there, and nothing is synced.

Written by flowverse, the same in every tree; what is changed here is lost at the next sync.

Flow modules call `flow_verse.sync_dependencies(...)` when they are imported. For modules that are in the tree this file
answers such a call itself: no network, no question, nothing written. Any other module is passed on to the package that
was called. Where that package is not installed at all, there is a stand-in with nothing but this function, so a module
that needs no more of it can be imported. Set FLOWVERSE_GUARD=0 to pass everything on. Folders of the name
`flow_modules` from several places are joined, in the order of `sys.path`; below another name (`[tool.flowverse.build]
into`) a package is an application's own, and is all that its modules are answered from.
"""
# It is loaded by every program that uses a flow module, so at import it asks for nothing that Python has not loaded
# anyway. It runs where flowverse does not, on Python 3.8 and from a zip. Several copies of it, of several versions, may
# be in one process: what they share hangs on the finder that is first on `sys.meta_path`.

from __future__ import annotations

import os as _os
import sys as _sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

    _Sync = Callable[[Any, bool], "list[str]"]
    _Reply = Callable[[Any, bool, str, _Sync], "list[str]"]

_SHARED = "flow_modules"
_HERE = __name__.rpartition(".")[2] == "_flowverse"  # in a tree; flowverse itself uses this file as a library
_PACKAGE = __name__.rpartition(".")[0] if _HERE else _SHARED
_ID_FILE = "FLOW_MODULE_ID"
_GUARDED = {
    package + "." + module for package in ("aiflows", "flows") for module in ("flow_verse", "flow_verse.loading")
}
_STAND_INS = ("aiflows", "flows", "flowverse")
_told: set[tuple[str, ...]] = globals().get("_told", set())  # a reload tells nothing twice
_listed: dict[str, tuple[list[tuple[str, int]], list[str]]] = {}
_answers: dict[str, _Reply] = next(
    (finder.flowverse_answers for finder in _sys.meta_path if hasattr(finder, "flowverse_answers")), {}
)


class FlowRevisionWarning(UserWarning):
    """A flow module is asked for that the tree holds at another revision; what the tree holds is used."""


# --- the folders -----------------------------------------------------------------------------------------------------


def _archive(path: str) -> str | None:
    """Find the zip file that a path on `sys.path` is or lies in, None if there is none."""
    while not _os.path.exists(path) and path != _os.path.dirname(path):
        path = _os.path.dirname(path)
    return path if _os.path.isfile(path) else None


def _is_there(folder: str) -> bool:
    return _os.path.isdir(folder) or _archive(folder) is not None


def _portion(entry: str) -> str | None:
    """Find the `flow_modules` folder below one entry of `sys.path`."""
    folder = _os.path.join(entry, _SHARED)
    if _os.path.isdir(entry) or _archive(entry) is None:
        return folder if _os.path.isdir(folder) else None
    import zipimport

    try:
        return folder if zipimport.zipimporter(entry).is_package(_SHARED) else None
    except zipimport.ZipImportError:
        return None


def _search(kept: Iterable[str]) -> Iterator[str]:
    editable: list[Any] = [
        finder for finder in _sys.meta_path if _os.path.isdir(getattr(finder, "flowverse_folder", ""))
    ]
    for entry in _sys.path:
        try:
            place = _os.path.abspath(entry)
        except (OSError, TypeError):  # the current folder is gone, or the entry is no text
            continue
        # What is installed in editable mode comes right before what is installed beside it.
        yield from (finder.flowverse_folder for finder in editable if finder.flowverse_site == place)
        folder = _portion(place)
        if folder is not None:
            yield folder
    yield from (finder.flowverse_folder for finder in editable)
    yield from kept


def _folders(kept: Iterable[str]) -> list[str]:
    """List every `flow_modules` folder once, in the order in which a module is looked for; `kept` come last."""
    found: dict[str, str] = {}
    for folder in _search(kept):
        key = _os.path.normcase(_os.path.realpath(folder))
        if key not in found and _is_there(folder):
            found[key] = folder
    return list(found.values())


def _join() -> list[str]:
    """Bring the package's `__path__` up to date, in place, and return it."""
    package = _sys.modules[_PACKAGE]
    if not isinstance(package.__path__, list):  # something took its `__init__.py` away
        package.__path__ = list(package.__path__)
    path: list[str] = package.__path__
    folders = _folders(list(path)) if _PACKAGE == _SHARED else path
    if folders != path:
        path[:] = folders
    return path


# --- what is in them -------------------------------------------------------------------------------------------------


def _parse(text: str) -> tuple[str, str, str] | None:
    """Read the id, revision and commit of a FLOW_MODULE_ID file; None if it is not one, no commit for a path."""
    lines = text.split("\n")
    module, _, revision = lines[0].strip().partition(":")
    commit = lines[1].strip() if len(lines) > 1 else ""
    return (module, revision, commit) if module.count("/") == 1 and revision else None


def _read(folder: str) -> tuple[str, str, str] | None:
    path = _os.path.join(folder, _ID_FILE)
    try:
        with open(path, encoding="utf-8") as file:
            return _parse(file.read())
    except ValueError:
        return None
    except OSError:
        archive = _archive(folder)
        if archive is None:
            return None
    import zipimport

    try:
        return _parse(zipimport.zipimporter(archive).get_data(path).decode("utf-8"))
    except (ImportError, OSError, ValueError):
        return None


def _is_link(folder: str) -> bool:
    return _os.path.islink(folder) or getattr(_os.path, "isjunction", _os.path.islink)(folder)


def _held(id: str, folders: Iterable[str]) -> tuple[str, str, str] | None:
    """Find the folder, revision and commit of a module in these trees; None if it is not in them.

    A linked module has neither revision nor commit: it holds what its folder holds. The first folder in which the
    module would be found by an import decides; one that was not put there by a sync is not in the tree.
    """
    owner, _, name = id.replace("-", "_").replace(".", "_").partition("/")
    if not (owner and name and ("_" + owner + name).isidentifier()):
        return None
    for root in folders:
        for package in (owner, "user_" + owner):
            folder = _os.path.join(root, package, name)
            if _is_link(folder):
                return (folder, "", "") if _os.path.isdir(folder) else None
            found = _read(folder)
            if found is not None:
                return (folder, found[1], found[2]) if found[0] == id else None
            if _os.path.isdir(folder):
                return None
    return None


def _names(folder: str) -> list[str]:
    try:
        with _os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.name.isidentifier() and entry.is_dir())
    except OSError:
        if _archive(folder) is None:
            return []
    import pkgutil

    return sorted(name for _, name, is_package in pkgutil.iter_modules([folder]) if is_package)


def _modules(root: str) -> list[str]:
    """List the folders of the modules in one tree, sorted; read again only when a folder changed."""
    owners = [_os.path.join(root, name) for name in _names(root)]
    state = [(owner, _os.stat(owner).st_mtime_ns) for owner in owners if _os.path.isdir(owner)]
    if root not in _listed or _listed[root][0] != state:
        folders = [_os.path.join(owner, name) for owner in owners for name in _names(owner)]
        _listed[root] = state, [folder for folder in folders if _is_link(folder) or _read(folder)]
    return _listed[root][1]


# --- the answer ------------------------------------------------------------------------------------------------------


def _names_path(revision: str) -> bool:
    """Tell whether a revision is a path, on this machine or on its author's: git allows no such name."""
    return _os.path.isabs(revision) or revision[:1] in (".", "~") or "\\" in revision or ":" in revision


def _difference(id: str, asked: str, held: tuple[str, str, str]) -> str | None:
    folder, revision, commit = held
    if not revision or asked in (revision, commit):
        return None
    if _names_path(asked):
        if not _os.path.isdir(asked):
            if revision == "main":  # a path of another machine counts as main
                return None
        elif _os.path.realpath(asked) == _os.path.realpath(folder):
            return None
    there = revision if not commit or revision == commit else revision + " (" + commit[:7] + ")"
    return id + " is asked for at " + asked + ", the tree has " + there + ", which is used."


def _kept(module: str) -> str:
    return module + " is not overwritten; `overwrite = true` in pyproject.toml discards its edits."


def _warn(text: str, about: tuple[str, ...], level: int) -> None:
    """Say something, once for what it is about; to the line of code that is `level` calls away."""
    if about not in _told:
        _told.add(about)
        import warnings

        warnings.warn(text, FlowRevisionWarning, stacklevel=level + 1)


def _answer(dependencies: Sequence[Any], overwrite: bool, folders: list[str], caller: str, level: int = 2) -> list[Any]:
    """Warn about what differs, and return the dependencies that these trees do not hold."""
    others = []
    for wish in dependencies:
        module = str(wish.get("url")) if isinstance(wish, dict) else ""
        held = _held(module, folders)
        if held is None:
            others.append(wish)
            continue
        asked = str(wish.get("revision", "main"))
        difference = _difference(module, asked, held)
        if difference is not None:
            _warn(difference, (module, asked), level + 1)
        # Modules are published with an `overwrite` that somebody forgot; only a person's own script means it.
        if (overwrite or wish.get("overwrite")) and not caller.startswith(_PACKAGE + "."):
            _warn(_kept(module), (module,), level + 1)
    return others


def _name_of(module: dict[str, Any]) -> str:
    """Name a module by its globals; of the program itself, what it is called where it is imported."""
    name = str(module.get("__name__", ""))
    spec = module.get("__spec__")
    return str(spec.name) if name == "__main__" and spec is not None else name


def _package_of(caller: str, packages: Iterable[str]) -> str:
    """Name the package of modules that a module is in, or that of the application that it belongs to."""
    near = [package for package in packages if caller.startswith(package + ".")]
    near = near or [package for package in packages if caller.split(".")[0] == package.split(".")[0]]
    return max(near, key=len) if near else _SHARED


def _reply(dependencies: Any, overwrite: bool, caller: str, original: _Sync) -> list[str]:
    """Do what `sync_dependencies` is asked to: from this package, and by the original what is not in it."""
    others = _answer(dependencies, overwrite, _join(), caller, 3)
    synced = list(original(others, overwrite) or ()) if others else []
    return list(dict.fromkeys([folder for root in _join() for folder in _modules(root)] + synced))


def _guarded(original: _Sync) -> _Sync:
    """Make a `sync_dependencies` that asks the original one only for what is not in the tree."""

    def sync_dependencies(dependencies: Any, all_overwrite: bool = False) -> list[str]:
        caller = _name_of(_sys._getframe(1).f_globals)
        answer = _answers.get(_package_of(caller, _answers))
        if answer is None or not isinstance(dependencies, (list, tuple)):
            return original(dependencies, all_overwrite)
        return answer(dependencies, all_overwrite, caller, original)

    sync_dependencies.__doc__ = original.__doc__
    sync_dependencies.__module__ = original.__module__
    sync_dependencies.__wrapped__ = original  # type: ignore[attr-defined]
    sync_dependencies.flowverse_original = original  # type: ignore[attr-defined]
    return sync_dependencies


# --- what applications ship ------------------------------------------------------------------------------------------


def _records(folder: str) -> dict[str, dict[str, str]]:
    """Read who put which modules at which commits into a tree: applications, by name, or a project, by its folder."""
    place = _os.path.join(folder, "_shipped")
    found = {}
    try:
        for name in sorted(name for name in _os.listdir(place) if name.endswith(".txt")):
            with open(_os.path.join(place, name), encoding="utf-8") as file:
                words = [line.split() for line in file]
            found[name[: -len(".txt")]] = dict(pair for pair in words if len(pair) == 2)
    except FileNotFoundError:
        ids = [_read(module) for module in _modules(folder) if not _is_link(module)]
        found[_os.path.dirname(folder)] = {held[0]: held[2] for held in ids if held is not None and held[2]}
    except (OSError, ValueError):  # whatever it is, it is no reason to stop
        pass
    return found


def _compare(folders: list[str]) -> None:
    """Warn about a module that is here at two commits: only one of them can be imported."""
    # Folders without modules are many: aiFlows brings one. To look into the others takes a moment for each module.
    held = [folder for folder in folders if any(not name.startswith("_") for name in _names(folder))]
    try:
        alone = len(held) < 2 and len(_os.listdir(_os.path.join(held[0], "_shipped"))) < 2
    except (IndexError, OSError):  # no modules, a project's own tree, or a zip
        alone = len(held) < 2
    places: dict[str, dict[str, str]] = {}
    for folder in [] if alone else held:
        for who, commits in _records(folder).items():
            for module, commit in commits.items():
                places.setdefault(module, {}).setdefault(commit, who)
    for module, commits in places.items():
        if len(commits) > 1:
            said = " and by ".join(who + " at " + _short(commit) for commit, who in commits.items())
            found = _held(module, folders)
            which = " (" + found[2][:7] + ")" if found is not None and found[2] else ""
            text = module + " is shipped by " + said + ", and flow_modules has room for one" + which + ": install them"
            _warn(text + " apart, or build them with `into` in [tool.flowverse.build].", (module, "shipped"), 3)


def _short(commit: str) -> str:
    """A commit as a person reads it; after a plus sign stands the sha256 of a patch."""
    return commit[:7] + (" with a patch" if "+" in commit else "")


# --- the import system -----------------------------------------------------------------------------------------------


def _patch(module: ModuleType) -> None:
    original = vars(module).get("sync_dependencies")
    if callable(original):
        vars(module)["sync_dependencies"] = _guarded(getattr(original, "flowverse_original", original))


class _Loader:
    """Loads a guarded module as its own loader does, guards it, and leaves no trace of itself."""

    def __init__(self, spec: ModuleSpec) -> None:
        self._spec, self._loader = spec, spec.loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        create = getattr(self._loader, "create_module", None)
        return create(spec) if create else None

    def exec_module(self, module: ModuleType) -> None:
        self._spec.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)  # type: ignore[union-attr]
        _patch(module)


class _Guard:
    """First on `sys.meta_path`: guards the modules that are known to have a `sync_dependencies`."""

    flowverse_guard = "guard"
    flowverse_answers = _answers

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name not in _GUARDED:
            return None
        for finder in list(_sys.meta_path):
            spec = finder.find_spec(name, path, target) if finder is not self and hasattr(finder, "find_spec") else None
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec)  # type: ignore[assignment]
                return spec
        return None


class _Joiner:
    """Last on `sys.meta_path`: looks for what was not found in the folders that came later, or of a joined owner."""

    flowverse_guard = "joiner"

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        package, *inner = name.split(".")
        parent = _sys.modules.get(name.rpartition(".")[0])
        if package != _SHARED or len(inner) not in (1, 2) or parent is None:
            return None
        seen = list(path or ())
        folders = [_os.path.join(folder, *inner[:-1]) for folder in _join()]
        more = [folder for folder in folders if folder not in seen and _is_there(folder)]
        if not more:
            return None
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, more, target)
        if spec is not None and len(inner) > 1:
            parent.__path__ = seen + more
        return spec


def _not_here(dependencies: Any, all_overwrite: bool = False) -> list[str]:  # noqa: ARG001
    """Stand in for the `sync_dependencies` of a package that is not installed: it can bring nothing."""
    missing = [str(wish.get("url")) if isinstance(wish, dict) else repr(wish) for wish in dependencies]
    raise ModuleNotFoundError(
        ", ".join(missing) + " is asked for and not in flow_modules: declare it in [tool.flowverse.dependencies] of "
        "pyproject.toml, and sync."
    )


class _StandIn:
    """Last of all on `sys.meta_path`, and a loader: a package that nobody has gets its `flow_verse`, and no more."""

    flowverse_guard = "stand-in"

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002
        package, _, inner = name.partition(".")
        if package not in _STAND_INS:
            return None
        parent = _sys.modules.get(package)
        if inner and not hasattr(getattr(parent, "__loader__", None), "flowverse_guard"):
            return None
        if inner not in ("", "flow_verse"):
            # Whoever wants more than the stand-in wants the package: the error says that it is not there.
            raise ModuleNotFoundError("No module named " + repr(package), name=package)
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, self, is_package=not inner)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:  # noqa: ARG002
        return None

    def exec_module(self, module: ModuleType) -> None:
        if module.__name__ not in _STAND_INS:
            vars(module)["sync_dependencies"] = _guarded(_not_here)


def _activate() -> None:
    """Guard this process for this package; to do it again changes nothing."""
    ours = [finder for finder in _sys.meta_path if hasattr(finder, "flowverse_guard")]
    others = [finder for finder in _sys.meta_path if finder not in ours]
    joiner = [finder for finder in ours if finder.flowverse_guard == "joiner"] or [_Joiner()]
    if _os.environ.get("FLOWVERSE_GUARD") == "0":
        _sys.meta_path[:] = [*others, *joiner]
    else:
        _answers[_PACKAGE] = _reply
        _sys.meta_path[:] = [_Guard(), *others, *joiner, _StandIn()]
        for name in _GUARDED & set(_sys.modules):
            _patch(_sys.modules[name])
    folders = _join()
    if _PACKAGE == _SHARED:
        _compare(folders)
