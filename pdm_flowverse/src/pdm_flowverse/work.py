"""Has the engine do something for a PDM project, and tells PDM's terminal what came of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from flowverse import api
from flowverse.errors import FlowverseError, HubClientMissing, StaleLock, UsageError
from pdm.compat import tomllib
from pdm.termui import UI, Verbosity

from pdm_flowverse.terminal import Asker, Progress, can_ask, show

if TYPE_CHECKING:
    from pathlib import Path

    from flowverse.model import Result
    from flowverse.ports import Chooser, Reporter
    from pdm.project import Project

__all__ = [
    "HUB_CLIENT",
    "carry_out",
    "check_backend",
    "is_stale",
    "plainly",
    "refuse_manifest",
    "refuse_stale",
    "warn_stale",
]


HUB_CLIENT = """\
Write plugins = ["pdm-flowverse[hub]"] in [tool.pdm] and run `pdm install --plugins`, or run \
`pdm self add "pdm-flowverse[hub]"`."""


class Work(Protocol):
    """`api.sync`, or `api.lock`."""

    def __call__(
        self, root: Path, settings: api.Settings, *, reporter: Reporter, chooser: Chooser | None
    ) -> Result: ...


def carry_out(project: Project, work: Work, **flags: bool) -> None:
    """Lock or sync, with the settings of the environment and these flags, and show the result."""
    ui = project.core.ui
    with plainly(ui):
        settings = api.Settings.from_environ(os.environ, **flags)
        with Progress(ui) as progress:
            chooser = Asker(ui, progress) if can_ask() else None
            result = work(project.root, settings, reporter=progress, chooser=chooser)
    if result.lock_written and not result.dry_run and chooser:
        _adopt_overrides(project)
    show(ui, api.render(result, verbose=ui.verbosity >= Verbosity.DETAIL))


def refuse_manifest(project: Project) -> None:
    """End PDM with an error if `pyproject.toml` cannot be read."""
    with plainly(project.core.ui):
        api.modules_dir(project.root)


def refuse_stale(project: Project) -> None:
    """End PDM with an error if the lock is stale."""
    with plainly(project.core.ui):
        if reasons := api.check(project.root, api.Settings()):
            raise StaleLock(reasons)


def is_stale(project: Project) -> bool:
    """Whether flow modules are to be locked; not where the environment says that the lock is the truth."""
    with plainly(project.core.ui):
        settings = api.Settings.from_environ(os.environ)
        return not settings.frozen and bool(api.check(project.root, settings))


def warn_stale(project: Project) -> None:
    """Say that what was synced is not what the manifest asks for, as PDM says it of packages."""
    with suppress(FlowverseError):  # the lock is the truth: what is wrong with the manifest does not matter here
        if reasons := api.check(project.root, api.Settings()):
            show(project.core.ui, [api.Line("warning", line) for line in str(StaleLock(reasons)).splitlines()])


def check_backend(project: Project, *, building: bool) -> None:
    """Say it if the backend of a project does not know of flow modules: pdm-backend then ships whatever lies there."""
    data = _read(project)
    system, tools = data.get("build-system", {}), data.get("tool", {})
    backend = str(system.get("build-backend", ""))
    requires = " ".join(map(str, system.get("requires", ()))).replace("_", "-")
    if backend == "pdm.backend" and "pdm-flowverse" not in requires:
        what = "The build would ship flow modules unverified, or none: it does not know of them"
        hint = 'Add "pdm-flowverse" to requires in [build-system].'
        if building:
            with plainly(project.core.ui):
                raise UsageError(f"{what}.", hint=hint)
        show(project.core.ui, [api.Line("warning", f"{what}. {hint}")])
    hooks = tools.get("hatch", {}).get("build", {}).get("hooks", {})
    if building and backend != "pdm.backend" and not (backend == "hatchling.build" and "flowverse" in hooks):
        show(project.core.ui, [api.Line("warning", f"{backend or 'The backend'} is not told to ship flow modules")])


def _read(project: Project) -> Mapping[str, Any]:
    pyproject = project.pyproject
    return pyproject.open_for_read() if hasattr(pyproject, "open_for_read") else pyproject._data  # before 2.26.4


@contextmanager
def plainly(ui: UI) -> Iterator[None]:
    """Say an error of flowverse and end PDM with exit code 1, its own for every error.

    A `PdmUsageError` would do nearly the same, but from a signal handler PDM adds the name of a log that holds
    nothing but the traceback.
    """
    try:
        yield
    except FlowverseError as error:
        if isinstance(error, HubClientMissing):
            error.hint = HUB_CLIENT
        show(ui, api.explain(error))
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        show(ui, [api.Line("error", "Interrupted; no flow module is left half done.")])
        raise SystemExit(130) from None


def _adopt_overrides(project: Project) -> None:
    """Give PDM the overrides that the engine wrote: it may hold the file open, and write it again at the end."""
    with (project.root / "pyproject.toml").open("rb") as file:
        overrides = tomllib.load(file)["tool"]["flowverse"].get("overrides", {})
    pyproject = project.pyproject
    document = pyproject.open_for_write() if hasattr(pyproject, "open_for_write") else pyproject._data  # before 2.26.4
    document["tool"]["flowverse"].setdefault("overrides", {}).update(overrides)
