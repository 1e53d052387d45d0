"""pdm-backend's build hook: wheels and sdists hold the flow modules, an editable install can import them.

It runs in the build's environment, which has pdm-backend and not PDM, and is loaded for every build there: all of it
depends on a `[tool.flowverse]` table.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pdm.backend.hooks import Context

__all__ = ["pdm_build_finalize", "pdm_build_hook_enabled", "pdm_build_update_files"]

_HUB_CLIENT = """\
Write requires = ["pdm-backend", "pdm-flowverse[hub]"] in [build-system], or sync beforehand with `pdm install`."""

_generated: list[TemporaryDirectory[str]] = []
"""Folders of generated files, outside of the project: pdm-backend takes files from disk only."""


def pdm_build_hook_enabled(context: Context) -> bool:
    """Whether the project has to do with flow modules."""
    return "flowverse" in context.config.data.get("tool", {})


def pdm_build_update_files(context: Context, files: MutableMapping[str, Path]) -> None:
    """Add what is needed to import flow modules from the archive or, for an editable one, from the project."""
    with _plainly():
        if context.target == "editable":
            _link(context, files)
        else:
            _ship(context, files)


def pdm_build_finalize(context: Context, artifact: Path) -> None:  # noqa: ARG001 - the names are pdm-backend's
    """Remove what was generated; the archive is written."""
    while _generated:
        _generated.pop().cleanup()


def _link(context: Context, files: MutableMapping[str, Path]) -> None:
    from flowverse import api

    result = api.sync(context.root, api.Settings.from_environ(os.environ))
    print(*(line.text for line in api.render(result)), sep="\n", file=sys.stderr)  # noqa: T201 - the build's log
    tree = api.modules_dir(context.root)
    _drop(files, tree.relative_to(context.root))
    folder = TemporaryDirectory(prefix="pdm-flowverse-")
    _generated.append(folder)
    for name, content in api.editable_files(context.config.metadata["name"], str(tree.parent)).items():
        files[name] = Path(folder.name, name)
        files[name].write_text(content, encoding="ascii", newline="\n")


def _ship(context: Context, files: MutableMapping[str, Path]) -> None:
    from flowverse import api

    shipment = api.shipment(context.root, api.Settings.from_environ(os.environ))
    tree = shipment.tree.relative_to(context.root)
    _drop(files, tree)
    sdist = context.target == "sdist"
    files.update({(tree.parent / path if sdist else Path(path)).as_posix(): file for path, file in shipment.files})
    if sdist and shipment.lock is not None:
        files[shipment.lock.name] = shipment.lock


def _drop(files: MutableMapping[str, Path], tree: Path) -> None:
    """Leave out what pdm-backend found of the tree by itself, as it does without a `src` folder: backups, records."""
    for name in list(files):
        parents = Path(name).parents
        if tree in parents or Path("flow_modules") in parents:
            del files[name]


@contextmanager
def _plainly() -> Iterator[None]:
    """Make an error of flowverse the last words of the build, without a traceback."""
    from flowverse import api
    from flowverse.errors import FlowverseError, HubClientMissing

    try:
        yield
    except FlowverseError as error:
        if isinstance(error, HubClientMissing):
            error.hint = _HUB_CLIENT
        raise SystemExit("\n".join(line.text for line in api.explain(error))) from None
