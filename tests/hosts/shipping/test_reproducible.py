"""The same wheel, byte for byte: from the checkout and the sdist, in other places, by other people and Pythons."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.hosts.shipping.conftest import Layout, Yard, names, one, unpack

BACKENDS = ["hatchling", "pdm-backend"]
EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}


def uv_build(yard: Yard, project: Path, to: Path, *options: str, **environ: str) -> Path:
    """Build with uv, and return the folder of the archives."""
    yard.run(find_uv_bin(), "build", "--out-dir", str(to), *options, cwd=project, code=0, **environ)
    return to


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """What the files of somebody else may be."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.parametrize("into", [False, True], ids=["flow_modules", "into"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_wheel_of_the_sdist_is_the_wheel_of_the_checkout(yard: Yard, backend: str, into: bool) -> None:
    """And that of another checkout, in another folder and with another umask; the sdists hold the same, too."""
    with umask(0o022):
        yard.write(backend, Layout(base="src"), into=into)
        here = uv_build(yard, yard.root, yard.place / "here", **EPOCH)
    with umask(0o077):
        other = yard.place / "else where" / "checkout"
        for path in (path for path in yard.root.rglob("*") if path.is_file()):
            place = other / path.relative_to(yard.root)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())  # as a checkout and a sync of another person write them
        (other / "flow_modules/saibo/ChatFlows/__pycache__").mkdir()
        (other / "flow_modules/saibo/ChatFlows/__pycache__/x.pyc").write_bytes(b"")
        there = uv_build(yard, other, yard.place / "there", "--sdist", "--wheel", **EPOCH)
        unpacked = unpack(one(here, "*.tar.gz"), yard.place / "un packed")
        from_sdist = uv_build(yard, unpacked, yard.place / "again", "--wheel", **EPOCH)

    wheels = [one(folder, "*.whl").read_bytes() for folder in (here, there, from_sdist)]
    assert wheels[1:] == [wheels[0], wheels[0]]
    sdists = [one(folder, "*.tar.gz").read_bytes() for folder in (here, there)]
    if backend == "pdm-backend":  # it writes the time of the compression, whatever it is told
        sdists = [gzip.decompress(sdist) for sdist in sdists]
    assert sdists[0] == sdists[1]


def test_front_ends_agree(yard: Yard) -> None:
    """pip, build, uv and Hatch make one wheel of a project."""
    yard.write("hatchling", Layout())
    wheels = set()
    for number, front_end in enumerate(["hatch build", "python -m build", "uv build", "pip wheel"]):
        yard.build(front_end, yard.place / f"out-{number}", isolated=False)
        wheels.add(one(yard.place / f"out-{number}", "*.whl").read_bytes())
    assert len(wheels) == 1


def pythons() -> list[str]:
    """The interpreters of this machine, one of each version that we support, from the oldest to the newest."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = {sys.version_info.minor: sys.executable}
    for minor in range(10, 15):
        find = [find_uv_bin(), "python", "find", "--system", "--no-config", "--no-python-downloads", f"3.{minor}"]
        done = subprocess.run(find, capture_output=True, text=True, check=False)
        places = [done.stdout.strip()] if done.returncode == 0 else map(str, pyenv.glob(f"3.{minor}.*/bin/python"))
        for place in places:
            found.setdefault(minor, place)
    return [found[minor] for minor in sorted(found)]


@pytest.mark.parametrize(("backend", "into"), [("hatchling", True), ("pdm-backend", True), ("pdm-backend", False)])
def test_every_python_builds_the_same_wheel(yard: Yard, backend: str, into: bool) -> None:
    """From the oldest that is here to the newest."""
    yard.write(backend, Layout(), into=into)
    oldest, *_, newest = [*pythons(), sys.executable] if len(pythons()) == 1 else pythons()
    wheels = {
        one(
            uv_build(yard, yard.root, yard.place / f"out-{number}", "--wheel", "--python", python), "*.whl"
        ).read_bytes()
        for number, python in enumerate((oldest, newest))
    }
    assert len(wheels) == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_a_project_leaves_out_is_in_no_archive(yard: Yard, backend: str) -> None:
    """By patterns of gitignore; a licence and a README go with the code whatever they say."""
    patterns = '["*.png", ".editor/", "/saibo/ChatFlows/*.md", "LICENSE", "NOTICE*"]'
    yard.write(backend, Layout(), tables=f"\n[tool.flowverse.build]\nexclude = {patterns}\n")

    out = uv_build(yard, yard.root, yard.place / "out")

    for archive in (one(out, "*.whl"), one(out, "*.tar.gz")):
        chat = {name.partition("saibo/ChatFlows/")[2] for name in names(archive) if "/saibo/ChatFlows/" in name}
        assert chat == {"__init__.py", "ChatGPT4.py", "ChatGPT4.yaml", "FLOW_MODULE_ID", "NOTICE.txt", "README.md"}
        assert "flow_modules/martinjosifoski/ChatAtomicFlow/LICENSE" in names(archive)
    checkout = uv_build(yard, yard.root, yard.place / "checkout", "--wheel")
    assert one(checkout, "*.whl").read_bytes() == one(out, "*.whl").read_bytes()
    assert yard.talk(yard.environment("arrival", one(out, "*.whl"))).startswith("atomic atomic ")


NO_NETWORK = """\
import importlib.util, os, socket, sys

def cut(*args, **kwargs):
    raise OSError("the network is cut")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = cut
assert importlib.util.find_spec("huggingface_hub") is None
backend = __import__("hatchling.build" if sys.argv[1] == "hatchling" else "pdm.backend", fromlist=["x"])
assert backend.get_requires_for_build_wheel() == []
print(backend.build_wheel(sys.argv[2]))
"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_wheel_of_an_sdist_needs_no_hub_client_and_no_network(yard: Yard, backend: str) -> None:
    """In a build environment with what `requires` says and nothing else, in a process that cannot connect."""
    yard.write(backend, Layout())
    out = uv_build(yard, yard.root, yard.place / "out")
    unpacked = unpack(one(out, "*.tar.gz"), yard.place)
    python = yard.environment("build")
    plugin = "hatch-flowverse" if backend == "hatchling" else "pdm-flowverse"
    yard.run(find_uv_bin(), "pip", "install", "--quiet", "--python", str(python), backend, plugin)

    yard.run(str(python), "-c", NO_NETWORK, backend, str(yard.place / "again"), cwd=unpacked)

    assert one(yard.place / "again", "*.whl").read_bytes() == one(out, "*.whl").read_bytes()


def test_an_archive_names_no_place_of_the_machine(yard: Yard) -> None:
    """Nothing that was made for one machine is shipped."""
    yard.write("hatchling", Layout())
    wheel = one(uv_build(yard, yard.root, yard.place / "out"), "*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            assert str(yard.place).encode() not in archive.read(name)
