"""Nothing reaches the tree whose hash was not checked, and no path of a repository leaves its folder."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import tomli
from flowverse.lock import dump_lock, load_lock
from flowverse.model import FileEntry

from tests.hub import FILE, INFO, LFS, TREE, Hub, adding, names_only, without_blob_ids
from tests.integration.workspace import Workspace, snapshot

CONTENT = "a line of data\n" * 200


@pytest.fixture
def declared(space: Workspace, hub: Hub) -> Workspace:
    hub.add("a/One", {"__init__.py": "", "one.py": "one = 1\n", "data.txt": CONTENT})
    space.declare({"a/One": "main"})
    return space


@pytest.fixture
def synced(declared: Workspace) -> Workspace:
    declared.sync()
    return declared


# --- bytes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locked", [False, True])
def test_a_body_with_wrong_bytes_is_thrown_away(declared: Workspace, hub: Hub, locked: bool) -> None:
    """The size is right and one bit is wrong: refused with exit code 3, and in neither the tree nor the cache."""
    if locked:
        declared.lock()
        shutil.rmtree(declared.home)
    before = declared.visible()
    hub.rule(FILE + ".*data.txt", action="corrupt")

    declared.call("sync").failed_plainly(3, "data.txt of a/One", "expected", "Nothing was installed")

    after = declared.visible()
    assert {path: what for path, what in after.items() if path != "flow_modules"} == before
    blobs = [path.read_bytes() for path in declared.cache.rglob("blobs/*")]
    assert all(blob in {b"", b"one = 1\n"} for blob in blobs)

    hub.clear_rules()
    declared.sync()
    assert declared.holds(hub, "a/One")


def test_a_large_file_with_wrong_bytes_is_thrown_away(space: Workspace, hub: Hub) -> None:
    """The store of large files is believed as little as the Hub."""
    hub.add("a/One", {"model.bin": b"\1" * 5000}, lfs=["*.bin"])
    space.declare({"a/One": "main"})
    hub.rule(LFS, action="corrupt")

    space.call("sync").failed_plainly(3, "model.bin of a/One", "expected sha256")
    assert not space.tree.exists()


def test_a_mirror_that_tells_no_hashes_is_held_to_the_lock(declared: Workspace, hub: Hub) -> None:
    """Without blob ids the first sync can check sizes only; from then on the lock's sha256 counts."""
    hub.rule(INFO, listing=names_only)
    hub.rule(TREE, listing=without_blob_ids)
    declared.sync()
    shutil.rmtree(declared.home)
    shutil.rmtree(declared.tree)
    hub.rule(FILE + ".*one.py", action="corrupt")

    declared.call("sync").failed_plainly(3, "one.py of a/One", "expected sha256")


def test_a_file_of_another_size_than_listed_is_refused(declared: Workspace, hub: Hub) -> None:
    """Also one that goes on without end would be cut off at its promised size."""
    hub.rule(
        INFO,
        listing=lambda files: [replace(file, size=100) if file.path == "data.txt" else file for file in files],
    )

    declared.call("sync").failed_plainly(3, "data.txt of a/One", "expected 100 bytes")
    assert not declared.tree.exists()


def _garble(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def _blob(space: Workspace, content: str) -> Path:
    return next(path for path in space.cache.rglob("blobs/*") if path.read_bytes() == content.encode())


@pytest.mark.parametrize("harm", ["garble", "cut", "delete", "folder"])
@pytest.mark.parametrize("keep_lock", [True, False])
def test_a_blob_that_was_corrupted_is_fetched_again(synced: Workspace, hub: Hub, harm: str, keep_lock: bool) -> None:
    """The cache is hashed before it is used: what is wrong there is replaced, and nothing else is fetched."""
    blob = _blob(synced, CONTENT)
    if harm == "garble":
        _garble(blob)
    elif harm == "cut":
        blob.write_bytes(b"")
    else:
        blob.unlink()
        if harm == "folder":
            shutil.rmtree(synced.cache)
            synced.cache.mkdir()
    shutil.rmtree(synced.tree)
    if not keep_lock:
        synced.lock_path.unlink()
    hub.clear()

    synced.sync()

    assert synced.holds(hub, "a/One")
    fetched = [request.path.rpartition("/")[2] for request in hub.requests if "/resolve/" in request.path]
    assert sorted(fetched) == (["data.txt", "one.py"] if harm == "folder" else ["data.txt"])


def test_a_blob_that_was_corrupted_is_a_sentence_offline(synced: Workspace) -> None:
    """Wrong bytes are not used because there is no network to get the right ones."""
    _garble(_blob(synced, CONTENT))
    shutil.rmtree(synced.tree)

    synced.call("sync", "--offline").failed_plainly(3, "data.txt of a/One", "flowverse is offline")

    assert synced.modules == set()


def test_a_cache_of_the_client_s_own_is_used(synced: Workspace, hub: Hub, tmp_path: Path) -> None:
    """What `hf download` brought is found: nothing is fetched twice."""
    from huggingface_hub import snapshot_download

    other = Workspace(tmp_path / "other", hub.endpoint)
    other.declare({"a/One": "main"})
    snapshot_download("a/One", cache_dir=other.cache, endpoint=hub.endpoint, token=False)
    hub.clear()

    other.sync()

    assert [request.path for request in hub.requests] == ["/api/models/a/One/revision/main"]


def test_the_client_finds_what_was_synced(synced: Workspace, hub: Hub) -> None:
    """Blobs, snapshots and refs are as the client keeps them: offline, it has the module."""
    from huggingface_hub import scan_cache_dir, snapshot_download

    hub.clear()
    folder = Path(snapshot_download("a/One", cache_dir=synced.cache, local_files_only=True))

    assert (folder / "data.txt").read_text() == CONTENT
    scanned = scan_cache_dir(synced.cache)
    assert (list(scanned.warnings), [repo.repo_id for repo in scanned.repos]) == ([], ["a/One"])
    assert [sorted(revision.refs) for repo in scanned.repos for revision in repo.revisions] == [["main"]]
    assert hub.requests == []


# --- paths -----------------------------------------------------------------------------------------------------------

EVIL = [
    "../x.py",
    "a/../../x.py",
    "/x.py",
    "a\\b.py",
    "..\\x.py",
    "C:x.py",
    "CON",
    "sub/nul.txt",
    ".git/config",
    "sub/.GIT/hooks/post-checkout",
    "one.py/x",
    "ONE.py",
    "trailing.",
    "space ",
    "new\nline.py",
    "a//b.py",
    "./one2.py",
    "",
    "x" * 300,
    "__init__.py",
]


@pytest.mark.parametrize("path", EVIL, ids=repr)
@pytest.mark.parametrize("listed_by", ["info", "tree"])
def test_a_path_that_must_not_be_written_is_refused(declared: Workspace, hub: Hub, path: str, listed_by: str) -> None:
    """The whole module is refused, with the path and the rule; nothing of it is fetched or written anywhere."""
    if listed_by == "tree":
        hub.rule(INFO, listing=names_only)
    hub.rule(INFO if listed_by == "info" else TREE, listing=adding(path))
    before = snapshot(declared.base)

    done = declared.call("sync")

    done.failed_plainly(3, "a/One")
    assert len([line for line in done.err.splitlines() if line.startswith("error: ")]) == 1
    assert hub.count(contains="/resolve/") == 0
    after = {name: what for name, what in snapshot(declared.base).items() if not name.startswith("hf")}
    assert after == {name: what for name, what in before.items() if not name.startswith("hf")}


@pytest.mark.parametrize("path", ["../../../x.py", "/x.py", "sub/../../x.py", ".git/config"])
def test_a_lock_with_a_path_that_leaves_is_refused(synced: Workspace, path: str) -> None:
    """A lock comes from version control, so from anybody: its paths are checked like a listing's."""
    lock = load_lock(tomli.loads(synced.lock_path.read_text()))
    pin = lock.pins[0]
    entry = pin.by_path["one.py"]
    files = (*pin.files, FileEntry(path=path, size=entry.size, sha256=entry.sha256))
    from flowverse._digest import tree_digest

    evil = replace(pin, files=files, digest=tree_digest((file.path, file.sha256) for file in files))
    synced.lock_path.write_text(dump_lock(replace(lock, pins=(evil,))))
    before = {name: what for name, what in snapshot(synced.base).items() if "/.flowverse" not in name}

    synced.call("sync").failed_plainly(3, "a/One is refused", repr(path))

    assert {name: what for name, what in snapshot(synced.base).items() if "/.flowverse" not in name} == before


@pytest.mark.parametrize("kind", ["symlink", "submodule"])
def test_an_entry_that_is_no_file_is_refused(declared: Workspace, hub: Hub, kind: str) -> None:
    """A listing with something that is neither file nor folder."""
    hub.rule(INFO, listing=names_only)
    hub.rule(TREE, listing=adding("thing", kind=kind))

    declared.call("sync").failed_plainly(3, "a/One@main", "neither file nor folder")
    assert not declared.tree.exists()


def test_a_link_in_the_tree_is_not_followed_out_of_it(synced: Workspace, hub: Hub) -> None:
    """Somebody put a link in an owner's place: a sync writes nothing to where it leads."""
    outside = synced.base / "outside"
    shutil.move(synced.tree / "a", outside)
    (synced.tree / "a").symlink_to(outside)
    hub.add("a/One", {"one.py": "one = 2\n"}, branch="next")
    synced.declare({"a/One": "next"})
    before = snapshot(outside)

    synced.call("sync").failed_plainly(4, "is not a folder")

    assert snapshot(outside) == before
