"""A disk or a file that cannot be written ends in a sentence and exit code 4, and the tree is as it was."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.hub import Hub
from tests.integration.workspace import COMMAND, Done, Workspace

LARGE = bytes(range(256)) * 400


@pytest.fixture
def declared(space: Workspace, hub: Hub) -> Workspace:
    hub.add("a/One", {"one.py": "one = 1\n", "large.bin": LARGE})
    hub.add("b/Two", {"two.py": "two = 1\n"})
    space.declare({"a/One": "main", "b/Two": "main"})
    return space


@pytest.mark.parametrize(
    "place",
    [
        "project/flow_modules",
        "project/flow_modules/.flowverse",
        "project/flow_modules/a",
        "project/flow_modules/b",
        "project/flow_modules/b/Two",
        "project/flow_modules/.flowverse/staging",
        "hf",
        "hf/hub",
        "hf/hub/models--a--One",
        "project/flow_modules/flow.mod/x",
        "project/flow_modules/.flowverse/index.json/x",
        "project/flow_modules/.flowverse/lock/x",
    ],
)
def test_something_else_in_a_place_that_is_needed(declared: Workspace, hub: Hub, place: str) -> None:
    """A file where a folder belongs, or a folder where a file does: named, not touched; once it is gone it works."""
    path = declared.base / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("in the way\n")
    names = place.removesuffix("/x").split("/")

    done = declared.call("sync")

    done.failed_plainly(4, names[-1])
    assert path.read_text() == "in the way\n"
    assert "a/One" not in declared.modules or place.endswith("/x")

    if place.endswith("/x"):
        shutil.rmtree(path.parent)
    else:
        path.unlink()
    declared.sync()
    assert declared.holds(hub, "a/One")
    assert declared.holds(hub, "b/Two")


def test_a_lock_that_is_a_folder(declared: Workspace) -> None:
    """`flowverse.lock` is a folder: said as a broken lock."""
    declared.lock_path.mkdir()

    declared.call("sync").failed_plainly(2, "flowverse.lock is broken: is a directory.")


def test_a_manifest_that_is_a_folder(declared: Workspace) -> None:
    """`pyproject.toml` is a folder."""
    declared.manifest.unlink()
    declared.manifest.mkdir()

    declared.call("sync").failed_plainly(2, "pyproject.toml cannot be read: is a directory")


def limited(space: Workspace, size: int, *words: str) -> Done:
    """Run a sync, or `words`, that may write no file larger than so many bytes: what a full disk does, without one."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    environ = space.environ(PYTHONDONTWRITEBYTECODE="1")
    done = subprocess.run(
        [str(COMMAND), *(words or ["sync"])],
        cwd=space.root,
        # Not measured: what coverage writes at the end does not fit either.
        env={name: value for name, value in environ.items() if not name.startswith("COVERAGE_")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        preexec_fn=limit,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def test_a_disk_that_is_full_while_fetching(declared: Workspace, hub: Hub) -> None:
    """A file does not fit into the cache: nothing half-written stays, and no lock is made."""
    before = declared.visible()

    limited(declared, 50_000).failed_plainly(4, "file too large", "Free some space")

    assert declared.visible() == before
    assert list(declared.cache.rglob("*.incomplete")) == []
    declared.sync()
    assert declared.holds(hub, "a/One")


def test_a_disk_that_is_full_while_installing(declared: Workspace, hub: Hub) -> None:
    """The cache has it all, the tree cannot take it: what is there stays as it was, modules are whole or not there."""
    first = {"one.py": "one = 0\n"}
    hub.add("a/One", first, branch="old")
    declared.declare({"a/One": "old", "b/Two": "main"})
    declared.sync()
    before = {name: what for name, what in declared.visible().items() if name.startswith("flow_modules")}
    declared.declare({"a/One": "main", "b/Two": "main"})
    declared.lock()

    limited(declared, 50_000).failed_plainly(4, "large.bin: file too large")

    after = {name: what for name, what in declared.visible().items() if name.startswith("flow_modules")}
    assert after == before
    declared.sync()
    assert declared.holds(hub, "a/One")


@pytest.mark.parametrize("size", [100, 300, 700, 1500, 3000])
def test_a_disk_that_is_full_at_the_end(declared: Workspace, hub: Hub, size: int) -> None:
    """Wherever a record or a generated file does not fit: a sentence, whole modules, and the next sync mends it."""
    hub.add("a/One", {"one.py": "one = 1\n"})
    declared.lock()

    done = limited(declared, size)

    done.failed_plainly(4, "file too large")
    for id in ("a/One", "b/Two"):
        assert not declared.place(id).exists() or declared.holds(hub, id)
    declared.sync()
    assert declared.holds(hub, "a/One")
    assert declared.holds(hub, "b/Two")


def test_a_lock_that_does_not_fit_leaves_the_old_one(declared: Workspace, hub: Hub) -> None:
    """The lock is replaced as a whole or not at all."""
    declared.declare({"b/Two": "main"})
    declared.sync()
    before = declared.visible()
    hub.add("a/One", {f"{number:02}.py": "" for number in range(50)})
    declared.declare({"a/One": "main", "b/Two": "main"})

    limited(declared, 2000).failed_plainly(4, "flowverse.lock", "file too large")

    assert {**declared.visible(), "pyproject.toml": b""} == {**before, "pyproject.toml": b""}


def test_a_disk_that_is_full_while_a_file_is_restored(declared: Workspace, hub: Hub) -> None:
    """Nothing is half of anything: the edit stays in its place, and no backup holds a part of what was synced."""
    declared.sync()
    edited = declared.place("a/One") / "large.bin"
    edited.write_bytes(b"mine")

    done = limited(declared, 50_000, "restore", "a/One", "large.bin")

    done.failed_plainly(4, "file too large")
    assert edited.read_bytes() == b"mine"
    assert declared.backups == {}
    assert declared.call("backups").out == "0 backups\n"


def test_a_disk_that_is_full_while_a_module_is_brought_back(declared: Workspace, hub: Hub) -> None:
    """One file is named, with one reason, however many of the folder could not be copied."""
    declared.sync()
    (declared.place("a/One") / "one.py").write_text("mine\n")
    declared.call("restore", "a/One").worked()

    done = limited(declared, 50_000, "backups", "a/One", "--restore")

    done.failed_plainly(4, "large.bin: file too large.")
    assert len(done.err.splitlines()) == 2, done
    assert declared.holds(hub, "a/One")


def test_output_that_cannot_be_written(declared: Workspace) -> None:
    """The screen's end is gone or full: no traceback, and what was synced is synced."""
    declared.sync()
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [str(COMMAND), "sync"],
            cwd=declared.root,
            env=declared.environ(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    Done(done.returncode, "", done.stderr.decode()).failed_plainly(4, "the output: no space left on device")


def test_a_reader_that_goes_away(declared: Workspace) -> None:
    """`flowverse tree | head -0`: no traceback."""
    declared.sync()
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [str(COMMAND), "tree"],
        cwd=declared.root,
        env=declared.environ(),
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert b"Exception" not in done.stderr, done.stderr.decode()


def test_a_terminal_that_knows_only_ascii(declared: Workspace) -> None:
    """Where the output takes no line-drawing characters, others are shown."""
    declared.sync()

    done = declared.run("tree", PYTHONIOENCODING="ascii")

    assert done.code == 0, done
    assert "a/One@main" in done.out
