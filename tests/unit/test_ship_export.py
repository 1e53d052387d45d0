"""What a project says of itself to other programs, and to its own metadata: from the lock alone."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from flowverse._ship.export import export
from flowverse._ship.licenses import LicenseRow, licenses_of
from flowverse._ship.metadata import metadata_of
from flowverse._ship.values import FORMATS, Application
from flowverse.lock import Lock
from flowverse.manifest import Build, Manifest
from flowverse.model import Pin
from packaging.requirements import Requirement

from tests.unit.making import ONE, edge, hub_pin, local_pin

APPLICATION = Application(name="my-app", version="1.2")
CHAT = replace(
    hub_pin(
        "saibo/Chat-Flows",
        {"LICENSE": b"l", "a.py": b"1", "docs/NOTICE": b"n"},
        dependencies=[edge("a/Base", at="b.py:2"), edge("a/Base")],
    ),
    license="mit",
    requirements=("PyYAML>=6", "-r more.txt"),
)
BASE = replace(hub_pin("a/Base", {"COPYING": b"c"}, "v1"), requirements=("pyyaml >= 6", "numpy"))
LOCAL = local_pin("dev/Mine", "../dev")


def lock(*pins: Pin, direct: str = "saibo/Chat-Flows") -> Lock:
    return Lock(dependencies=((direct, "revision", "main"),), pins=pins)


ALL = lock(BASE, LOCAL, CHAT)


def test_requirements_file() -> None:
    """Each line once, with everybody who asks for it in whatever spelling; what is none is a comment."""
    text = export(ALL, APPLICATION, "requirements")
    assert text == (
        "# saibo/Chat-Flows asks for '-r more.txt', which is not a Python requirement (PEP 508)\n"
        "numpy\n"
        "    # via a/Base\n"
        "pyyaml >= 6\n"
        "    # via a/Base\n"
        "    # via saibo/Chat-Flows\n"
    )
    assert [str(Requirement(line)) for line in text.splitlines() if "#" not in line] == ["numpy", "pyyaml>=6"]


def test_json() -> None:
    """The lock in one piece: what a program would otherwise read TOML for, with the names that Python imports."""
    document = json.loads(export(ALL, APPLICATION, "json"))
    assert {key: document[key] for key in ("version", "name", "application_version")} == {
        "version": 1,
        "name": "my-app",
        "application_version": "1.2",
    }
    base, local, chat = document["modules"]
    assert chat == {
        "id": "saibo/Chat-Flows",
        "direct": True,
        "import_name": "flow_modules.saibo.Chat_Flows",
        "revision": "main",
        "commit": ONE,
        "path": None,
        "patch": None,
        "license": "mit",
        "dependencies": ["a/Base"],
        "requirements": ["PyYAML>=6", "-r more.txt"],
        "digest": CHAT.digest,
        "files": [{"path": one.path, "size": 1, "sha256": one.sha256} for one in CHAT.files],
    }
    assert base["direct"] is False
    assert {key: local[key] for key in ("path", "revision", "commit", "digest", "files")} == {
        "path": "../dev",
        "revision": None,
        "commit": None,
        "digest": None,
        "files": [],
    }


def test_cyclonedx() -> None:
    """The modules where they are in the tree; the application depends on what it asks for itself."""
    document = json.loads(export(ALL, APPLICATION, "cyclonedx"))
    assert [one["name"] for one in document["components"]] == ["Base", "Mine", "Chat-Flows"]
    assert document["components"][2]["components"][1]["name"] == "saibo/Chat_Flows/a.py"
    depends = {row["ref"]: row.get("dependsOn") for row in document["dependencies"]}
    chat, base = (f"pkg:huggingface/{pin.id}@{ONE}" for pin in (CHAT, BASE))
    assert depends["my-app"] == [chat]
    assert depends[chat] == [base]
    assert "timestamp" not in document["metadata"]
    assert "timestamp" in json.loads(export(ALL, APPLICATION, "cyclonedx", epoch=0))["metadata"]


@pytest.mark.parametrize("format", FORMATS)
def test_empty_lock(format: str) -> None:
    """Says that there is nothing."""
    text = export(Lock(), Application(name="x"), format)  # type: ignore[arg-type]
    assert text == "" if format == "requirements" else "saibo" not in text and text.endswith("}\n")


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_ends_its_last_line_and_is_the_same_each_time(format: str) -> None:
    """For version control."""
    text = export(ALL, APPLICATION, format)  # type: ignore[arg-type]
    assert text.endswith("\n")
    assert text == export(ALL, APPLICATION, format)  # type: ignore[arg-type]


def test_licences_of_all_modules() -> None:
    """What they declare, and the files that say more; of a local module nothing is known."""
    assert licenses_of(ALL.pins) == (
        LicenseRow(pin=BASE, license=None, files=("COPYING",)),
        LicenseRow(pin=LOCAL, license=None, files=()),
        LicenseRow(pin=CHAT, license="mit", files=("LICENSE", "docs/NOTICE")),
    )


def test_metadata_of_a_distribution() -> None:
    """Requirements that it has not got itself, paths of licences in the project, and what cannot be said."""
    manifest = Manifest(modules_dir="src/flow_modules", build=Build(exclude=("docs/",)))
    found = metadata_of(manifest, ALL.pins, ["NumPy", "x"])
    assert found.requirements == ("pyyaml >= 6",)
    assert found.licenses == tuple(
        f"src/flow_modules/{path}"
        for path in ("a/Base/COPYING", "saibo/Chat_Flows/LICENSE", "saibo/Chat_Flows/docs/NOTICE")
    )
    assert len(found.warnings) == 1
    assert "-r more.txt" in found.warnings[0]
