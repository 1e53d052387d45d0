"""What those who check archives say: twine, check-wheel-contents, the CycloneDX schema, and `flowverse verify`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import warnings
import zipfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from uv import find_uv_bin

from tests.environments import environment
from tests.hosts.shipping.conftest import CHAT, Layout, Yard, one, unpack
from tests.hub import Hub

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def checkers() -> Path:
    """The Python of an environment with the checkers, made on first use and shared by all sessions of a machine."""
    return environment("checkers-1", ["twine>=6", "check-wheel-contents>=0.6"])


def built(yard: Yard, *, into: bool = False, backend: str = "hatchling") -> tuple[Path, Path]:
    """The wheel and the sdist of a project."""
    yard.write(backend, Layout(), into=into)
    yard.build("uv build", yard.place / "out", isolated=False)
    return one(yard.place / "out", "*.whl"), one(yard.place / "out", "*.tar.gz")


@pytest.mark.parametrize("into", [False, True], ids=["flow_modules", "into"])
@pytest.mark.parametrize("backend", ["hatchling", "pdm-backend"])
def test_checkers_find_nothing(yard: Yard, checkers: Path, backend: str, into: bool) -> None:
    """But for two packages at the top, which are meant, and licences that are there twice."""
    wheel, sdist = built(yard, into=into, backend=backend)
    yard.run(str(checkers), "-m", "twine", "check", "--strict", str(wheel), str(sdist))
    top = "app" if into else "app,flow_modules"
    # W002 is about files that are the same: a licence has to be beside its code, and where PEP 639 wants it.
    yard.run(str(checkers), "-m", "check_wheel_contents", "--toplevel", top, "--ignore", "W002", str(wheel))
    valid(wheel)


@pytest.mark.parametrize("example", ["with_hatch", "with_pdm"])
def test_checkers_find_nothing_in_the_examples(yard: Yard, checkers: Path, example: str) -> None:
    """As they are in the repository, with their own settings."""
    shutil.copytree(ROOT / "examples" / example, yard.root)
    with Hub() as hub:
        hub.add_folder(ROOT / "examples" / "hub")
        yard.environ["HF_ENDPOINT"] = hub.endpoint
        yard.sync()
    out = yard.place / "out"
    build = (find_uv_bin(), "build", "--no-build-isolation", "--python", sys.executable, "--out-dir", str(out))
    yard.run(*build)

    wheel, sdist = one(out, "*.whl"), one(out, "*.tar.gz")
    yard.run(str(checkers), "-m", "twine", "check", "--strict", str(wheel), str(sdist))
    yard.run(str(checkers), "-m", "check_wheel_contents", str(wheel))
    valid(wheel)


def valid(wheel: Path) -> None:
    """Hold the bill of materials against the schema."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if "/sboms/" in name)
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(archive.read(name).decode()) is None


def test_what_arrived_is_what_was_shipped(yard: Yard) -> None:
    """`flowverse verify` of a wheel, an sdist, and an installed application, from whatever folder."""
    wheel, sdist = built(yard)
    python = yard.environment("arrival", wheel)
    assert verify(yard, str(wheel)).startswith(f"{wheel.name} is as it was shipped: 2 flow modules, ")
    assert verify(yard, str(wheel)).endswith(" files, as in its SBOM\n")
    assert verify(yard, str(sdist)).endswith(" files, as in its lock\n")
    yard.talk(python)  # leaves bytecode behind, which is nobody's concern
    assert verify(yard, "App", "--python", str(python)).startswith("app 1.0 is as it was shipped: 2 flow modules")


@pytest.mark.parametrize("into", [False, True], ids=["flow_modules", "into"])
def test_every_difference_is_told(yard: Yard, into: bool) -> None:
    """A changed, a missing and an added file, and a changed guard."""
    wheel, _ = built(yard, into=into)
    python = yard.environment("arrival", wheel)
    package = "app/_vendor" if into else "flow_modules"
    root = next((yard.place / "arrival").rglob(f"{package}/__init__.py")).parent
    (root / CHAT / "ChatGPT4.yaml").write_text("evil", encoding="utf-8")
    (root / CHAT / "ChatGPT4.py").unlink()
    (root / CHAT / "more.py").touch()
    (root / "_flowverse.py").write_text("", encoding="utf-8")

    said = verify(yard, "app", "--python", str(python), code=1)

    assert said.splitlines() == [
        "error: The flow modules of app 1.0 are not what was shipped:",
        f"  {package}/_flowverse.py was changed",
        f"  {package}/{CHAT}/ChatGPT4.py is missing",
        f"  {package}/{CHAT}/ChatGPT4.yaml was changed",
        f"  {package}/{CHAT}/more.py was added",
        "hint: Build or install it again, from where you trust it.",
    ]


ADDED = [
    "flow_modules/saibo/Evil/__init__.py",
    "flow_modules/evil.py",
    "flow_modules/saibo/ChatFlows.py",
    "flow_modules/_shipped/other.txt",
    "flow_modules/saibo/ChatFlows/__pycache__/x.pyc",
    "flow_modules.py",
    "app-1.0.data/purelib/flow_modules/saibo/ChatFlows/ChatGPT4.py",
]


def test_nothing_can_be_added_to_a_wheel(yard: Yard) -> None:
    """In, beside or in place of a module; nor under a name that only an installer makes one of."""
    wheel, _ = built(yard)
    for number, name in enumerate([*ADDED, "x/../flow_modules/evil.py", f"flow_modules/{CHAT}/ChatGPT4.py"]):
        spoiled = yard.place / f"{number}" / wheel.name
        spoiled.parent.mkdir()
        shutil.copy(wheel, spoiled)
        with warnings.catch_warnings(), zipfile.ZipFile(spoiled, "a") as archive:
            warnings.simplefilter("ignore")  # of the name that is there already
            archive.writestr(name, "evil")
        said = verify(yard, str(spoiled), code=1)
        assert f"  {name} " in said


def test_a_changed_licence_and_a_changed_bill_are_told(yard: Yard) -> None:
    """The copy in the metadata counts as well; a bill without modules is none."""
    wheel, _ = built(yard)
    python = yard.environment("arrival", wheel)
    info = next((yard.place / "arrival").rglob("app-1.0.dist-info"))
    place = "licenses/flow_modules/saibo/ChatFlows/NOTICE.txt"
    (info / place).write_text("other", encoding="utf-8")
    (info / "RECORD").unlink()
    assert f"app-1.0.dist-info/{place} was changed" in verify(yard, "app", "--python", str(python), code=1)
    (info / "sboms/flowverse.cdx.json").write_text('{"components": []}', encoding="utf-8")
    said = verify(yard, "app", "--python", str(python), code=1)
    assert "flowverse.cdx.json is not the list of modules that flowverse wrote" in said


def test_a_spoiled_sdist_is_told(yard: Yard) -> None:
    """Two folders of which one hides the other, an added module, and a lock that is none."""
    _, sdist = built(yard)
    good = unpack(sdist, yard.place)

    def packed(name: str, *folders: Path) -> str:
        with tarfile.open(yard.place / name, "w:gz") as archive:
            for folder in folders:
                archive.add(folder, folder.name)
        return str(yard.place / name)

    other = Path(shutil.copytree(good, yard.place / "app-2.0"))
    assert "it has 2 folders at its top" in verify(yard, packed("two-1.0.tar.gz", good, other), code=1)
    (good / "flow_modules" / "saibo" / "Evil").mkdir()
    (good / "flow_modules" / "saibo" / "Evil" / "__init__.py").touch()
    assert "saibo/Evil/__init__.py was added" in verify(yard, packed("more-1.0.tar.gz", good), code=1)
    (other / "flowverse.lock").write_bytes(b"\0")
    said = verify(yard, packed("app-2.0.tar.gz", other), code=1)
    assert "app-2.0.tar.gz" in said
    assert "what it says of its modules cannot be read" in said


def test_what_another_application_shares_is_its_own(yard: Yard) -> None:
    """It ships a file of a module that this one leaves out: nothing was added by anybody else."""
    wheel, _ = built(yard)
    other = Yard(yard.place / "other", yard.hub, yard.wheelhouse)
    other.write(
        "hatchling", Layout(package="other", name="other"), tables='\n[tool.flowverse.build]\nexclude = ["*.png"]\n'
    )
    other.build("uv build", other.place / "out", isolated=False)
    python = yard.environment("both", wheel, one(other.place / "out", "*.whl"))
    for name in ("app", "other"):
        assert "is as it was shipped" in verify(yard, name, "--python", str(python))


def test_what_cannot_be_verified_is_a_sentence(yard: Yard) -> None:
    """Nothing of that name, an archive without modules, a file that is no archive, none at all."""
    assert "error: No distribution called 'nothing' is installed here." in verify(yard, "nothing", code=2)
    plain = one(yard.dependencies, "*.whl")
    assert f"error: {plain.name} says of no flow modules that it ships them." in verify(yard, str(plain), code=2)
    (yard.place / "broken.whl").write_bytes(b"no zip")
    assert "is no archive that can be read" in verify(yard, str(yard.place / "broken.whl"), code=4)
    assert "no such file" in verify(yard, str(yard.place / "none.tar.gz"), code=4)
    assert "is no Python that can be run" in verify(yard, "app", "--python", str(plain), code=2)


def verify(yard: Yard, *arguments: str, code: int = 0) -> str:
    """Run `flowverse verify` away from any project; what it says."""
    return yard.away(sys.executable, "-m", "flowverse", "verify", *arguments, code=code)


def test_an_editable_install_reaches_the_modules_and_nothing_else(yard: Yard) -> None:
    """From any folder, by both names where a wheel has them elsewhere; edits are live, later modules are seen."""
    yard.write("hatchling", Layout(base="src"), into=True)
    (yard.root / "tests").mkdir()
    (yard.root / "tests" / "__init__.py").touch()
    python = yard.environment("arrival")
    subprocess.run([find_uv_bin(), "pip", "install", "--quiet", "--python", python, "editables"], check=True)
    install = (find_uv_bin(), "pip", "install", "--quiet", "--no-deps", "--python", str(python), "-e", str(yard.root))
    yard.run(*install)
    yard.install(python, one(yard.dependencies, "*.whl"))

    assert yard.talk(python) == "atomic atomic flow_modules.saibo.ChatFlows.ChatGPT4\n"
    same = "import app._vendor.saibo.ChatFlows as a, flow_modules.saibo.ChatFlows as b; print(a is b)"
    assert yard.away(python, "-c", same) == "True\n"
    assert yard.away(python, "-c", "import importlib.util as u; print(u.find_spec('tests'))") == "None\n"

    (yard.tree / CHAT / "__init__.py").write_text("EDITED = True\n", encoding="utf-8")
    assert yard.away(python, "-c", "import app._vendor.saibo.ChatFlows as a; print(a.EDITED)") == "True\n"
    yard.hub.add("later/Flow", {"__init__.py": "LATER = True\n"})
    yard.edit(f'"{CHAT}" = "main"', f'"{CHAT}" = "main"\n"later/Flow" = "main"')
    yard.sync()
    assert yard.away(python, "-c", "import app._vendor.later.Flow as a; print(a.LATER)") == "True\n"
