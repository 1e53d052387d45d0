"""The build hook: an editable build syncs, a wheel and an sdist ship what is locked."""

from __future__ import annotations

import atexit
import os
import shutil
from contextlib import suppress
from importlib.metadata import requires
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from flowverse import api
from flowverse.errors import FlowverseError
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.requirements import Requirement

from hatch_flowverse import _uv
from hatch_flowverse._say import Voice

__all__ = ["FlowVerseBuildHook"]


class FlowVerseBuildHook(BuildHookInterface):  # type: ignore[type-arg] # a subscript fails in older versions
    """`[tool.hatch.build.hooks.flowverse]`. Never prompts: an installer hides what it would ask."""

    PLUGIN_NAME = "flowverse"
    _generated: str | None = None

    def dependencies(self) -> list[str]:
        """The Hub client, if something must be fetched. What is wrong is said by `initialize`, in one line."""
        root = Path(self.root)
        with suppress(FlowverseError):
            # An sdist never locks; whether a wheel is an editable one, which may, is not known here.
            settings = api.Settings.from_environ(os.environ, locked=self.target_name == "sdist")
            if api.declared(root) and api.needs_hub(root, settings):
                return _hub_client()
        return []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Sync, or verify, before the build; and say what belongs into the archive."""
        root = Path(self.root)
        if not api.declared(root):
            return
        voice = Voice(self.app)
        try:
            settings = api.Settings.from_environ(os.environ)
            if version == "editable":
                voice.result(api.sync(root, settings, reporter=voice))
                self._make_importable(api.modules_dir(root).parent, build_data)
                self._warn_of_uv(root, voice)
            else:
                self._ship(api.shipment(root, settings, reporter=voice), build_data)
        except FlowverseError as error:
            voice.fail(error)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove what was generated for the archive."""
        if self._generated is not None:
            shutil.rmtree(self._generated, ignore_errors=True)

    def _ship(self, shipment: api.Shipment, build_data: dict[str, Any]) -> None:
        """File by file: a folder would take what is generated in it, and collide with what is selected in it."""
        tree = shipment.tree.relative_to(self.root).as_posix()
        for folder, _, names in os.walk(shipment.tree):
            below = Path(folder).relative_to(shipment.tree)
            for name in names:
                # Whatever the project selects, nothing of the tree is taken twice, or by accident. (Asking where the
                # project puts a file would make hatchling choose the files before it knows of these.)
                self.build_config.build_reserved_paths.update(
                    {str(Path(tree, below, name)), str(Path("flow_modules", below, name))}
                )
        for path, file in shipment.files:
            inside = path.partition("/")[2]
            build_data["force_include"][str(file)] = f"{tree}/{inside}" if self.target_name == "sdist" else path
        if shipment.lock is not None and self.target_name == "sdist":
            build_data["force_include"][str(shipment.lock)] = shipment.lock.name

    def _make_importable(self, root: Path, build_data: dict[str, Any]) -> None:
        """Generated outside of the tree, which the project's own selection walks."""
        self._generated = mkdtemp(prefix="flowverse-")
        atexit.register(shutil.rmtree, self._generated, ignore_errors=True)  # a build that fails has no finalize
        for name, text in api.editable_files(self.metadata.core.name, str(root)).items():
            file = Path(self._generated, name)
            file.write_text(text, encoding="utf-8")
            build_data["force_include"][str(file)] = name
            if build_data["force_include_editable"]:  # another hook's, which replaces force_include
                build_data["force_include_editable"][str(file)] = name

    def _warn_of_uv(self, root: Path, voice: Voice) -> None:
        if _uv.builds(os.environ):
            tree = api.modules_dir(root).relative_to(root).as_posix()
            voice.lines(_uv.missing_keys(self.metadata.config, tree))


def _hub_client() -> list[str]:
    """What `flowverse[hub]` adds. pip looks at names only, and takes that itself for installed, as flowverse is."""
    wanted = (Requirement(text) for text in requires("flowverse") or ())
    return [f"{req.name}{req.specifier}" for req in wanted if req.marker and req.marker.evaluate({"extra": "hub"})]
