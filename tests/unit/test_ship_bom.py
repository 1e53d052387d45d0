"""The bill of materials: valid, the same bytes for the same values, and read back as it was written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from dataclasses import replace
from typing import Any

import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from flowverse._ship.bom import bom_text, read_bom
from flowverse._ship.values import Application, ShippedFile, ShippedModule
from flowverse.model import PACKAGE, Edge, ModuleId, Pin
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from tests.unit.making import COMMITS, IDS, ONE, edge, hub_pin, local_pin, mid

APPLICATION = Application(name="my-app", version="1.2")
VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)


def shipped(pin: Pin, *files: ShippedFile, package: str = PACKAGE) -> ShippedModule:
    return ShippedModule(pin=pin, import_name=f"{package}{pin.id.import_name.removeprefix(PACKAGE)}", files=files)


def file(path: str, sha256: str = "a" * 64, pinned: str = "") -> ShippedFile:
    return ShippedFile(path=path, sha256=sha256, pinned=pinned or sha256)


def written(*modules: ShippedModule, application: Application = APPLICATION, **how: Any) -> dict[str, Any]:
    """Write a bill, see that it is valid, and return it."""
    how.setdefault("roots", [module.pin.id for module in modules])
    text = bom_text(application, modules, **how)
    assert VALIDATOR.validate_str(text) is None
    document: dict[str, Any] = json.loads(text)
    return document


CHAT = hub_pin("saibo/Chat-Flows", {"a.py": b"1"}, "v1.0", dependencies=[edge("a/Base")])
BASE = hub_pin("a/Base", dependencies=[edge("saibo/Chat-Flows"), edge("a/NotShipped")])


def test_a_module_is_a_library_with_its_commit_and_its_files() -> None:
    """What scanners look for: package URL, version, licence, hashes; and what flowverse knows besides."""
    document = written(shipped(replace(CHAT, license="mit"), file("flow_modules/saibo/Chat_Flows/a.py", "b" * 64)))
    (component,) = document["components"]
    purl = f"pkg:huggingface/saibo/Chat-Flows@{ONE}"
    assert {key: component[key] for key in ("type", "group", "name", "version", "purl", "bom-ref", "licenses")} == {
        "type": "library",
        "group": "saibo",
        "name": "Chat-Flows",
        "version": ONE,
        "purl": purl,
        "bom-ref": purl,
        "licenses": [{"license": {"id": "MIT"}}],
    }
    assert {row["name"]: row["value"] for row in component["properties"]} == {
        "flowverse:digest": CHAT.digest,
        "flowverse:import-name": "flow_modules.saibo.Chat_Flows",
        "flowverse:revision": "v1.0",
    }
    assert component["components"] == [
        {
            "type": "file",
            "bom-ref": f"{purl}#flow_modules/saibo/Chat_Flows/a.py",
            "name": "flow_modules/saibo/Chat_Flows/a.py",
            "hashes": [{"alg": "SHA-256", "content": "b" * 64}],
        }
    ]
    assert "pedigree" not in component
    assert document["metadata"]["component"]["purl"] == "pkg:pypi/my-app@1.2"


def test_a_rewritten_file_has_both_hashes() -> None:
    """That of the archive, and that of the commit; and the module says that it is not what the Hub has."""
    module = shipped(CHAT, file("app/v/a.py", "b" * 64, "c" * 64), file("app/v/b.py"), package="app.v")
    (component,) = written(module)["components"]
    first, second = component["components"]
    assert first["properties"] == [{"name": "flowverse:pinned-sha256", "value": "c" * 64}]
    assert "properties" not in second
    assert "app.v.saibo.Chat_Flows" in component["pedigree"]["notes"]


def depends(document: dict[str, Any]) -> dict[str, list[str]]:
    return {row["ref"]: row.get("dependsOn", []) for row in document["dependencies"]}


def test_who_depends_on_whom() -> None:
    """From the application down, cycles as they are; what is not shipped is nobody's dependency."""
    chat, base = (f"pkg:huggingface/{pin.id}@{pin.commit}" for pin in (CHAT, BASE))
    document = written(shipped(CHAT), shipped(BASE), roots={CHAT.id, mid("x/Gone")})
    assert depends(document) == {"my-app": [chat], chat: [base], base: [chat]}


def test_application_that_asks_for_nothing_itself() -> None:
    """It is no reason for a warning."""
    assert depends(written(shipped(CHAT), roots=()))["my-app"] == []


def test_no_modules_at_all() -> None:
    """An empty bill is valid, too."""
    assert written().get("components", []) == []


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("mit", {"license": {"id": "MIT"}}),
        ("MIT", {"license": {"id": "MIT"}}),
        ("apache-2.0", {"license": {"id": "Apache-2.0"}}),
        ("cc-by-nc-sa-4.0", {"license": {"id": "CC-BY-NC-SA-4.0"}}),
        ("other", {"license": {"name": "other"}}),
        ("unknown", {"license": {"name": "unknown"}}),
        ("openrail", {"license": {"name": "openrail"}}),
        ("llama2", {"license": {"name": "llama2"}}),
        ("mit AND apache-2.0", {"expression": "MIT AND Apache-2.0"}),
        ("openrail AND mit", {"license": {"name": "openrail AND mit"}}),
        ("mit AND ", {"license": {"name": "mit AND "}}),
        ("mit OR (gpl-2.0-or-later AND bsd-2-clause)", {"expression": "MIT OR (GPL-2.0-or-later AND BSD-2-Clause)"}),
        ("LicenseRef-Ours", {"expression": "LicenseRef-Ours"}),
        ("eupl-1.1+", {"expression": "EUPL-1.1+"}),
        ('see (AND) \u20ac "it" AND \'', {"license": {"name": 'see (AND) \u20ac "it" AND \''}}),
    ],
)
def test_licences_of_the_hub(declared: str, expected: dict[str, Any]) -> None:
    """Those that SPDX knows get its names, several an expression, and the others are said as they are."""
    assert written(shipped(replace(CHAT, license=declared)))["components"][0]["licenses"] == [expected]


def test_module_without_a_licence_has_none() -> None:
    """Nothing is made up."""
    assert "licenses" not in written(shipped(CHAT))["components"][0]


def test_local_module_has_no_version() -> None:
    """It is listed by the path that the project has for it."""
    module = shipped(local_pin("saibo/ChatFlows", "../dev"))
    (component,) = written(module)["components"]
    assert component["purl"] == "pkg:huggingface/saibo/ChatFlows"
    assert "version" not in component
    assert read_bom(bom_text(APPLICATION, [module], roots=()))[0] == (module,)


def test_time_of_the_build_is_written_only_if_it_has_one() -> None:
    """SOURCE_DATE_EPOCH; it changes nothing else."""
    with_time, without = written(shipped(CHAT), epoch=86_400), written(shipped(CHAT))
    assert with_time["metadata"].pop("timestamp") == "1970-01-02T00:00:00+00:00"
    assert with_time == without


def test_serial_number_tells_two_bills_apart() -> None:
    """It is made of what the bill says."""
    one, two = written(shipped(CHAT)), written(shipped(replace(CHAT, commit="2" * 40)))
    assert one["serialNumber"].startswith("urn:uuid:")
    assert one["serialNumber"] != two["serialNumber"]


def test_application_with_any_name() -> None:
    """A project that is no distribution has the name of its folder, no version, and nobody is sent to PyPI for it."""
    application = Application(name="m\u00fd app @ 1/2")
    component = written(shipped(CHAT), application=application)["metadata"]["component"]
    assert component == {"type": "application", "name": application.name, "bom-ref": application.name}


@given(
    st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,6}[A-Za-z0-9])?", fullmatch=True),
    st.from_regex(r"([0-9]!)?[0-9](\.[0-9]){0,2}(rc1)?(\+[a-z0-9.]{1,5}[a-z])?", fullmatch=True) | st.none(),
)
def test_package_url_of_the_application(name: str, version: str | None) -> None:
    """As the package URL project's own library writes it."""
    component = written(application=Application(name=name, version=version))["metadata"]["component"]
    assert component["purl"] == str(PackageURL("pypi", None, name, version))


_NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1, max_size=8)
_HASHES = st.text("0123456789abcdef", min_size=64, max_size=64)
_LICENSES = st.one_of(st.none(), st.sampled_from(["mit", "other", "mit AND apache-2.0", "llama2"]), st.text(max_size=9))


def by_their_library(text: str) -> dict[str, Any]:
    """Read a bill and write it again, both with the CycloneDX project's own library."""
    bom = Bom.from_json(json.loads(text))  # type: ignore[attr-defined] # added by its decorator
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an application that asks for nothing itself is fine
        document: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    return document


@st.composite
def bills(draw: st.DrawFn) -> tuple[list[ShippedModule], list[ShippedFile]]:
    """Modules that ask for each other, and generated files."""
    ids = draw(st.lists(IDS, unique=True, min_size=1, max_size=4))
    modules = []
    for id in ids:
        local = draw(st.booleans()) and draw(st.booleans())
        edges = draw(st.lists(st.sampled_from(ids), max_size=3)) if not local else []
        pin = Pin(
            id=id,
            revision="" if local else draw(_NAMES),
            commit="" if local else draw(COMMITS),
            path=draw(_NAMES) if local else None,
            digest="" if local else f"sha256:{draw(_HASHES)}",
            patch="" if local else draw(st.one_of(st.just(""), _HASHES)),
            license=draw(_LICENSES),
            dependencies=tuple(Edge(id=other, revision="main", at="a.py:1") for other in edges),
        )
        paths = draw(st.lists(_NAMES, unique=True, max_size=3)) if not local else []
        files = [file(f"{id.folder}/{path}", draw(_HASHES), draw(st.sampled_from(["", "d" * 64]))) for path in paths]
        modules.append(shipped(pin, *files, package=draw(st.sampled_from([PACKAGE, "app._vendor"]))))
    generated = [file(path, draw(_HASHES)) for path in draw(st.lists(_NAMES, unique=True, max_size=3))]
    return modules, generated


def essence(modules: list[ShippedModule] | tuple[ShippedModule, ...]) -> dict[ModuleId, ShippedModule]:
    """What a bill keeps of modules."""
    return {
        one.pin.id: replace(
            one, pin=replace(one.pin, license=None, dependencies=()), files=tuple(sorted(one.files, key=str))
        )
        for one in modules
    }


@given(bills())
def test_what_is_written_is_valid_and_read_back(bill: tuple[list[ShippedModule], list[ShippedFile]]) -> None:
    """Every module, file and hash."""
    modules, generated = bill
    text = bom_text(APPLICATION, modules, roots=[one.pin.id for one in modules[:2]], generated=generated)
    assert VALIDATOR.validate_str(text) is None
    found, files = read_bom(text)
    assert essence(found) == essence(modules)
    assert sorted(files, key=str) == sorted(generated, key=str)


@given(bills(), st.one_of(st.none(), st.integers(0, 4_000_000_000)))
def test_what_is_written_is_what_their_library_reads_and_writes(
    bill: tuple[list[ShippedModule], list[ShippedFile]], epoch: int | None
) -> None:
    """Nothing is lost on the way, and lists are in its order. The text is as `json` lays it out, with sorted keys."""
    modules, generated = bill
    text = bom_text(APPLICATION, modules, roots=[modules[0].pin.id], generated=generated, epoch=epoch)
    document, theirs = json.loads(text), by_their_library(text)
    if epoch is None:
        theirs["metadata"].pop("timestamp")  # it always has one
    assert theirs == document
    assert json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n" == text


@given(bills(), st.randoms(use_true_random=False))
def test_order_does_not_matter(bill: tuple[list[ShippedModule], list[ShippedFile]], random: Any) -> None:
    """The same bytes, whatever order things come in."""
    modules, generated = bill
    ids = [one.pin.id for one in modules]
    first = bom_text(APPLICATION, modules, roots=ids, generated=generated)
    turned = [
        replace(
            one,
            files=one.files[::-1],
            pin=replace(one.pin, dependencies=(*one.pin.dependencies[::-1], *one.pin.dependencies[:1])),
        )
        for one in modules
    ]
    random.shuffle(turned)
    assert bom_text(APPLICATION, turned, roots=set(ids), generated=generated[::-1]) == first


_SCRIPT = """
from flowverse._ship.bom import bom_text
from flowverse._ship.values import Application, ShippedFile, ShippedModule
from flowverse.model import Edge, ModuleId, Pin
ids = [ModuleId.parse(f"a/M{n}") for n in range(12)]
edges = tuple(Edge(id=id, revision="main", at="a.py:1") for id in ids)
def module(id):
    pin = Pin(id=id, revision="main", commit="1" * 40, digest="sha256:1", license="mit", dependencies=edges)
    files = tuple(ShippedFile(path=f"{id}/{n}", sha256="a" * 64, pinned="b" * 64) for n in range(9))
    return ShippedModule(pin=pin, import_name=id.import_name, files=files)
print(bom_text(Application(name="x"), [module(id) for id in ids], roots=set(ids)))
"""


def test_no_hash_seed_changes_it() -> None:
    """Python orders its sets in another way each time."""
    texts = {
        subprocess.run(
            [sys.executable, "-c", _SCRIPT], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(texts) == 1


def broken(change: Any) -> str:
    document = json.loads(bom_text(APPLICATION, [shipped(CHAT, file("x/a.py"))], roots=()))
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"components": null}',
        '{"components": [1]}',
        '{"components": [{"type": "library"}]}',
        broken(lambda document: document["components"][0].update(group="../x")),
        broken(lambda document: document["components"][0].pop("properties")),
        broken(lambda document: document["components"][0].pop("version")),
        broken(lambda document: document["components"][0]["properties"][0].update(name=3)),
        broken(lambda document: document["components"][0]["properties"][1].update(value=3)),
        broken(lambda document: document["components"][0]["components"][0].update(hashes=[])),
        broken(lambda document: document["components"][0]["components"][0].update(name=["x"])),
    ],
)
def test_what_flowverse_did_not_write_is_a_value_error(text: str) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(ValueError, match=r"no bill|Expecting"):
        read_bom(text)
