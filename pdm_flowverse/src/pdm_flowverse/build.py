"""pdm-backend's build hook: wheels and sdists hold the flow modules, an editable install can import them.

It runs in the build's environment, which has pdm-backend and not PDM, and is loaded for every build there: all of it
depends on a `[tool.flowverse]` table.
"""

from __future__ import annotations

import glob
import os
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowverse import shipping
    from pdm.backend.hooks import Context

__all__ = ["pdm_build_finalize", "pdm_build_hook_enabled", "pdm_build_initialize", "pdm_build_update_files"]

_HUB_CLIENT = """\
Write requires = ["pdm-backend", "pdm-flowverse[hub]"] in [build-system], or sync beforehand \
(`pdm install --plugins`, then `pdm install`)."""

_generated: list[TemporaryDirectory[str]] = []
"""Folders of generated files, outside of the project: pdm-backend takes files from disk only."""


def pdm_build_hook_enabled(context: Context) -> bool:
    """Whether the project has to do with flow modules."""
    return "flowverse" in context.config.data.get("tool", {})


def pdm_build_initialize(context: Context) -> None:
    """Sync or verify, and complete the metadata, which pdm-backend writes before it asks for files."""
    from flowverse import api, shipping

    metadata: dict[str, Any] = context.config.metadata
    own = list(metadata.get("dependencies", ()))
    with _plainly():
        settings = api.Settings.from_environ(os.environ)
        if context.target == "editable":
            _say(*(line.text for line in api.render(api.sync(context.root, settings))))
            _require(metadata, own, shipping.metadata(context.root, own))
            return
        archive = context.target
        name, version = str(metadata["name"]), str(metadata.get("version", "0"))
        shipment = shipping.shipment(
            context.root, settings, archive, name=name, version=version, scratch=_scratch(), own=own
        )  # fmt: skip
    _say(*shipment.notes, *(f"warning: {text}" for text in shipment.warnings))
    _require(metadata, own, shipment.metadata)
    if not _is_classic(metadata):
        patterns = metadata.get("license-files", _own_licenses(context.root))
        metadata["license-files"] = [*patterns, *map(glob.escape, shipment.metadata.licenses)]
    context.flowverse = shipment  # type: ignore[attr-defined] # which is what pdm-backend offers it for


def pdm_build_update_files(context: Context, files: MutableMapping[str, Path]) -> None:
    """Add what is needed to import flow modules from the archive or, for an editable one, from the project."""
    if context.target == "editable":
        _link(context, files)
    else:
        _ship(context, files, context.flowverse)  # type: ignore[attr-defined]


def pdm_build_finalize(context: Context, artifact: Path) -> None:
    """Remove what was generated; and the archive, if it turns out that nobody can use it."""
    from flowverse import shipping

    while _generated:
        _generated.pop().cleanup()
    if context.target == "wheel":
        with _plainly(artifact):
            shipped = [path for path, _ in context.flowverse.files]  # type: ignore[attr-defined]
            shipping.check_wheel(context.root, artifact, shipped)


def _link(context: Context, files: MutableMapping[str, Path]) -> None:
    from flowverse import api

    _drop(files, api.modules_dir(context.root).relative_to(context.root))
    folder = _scratch()
    for name, content in api.editable_files(context.root, context.config.metadata["name"]).items():
        files[name] = folder / name
        files[name].write_text(content, encoding="ascii", newline="\n")


def _ship(context: Context, files: MutableMapping[str, Path], shipment: shipping.Shipment) -> None:
    _drop(files, shipment.tree.relative_to(context.root))
    files.update({path: Path(file) for path, file in shipment.files})
    if context.target == "wheel":
        folder = context.builder.dist_info_name  # type: ignore[attr-defined] # a wheel's builder has it
        files.update({f"{folder}/sboms/{file.name}": file for file in shipment.boms})
        if _is_classic(context.config.metadata):
            files.update({f"{folder}/licenses/{path}": context.root / path for path in shipment.metadata.licenses})


def _require(metadata: dict[str, Any], own: list[str], said: shipping.Metadata) -> None:
    """Add the Python requirements of the modules to those of the project."""
    if said.requirements:
        metadata["dependencies"] = [*own, *said.requirements]
    if "dependencies" in metadata.get("dynamic", ()):
        metadata.setdefault("dependencies", own)
        metadata["dynamic"] = [field for field in metadata["dynamic"] if field != "dependencies"]


def _is_classic(metadata: Mapping[str, Any]) -> bool:
    """Whether the project says its licence as a table, which goes together with no list of licence files."""
    return isinstance(metadata.get("license"), Mapping)


def _own_licenses(root: Path) -> list[str]:
    """The licence files that pdm-backend finds by itself where a project names none."""
    patterns = ("LICEN[CS]E*", "COPYING*", "NOTICE*")
    return [glob.escape(path.name) for pattern in patterns for path in sorted(root.glob(pattern)) if path.is_file()]


def _scratch() -> Path:
    folder = TemporaryDirectory(prefix="pdm-flowverse-")
    _generated.append(folder)
    return Path(folder.name)


def _drop(files: MutableMapping[str, Path], tree: Path) -> None:
    """Leave out what pdm-backend found of the tree by itself, as it does without a `src` folder: backups, records."""
    for name in list(files):
        parts = Path(name).parts
        if parts[: len(tree.parts)] == tree.parts or parts[:1] == ("flow_modules",):
            del files[name]


def _say(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201 - the build's log


@contextmanager
def _plainly(artifact: Path | None = None) -> Iterator[None]:
    """Make an error of flowverse the last words of the build, without a traceback; and without an `artifact`."""
    from flowverse import api
    from flowverse.errors import FlowverseError, HubClientMissing

    try:
        yield
    except FlowverseError as error:
        if artifact is not None:
            artifact.unlink()
        if isinstance(error, HubClientMissing):
            error.hint = _HUB_CLIENT
        raise SystemExit("\n".join(_spaced(line.text) for line in api.explain(error))) from None


def _spaced(text: str) -> str:
    """Write `[build-system]` as `[ build-system ]`: PDM prints what a build says as markup, and would leave it out.

    TOML takes a table's name like this too, and so does PEP 508 an extra's.
    """
    return re.sub(r"\[([a-z][^\[\]]*)\]", r"[ \1 ]", text)
