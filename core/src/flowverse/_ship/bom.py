"""The software bill of materials of an archive: CycloneDX 1.6 in JSON (https://cyclonedx.org/docs/1.6/json/). Pure.

Written by hand: the CycloneDX project's own library takes a second to be installed and 0.2 to be imported, in every
environment that builds. The tests have it, and see that it reads and writes these documents as they are.

The same values give the same bytes: it lies in wheels that are to be reproducible. So it has no time, unless the build
has one (SOURCE_DATE_EPOCH, in seconds), and its serial number is made of what it says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

from flowverse._ship.values import Application, ShippedFile, ShippedModule
from flowverse.errors import InvalidModuleId
from flowverse.model import ModuleId, Pin

__all__ = ["BOM_NAME", "bom_text", "read_bom"]

BOM_NAME = "flowverse.cdx.json"
_NAMESPACE = UUID("6f1d7b0c-6a3a-5d53-9d2c-0e5c1f4b8a77")
_PINNED = "flowverse:pinned-sha256"
_DISTRIBUTION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_SPDX_ID = re.compile(r"[A-Za-z0-9.-]+")
_INDENT = "\n  "


def bom_text(
    application: Application,
    modules: Sequence[ShippedModule],
    *,
    roots: Collection[ModuleId],
    generated: Sequence[ShippedFile] = (),
    epoch: int | None = None,
) -> str:
    """Write the bill: the application, its modules with package URLs, licences and files, and who depends on whom.

    `roots` are the modules that the application asks for itself, `generated` the files beside the modules that make
    them importable. `epoch` is the time of the build in seconds, None for none.
    """
    application_ref = application.name
    refs = {module.pin.id: _purl(module.pin) for module in modules}
    edges = {application_ref: {refs[id] for id in roots if id in refs}}
    for module in modules:
        edges[refs[module.pin.id]] = {refs[edge.id] for edge in module.pin.dependencies if edge.id in refs}
    files = _files(application_ref, generated)
    rows: list[dict[str, Any]] = [{"ref": file["bom-ref"]} for file in files]
    rows += [{"ref": ref, **({"dependsOn": sorted(on)} if on else {})} for ref, on in edges.items()]
    libraries = [_component(module) for module in sorted(modules, key=lambda module: module.pin.id)]
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "dependencies": sorted(rows, key=lambda row: str(row["ref"])),
        "metadata": {"component": _application(application)},
        "specVersion": "1.6",
        "version": 1,
    }
    if files or libraries:
        document["components"] = [*files, *libraries]
    return _finished(document, epoch)


def _application(application: Application) -> dict[str, Any]:
    found = {"type": "application", "name": application.name, "bom-ref": application.name}
    if application.version is not None:
        found["version"] = application.version
    if _DISTRIBUTION.fullmatch(application.name):  # a project that is none has the name of its folder
        version = f"@{quote(application.version)}" if application.version else ""
        found["purl"] = f"pkg:pypi/{application.name.replace('_', '-').lower()}{version}"
    return found


def _purl(pin: Pin) -> str:
    """The package URL (https://github.com/package-url/purl-spec). An id has nothing that would have to be escaped."""
    return f"pkg:huggingface/{pin.id}" + (f"@{pin.commit}" if pin.commit else "")  # a local module has no commit


def _component(module: ShippedModule) -> dict[str, Any]:
    pin, purl = module.pin, _purl(module.pin)
    rewritten = any(file.sha256 != file.pinned for file in module.files)
    said = {"revision": pin.revision, "path": pin.path, "digest": pin.digest, "import-name": module.import_name}
    said["patch"] = f"sha256:{pin.patch}" if pin.patch else None
    notes = [f"Imported as {module.import_name}; names were rewritten."] if rewritten else []
    notes += ["Its files are those of the commit with a patch of the application's owner."] if pin.patch else []
    component = {
        "type": "library",
        "group": pin.id.owner,
        "name": pin.id.name,
        "version": pin.commit,
        "bom-ref": purl,
        "purl": purl,
        "licenses": [_license(pin.license)] if pin.license else [],
        "properties": [_property(f"flowverse:{name}", value) for name, value in sorted(said.items()) if value],
        "pedigree": {"notes": " ".join(notes)} if notes else {},
        "components": _files(purl, module.files),
    }
    return {key: value for key, value in component.items() if value}


def _files(owner: str, files: Iterable[ShippedFile]) -> list[dict[str, Any]]:
    components = []
    for file in sorted(files, key=lambda file: file.path):
        hashes = [{"alg": "SHA-256", "content": file.sha256}]
        component = {"type": "file", "name": file.path, "bom-ref": f"{owner}#{file.path}", "hashes": hashes}
        if file.pinned != file.sha256:
            component["properties"] = [_property(_PINNED, file.pinned)]
        components.append(component)
    return components


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


def _license(declared: str) -> dict[str, Any]:
    """The Hub writes SPDX's names in lower case, and has some of its own."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        known = canonicalize_license_expression(declared)
    except InvalidLicenseExpression:
        return {"license": {"name": declared}}
    plain = _SPDX_ID.fullmatch(known) and not known.startswith("LicenseRef-")
    return {"license": {"id": known}} if plain else {"expression": known}


def _finished(document: Mapping[str, Any], epoch: int | None) -> str:
    """The text, with what differs from one build to the next settled."""
    parts = {key: _indented(value, _INDENT) for key, value in document.items()}
    parts["serialNumber"] = encode_basestring(uuid5(_NAMESPACE, _object(parts, "\n")).urn)
    if epoch is not None:
        from datetime import datetime, timezone  # most builds have none

        timestamp = datetime.fromtimestamp(epoch, tz=timezone.utc).isoformat()
        parts["metadata"] = _indented({**document["metadata"], "timestamp": timestamp}, _INDENT)
    return _object(parts, "\n") + "\n"


def _indented(value: Any, line: str) -> str:
    """As `json` writes it with sorted keys and an indentation of two, in half the time. `line` begins one."""
    if isinstance(value, str):
        return encode_basestring(value)
    inner = line + "  "
    if isinstance(value, dict):
        return _object({key: _indented(each, inner) for key, each in value.items()}, line)
    if isinstance(value, list):
        return f"[{inner}" + f",{inner}".join([_indented(each, inner) for each in value]) + f"{line}]"
    return json.dumps(value)


def _object(parts: Mapping[str, str], line: str) -> str:
    inner = line + "  "
    return f"{{{inner}" + f",{inner}".join([f'"{key}": {parts[key]}' for key in sorted(parts)]) + f"{line}}}"


def read_bom(text: str) -> tuple[tuple[ShippedModule, ...], tuple[ShippedFile, ...]]:
    """Read the modules and the generated files that `bom_text` wrote; of pins what it keeps. Raises `ValueError`."""
    try:
        components = json.loads(text)["components"]
        modules = tuple(_read_module(each) for each in components if each["type"] != "file")
        return modules, tuple(_read_file(each) for each in components if each["type"] == "file")
    except (AttributeError, LookupError, TypeError, InvalidModuleId) as error:
        why = f"is no bill of materials that flowverse wrote: {error}"
        raise ValueError(why) from error


def _read_module(component: Mapping[str, Any]) -> ShippedModule:
    said = {_text(row, "name").partition(":")[2]: _text(row, "value") for row in component["properties"]}
    id = ModuleId.parse(f"{component['group']}/{component['name']}")
    pin = Pin(
        id=id,
        revision=said.get("revision", ""),
        commit=_text(component, "version") if "path" not in said else "",
        path=said.get("path"),
        digest=said.get("digest", ""),
        patch=said.get("patch", "").removeprefix("sha256:"),
    )
    files = tuple(_read_file(file) for file in component.get("components", ()))
    return ShippedModule(pin=pin, import_name=said["import-name"], files=files)


def _read_file(component: Mapping[str, Any]) -> ShippedFile:
    sha256 = _text(component["hashes"][0], "content")
    pinned = [_text(row, "value") for row in component.get("properties", ()) if row["name"] == _PINNED]
    return ShippedFile(path=_text(component, "name"), sha256=sha256, pinned=[*pinned, sha256][0])


def _text(row: Mapping[str, Any], key: str) -> str:
    text = row[key]
    if not isinstance(text, str):
        raise TypeError(key)
    return text
