"""The software bill of materials of an archive: CycloneDX 1.6 in JSON, by the CycloneDX project's own library. Pure.

The same values give the same bytes: it lies in wheels that are to be reproducible. So it has no time, unless the build
has one (SOURCE_DATE_EPOCH, in seconds), and its serial number is made of what it says.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any
from uuid import UUID, uuid5

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType, Pedigree
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.spdx import fixup_id, is_expression
from packageurl import PackageURL

from flowverse._ship.values import Application, ShippedFile, ShippedModule
from flowverse.errors import InvalidModuleId
from flowverse.model import ModuleId, Pin

__all__ = ["BOM_NAME", "bom_text", "read_bom"]

BOM_NAME = "flowverse.cdx.json"
_NAMESPACE = UUID("6f1d7b0c-6a3a-5d53-9d2c-0e5c1f4b8a77")
_PINNED = "flowverse:pinned-sha256"


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
    root = Component(
        type=ComponentType.APPLICATION,
        name=application.name,
        version=application.version,
        bom_ref=application.name,
        purl=PackageURL("pypi", None, application.name, application.version),
    )
    components = {module.pin.id: _component(module) for module in modules}
    bom = Bom(components=[*components.values(), *(_file(application.name, file) for file in generated)])
    bom.metadata.component = root
    bom.register_dependency(root, [component for id, component in components.items() if id in roots])
    for module in modules:
        edges = {edge.id for edge in module.pin.dependencies}
        bom.register_dependency(components[module.pin.id], [components[id] for id in edges if id in components])
    with warnings.catch_warnings():
        # It minds an application that asks for nothing itself, though that is what there is to say.
        warnings.simplefilter("ignore")
        document: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    return _finished(document, epoch)


def _component(module: ShippedModule) -> Component:
    pin = module.pin
    commit = pin.commit or None  # a local module has none
    purl = PackageURL("huggingface", pin.id.owner, pin.id.name, commit)
    rewritten = [file for file in module.files if file.sha256 != file.pinned]
    said = {"revision": pin.revision, "path": pin.path, "digest": pin.digest, "import-name": module.import_name}
    said["patch"] = f"sha256:{pin.patch}" if pin.patch else None
    notes = [f"Imported as {module.import_name}; names were rewritten."] if rewritten else []
    notes += ["Its files are those of the commit with a patch of the application's owner."] if pin.patch else []
    return Component(
        type=ComponentType.LIBRARY,
        group=pin.id.owner,
        name=pin.id.name,
        version=commit,
        bom_ref=str(purl),
        purl=purl,
        licenses=[_license(pin.license)] if pin.license else [],
        properties=[Property(name=f"flowverse:{name}", value=value) for name, value in said.items() if value],
        pedigree=Pedigree(notes=" ".join(notes)) if notes else None,
        components=[_file(str(purl), file) for file in module.files],
    )


def _file(owner: str, file: ShippedFile) -> Component:
    return Component(
        type=ComponentType.FILE,
        name=file.path,
        bom_ref=f"{owner}#{file.path}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=file.sha256)],
        properties=[Property(name=_PINNED, value=file.pinned)] if file.pinned != file.sha256 else [],
    )


def _license(declared: str) -> DisjunctiveLicense | LicenseExpression:
    """The Hub writes SPDX's names in lower case, and has some of its own."""
    parts = [fixup_id(part) or part for part in declared.split(" AND ")]
    if len(parts) > 1 and is_expression(" AND ".join(parts)):
        return LicenseExpression(" AND ".join(parts))
    known = fixup_id(declared)
    return DisjunctiveLicense(id=known) if known else DisjunctiveLicense(name=declared)


def _finished(document: dict[str, Any], epoch: int | None) -> str:
    """Take out, or settle, what would differ from one build to the next."""
    metadata = document["metadata"]
    metadata.pop("timestamp", None)
    document.pop("serialNumber", None)
    text = json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True)
    if epoch is not None:
        metadata["timestamp"] = datetime.fromtimestamp(epoch, tz=timezone.utc).isoformat()
    document["serialNumber"] = uuid5(_NAMESPACE, text).urn
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


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
