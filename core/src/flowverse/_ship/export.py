"""What a project is made of, for other programs, from its lock: CycloneDX, a requirements file, or JSON. Pure."""

from __future__ import annotations

import json

from flowverse._ship.bom import bom_text
from flowverse._ship.requirements import requirements_of
from flowverse._ship.values import Application, Format, ShippedFile, ShippedModule
from flowverse.lock import Lock
from flowverse.model import ModuleId, Pin

__all__ = ["export"]

_VERSION = 1


def export(lock: Lock, application: Application, format: Format, *, epoch: int | None = None) -> str:
    """Write the modules of a lock. Paths are those in the tree; local modules have no files, and no commit."""
    if format == "requirements":
        return _requirements(lock)
    if format == "json":
        return _json(lock, application)
    roots = {ModuleId.parse(id) for id, _, _ in lock.dependencies}
    return bom_text(application, [_module(pin) for pin in lock.pins], roots=roots, epoch=epoch)


def _module(pin: Pin) -> ShippedModule:
    files = tuple(
        ShippedFile(path=f"{pin.id.folder}/{entry.path}", sha256=entry.sha256, pinned=entry.sha256)
        for entry in pin.files
    )
    return ShippedModule(pin=pin, import_name=pin.id.import_name, files=files)


def _requirements(lock: Lock) -> str:
    asked = requirements_of(lock.pins)
    lines = [f"# {clause}" for clause in asked.unusable]
    for text, askers in asked.grouped.items():
        lines += [text, *(f"    # via {asker}" for asker in askers)]
    return "".join(f"{line}\n" for line in lines)


def _json(lock: Lock, application: Application) -> str:
    roots = {id for id, _, _ in lock.dependencies}
    modules = [
        {
            "id": str(pin.id),
            "direct": str(pin.id) in roots,
            "import_name": pin.id.import_name,
            "revision": pin.revision or None,
            "commit": pin.commit or None,
            "path": pin.path,
            "patch": f"sha256:{pin.patch}" if pin.patch else None,
            "license": pin.license,
            "dependencies": sorted({str(edge.id) for edge in pin.dependencies}),
            "requirements": list(pin.requirements),
            "digest": pin.digest or None,
            "files": [{"path": entry.path, "size": entry.size, "sha256": entry.sha256} for entry in pin.files],
        }
        for pin in lock.pins
    ]
    document = {"version": _VERSION, "name": application.name, "application_version": application.version}
    return json.dumps({**document, "modules": modules}, indent=2, ensure_ascii=False) + "\n"
