"""What is not what the lock says is not built: one clean sentence under each front end, and no archive."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.hosts.shipping.conftest import ATOMIC, CHAT, Layout, Yard, one, unpack

FRONT_ENDS = ["hatch build", "python -m build", "uv build", "pdm build", "pip wheel"]


def a_stale_lock(yard: Yard) -> str:
    yard.edit('"saibo/ChatFlows" = "main"', f'"saibo/ChatFlows" = "main"\n"{ATOMIC}" = "main"')
    return f"flowverse.lock is stale: {ATOMIC} is not locked yet."


def an_edited_module(yard: Yard) -> str:
    (yard.tree / CHAT / "ChatGPT4.yaml").write_text("mine\n", encoding="utf-8")
    return f"The flow modules cannot be shipped: {CHAT} was edited (1 changed: ChatGPT4.yaml)."


def a_linked_module(yard: Yard) -> str:
    shutil.copytree(yard.tree / ATOMIC, yard.place / "develop")
    shutil.rmtree(yard.tree / ATOMIC)
    (yard.tree / ATOMIC).symlink_to(yard.place / "develop", target_is_directory=True)
    return ""


def a_local_module(yard: Yard) -> str:
    shutil.copytree(yard.tree / ATOMIC, yard.root / "develop")
    local = '\n[tool.flowverse.overrides]\n"martinjosifoski/ChatAtomicFlow" = { path = "develop" }\n'
    yard.edit("\n[[tool.pdm.source]]", f"{local}\n[[tool.pdm.source]]")
    yard.sync()
    return f"The flow modules cannot be shipped: {ATOMIC} is the local folder develop, which nobody else has."


def a_missing_module(yard: Yard) -> str:
    shutil.rmtree(yard.tree / ATOMIC)
    shutil.rmtree(yard.place / "hf")
    yard.hub.rule(status=404)
    return f"{ATOMIC}"


def a_refused_licence(yard: Yard) -> str:
    yard.edit("[tool.flowverse.dependencies]", '[tool.flowverse]\nlicenses = ["mit"]\n\n[tool.flowverse.dependencies]')
    return f"flowverse.lock is stale: {CHAT} is locked, its licence 'apache-2.0' is not in tool.flowverse.licenses."


CASES = [a_stale_lock, an_edited_module, a_local_module, a_missing_module]


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize("backend", ["hatchling", "pdm-backend"])
def test_what_is_not_as_locked_is_not_built(yard: Yard, backend: str, front_end: str) -> None:
    """Whatever is wrong; one checkout after another, with every front end."""
    yard.write(backend, Layout())
    good = shutil.copytree(yard.root, yard.place / "good", symlinks=True)
    for number, spoil in enumerate(CASES):
        shutil.rmtree(yard.root)
        shutil.copytree(good, yard.root, symlinks=True)
        expected = spoil(yard)
        before = everything(yard.root)
        out = yard.place / f"out-{number}"

        # uv has a code of its own; Hatch passes on that of hatchling's hook, here that of the Hub.
        wrong = 2 if front_end == "uv build" else 1
        if spoil is a_missing_module and (front_end, backend) == ("hatch build", "hatchling"):
            wrong = 3
        said = yard.build(front_end, out, code=wrong, isolated=False, **offline(spoil))

        assert expected in flat(said), spoil.__name__
        assert "Traceback" not in said, said
        assert archives(out) == []
        assert everything(yard.root) - before <= ignorable(yard.root)


def archives(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.suffix in {".whl", ".gz"}]


def flat(said: str) -> str:
    """What was said, without the line breaks and bars of a narrow terminal."""
    return " ".join(said.replace("│", " ").split())


def offline(spoil: Callable[[Yard], str]) -> dict[str, str]:
    return {"FLOWVERSE_OFFLINE": "1"} if spoil is a_missing_module else {}


def everything(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*")}


def ignorable(root: Path) -> set[str]:
    """What front ends and our own lock leave behind in a project."""
    return {name for name in everything(root) if name.startswith((".pdm", ".venv", "flow_modules/.flowverse", "build"))}


@pytest.mark.parametrize("backend", ["hatchling", "pdm-backend"])
def test_a_licence_that_is_not_allowed_is_not_built(yard: Yard, backend: str) -> None:
    """Also where it was locked before the project said which it allows."""
    yard.write(backend, Layout())
    expected = a_refused_licence(yard)
    assert expected in flat(yard.build("uv build", yard.place / "out", code=2, isolated=False))


@pytest.mark.parametrize("backend", ["hatchling", "pdm-backend"])
def test_a_link_in_the_tree_is_put_right_or_refused(yard: Yard, backend: str) -> None:
    """A module that was linked by hand is replaced by what is locked, which is shipped; what it led to stays."""
    yard.write(backend, Layout())
    a_linked_module(yard)

    yard.build("uv build", yard.place / "out", isolated=False)

    assert not (yard.tree / ATOMIC).is_symlink()
    assert (yard.place / "develop" / "LICENSE").is_file()


TAMPERED = {
    "a changed file": (f"flow_modules/{CHAT}/ChatGPT4.py", f"{CHAT} was edited (1 changed: ChatGPT4.py)"),
    "a changed licence": (f"flow_modules/{ATOMIC}/LICENSE", f"{ATOMIC} was edited (1 changed: LICENSE)"),
    "an added file": (f"flow_modules/{CHAT}/more.py", f"{CHAT} was edited (1 added: more.py)"),
}


@pytest.mark.parametrize(("path", "clause"), TAMPERED.values(), ids=TAMPERED)
@pytest.mark.parametrize("backend", ["hatchling", "pdm-backend"])
def test_a_tampered_sdist_is_not_built(yard: Yard, backend: str, path: str, clause: str) -> None:
    """With any front end; and nothing is fetched to mend it."""
    yard.write(backend, Layout())
    yard.build("uv build", yard.place / "out", isolated=False)
    unpacked = unpack(one(yard.place / "out", "*.tar.gz"), yard.place)
    with (unpacked / path).open("a", encoding="utf-8") as file:
        file.write("evil = True\n")
    yard.hub.clear()

    to, python, sentence = str(yard.place / "to"), sys.executable, f"The flow modules cannot be shipped: {clause}."
    commands = {
        "hatch build": (python, "-m", "hatch", "build", "--target", "wheel", to),
        "python -m build": (python, "-m", "build", "--wheel", "--no-isolation", "--outdir", to),
        "uv build": (find_uv_bin(), "build", "--wheel", "--no-build-isolation", "--python", python, "--out-dir", to),
        "pdm build": (python, "-m", "pdm", "build", "--no-sdist", "--dest", to),
        "pip wheel": (python, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", to, "."),
    }
    for front_end, command in commands.items():
        said = flat(yard.run(*command, cwd=unpacked, code=2 if front_end == "uv build" else 1)).replace("hint: ", "")
        assert f"{sentence} The sdist was changed after it was built; build it again." in said, front_end
        assert "Traceback" not in said, front_end
        assert archives(Path(to)) == [], front_end
    assert yard.hub.requests == []


@pytest.mark.parametrize(
    ("into", "expected"),
    [
        ("apps._vendor", "is below 'apps', and the project has no such folder; is it spelled as it is imported?"),
        ("tests.vendor", "is below 'tests', and the wheel holds no such package; is it spelled as it is imported?"),
        ("app.taken", "is taken, there is app/taken; name a package that is not there yet"),
        ("app.util", "is taken, there is app/util.py; name a package that is not there yet"),
    ],
)
@pytest.mark.parametrize("backend", ["hatchling", "pdm-backend"])
def test_a_package_that_cannot_be_moved_to_is_refused(yard: Yard, backend: str, into: str, expected: str) -> None:
    """A misspelled one, and one with files of its own; no wheel that nobody can use is left behind."""
    yard.write(backend, Layout(), tables=f'\n[tool.flowverse.build]\ninto = "{into}"\n')
    for place in ("app/taken", "tests"):
        (yard.root / place).mkdir()
        (yard.root / place / "__init__.py").write_text("", encoding="utf-8")
    (yard.root / "app" / "util.py").write_text("", encoding="utf-8")

    said = yard.build("uv build", yard.place / "out", code=2, isolated=False)

    assert f"tool.flowverse.build.into: {expected}" in flat(said)
    assert "Traceback" not in said
    assert [name for name in archives(yard.place / "out") if name.endswith(".whl") or into != "tests.vendor"] == []


@pytest.mark.parametrize("backend", ["hatchling", "pdm-backend"])
def test_a_package_of_the_projects_own_is_seen_wherever_it_is(yard: Yard, backend: str) -> None:
    """Below another folder than `src`, it is found in the finished wheel."""
    yard.write(backend, Layout(base="lib"), tables='\n[tool.flowverse.build]\ninto = "app.taken"\n')
    (yard.root / "lib" / "app" / "taken").mkdir()
    (yard.root / "lib" / "app" / "taken" / "mine.py").write_text("", encoding="utf-8")
    said = yard.build("uv build", yard.place / "out", code=2, isolated=False)
    assert "tool.flowverse.build.into: is taken, there is app/taken/mine.py; name a package" in flat(said)
    assert not list((yard.place / "out").glob("*.whl"))


def test_a_module_that_cannot_be_moved_is_refused(yard: Yard) -> None:
    """By the Python that builds; the sdist is not built either."""
    yard.hub.add(ATOMIC, {"__init__.py": "", "old.py": "import flow_modules.saibo\nprint 'Python 2'\n"})
    yard.write("hatchling", Layout(), into=True)
    said = yard.build("uv build", yard.place / "out", code=2, isolated=False)
    assert f"{ATOMIC} cannot be moved to app._vendor: old.py:2: " in flat(said)
    assert archives(yard.place / "out") == []
