"""Both backends, every front end, every layout: built for real, listed, installed and run somewhere else."""

from __future__ import annotations

import json
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from tests.hosts.shipping.conftest import LAYOUTS, SHIPPED, Layout, Yard, names, one

FRONT_ENDS = ["hatch build", "python -m build", "uv build", "pdm build", "pip wheel"]


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize("backend", ["hatchling", "pdm-backend"])
def test_an_application_arrives_with_its_modules(yard: Yard, backend: str, front_end: str, layout: Layout) -> None:
    """The archives hold what is pinned and nothing else of the tree; what is installed from them runs without a Hub."""
    yard.write(backend, layout)
    yard.hub.rule(status=500)
    out = yard.place / "out"

    # pip takes most of the time to make an environment for a build: in one layout it does, in the others it has one.
    yard.build(front_end, out, isolated=layout == LAYOUTS["flat"] or front_end not in {"python -m build", "pip wheel"})

    wheel = one(out, "*.whl")
    name = layout.name.replace("-", "_")
    info = f"{name}-1.0.dist-info"
    assert names(wheel) == {
        f"{layout.package}/__init__.py",
        f"flow_modules/_shipped/{name}.txt",
        *(f"flow_modules/{path}" for path in SHIPPED),
        *(f"{info}/{path}" for path in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "sboms/flowverse.cdx.json")),
        f"{info}/licenses/LICENSE",
        f"{info}/licenses/flow_modules/martinjosifoski/ChatAtomicFlow/LICENSE",
        f"{info}/licenses/flow_modules/saibo/ChatFlows/NOTICE.txt",
    }
    check_metadata(wheel, info, name)
    if front_end != "pip wheel":
        sdist = names(one(out, "*.tar.gz"))
        own = {f"{layout.folder}/__init__.py", "pyproject.toml", "README.md", "LICENSE", "PKG-INFO", "flowverse.lock"}
        assert sdist - {".gitignore"} == {*own, *(f"flow_modules/{path}" for path in SHIPPED)}

    python = yard.environment("arrival", wheel)
    assert yard.talk(python) == "atomic atomic flow_modules.saibo.ChatFlows.ChatGPT4\n"


def check_metadata(wheel: Path, info: str, name: str) -> None:
    """What the modules need, and their licences, are the application's; the SBOM names their commits."""
    with zipfile.ZipFile(wheel) as archive:
        metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
        bom = json.loads(archive.read(f"{info}/sboms/flowverse.cdx.json"))
        record = archive.read(f"flow_modules/_shipped/{name}.txt").decode()
    assert metadata.get_all("Requires-Dist") == ["flowdep>=1"]
    assert set(metadata.get_all("License-File") or ()) == {
        "LICENSE",
        "flow_modules/martinjosifoski/ChatAtomicFlow/LICENSE",
        "flow_modules/saibo/ChatFlows/NOTICE.txt",
    }
    modules = {part["purl"] for part in bom["components"] if part["type"] == "library"}
    assert modules == {f"pkg:huggingface/{id}@{commit}" for id, commit in map(str.split, record.splitlines())}
    assert bom["metadata"]["component"]["version"] == "1.0"
