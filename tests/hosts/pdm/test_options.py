"""PDM's options mean for flow modules what they mean for packages."""

from __future__ import annotations

import pytest

from tests.hosts.pdm.conftest import APPLICATION, ATOMIC, CHAT, LIBRARY, OTHER, Desk


def test_dry_run_shows_and_writes_nothing(desk: Desk) -> None:
    """`--dry-run` says what would come."""
    desk.write_project(APPLICATION, CHAT)

    assert "Would sync 2 flow modules" in desk.pdm("install", "--dry-run")
    assert not desk.lock.exists()
    assert not (desk.root / "flow_modules").exists()


def test_without_the_project_itself(desk: Desk) -> None:
    """`--no-self` is about the project; its flow modules come as its packages do."""
    desk.write_project(LIBRARY, CHAT, package="src/app")

    desk.pdm("install", "--no-self")

    assert desk.modules() == {CHAT, ATOMIC}


@pytest.mark.parametrize("args", [("--skip=:all",), ("--skip=pre_install,pre_lock",), ("--no-default",)])
def test_skipped(desk: Desk, args: tuple[str, ...]) -> None:
    """Neither where hooks are skipped, nor where the default group is not wanted."""
    desk.write_project(APPLICATION, CHAT)

    desk.pdm("install", *args)

    assert desk.modules() == set()


def test_a_check_fails_on_a_stale_lock(desk: Desk) -> None:
    """`lock --check` and `install --check` fail on flow modules too, and change nothing."""
    desk.write_project(APPLICATION, CHAT)
    desk.pdm("install")
    desk.pdm("lock", "--check")
    desk.pdm("install", "--check")
    desk.declare(CHAT, OTHER)
    before = desk.snapshot()

    for command in ("lock", "install"):
        said = desk.pdm(command, "--check", code=1)
        assert f"ERROR: flowverse.lock is stale: {OTHER} is not locked yet.\nHINT: Run `pdm flowverse lock`" in said
    desk.pdm("install", code=1, CI="true")
    assert desk.snapshot() == before


@pytest.mark.parametrize("args", [("sync",), ("install", "--frozen-lockfile")])
def test_a_lock_that_must_stay_stays(desk: Desk, args: tuple[str, ...]) -> None:
    """What is locked comes, what is stale is said; the build of the project, which syncs too, leaves the lock alone."""
    desk.write_project(LIBRARY, CHAT, package="src/app")
    desk.make_environment("pdm-backend", "pdm-flowverse")
    desk.pdm("lock")
    desk.declare(CHAT, OTHER)
    before = desk.lock.read_bytes()

    said = desk.pdm(*args, PDM_BUILD_ISOLATION="0")

    assert f"WARNING: flowverse.lock is stale: {OTHER} is not locked yet." in said
    assert desk.lock.read_bytes() == before
    assert desk.modules() == {CHAT, ATOMIC}


def test_sync_wants_a_lock(desk: Desk) -> None:
    """`pdm sync` never locks."""
    desk.write_project(APPLICATION)
    desk.pdm("lock")
    desk.declare(CHAT)

    assert "ERROR: There is no flowverse.lock" in desk.pdm("sync", code=1)
    assert not desk.lock.exists()
