"""The values of what is shipped: frozen, free of IO, light to import."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from flowverse.model import Pin

__all__ = [
    "FORMATS",
    "Application",
    "Format",
    "Metadata",
    "Shipment",
    "ShippedFile",
    "ShippedModule",
    "Target",
]

Format = Literal["cyclonedx", "requirements", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)
"""In which a project is exported."""


@dataclass(frozen=True, kw_only=True)
class Application:
    """What the modules are part of: the distribution's name, and its version where that is known."""

    name: str
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class Target:
    """The archive that is built, of which distribution, and `own`, the Python requirements that this has itself.

    `scratch` is an empty folder for files that have to be written for it. `epoch` is the time of the build in seconds.
    """

    archive: Literal["wheel", "sdist"]
    application: Application
    own: tuple[str, ...]
    scratch: Path
    epoch: int | None = None


@dataclass(frozen=True, kw_only=True)
class ShippedFile:
    """One file: its path in the archive, the sha256 that it has there, and that of the pin (another if rewritten)."""

    path: str
    sha256: str
    pinned: str


@dataclass(frozen=True, kw_only=True)
class ShippedModule:
    """A module as it is shipped: its pin, the name that it is imported by, and its files."""

    pin: Pin
    import_name: str
    files: tuple[ShippedFile, ...]


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What the metadata of a distribution says of its modules.

    `requirements` are lines of PEP 508 to add to the distribution's own, `licenses` paths of files in the project for
    `.dist-info/licenses` (https://peps.python.org/pep-0639/), `warnings` what cannot be said.
    """

    requirements: tuple[str, ...] = ()
    licenses: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Shipment:
    """What goes into the archive beside what the project selects itself.

    `files` are (path in the archive, file on disk) pairs, sorted: `flow_modules/saibo/ChatFlows/ChatGPT4.py`. In an
    sdist they are where they are in the project. `boms` are files for `.dist-info/sboms`, `metadata` is for the rest of
    it. `notes` and `warnings` are sentences. `tree` is where the tree is; nothing else of it belongs into the archive.
    """

    files: tuple[tuple[str, str], ...] = ()
    boms: tuple[Path, ...] = ()
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    tree: Path
