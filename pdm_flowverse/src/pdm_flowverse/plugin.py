"""What PDM loads when it starts. Every `pdm` command pays for it, so the engine is imported where it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pdm.signals import pre_build, pre_install, pre_invoke, pre_lock

from pdm_flowverse.command import Command
from pdm_flowverse.handlers import on_build, on_install, on_invoke, on_lock
from pdm_flowverse.project import adopt

if TYPE_CHECKING:
    from pdm.core import Core

__all__ = ["register"]


def register(core: Core) -> None:
    """Add the signal handlers, the kind of project and the command `pdm flowverse`."""
    pre_invoke.connect(on_invoke)
    pre_lock.connect(on_lock)
    pre_install.connect(on_install)
    pre_build.connect(on_build)
    adopt(core)
    core.register_command(Command, "flowverse")
