"""Archives of a project with patches: they hold the patched content, and say so."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
from flowverse import shipping
from flowverse.errors import NotShippable, NotVerified, StaleLock
from flowverse.shipping import Shipment

from tests.hub import Hub
from tests.integration.workspace import Workspace, snapshot

ID = "a/Top"
PATCH = "flow_patches/a/Top.patch"
LINES = "".join(f"line_{number} = {number}\n" for number in range(20))
MINE = LINES.replace("line_3 = 3\n", "line_3 = 'mine'\n")
FILES = {"__init__.py": "", "top.py": LINES, "old.txt": "old\n"}
BACKENDS = {
    "hatchling.build": '[tool.hatch.build.hooks.flowverse]\n[tool.hatch.build.targets.wheel]\npackages = ["demo"]\n',
    "pdm.backend": '[tool.pdm.build]\nincludes = ["demo"]\n',
}


@pytest.fixture
def patched(space: Workspace, hub: Hub) -> Workspace:
    """A module whose patch changes, adds and deletes, and makes something executable; and one without."""
    hub.add(ID, FILES)
    hub.add("b/Other", {"other.py": "other = 1\n"})
    space.declare({ID: "main", "b/Other": "main"})
    (space.root / "demo").mkdir()
    (space.root / "demo" / "__init__.py").write_text("")
    space.sync()
    place = space.place(ID)
    (place / "top.py").write_text(MINE)
    (place / "old.txt").unlink()
    (place / "run").write_text("#!/bin/sh\n")
    (place / "run").chmod(0o755)
    space.call("patch", ID).worked()
    return space


def shipment(space: Workspace, archive: Literal["wheel", "sdist"], root: Path | None = None) -> Shipment:
    scratch = space.base / f"scratch-{archive}-{root is None}"
    scratch.mkdir()
    with space.inside():
        return shipping.shipment(
            root or space.root, space.settings(), archive, name="demo", version="1", scratch=scratch
        )


def contents(shipped: Shipment) -> dict[str, bytes]:
    return {path: Path(file).read_bytes() for path, file in shipped.files}


def sdist(space: Workspace, changed: Mapping[str, bytes | None] | None = None) -> Path:
    """An sdist with what is shipped; `changed` are files with another content, None for one that is left out."""
    files = {**contents(shipment(space, "sdist")), "pyproject.toml": space.manifest.read_bytes(), "PKG-INFO": b""}
    path = space.base / "demo-1.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in {**files, **(changed or {})}.items():
            if content is not None:
                info = tarfile.TarInfo(f"demo-1/{name}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return path


def verified(path: Path) -> list[str]:
    """The differences that are found."""
    try:
        shipping.verify(str(path))
    except NotVerified as error:
        return list(error.differences)
    return []


def test_a_wheel_holds_the_patched_content(patched: Workspace) -> None:
    """Without the patch itself; nothing in it can be executed, as a pin has no modes; and it is said."""
    shipped = shipment(patched, "wheel")
    files = contents(shipped)

    assert files["flow_modules/a/Top/top.py"] == MINE.encode()
    assert files["flow_modules/a/Top/run"] == b"#!/bin/sh\n"
    assert "flow_modules/a/Top/old.txt" not in files
    assert PATCH not in files
    assert [path for path, file in shipped.files if Path(file).stat().st_mode & 0o111] == []
    assert shipped.notes == ("a/Top is shipped with its patch, flow_patches/a/Top.patch",)
    patch = patched.locked[ID]["patch"]
    said = files["flow_modules/_shipped/demo.txt"].decode().splitlines()
    assert said[0].endswith(f"+{patch.removeprefix('sha256:')}")
    assert "+" not in said[1]


def test_the_bill_of_materials_names_the_patch(patched: Workspace) -> None:
    """By the sha256 that the lock has, and in words; of the other module it says nothing like that."""
    (bom,) = shipment(patched, "wheel").boms
    rows: list[dict[str, Any]] = json.loads(bom.read_text())["components"]
    top, other = (row for row in rows if row["type"] == "library")
    properties = {row["name"]: row["value"] for row in top["properties"]}
    assert properties["flowverse:patch"] == patched.locked[ID]["patch"]
    assert "a patch of the application's owner" in top["pedigree"]["notes"]
    assert {file["name"] for file in top["components"]} == {
        f"flow_modules/a/Top/{name}" for name in ("__init__.py", "run", "top.py")
    }
    assert "flowverse:patch" not in {row["name"] for row in other["properties"]}
    exported = json.loads(patched.call("export", "--format", "cyclonedx").out)
    assert properties["flowverse:patch"] in json.dumps(exported)


def test_a_patched_module_below_a_package_of_the_project(patched: Workspace) -> None:
    """Is rewritten as any other, and its patched files are."""
    (patched.place(ID) / "top.py").write_text("import flow_modules.b.Other\n" + MINE)
    patched.call("patch", ID).worked()
    patched.declare({ID: "main", "b/Other": "main"}, more='build.into = "demo.vendored"')

    files = contents(shipment(patched, "wheel"))

    assert files["demo/vendored/a/Top/top.py"].startswith(b"import demo.vendored.b.Other")
    assert MINE.encode() in files["demo/vendored/a/Top/top.py"]


def test_an_sdist_holds_the_patch_as_well(patched: Workspace) -> None:
    """So that the wheel that is built from it, without any network, is the one of the checkout."""
    shipped = shipment(patched, "sdist")
    files = contents(shipped)
    assert files[PATCH] == (patched.root / PATCH).read_bytes()
    assert files["flow_modules/a/Top/top.py"] == MINE.encode()
    assert shipped.notes == ("a/Top is shipped with its patch, flow_patches/a/Top.patch",)

    unpacked = patched.base / "unpacked"
    for path, content in {**files, "pyproject.toml": patched.manifest.read_bytes(), "PKG-INFO": b""}.items():
        (unpacked / path).parent.mkdir(parents=True, exist_ok=True)
        (unpacked / path).write_bytes(content)
    (unpacked / "demo").mkdir()
    shutil.rmtree(patched.home)
    patched.endpoint = "http://127.0.0.1:9"
    before = snapshot(unpacked)
    assert contents(shipment(patched, "wheel", unpacked)) == contents(shipment(patched, "wheel"))
    assert snapshot(unpacked) == before


def test_a_file_that_the_project_leaves_out(patched: Workspace) -> None:
    """Also one that the patch adds; the sdist is verified all the same."""
    patched.declare({ID: "main", "b/Other": "main"}, more='build.exclude = ["run"]')
    assert "flow_modules/a/Top/run" not in contents(shipment(patched, "wheel"))
    assert verified(sdist(patched)) == []


def test_what_is_not_as_it_was_saved_is_not_shipped(patched: Workspace) -> None:
    """An edit on top, a patch that is not the locked one: each with what to do."""
    (patched.place(ID) / "top.py").write_text("mine\n")
    with pytest.raises(NotShippable, match=r"a/Top was edited \(1 changed: top.py\)") as caught:
        shipment(patched, "wheel")
    assert caught.value.hint == "`flowverse patch` saves edits in the project, `flowverse restore` gives them up."
    (patched.root / PATCH).unlink()
    with pytest.raises(StaleLock, match="the patch of a/Top is gone"):
        shipment(patched, "sdist")


def test_a_conflicted_module_is_not_shipped(patched: Workspace, hub: Hub) -> None:
    """Also where what the merge left is what the lock says: a person has still to agree to it."""
    patched.call("patch", ID, "--remove").worked()
    (patched.place(ID) / "top.py").unlink()
    hub.add(ID, {**FILES, "top.py": "theirs\n"})
    assert patched.call("update", "--merge").code == 1
    assert (patched.place(ID) / "top.py").read_text() == "theirs\n"

    with pytest.raises(NotShippable, match=r"a/Top has conflicts in top.py") as caught:
        shipment(patched, "wheel")
    assert "then run `flowverse resolve`." in (caught.value.hint or "")


def test_a_missing_module_is_synced_with_its_patch(patched: Workspace) -> None:
    """As in a fresh clone."""
    clone = patched.clone()
    assert contents(shipment(clone, "wheel"))["flow_modules/a/Top/top.py"] == MINE.encode()


def test_verifying_an_sdist(patched: Workspace) -> None:
    """Against its lock and its patch, which has to be the one that the lock names."""
    path = sdist(patched)
    found = shipping.verify(str(path))
    assert (found.against, found.modules) == ("lock", 2)


@pytest.mark.parametrize(
    ("name", "content", "difference"),
    [
        (PATCH, None, f"{PATCH} is missing"),
        (PATCH, b"", f"{PATCH} was changed"),
        ("flow_modules/a/Top/top.py", LINES.encode(), "flow_modules/a/Top/top.py was changed"),
        ("flow_modules/a/Top/run", None, "flow_modules/a/Top/run is missing"),
        ("flow_modules/a/Top/old.txt", b"old\n", "flow_modules/a/Top/old.txt was added"),
    ],
)
def test_an_sdist_that_was_tampered_with(patched: Workspace, name: str, content: bytes | None, difference: str) -> None:
    """Each difference is named, also where a file is as its repository has it."""
    assert verified(sdist(patched, {name: content})) == [difference]


def test_a_lock_that_names_what_is_no_patch(patched: Workspace) -> None:
    """Whoever writes the sha256 of something else into the lock has no patch of that."""
    digest = patched.locked[ID]["patch"].removeprefix("sha256:")
    lock = patched.lock_path.read_text().replace(digest, hashlib.sha256(b"mine").hexdigest()).encode()
    (difference,) = verified(sdist(patched, {PATCH: b"mine", "flowverse.lock": lock}))
    assert "The patch of a/Top is broken: it does not begin as a patch of flowverse" in difference


@pytest.mark.parametrize("backend", BACKENDS)
def test_real_archives(patched: Workspace, backend: str) -> None:
    """Of a real backend: each file is there once, all is verified, and the wheel of the sdist needs no network."""
    system = f'[build-system]\nrequires = []\nbuild-backend = "{backend}"\n'
    patched.manifest.write_text(f"{patched.manifest.read_text()}\n{BACKENDS[backend]}\n{system}")
    out = patched.base / "out"

    def build(kind: str, root: Path, **more: str) -> None:
        code = f"from {backend} import build_{kind}; print(build_{kind}({str(out)!r}))"
        done = patched.python("-c", code, cwd=root, PYTHONWARNINGS="", **more)
        assert done.code == 0, done
        assert "a/Top is shipped with its patch" in done.out + done.err

    out.mkdir()
    build("sdist", patched.root)
    with tarfile.open(out / "demo-1.tar.gz") as archive:
        names = archive.getnames()
        archive.extractall(patched.base / "from", filter="data")
    assert names.count(f"demo-1/{PATCH}") == 1
    assert len(names) == len(set(names))
    build("wheel", patched.base / "from" / "demo-1", HF_ENDPOINT="http://127.0.0.1:9", HF_HOME=str(out / "none"))
    (wheel,) = out.glob("*.whl")
    for path in (wheel, out / "demo-1.tar.gz"):
        assert shipping.verify(str(path)).modules == 2
