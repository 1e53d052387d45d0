"""PDM's project, whose default group has what its flow modules ask for beside what it asks for itself.

PDM asks a project for its dependencies in two ways, and whether its lock is fresh in one or two, depending on its
version. All of them are public, and are answered here; so every command, lock strategy and installer of PDM sees the
same, and none of them has to know. The packages end up in `pdm.lock` like any others: who lacks the plugin can install
from it. What that lock was made for is written into it, because PDM's own hash is about `pyproject.toml` only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pdm.project import Project

if TYPE_CHECKING:
    from pdm.core import Core
    from pdm.models.requirements import Requirement

__all__ = ["FlowProject", "adopt"]

_RECORD = "flow_module_requirements"


def adopt(core: Core) -> None:
    """Have PDM make its projects of this kind; another plugin's kind stays what it is besides."""
    if not issubclass(core.project_class, FlowProject):
        kind: type[Project] = type("FlowProject", (FlowProject, core.project_class), {})
        core.project_class = kind


class FlowProject(Project):
    """A project whose default group has the Python requirements of its flow modules."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._added: dict[int, Requirement] = {}  # by identity: PDM changes what is equal
        super().__init__(*args, **kwargs)

    @property
    def pyproject(self) -> Any:
        """Its `pyproject.toml`. Where that is no TOML, an id without its quotes for one, PDM has a traceback for it."""
        try:
            return super().pyproject
        except ValueError:
            if b"flowverse" in (self.root / self.PYPROJECT_FILENAME).read_bytes():
                from pdm_flowverse.work import refuse_manifest

                refuse_manifest(self)
            raise

    # --- what it depends on ------------------------------------------------------------------------------------------

    def get_dependencies(self, group: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """The requirements of a group; those of flow modules are in the default one."""
        found = super().get_dependencies(group, *args, **kwargs)
        return self._with_modules(found) if group in {None, "default"} else found

    @property
    def all_dependencies(self) -> Any:
        """The requirements of every group."""
        # Where PDM asks `get_dependencies` for each of them, as it did once, they are there already; not twice then.
        groups = dict(super().all_dependencies)
        if not any(self.is_of_modules(req) for req in _each(groups["default"])):
            groups["default"] = self._with_modules(groups["default"])
        return groups

    def add_dependencies(self, requirements: Any, *args: Any, **kwargs: Any) -> Any:
        """Write requirements to `pyproject.toml`, not those of flow modules: `--unconstrained` writes whole groups."""
        if isinstance(requirements, Mapping):
            requirements = {key: req for key, req in requirements.items() if not self.is_of_modules(req)}
        else:
            requirements = [req for req in requirements if not self.is_of_modules(req)]
        return super().add_dependencies(requirements, *args, **kwargs)

    def renew(self, requirements: list[Requirement]) -> None:
        """Write the flow modules' requirements in a list anew: `--unconstrained` has taken the versions out of all."""
        if any(self.is_of_modules(req) for req in requirements):
            requirements[:] = [req for req in requirements if not self.is_of_modules(req)]
            requirements += self._of_modules(req for req in requirements if "default" in req.groups)

    def is_of_modules(self, requirement: object) -> bool:
        """Whether it is one that was added for flow modules."""
        return id(requirement) in self._added

    def _with_modules(self, found: Any) -> Any:
        added = self._of_modules(_each(found))
        if not added:
            return found
        if not isinstance(found, Mapping):
            return type(found)([*found, *added])
        result = dict(found)  # PDM before 2.20; by name, but it never looks one up by a name that is not a plain one
        for number, req in enumerate(added):
            name = req.identify()
            result[f"{name} ({number})" if name in result else name] = req
        return result

    def _of_modules(self, own: Iterable[Requirement]) -> list[Requirement]:
        if not (lines := self._lines(req.as_line() for req in own)):
            return []
        from pdm_flowverse.requirements import parsed

        added = parsed(lines)
        self._added.update((id(req), req) for req in added)
        return added

    @property
    def has_asking_modules(self) -> bool:
        """Whether flow modules may ask for anything. Most ask for nothing, which is found out without the engine."""
        lock = self.root / "flowverse.lock"
        return lock.is_file() and b"requirements" in lock.read_bytes() and self._declares()

    def _lines(self, own: Iterable[str] = ()) -> tuple[str, ...]:
        if not self.has_asking_modules:
            return ()
        from pdm_flowverse.requirements import lines_for

        return lines_for(self, own)

    def _declares(self) -> bool:
        """Whether what PDM works with declares flow modules: for a script it takes the folder with another table.

        A member of a workspace does not count: PDM locks for the whole of it, and without what its members lock.
        """
        pyproject = self.pyproject
        data = pyproject.open_for_read() if hasattr(pyproject, "open_for_read") else pyproject._data  # before 2.26.4
        return "flowverse" in data.get("tool", {}) and getattr(self, "workspace_project", None) is None

    # --- what its lock was made for ----------------------------------------------------------------------------------

    def is_lockfile_fresh(self) -> bool:
        """Whether the lock answers to the project, and to what its flow modules ask for."""
        return super().is_lockfile_fresh() and self._answers()

    def is_lockfile_hash_match(self) -> bool:
        """The same, as PDM called it once."""
        return super().is_lockfile_hash_match() and self._answers()

    def write_lockfile(self, toml_data: Any = None, *args: Any, **kwargs: Any) -> None:
        """Write the lock, and into it what flow modules asked for when it was made."""
        from pdm.formats.base import make_array

        with suppress(KeyError):  # what has no such table is no lock, and its own trouble
            place = _place(self.lockfile if toml_data is None else toml_data)
            place.pop(_RECORD, None)
            if self._locks_default() and (lines := self._lines()):
                place[_RECORD] = make_array(list(lines), multiline=True)
        super().write_lockfile(toml_data, *args, **kwargs)

    def _answers(self) -> bool:
        recorded: list[str] = []
        with suppress(KeyError):
            recorded = list(_place(self.lockfile).get(_RECORD, []))
        return recorded == list(self._lines() if self._locks_default() else ())

    def _locks_default(self) -> bool:
        groups = self.lockfile.groups
        return groups is None or "default" in groups


def _each(found: Any) -> Iterable[Requirement]:
    return found.values() if isinstance(found, Mapping) else found


def _place(lock: Any) -> Any:
    """The table of a lock that is PDM's own: `pdm.lock` has one of metadata, `pylock.toml` one of tools."""
    try:
        return lock["metadata"]
    except KeyError:
        return lock["tool"]["pdm"]
