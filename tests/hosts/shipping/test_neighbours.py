"""Applications that ship modules, beside each other in one environment, and in places where nothing can be written."""

from __future__ import annotations

import os
import shutil
import sys
import zipapp
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.environments import AIFLOWS, AIFLOWS_INSTALLS, environment
from tests.hosts.shipping.conftest import ATOMIC, CHAT, MODULES, Layout, Yard, names, one

TALKER = Layout(package="talker", name="talker")
INTO = ["flow_modules", "into"]


def ship(
    yard: Yard, name: str, *, into: bool, modules: str = CHAT, main: str = "", more: Mapping[str, str] | None = None
) -> Path:
    """Build the wheel of an application; `main` is another program than that of the yard, `more` are more files."""
    yard.root = yard.place / name
    yard.write("hatchling", Layout(package=name, name=name), into=into)
    if modules != CHAT:
        yard.edit(f'"{CHAT}" = "main"', f'"{modules}" = "main"')
        yard.sync()
    if main:
        (yard.project / name / "__init__.py").write_text(main, encoding="utf-8")
    for path, text in (more or {}).items():
        (yard.project / name / path).write_text(text, encoding="utf-8")
    build = (find_uv_bin(), "build", "--wheel", "--no-build-isolation", "--python", sys.executable)
    yard.run(*build, "--out-dir", str(yard.place / f"{name}-out"), cwd=yard.project)
    return one(yard.place / f"{name}-out", "*.whl")


def talk(yard: Yard, python: Path, name: str) -> str:
    """What one of several applications says."""
    return yard.away(python, "-W", "error", "-c", f"import {name}; {name}.main()")


@pytest.mark.parametrize("into", [False, True], ids=INTO)
def test_applications_with_different_modules_live_together(yard: Yard, into: bool) -> None:
    """Each finds its own; they may share an owner. The one that is left goes on when the other is uninstalled."""
    yard.hub.add("saibo/Other", {"__init__.py": "", "Other.py": "class Other:\n    name = 'other'\n"})
    package = "second._vendor" if into else "flow_modules"
    other = f"def main():\n    from {package}.saibo.Other.Other import Other\n    print(Other.name, Other.__module__)\n"
    wheels = ship(yard, "first", into=into), ship(yard, "second", into=into, modules="saibo/Other", main=other)
    python = yard.environment("both", *wheels)

    first = "first._vendor" if into else "flow_modules"
    assert talk(yard, python, "first") == f"atomic atomic {first}.saibo.ChatFlows.ChatGPT4\n"
    assert talk(yard, python, "second") == f"other {package}.saibo.Other.Other\n"
    both = "import first, second; first.main(); second.main()"
    assert yard.away(python, "-W", "error", "-c", both).count("\n") == 2


@pytest.mark.parametrize("into", [False, True], ids=INTO)
def test_one_module_at_two_commits(yard: Yard, into: bool) -> None:
    """Below packages of their own, both applications have theirs; in flow_modules the import says that it cannot be."""
    first = ship(yard, "first", into=into)
    old = yard.hub.commit(ATOMIC).id
    newer = MODULES[ATOMIC]["ChatAtomicFlow.py"].replace('"atomic"', '"newer"')
    new = yard.hub.add(ATOMIC, {**MODULES[ATOMIC], "ChatAtomicFlow.py": newer})
    second = ship(yard, "second", into=into)
    python = yard.environment("both", first)
    yard.install(python, second)

    if into:
        both = "import first, second; first.main(); second.main(); second.main(); first.main()"
        lines = yard.away(python, "-W", "error", "-c", both).splitlines()
        assert [line.split()[0] for line in lines] == ["atomic", "newer", "newer", "atomic"]
        return
    said = yard.away(python, "-c", "import first; first.main()")
    assert f"FlowRevisionWarning: {ATOMIC} is shipped by first at {old[:7]} and by second at {new[:7]}, and" in said
    assert "install them apart, or build them with `into` in [tool.flowverse.build]" in said
    assert said.count("FlowRevisionWarning") == 1


def test_the_same_module_at_one_commit_is_shared(yard: Yard) -> None:
    """Nothing is said about it, and both applications run."""
    python = yard.environment("both", ship(yard, "first", into=False), ship(yard, "second", into=False))
    assert talk(yard, python, "first") == talk(yard, python, "second")


@pytest.mark.parametrize("into", [False, True], ids=INTO)
def test_the_other_goes_on_when_one_is_uninstalled(yard: Yard, into: bool) -> None:
    """With `into` as if nothing were; in flow_modules it says what went away with the other, and how to mend it."""
    yard.hub.add("else/Other", {"__init__.py": "", "Other.py": "class Other:\n    name = 'other'\n"})
    package = "second._vendor" if into else "flow_modules"
    other = f"def main():\n    from {package}.user_else.Other.Other import Other\n    print(Other.name)\n"
    first, second = ship(yard, "first", into=into), ship(yard, "second", into=into, modules="else/Other", main=other)
    python = yard.environment("both", first, second)

    yard.run(find_uv_bin(), "pip", "uninstall", "--quiet", "--python", str(python), "first", cwd=yard.place)

    if into:
        assert talk(yard, python, "second") == "other\n"
        return
    said = yard.away(python, "-c", "import second; second.main()", code=1)
    assert "ImportError: the guard of the flow modules is gone" in said
    reinstall = (find_uv_bin(), "pip", "install", "--quiet", "--reinstall", "--no-deps", "--no-index", "--offline")
    yard.run(*reinstall, "--python", str(python), str(second), cwd=yard.place)
    assert talk(yard, python, "second") == "other\n"


@pytest.mark.parametrize("order", ["aiflows first", "aiflows last"])
@pytest.mark.parametrize("into", [False, True], ids=INTO)
def test_the_guard_holds_beside_the_real_aiflows(yard: Yard, into: bool, order: str) -> None:
    """aiFlows 1.1.1 ships an empty package `flow_modules`, which may take the place of ours; still nothing syncs."""
    module = MODULES[CHAT]["ChatGPT4.py"].replace("from flows import", "from aiflows import")
    yard.hub.add(CHAT, {**MODULES[CHAT], "ChatGPT4.py": module})
    wheel = ship(yard, "second", into=into)
    site = yard.place / "site"
    install = (
        find_uv_bin(),
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(site),
        "--python",
        sys.executable,
    )
    here = ("--no-index", "--find-links", str(yard.dependencies))
    steps = [(*install, *here, str(wheel), "flowdep"), (*install, AIFLOWS)]
    for step in steps if order == "aiflows last" else reversed(steps):
        yard.run(*step, cwd=yard.place)
    python = environment(AIFLOWS.replace("==", "-"), *AIFLOWS_INSTALLS)

    said = yard.away(
        python, "-c", "import second; second.main()", PYTHONPATH=str(site), HF_HOME=str(yard.place / "none")
    )

    package = "second._vendor" if into else "flow_modules"
    assert said.splitlines()[-1] == f"atomic atomic {package}.saibo.ChatFlows.ChatGPT4"
    assert not (yard.place / "none").exists()


@pytest.mark.parametrize(
    ("backend", "into"), [("hatchling", False), ("pdm-backend", True)], ids=["flow_modules", "into"]
)
def test_an_empty_environment_is_enough(yard: Yard, backend: str, into: bool) -> None:
    """`pip install app.whl && app` answers where there is nothing but Python; nobody can write to what is installed."""
    yard.write(backend, Layout(), into=into)
    yard.build("uv build", yard.place / "out", isolated=False)
    wheel = one(yard.place / "out", "*.whl")
    venv = yard.place / "empty"
    yard.run(sys.executable, "-m", "venv", str(venv), cwd=yard.place)
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = (str(python), "-m", "pip", "install", "--quiet", "--no-index", "--find-links", str(yard.dependencies))
    yard.run(*pip, str(wheel), cwd=yard.place)
    site = one(venv, "lib/python3*/site-packages") if os.name != "nt" else venv / "Lib" / "site-packages"
    before = {path: path.stat().st_mtime_ns for path in site.rglob("*")}

    said = yard.talk(python, HOME=str(yard.place / "no home"), PYTHONDONTWRITEBYTECODE="1")

    package = "app._vendor" if into else "flow_modules"
    assert said == f"atomic atomic {package}.saibo.ChatFlows.ChatGPT4\n"
    assert {path: path.stat().st_mtime_ns for path in site.rglob("*")} == before
    assert not (yard.place / "no home").exists()


READ_ONLY = """\
import os, sys

def refuse(event, arguments):
    writes = event == "open" and (arguments[1] or "r")[0] in "wax+" or event == "open" and arguments[2] & os.O_CREAT
    if writes or event in ("os.mkdir", "os.rename", "os.remove", "os.symlink", "os.link", "os.chmod", "socket.connect"):
        raise PermissionError(event, arguments)

sys.dont_write_bytecode = True
sys.addaudithook(refuse)
import first
first.main()
"""


@pytest.mark.parametrize("into", [False, True], ids=INTO)
def test_a_read_only_installation_is_enough(yard: Yard, into: bool) -> None:
    """No file is opened for writing, no folder made, nothing connected to; and nothing is complained about."""
    python = yard.environment("arrival", ship(yard, "first", into=into))
    for path in [python.parents[1], *python.parents[1].rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)

    assert yard.away(python, "-W", "error", "-c", READ_ONLY).startswith("atomic atomic ")


@pytest.mark.parametrize("into", [False, True], ids=INTO)
def test_a_zipped_application(yard: Yard, into: bool) -> None:
    """All in one file, as zipapp makes them; what a module reads through Python's own API is found there."""
    wheel = ship(yard, "first", into=into)
    folder = yard.place / "zipped"
    for archive in (wheel, one(yard.dependencies, "*.whl")):
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)
    zipapp.create_archive(folder, yard.place / "first.pyz", main="first:main")

    package = "first._vendor" if into else "flow_modules"
    said = yard.away(sys.executable, "-I", "-W", "error", yard.place / "first.pyz")
    assert said == f"atomic atomic {package}.saibo.ChatFlows.ChatGPT4\n"


def test_pickles_travel_with_into(yard: Yard) -> None:
    """What one process of an application wrote, another reads; it names the application's own package."""
    python = yard.environment("arrival", ship(yard, "first", into=True))
    made = yard.place / "pickle"
    load = "from first._vendor.saibo.ChatFlows.ChatGPT4 import ChatGPT4"
    write = f"import pickle, sys; {load}; open(sys.argv[1], 'wb').write(pickle.dumps(ChatGPT4()))"
    yard.away(python, "-c", write, made)
    assert b"first._vendor.saibo.ChatFlows.ChatGPT4" in made.read_bytes()
    read = "import pickle, sys; print(pickle.load(open(sys.argv[1], 'rb')).prompt())"
    assert yard.away(python, "-c", read, made) == "Answer in one word.\n"


EARLY = """\
from flowverse import flow_verse

flow_verse.sync_dependencies([{"url": "saibo/ChatFlows", "revision": "main"}])


def main():
    from first._vendor.saibo.ChatFlows.ChatGPT4 import ChatGPT4

    print(ChatGPT4().name)


if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize(
    "how", [("-c", "import first.early; first.early.main()"), ("-m", "first.early")], ids=["-c", "-m"]
)
def test_an_application_that_syncs_for_itself_does_not_where_it_is_installed(yard: Yard, how: tuple[str, str]) -> None:
    """Before it has imported any module, with the real flowverse and its Hub client at hand: it has all it asks for."""
    wheel = ship(yard, "first", into=True, more={"early.py": EARLY})
    site = yard.place / "site"
    install = (
        find_uv_bin(),
        "pip",
        "install",
        "--quiet",
        "--target",
        str(site),
        "--python",
        sys.executable,
        "--no-index",
    )
    yard.run(*install, "--find-links", str(yard.dependencies), str(wheel), cwd=yard.place)
    shutil.move(site, yard.place / "site-packages")

    said = yard.away(sys.executable, *how, PYTHONPATH=str(yard.place / "site-packages"), PYTHONDONTWRITEBYTECODE="1")

    assert said == "atomic\n"


def test_projects_that_lock_one_module_at_two_commits_are_told_of(yard: Yard) -> None:
    """Installed for editing in one environment, as in a workspace: one tree is used, and which is said."""
    python = yard.environment("both", one(yard.dependencies, "*.whl"))
    roots = []
    for name, text in (("first", '"atomic"'), ("second", '"newer"')):
        files = {**MODULES[ATOMIC], "ChatAtomicFlow.py": MODULES[ATOMIC]["ChatAtomicFlow.py"].replace('"atomic"', text)}
        yard.hub.add(ATOMIC, files)
        yard.root = yard.place / name
        yard.write("hatchling", Layout(base="src", package=name, name=name))
        roots.append(str(yard.root))
        install = (
            find_uv_bin(),
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--python",
            str(python),
            "-e",
            str(yard.root),
        )
        yard.run(*install, cwd=yard.place)

    said = yard.away(python, "-c", "import first; first.main()")

    assert f"FlowRevisionWarning: {ATOMIC} is shipped by " in said
    assert all(root in said for root in roots)


@pytest.mark.parametrize("backend", ["hatchling", "pdm-backend"])
def test_what_a_link_in_the_tree_leads_to_is_not_shipped(yard: Yard, backend: str) -> None:
    """Nor is anything else that somebody put there; nor the right to execute a file, which a pin says nothing of."""
    yard.write(backend, Layout())
    yard.build("uv build", yard.place / "out", isolated=False)
    (yard.place / "secret").mkdir()
    (yard.place / "secret" / "key.py").write_text("KEY = 1\n", encoding="utf-8")
    (yard.tree / "saibo" / "Mine").symlink_to(yard.place / "secret", target_is_directory=True)
    (yard.tree / "saibo" / "key.py").symlink_to(yard.place / "secret" / "key.py")
    (yard.tree / CHAT / "ChatGPT4.py").chmod(0o755)
    if backend == "hatchling":
        yard.edit('packages = ["app"]', 'packages = ["app", "flow_modules"]')

    yard.build("uv build", yard.place / "again", isolated=False)

    for folder in ("out", "again"):
        assert not any(
            "key" in name for pattern in ("*.whl", "*.gz") for name in names(one(yard.place / folder, pattern))
        )
    wheels = [one(yard.place / folder, "*.whl").read_bytes() for folder in ("out", "again")]
    assert wheels[0] == wheels[1]


def test_a_package_that_only_the_modules_are_in(yard: Yard) -> None:
    """`into` may name packages on the way that the project does not have: from a wheel, and for editing."""
    tables = '\n[tool.flowverse.build]\ninto = "app.deep.er"\n'
    yard.write("hatchling", Layout(base="src"), tables=tables)
    code = "from app.deep.er.martinjosifoski.ChatAtomicFlow.ChatAtomicFlow import ChatAtomicFlow as C; print(C.name)"
    yard.build("uv build", yard.place / "out", isolated=False)
    assert yard.away(yard.environment("arrival", one(yard.place / "out", "*.whl")), "-c", code) == "atomic\n"
    python = yard.environment("editable", one(yard.dependencies, "*.whl"))
    edit(yard, python)
    assert yard.away(python, "-c", code) == "atomic\n"


def edit(yard: Yard, python: Path) -> None:
    """Install the project for editing."""
    install = (find_uv_bin(), "pip", "install", "--quiet", "--no-deps", "--python", str(python), "-e", str(yard.root))
    yard.run(*install, cwd=yard.place)
