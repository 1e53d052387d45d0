"""`pdm flowverse ...` does what `flowverse ...` does, and asks where PDM would ask."""

from __future__ import annotations

import sys

import pexpect

from tests.hosts.pdm.conftest import APPLICATION, ATOMIC, CHAT, OTHER, Desk, source
from tests.hosts.pdm.conftest import write_wheel as wheel


def test_the_same_lines_as_the_command(desk: Desk) -> None:
    """What `flowverse` says, `pdm flowverse` says, and does it in the project that PDM finds or is told."""
    desk.write_project(APPLICATION, CHAT)

    said = desk.pdm("flowverse", "sync", "-p", str(desk.root), cwd=desk.place)

    assert said.splitlines()[-1] == "Synced 2 flow modules"
    assert desk.modules() == {CHAT, ATOMIC}
    (desk.root / "flow_modules" / CHAT / "ChatGPT4.yaml").write_text("model: mine\n", encoding="utf-8")
    desk.declare(CHAT, OTHER)
    for verb in ("status", "tree", "requirements", "licenses", "export"):
        ours = desk.pdm("flowverse", verb, "-q").replace("WARNING: ", "warning: ")
        assert ours == desk.run(sys.executable, "-c", "from flowverse.cli import main; main()", verb)
        assert CHAT in ours or verb == "requirements"


def test_modes(desk: Desk) -> None:
    """`--dry-run`, `--locked`, `--frozen` and `--offline` are there, and `-q` leaves errors only."""
    desk.write_project(APPLICATION, CHAT)

    assert "Would lock 2 flow modules" in desk.pdm("flowverse", "lock", "--dry-run")
    assert "HINT: Run `pdm flowverse lock`" in desk.pdm("flowverse", "sync", "--locked", "-q", code=1)
    assert desk.pdm("flowverse", "lock", "-q") == ""
    assert desk.modules() == set()
    desk.hub.clear()
    assert "Synced 2 flow modules" in desk.pdm("flowverse", "sync", "--frozen", "--offline")
    assert desk.hub.requests == []


def test_a_conflict_is_asked_about_in_a_terminal(desk: Desk) -> None:
    """Whoever runs PDM chooses, and the choice outlives what PDM writes into the file at the end."""
    _conflict(desk)

    screen = pexpect.spawn(
        sys.executable,
        ["-m", "pdm", "add", "tiny"],
        cwd=str(desk.root),
        env={**desk.environ, "TERM": "xterm", "NO_COLOR": "1"},
        encoding="utf-8",
        timeout=60,
    )
    screen.expect(f"{ATOMIC} is wanted at 2 different commits")
    screen.expect("asked for by pyproject.toml -> a/One")
    screen.expect("n to give up")
    screen.sendline("2")
    screen.expect(pexpect.EOF)
    screen.close()

    assert screen.exitstatus == 0, screen.before
    manifest = desk.manifest.read_text(encoding="utf-8")
    assert f'[tool.flowverse.overrides]\n"{ATOMIC}" = "v2"' in manifest
    assert '"tiny>=1.0"' in manifest
    assert desk.modules() == {"a/One", "a/Two", ATOMIC}


def test_a_conflict_without_a_terminal(desk: Desk) -> None:
    """Nobody is asked: both chains are shown, and the line to paste."""
    _conflict(desk)

    said = desk.pdm("flowverse", "sync", code=1)

    assert "v1 (" in said
    assert "by pyproject.toml -> a/One" in said
    assert "by pyproject.toml -> a/Two" in said
    assert f'[tool.flowverse.overrides]\n  "{ATOMIC}" = "v1"\n' in said


def _conflict(desk: Desk) -> None:
    """A project whose two modules want different versions of a third."""
    wheel(desk.place / "wheels", "tiny")
    for version, owner in (("v1", "a/One"), ("v2", "a/Two")):
        commit = desk.hub.add(ATOMIC, {"__init__.py": f"VERSION = {version!r}\n"})
        desk.hub.tag(ATOMIC, version, commit)
        wish = [{"url": ATOMIC, "revision": version}]
        desk.hub.add(owner, {"__init__.py": f"from flows import flow_verse\nflow_verse.sync_dependencies({wish})\n"})
    desk.write_project(APPLICATION + source("pypi", desk.place / "wheels"), "a/One", "a/Two")
