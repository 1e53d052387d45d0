"""The build hook: an editable build syncs, a wheel and an sdist ship what is locked.

Hatch asks a hook for its dependencies in a process of its own, so what that does not need is imported later.
"""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, Literal

from flowverse import api
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

if TYPE_CHECKING:
    from hatch_flowverse._say import Voice

__all__ = ["FlowVerseBuildHook"]


_TARGETS = ("wheel", "sdist")


class _Reserved(set[str]):
    """hatchling's set of paths that it leaves out, and all that is in some folders: also what links there lead to."""

    folders: tuple[str, ...] = ()

    def __contains__(self, path: object) -> bool:
        return super().__contains__(path) or f"{path}{os.sep}".startswith(self.folders)

    def clear(self) -> None:
        """Forget it all, as hatchling does when an archive is built."""
        self.folders = ()
        super().clear()


class FlowVerseBuildHook(BuildHookInterface):  # type: ignore[type-arg] # a subscript fails in older versions
    """`[tool.hatch.build.hooks.flowverse]`. Never prompts: an installer hides what it would ask."""

    PLUGIN_NAME = "flowverse"
    _generated: str | None = None
    _shipped: Sequence[str] = ()

    def dependencies(self) -> list[str]:
        """The Hub client, if something must be fetched. What is wrong is said by `initialize`, in one line."""
        root = Path(self.root)
        if not self._declared() or api.in_sync(root):
            return []
        from flowverse.errors import FlowverseError

        try:
            # An sdist never locks; whether a wheel is an editable one, which may, is not known here.
            settings = api.Settings.from_environ(os.environ, locked=self.target_name == "sdist")
            return _hub_client() if api.needs_hub(root, settings) else []
        except FlowverseError:
            return []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Sync, or verify, before the build; and say what belongs into the archive."""
        if self.target_name not in _TARGETS:
            return
        from flowverse.errors import FlowverseError

        from hatch_flowverse._say import Voice

        root, voice = Path(self.root), Voice(self.app)
        if not self._declared():
            if (warning := api.overlooked(root)) is not None:
                voice.lines([warning])
            return
        try:
            settings = api.Settings.from_environ(os.environ)
            self._check_metadata_hook()
            if version == "editable":
                self._edit(root, settings, voice, build_data)
            else:
                self._ship(root, settings, voice, build_data)
        except FlowverseError as error:
            voice.fail(error)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove what was generated for the archive; and the archive, if it turns out that nobody can use it."""
        if self._generated is None:
            return
        shutil.rmtree(self._generated, ignore_errors=True)
        if version != "editable" and self.target_name == "wheel":
            from flowverse import shipping
            from flowverse.errors import FlowverseError

            try:
                shipping.check_wheel(Path(self.root), Path(artifact_path), self._shipped)
            except FlowverseError as error:
                from hatch_flowverse._say import Voice

                Path(artifact_path).unlink()
                Voice(self.app).fail(error)

    def _declared(self) -> bool:
        """Whether there is a `[tool.flowverse]` table, in what hatchling has read."""
        return "flowverse" in self.metadata.config.get("tool", {})

    def _check_metadata_hook(self) -> None:
        """Refuse dependencies that nobody would hear of."""
        config = self.metadata.config
        hooks = config.get("tool", {}).get("hatch", {}).get("metadata", {}).get("hooks", {})
        if "dependencies" in hooks.get(self.PLUGIN_NAME, {}) and "dependencies" not in config["project"].get(
            "dynamic", ()
        ):
            from flowverse.errors import UsageError

            raise UsageError(
                "tool.hatch.metadata.hooks.flowverse.dependencies is of no use where dependencies are not dynamic.",
                hint='Set dynamic = ["dependencies"] in [project], and take `dependencies` out of it.',
            )

    def _edit(self, root: Path, settings: api.Settings, voice: Voice, build_data: dict[str, Any]) -> None:
        """Sync, and make what is synced importable from any folder."""
        from flowverse import shipping

        shipping.check_project(root)
        voice.result(api.sync(root, settings, reporter=voice))
        self._make_importable(root, build_data)
        said = shipping.metadata(root, self.metadata.core.dependencies)
        voice.lines([api.Line("warning", text) for text in said.warnings])
        build_data["dependencies"].extend(said.requirements)
        self._warn_of_uv(root, said.requirements, voice)

    def _ship(self, root: Path, settings: api.Settings, voice: Voice, build_data: dict[str, Any]) -> None:
        """File by file: a folder would take what is generated in it, and collide with what is selected in it."""
        from flowverse import shipping

        archive: Literal["wheel", "sdist"] = "sdist" if self.target_name == "sdist" else "wheel"
        core = self.metadata.core
        shipment = shipping.shipment(
            root,
            settings,
            archive,
            name=core.name,
            version=self.metadata.version,
            scratch=self._scratch(),
            own=core.dependencies,
            reporter=voice,
        )
        voice.lines([api.Line("note", text) for text in shipment.notes])
        voice.lines([api.Line("warning", text) for text in shipment.warnings])
        self._reserve(shipment.tree)
        self._shipped = [path for path, _ in shipment.files]
        build_data["force_include"].update({file: path for path, file in shipment.files})
        # Of a field that is computed, a wheel from an sdist takes what the sdist says, and then adds these as well.
        if archive == "wheel" or "dependencies" not in core.dynamic:
            build_data["dependencies"].extend(shipment.metadata.requirements)
        core.license_files.extend(path for path in shipment.metadata.licenses if path not in core.license_files)
        if archive == "wheel":
            build_data["sbom_files"].extend(map(str, shipment.boms))

    def _reserve(self, tree: Path) -> None:
        """Keep out what the project selects of the tree by itself: nothing of it is taken twice, or by accident.

        (Asking where the project puts a file would make hatchling choose the files before it knows of these.)
        """
        reserved = _Reserved(self.build_config.build_reserved_paths)
        reserved.folders = (f"{tree.relative_to(self.root)}{os.sep}", f"flow_modules{os.sep}")
        self.build_config.build_reserved_paths = reserved

    def _scratch(self) -> Path:
        """A folder outside of the tree, which the project's own selection walks."""
        self._generated = mkdtemp(prefix="flowverse-")
        atexit.register(shutil.rmtree, self._generated, ignore_errors=True)  # a build that fails has no finalize
        return Path(self._generated)

    def _make_importable(self, root: Path, build_data: dict[str, Any]) -> None:
        scratch = self._scratch()
        for name, text in api.editable_files(root, self.metadata.core.name).items():
            file = scratch / name
            file.write_text(text, encoding="utf-8")
            build_data["force_include"][str(file)] = name
            if build_data["force_include_editable"]:  # another hook's, which replaces force_include
                build_data["force_include_editable"][str(file)] = name

    def _warn_of_uv(self, root: Path, requirements: Sequence[str], voice: Voice) -> None:
        from hatch_flowverse import _uv

        voice.lines(_uv.unseen(os.environ, self.metadata.config, requirements))
        if _uv.builds(os.environ):
            tree = api.modules_dir(root).relative_to(root).as_posix()
            voice.lines(_uv.missing_keys(self.metadata.config, tree))


def _hub_client() -> list[str]:
    """What `flowverse[hub]` adds. pip looks at names only, and takes that itself for installed, as flowverse is."""
    from importlib.metadata import requires

    from packaging.requirements import Requirement

    wanted = (Requirement(text) for text in requires("flowverse") or ())
    return [f"{req.name}{req.specifier}" for req in wanted if req.marker and req.marker.evaluate({"extra": "hub"})]
