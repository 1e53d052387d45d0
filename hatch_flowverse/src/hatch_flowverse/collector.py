"""The collector: gives the environments that hold the project the type that keeps its flow modules in sync."""

from __future__ import annotations

from typing import Any

from hatch.env.collectors.plugin.interface import EnvironmentCollectorInterface

__all__ = ["FlowVerseCollector"]


class FlowVerseCollector(EnvironmentCollectorInterface):
    """`[tool.hatch.env.collectors.flowverse]`."""

    PLUGIN_NAME = "flowverse"

    def finalize_environments(self, config: dict[str, dict[str, Any]]) -> None:
        """Take over virtual environments. Those for builds, those without a project and other types stay as they are.

        Hatch makes `detached` ones, and its own that need no project, `skip-install`.
        """
        for environment in config.values():
            holds_project = not environment.get("skip-install") or environment.get("workspace")
            if environment.get("type") == "virtual" and holds_project and not environment.get("builder"):
                environment["type"] = "flowverse"
