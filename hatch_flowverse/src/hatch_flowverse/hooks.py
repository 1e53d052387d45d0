"""What is registered with Hatch and hatchling. A build has no Hatch, so what needs it is imported when Hatch asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatchling.plugin import hookimpl

if TYPE_CHECKING:
    from hatch_flowverse.build_hook import FlowVerseBuildHook
    from hatch_flowverse.collector import FlowVerseCollector
    from hatch_flowverse.environment import FlowVerseEnvironment
    from hatch_flowverse.metadata_hook import FlowVerseMetadataHook

__all__ = [
    "hatch_register_build_hook",
    "hatch_register_environment",
    "hatch_register_environment_collector",
    "hatch_register_metadata_hook",
]


@hookimpl
def hatch_register_build_hook() -> type[FlowVerseBuildHook]:
    """`[tool.hatch.build.hooks.flowverse]`."""
    from hatch_flowverse.build_hook import FlowVerseBuildHook

    return FlowVerseBuildHook


@hookimpl
def hatch_register_metadata_hook() -> type[FlowVerseMetadataHook]:
    """`[tool.hatch.metadata.hooks.flowverse]`."""
    from hatch_flowverse.metadata_hook import FlowVerseMetadataHook

    return FlowVerseMetadataHook


@hookimpl
def hatch_register_environment_collector() -> type[FlowVerseCollector]:
    """`[tool.hatch.env.collectors.flowverse]`."""
    from hatch_flowverse.collector import FlowVerseCollector

    return FlowVerseCollector


@hookimpl
def hatch_register_environment() -> type[FlowVerseEnvironment]:
    """`type = "flowverse"` of an environment."""
    from hatch_flowverse.environment import FlowVerseEnvironment

    return FlowVerseEnvironment
