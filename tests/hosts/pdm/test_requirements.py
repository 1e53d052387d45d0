"""The Python requirements of flow modules are locked and installed by PDM, with the project's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.hosts.pdm.conftest import APPLICATION, OTHER, Desk, source
from tests.hosts.pdm.conftest import write_wheel as wheel

ASKING, CLASHING = "saibo/Asking", "aiflows/Clashing"


@pytest.fixture
def asking(desk: Desk) -> Desk:
    """A project with a module that asks for `trinket`, which needs `bedrock`; the index has these and a few more.

    No other test has packages of these names: PDM caches what a version needs, for all tests.
    """
    for name, version, *needs in (
        ("trinket", "1.0", "bedrock"),
        ("trinket", "2.0", "bedrock"),
        ("bedrock", "1.0"),
        ("more", "1.0"),
        ("mine", "1.0"),
    ):
        wheel(desk.place / "wheels", name, version, *needs)
    ask(desk, ASKING, "trinket<2")
    desk.write_project(APPLICATION + source("pypi", desk.place / "wheels"), ASKING)
    return desk


WAYS = pytest.mark.parametrize("way", ["default", "no_inherit_metadata", "uv", "pylock"])
"""The lock strategies, formats and installers between which PDM's ways part."""


@WAYS
def test_the_first_install_brings_them(asking: Desk, way: str) -> None:
    """In a project without any lock, and what they need too. Again, nothing is locked and the Hub is not asked."""
    with prepared(asking, way):
        assert "Synced 1 flow module" in asking.pdm("install")
        assert installed(asking) == {"trinket": "1.0", "bedrock": "1.0"}

        asking.hub.clear()
        before = asking.snapshot(), pdm_lock(asking)
        assert "Updating the lock file" not in asking.pdm("install")
        assert (asking.snapshot(), pdm_lock(asking)) == before
        for command in (("lock", "--check"), ("install", "--check"), ("install", "--frozen-lockfile")):
            assert "WARNING: Lockfile" not in asking.pdm(*command)
        assert asking.hub.requests == []


@WAYS
def test_a_module_that_moves_on_makes_the_lock_stale(asking: Desk, way: str) -> None:
    """What it asks for now is installed, though `pyproject.toml` is as it was; `--check` fails, a frozen lock stays."""
    with prepared(asking, way):
        asking.pdm("install")
        ask(asking, ASKING, "trinket<2", "more")
        lock_anew(asking)
        before = pdm_lock(asking)

        for command in ("lock", "install"):
            assert "WARNING: Lockfile" in asking.pdm(command, "--check", code=1)
        asking.pdm("install", "--frozen-lockfile")
        assert pdm_lock(asking) == before

        asking.pdm("install")
        assert installed(asking).keys() == {"trinket", "bedrock", "more"}
        asking.pdm("lock", "--check")

        ask(asking, ASKING)
        lock_anew(asking)
        asking.pdm("lock", "--check", code=1)
        assert "Updating the lock file" in asking.pdm("install")
        asking.pdm("lock", "--check")
        # With uv, PDM's lock keeps what nothing asks for any more until `pdm lock`: packages of the project as well.
        assert way == "uv" or "trinket" not in pdm_lock(asking)


@WAYS
def test_adding_and_removing_locks_modules_first(asking: Desk, way: str) -> None:
    """A module that is new in the manifest has what it asks for installed by whatever command of PDM is next."""
    with prepared(asking, way):
        asking.declare()
        asking.pdm("install")
        asking.declare(ASKING)

        asking.pdm("add", "mine")
        assert installed(asking).keys() == {"trinket", "bedrock", "mine"}

        ask(asking, CLASHING, "more")
        asking.declare(ASKING, CLASHING)
        asking.pdm("remove", "mine")
        assert installed(asking).keys() == {"trinket", "bedrock", "more"}

        asking.declare(ASKING)
        asking.pdm("update")
        asking.pdm("sync", "--clean")
        assert installed(asking).keys() == {"trinket", "bedrock"}
        assert "trinket" not in asking.manifest.read_text(encoding="utf-8")


@pytest.mark.parametrize("way", ["default", "no_inherit_metadata", "pylock"])
def test_they_belong_to_the_default_group(asking: Desk, way: str) -> None:
    """`--no-default` installs none of them, and cleaning up removes none that is wanted."""
    with prepared(asking, way):
        asking.pdm("add", "--group", "docs", "mine")
        asking.make_environment()

        asking.pdm("install", "--no-default", "--group", "docs")
        assert installed(asking).keys() == {"mine"}

        asking.pdm("sync", "--clean")
        assert installed(asking).keys() >= {"trinket", "bedrock"}
        asking.pdm("sync", "--clean-unselected")
        assert installed(asking).keys() >= {"trinket", "bedrock"}


def test_other_groups_are_locked_without_them(asking: Desk) -> None:
    """A lock that was made without the default group is not stale for what modules ask for."""
    asking.manifest.write_text(f'[dependency-groups]\ndev = ["mine"]\n\n{asking.manifest.read_text("utf-8")}', "utf-8")

    asking.pdm("lock", "--no-default", "--group", "dev")

    assert "trinket" not in pdm_lock(asking)
    asking.pdm("lock", "--check")


def test_a_project_that_depends_on_the_same(asking: Desk) -> None:
    """Its own line and a module's are one; without its own, the module's is left."""
    depend(asking, "trinket<2")
    asking.pdm("install")
    assert installed(asking) == {"trinket": "1.0", "bedrock": "1.0"}
    assert asking.pdm("export", "--without-hashes").count("trinket==") == 1

    asking.pdm("remove", "trinket")

    assert "trinket" not in asking.manifest.read_text(encoding="utf-8")
    assert installed(asking) == {"trinket": "1.0", "bedrock": "1.0"}


def test_unconstrained_is_about_the_project(asking: Desk) -> None:
    """Modules' requirements hold with `--unconstrained` too, and are not written into `pyproject.toml`."""
    depend(asking, "more<2")
    asking.pdm("install")

    asking.pdm("update", "--unconstrained")
    asking.pdm("add", "--unconstrained", "mine")

    manifest = asking.manifest.read_text(encoding="utf-8")
    assert "trinket" not in manifest
    assert '"more>=1.0"' in manifest
    assert installed(asking) == {"trinket": "1.0", "bedrock": "1.0", "more": "1.0", "mine": "1.0"}
    asking.pdm("lock", "--check")


def test_what_a_module_asks_of_the_project_itself(asking: Desk) -> None:
    """Nothing is installed for it: the project is there."""
    ask(asking, ASKING, "app>=0.1", "more")

    asking.pdm("install")

    assert installed(asking).keys() == {"more"}


@pytest.mark.parametrize("way", ["default", "uv"])
def test_a_clash_is_told_with_who_asks(asking: Desk, way: str) -> None:
    """A warning before PDM resolves; when it has failed, the modules that asked for what it names. No traceback."""
    ask(asking, CLASHING, "trinket>=2", "more")
    asking.declare(ASKING, CLASHING)
    with prepared(asking, way):
        said = asking.pdm("install", code=1)

    clash = f"no trinket can be trinket>=2 ({CLASHING}) and trinket<2 ({ASKING})"
    assert said.count(f"WARNING: Python requirements clash: {clash}.") == 1
    told = said.partition("ERROR: Flow modules ask for Python packages too:\n")[2]
    assert told.startswith(
        f"  trinket>=2 ({CLASHING})\n  trinket<2 ({ASKING})\nHINT: " if way == "default" else "  more"
    )
    assert "Traceback" not in said
    assert not (asking.root / "pdm.lock").exists()


def test_a_clash_with_the_project(asking: Desk) -> None:
    """Its own side of it is named by its file."""
    depend(asking, "trinket>=2")

    said = asking.pdm("lock", code=1)

    assert f"clash: no trinket can be trinket>=2 (pyproject.toml) and trinket<2 ({ASKING})." in said
    assert f"packages too:\n  trinket<2 ({ASKING})\nHINT: " in said


def test_a_package_that_is_nowhere(asking: Desk) -> None:
    """Who asks for it is said, and nobody else is blamed."""
    ask(asking, CLASHING, "nowhere-to-be-found")
    asking.declare(ASKING, CLASHING)

    said = asking.pdm("lock", code=1)

    assert f"packages too:\n  nowhere-to-be-found ({CLASHING})\nHINT: " in said
    assert "Traceback" not in said


def test_a_failure_of_the_project_alone_is_its_own(asking: Desk) -> None:
    """Modules that have nothing to do with it are not named."""
    depend(asking, "more>=7")

    said = asking.pdm("lock", code=1)

    assert "Unable to find a resolution" in said
    assert ASKING not in said.partition("Resolv")[2]


def test_lines_that_are_no_requirements(asking: Desk) -> None:
    """Each is one warning when packages are locked; the others are installed."""
    ask(asking, ASKING, "trinket!!", "trinket<2")

    said = asking.pdm("install")

    assert said.count(f"WARNING: {ASKING} asks for 'trinket!!', which is not a Python requirement (PEP 508)") == 1
    assert installed(asking).keys() == {"trinket", "bedrock"}
    assert "trinket!!" not in asking.pdm("install")


def test_modules_that_ask_for_nothing(asking: Desk) -> None:
    """PDM's lock is what it would be without them."""
    asking.declare()
    asking.pdm("lock")
    before = pdm_lock(asking)

    asking.declare(OTHER)
    assert "Locked 1 flow module" in asking.pdm("lock", "--update-reuse")

    assert pdm_lock(asking) == before


# --- helpers ---------------------------------------------------------------------------------------------------------


@contextmanager
def prepared(desk: Desk, way: str) -> Iterator[None]:
    """Set PDM up in one of the `WAYS`."""
    if way == "no_inherit_metadata":
        desk.pdm("config", "strategy.inherit_metadata", "false")
    if way == "pylock":
        desk.pdm("config", "lock.format", "pylock")
    if way != "uv":
        yield
        return
    desk.pdm("config", "use_uv", "true")
    with served(desk.place / "wheels") as url:  # from what uv locks of a folder, PDM cannot read the files' places
        text = desk.manifest.read_text(encoding="utf-8").replace('type = "find_links"\n', "")
        desk.manifest.write_text(re.sub('url = "file:.*"', f'url = "{url}"', text), encoding="utf-8")
        yield


@contextmanager
def served(wheels: Path) -> Iterator[str]:
    """Serve wheels as an index does; the listings of folders are what PEP 503 asks for."""
    for file in wheels.glob("*.whl"):
        folder = wheels.with_name("index") / file.name.partition("-")[0]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file.name).write_bytes(file.read_bytes())
    handler = partial(_Quiet, directory=str(wheels.with_name("index")))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Leave the terminal to the tests."""


def ask(desk: Desk, module: str, *lines: str) -> None:
    """Have a module ask for packages from its next commit on."""
    desk.hub.add(module, {"__init__.py": "", "pip_requirements.txt": "".join(f"{line}\n" for line in lines)})


def lock_anew(desk: Desk) -> None:
    """Lock the newest commits of flow modules, and no packages."""
    desk.lock.unlink()
    desk.pdm("flowverse", "lock")


def depend(desk: Desk, *lines: str) -> None:
    """Have the project itself depend on packages."""
    text = desk.manifest.read_text(encoding="utf-8")
    wanted = ", ".join(f'"{line}"' for line in lines)
    desk.manifest.write_text(text.replace("dependencies = []", f"dependencies = [{wanted}]"), encoding="utf-8")


def installed(desk: Desk) -> dict[str, str]:
    """The packages in the project's environment, with their versions."""
    program = (
        "from importlib.metadata import distributions as d; print(*(f'{i.name} {i.version}' for i in d()), sep='\\n')"
    )
    return dict(line.split() for line in desk.python(program).splitlines() if line)


def pdm_lock(desk: Desk) -> str:
    """The text of PDM's lock, of whichever format."""
    (found,) = (path for name in ("pdm.lock", "pylock.toml") if (path := desk.root / name).exists())
    return found.read_text(encoding="utf-8")
