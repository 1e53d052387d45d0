"""What PDM's commands and options mean for flow modules: what they mean for packages.

| PDM | flow modules |
| --- | --- |
| `lock`; `add`, `update`, `remove` with `--no-sync` | locked |
| `install`, `add`, `update`, `remove` | locked, and synced before the project itself is built |
| `sync`, and any of these with `--frozen-lockfile` | synced as they are locked; a stale lock stays, with a warning |
| `lock --check`, `install --check` | a stale lock is an error |
| `--dry-run` | shown, nothing is written |
| `--no-self` | synced: they are what the project needs, not the project |
| `--no-default`, `add --group`, `add --dev` | not synced: they belong to the default group |
| `--skip`, `PDM_SKIP_HOOKS` | left alone: PDM sends no signal |

PDM holds handlers by weak references, and one function once however many `Core`s connect it: module level only.
"""

from __future__ import annotations

import os
from argparse import Namespace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from pdm_flowverse.project import FlowProject

if TYPE_CHECKING:
    from pdm.models.requirements import Requirement
    from pdm.project import Project

__all__ = ["on_build", "on_install", "on_invoke", "on_lock"]

_LOCKING = {"add", "install", "lock", "remove", "update"}

_commands: WeakKeyDictionary[Project, tuple[str | None, Namespace]] = WeakKeyDictionary()
"""The command that runs, and its options: the other signals say half of it (`pdm add` always locks with `dry_run`)."""


def on_invoke(project: Project, *, command: str | None, options: Namespace, **_: object) -> None:
    """Remember the command, and have flow modules locked before it; answer `pdm lock --check`, which never locks."""
    _commands[project] = command, options
    if command == "lock" and getattr(options, "check", False):
        if _declares(project):
            from pdm_flowverse.work import refuse_stale

            refuse_stale(project)
    elif command in _LOCKING:
        # PDM has not looked at `--frozen-lockfile` yet; it does in the callbacks of its options, which come next.
        options.callbacks = [*getattr(options, "callbacks", ()), _lock_first]


def _lock_first(project: Project, options: Namespace) -> None:
    """Lock flow modules before the command asks the project what it depends on: only then it is known.

    The signal `pre_lock` would be too late: PDM has its list of requirements then, and has found its lock fresh.
    """
    from pdm.cli.hooks import HookManager

    unlike = any(getattr(options, name, False) for name in ("check", "plugins", "refresh"))
    if unlike or not project.enable_write_lockfile or not _declares(project):
        return
    if HookManager(project, getattr(options, "skip", None)).should_run("pre_lock"):
        from flowverse import api

        from pdm_flowverse.work import carry_out, is_stale

        if _commands[project][0] == "lock" or is_stale(project):
            carry_out(project, api.lock, dry_run=getattr(options, "dry_run", False))


def on_lock(project: Project, *, requirements: list[Requirement], **_: object) -> None:
    """Say what of the Python requirements of flow modules will not do, and be there if PDM cannot resolve them."""
    if isinstance(project, FlowProject) and project.has_asking_modules:
        from pdm_flowverse.requirements import explain_failure, warn

        project.renew(requirements)
        warn(project, [req.as_line() for req in requirements if not project.is_of_modules(req)])

        def at_exit(_: object, error: BaseException | None, *__: object) -> None:
            if error is not None:
                explain_failure(project, error)

        project.core.exit_stack.push(at_exit)


def on_install(project: Project, *, dry_run: bool, **_: object) -> None:
    """Sync, before PDM installs: the project itself is built on the way, and its build wants the tree."""
    command, options = _commands.get(project, (None, Namespace()))
    if not (_wants_default(options) and _declares(project)):
        return
    from flowverse import api

    from pdm_flowverse.work import carry_out, check_backend, warn_stale

    locked = getattr(options, "check", False)
    frozen = not locked and (command == "sync" or not project.enable_write_lockfile)
    carry_out(project, api.sync, locked=locked, frozen=frozen, dry_run=dry_run)
    check_backend(project, building=False)
    if frozen:
        warn_stale(project)
        _freeze_build(project)


def on_build(project: Project, **_: object) -> None:
    """Refuse a build that would ship the tree as it lies there, and say it of one that ships nothing of it."""
    if _declares(project):
        from pdm_flowverse.work import check_backend

        check_backend(project, building=True)


def _declares(project: Project) -> bool:
    """Whether there is a `[tool.flowverse]` table. The engine is asked only where the word is there."""
    try:
        if b"flowverse" not in (project.root / "pyproject.toml").read_bytes():
            return False
    except OSError:
        return False
    from flowverse import api

    return api.declared(project.root)


def _wants_default(options: Namespace) -> bool:
    """Whether the command is about the default group of dependencies."""
    if "group" in options:  # add and remove are about one group
        return options.group in {None, "default"} and not options.dev
    return getattr(options, "default", True) and "default" not in getattr(options, "excluded_groups", ())


def _freeze_build(project: Project) -> None:
    """Keep the build of the project, a process of its own that syncs too, from locking what is to stay as it is."""
    if "FLOWVERSE_FROZEN" not in os.environ:
        os.environ["FLOWVERSE_FROZEN"] = "1"
        project.core.exit_stack.callback(os.environ.pop, "FLOWVERSE_FROZEN", None)
