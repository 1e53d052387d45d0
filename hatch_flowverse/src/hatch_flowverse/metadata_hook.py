"""The metadata hook: what flow modules need of Python is part of the project's own dependencies."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

__all__ = ["FlowVerseMetadataHook"]


class FlowVerseMetadataHook(MetadataHookInterface):
    """`[tool.hatch.metadata.hooks.flowverse]`, for a project with `dynamic = ["dependencies"]`.

    The build hook adds the same lines to what it builds; this one tells them to those who only ask, as uv and
    `hatch dep show` do. So it neither locks nor syncs: it reads the lock as it is.
    """

    PLUGIN_NAME = "flowverse"

    def update(self, metadata: dict[str, Any]) -> None:
        """Set `dependencies`: those in the hook's own table, and those of the modules."""
        if "dependencies" not in metadata.get("dynamic", ()):
            return
        from flowverse import shipping  # which every build would load otherwise
        from flowverse.errors import FlowverseError

        own = self.config.get("dependencies", [])
        if not isinstance(own, list) or not all(isinstance(line, str) for line in own):
            message = "Field `tool.hatch.metadata.hooks.flowverse.dependencies` must be an array of strings"
            raise TypeError(message)
        metadata["dependencies"] = list(own)
        with suppress(FlowverseError):  # whoever syncs or builds is told, in a sentence
            metadata["dependencies"] += shipping.metadata(Path(self.root), own).requirements
