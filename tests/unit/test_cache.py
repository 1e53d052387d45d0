"""The cache folder: as the Hub's own client documents it, believed by that client, and believed by us only by hash."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest
from flowverse._cache import Cache
from flowverse._digest import git_blob_id, sha256
from flowverse.errors import TreeError
from flowverse.model import FileEntry, ModuleId, RemoteFile
from huggingface_hub import scan_cache_dir, try_to_load_from_cache

from tests.unit.making import ONE, TWO, entry, mid, remote

ID, OTHER = mid("a/A"), mid("b/B")
PATH, CONTENT = "sub/a.py", b"x = 1\n"
FILE, LARGE = remote(PATH, CONTENT), remote(PATH, CONTENT, lfs=True)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "hub")


def bring(cache: Cache, content: bytes = CONTENT, *, file: RemoteFile = FILE, commit: str = ONE) -> FileEntry:
    """Put a file into the cache as a download does."""
    with cache.incoming(ID, len(content)) as incoming:
        incoming.write(content)
        name = sha256(content) if file.sha256 else git_blob_id(content)
        return cache.keep(incoming, ID, commit, file, name)


def layout(cache: Cache) -> dict[str, str]:
    """Every file of the cache: its content, or where it points."""
    return {
        path.relative_to(cache.root).as_posix(): f"-> {path.readlink()}" if path.is_symlink() else path.read_text()
        for path in sorted(cache.root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


# --- the layout ------------------------------------------------------------------------------------------------------


def test_the_layout_is_the_documented_one(cache: Cache) -> None:
    """Blobs by what the Hub calls them, snapshots of links, refs by revision."""
    assert bring(cache) == entry(PATH, CONTENT)
    large = remote("model.bin", b"large", lfs=True)
    bring(cache, b"large", file=large)
    cache.remember(ID, "main", ONE)
    cache.remember(ID, "refs/pr/1", TWO)
    cache.remember(ID, ONE, ONE)
    blob, lfs = git_blob_id(CONTENT), sha256(b"large")
    assert layout(cache) == {
        f"models--a--A/blobs/{blob}": "x = 1\n",
        f"models--a--A/blobs/{lfs}": "large",
        f"models--a--A/snapshots/{ONE}/sub/a.py": f"-> ../../../blobs/{blob}",
        f"models--a--A/snapshots/{ONE}/model.bin": f"-> ../../blobs/{lfs}",
        "models--a--A/refs/main": ONE,
        "models--a--A/refs/refs/pr/1": TWO,
    }


def test_the_client_believes_it(cache: Cache) -> None:
    """Its own functions find the files, and its scan has nothing to complain of."""
    bring(cache)
    bring(cache, b"large", file=remote("model.bin", b"large", lfs=True))
    cache.remember(ID, "main", ONE)
    for revision in ("main", ONE):
        found = try_to_load_from_cache("a/A", PATH, cache_dir=cache.root, revision=revision)
        assert isinstance(found, str)
        assert Path(found).read_bytes() == CONTENT
    scan = scan_cache_dir(cache.root)
    assert not scan.warnings
    (repo,) = scan.repos
    assert (repo.repo_id, repo.repo_type, repo.size_on_disk) == ("a/A", "model", len(CONTENT) + 5)
    (revision_found,) = repo.revisions
    assert (revision_found.commit_hash, set(revision_found.refs)) == (ONE, {"main"})
    assert {file.file_path.name for file in revision_found.files} == {"a.py", "model.bin"}


def test_what_the_client_wrote_is_found(cache: Cache) -> None:
    """Also a blob that is named by an ETag of a mirror: the snapshot leads to it."""
    folder = cache.folder(ID)
    (folder / "blobs").mkdir(parents=True)
    (folder / "blobs/etag-of-a-mirror").write_bytes(CONTENT)
    place = cache.snapshot(ID, ONE, PATH)
    place.parent.mkdir(parents=True)
    place.symlink_to("../../../blobs/etag-of-a-mirror")
    for file in (FILE, LARGE):
        assert cache.entry(ID, ONE, file) == entry(PATH, CONTENT)


def test_a_branch_that_moves_is_remembered_anew(cache: Cache) -> None:
    for commit in (ONE, ONE, TWO):
        cache.remember(ID, "main", commit)
        assert (cache.folder(ID) / "refs/main").read_text() == commit


@pytest.mark.parametrize("revision", ["../../x", "/x", "a//b", "CON"])
def test_no_revision_is_remembered_outside_of_refs(cache: Cache, revision: str) -> None:
    cache.remember(ID, revision, ONE)
    assert not cache.root.exists()


def test_a_ref_that_cannot_be_written_is_no_error(cache: Cache) -> None:
    """It is a courtesy to other programs: a branch `a` that became `a/b` must not stop a sync."""
    cache.remember(ID, "a", ONE)
    cache.remember(ID, "a/b", TWO)
    assert (cache.folder(ID) / "refs/a").read_text() == ONE


# --- nothing is believed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", [FILE, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("damage", [b"x = 2\n", b"", b"x = 1\n\n"], ids=["same size", "empty", "longer"])
def test_a_corrupted_blob_is_not_believed(cache: Cache, tmp_path: Path, file: RemoteFile, damage: bytes) -> None:
    """The client would: it compares sizes. Here it is as if the file were not there, on every way out."""
    bring(cache, file=file)
    wanted = entry(PATH, CONTENT)
    assert cache.entry(ID, ONE, file) == wanted
    assert cache.read(ID, ONE, wanted) == CONTENT
    assert cache.copy(ID, ONE, wanted, str(tmp_path / "good"))
    assert (tmp_path / "good").read_bytes() == CONTENT
    cache.snapshot(ID, ONE, PATH).resolve().write_bytes(damage)
    assert cache.entry(ID, ONE, file) is None
    assert cache.read(ID, ONE, wanted) is None
    assert not cache.copy(ID, ONE, wanted, str(tmp_path / "bad"))
    assert not (tmp_path / "bad").exists()
    bring(cache, file=file)
    assert cache.read(ID, ONE, wanted) == CONTENT


def test_a_file_that_is_too_large_for_one_piece_is_hashed_too(cache: Cache, tmp_path: Path) -> None:
    """It is written while it is read, and taken away again if it is not what it should be."""
    content = bytes(range(256)) * 5000
    bring(cache, content, file=RemoteFile(path=PATH, size=len(content), blob_id=git_blob_id(content)))
    wanted = entry(PATH, content)
    assert cache.copy(ID, ONE, wanted, str(tmp_path / "good"))
    assert (tmp_path / "good").read_bytes() == content
    cache.snapshot(ID, ONE, PATH).resolve().write_bytes(content[:-1] + b"x")
    assert not cache.copy(ID, ONE, wanted, str(tmp_path / "bad"))
    assert not (tmp_path / "bad").exists()
    cache.snapshot(ID, ONE, PATH).unlink()
    assert not cache.copy(ID, ONE, wanted, str(tmp_path / "bad"))


def test_what_is_not_there_is_not_there(cache: Cache, tmp_path: Path) -> None:
    wanted = entry(PATH, CONTENT)
    assert cache.entry(ID, ONE, FILE) is None
    assert cache.read(ID, ONE, wanted) is None
    assert not cache.copy(ID, ONE, wanted, str(tmp_path / "x"))
    assert not cache.has(ID, ONE, wanted)


def test_the_guess_costs_one_stat_and_promises_nothing(cache: Cache) -> None:
    bring(cache)
    assert cache.has(ID, ONE, entry(PATH, CONTENT))
    assert cache.has(ID, ONE, entry(PATH, b"x = 2\n"))
    assert not cache.has(ID, ONE, entry(PATH, b"longer than that"))


@pytest.mark.parametrize(
    "file",
    [
        RemoteFile(path="../../../etc/passwd", size=1, blob_id="1" * 40),
        RemoteFile(path=PATH, size=6),
        RemoteFile(path=PATH, size=6, blob_id="../../x"),
        RemoteFile(path=PATH, size=6, blob_id="\0"),
        RemoteFile(path=PATH, size=6, sha256=""),
    ],
)
def test_a_listing_cannot_lead_anywhere_else(cache: Cache, file: RemoteFile) -> None:
    """Whatever the Hub says, it is looked for in this repository's folder only, and found only by a right hash."""
    bring(cache)
    assert cache.entry(ID, ONE, file) is None


def test_no_path_of_a_lock_leads_out(cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(CONTENT)
    deep = FileEntry(path="../../../../secret", size=len(CONTENT), sha256=sha256(CONTENT))
    assert not cache.copy(ID, ONE, deep, str(tmp_path / "x"))


# --- once is enough --------------------------------------------------------------------------------------------------


def test_a_blob_of_another_commit_is_used_again(cache: Cache) -> None:
    """And linked into the new commit's snapshot, without a second copy."""
    bring(cache)
    assert cache.entry(ID, TWO, FILE) == entry(PATH, CONTENT)
    assert cache.snapshot(ID, TWO, PATH).resolve() == cache.snapshot(ID, ONE, PATH).resolve()
    assert cache.entry(ID, TWO, remote("other/name.py", CONTENT)) == entry("other/name.py", CONTENT)


@pytest.mark.parametrize("id", [ID, OTHER])
def test_a_blob_is_shared_between_files_and_repositories(cache: Cache, id: ModuleId) -> None:
    """What was fetched for one is at the place of the other's file with the same content."""
    bring(cache)
    name = git_blob_id(CONTENT)
    cache.share(ID, name, id, TWO, "b.py")
    assert cache.read(id, TWO, entry("b.py", CONTENT)) == CONTENT
    assert cache.snapshot(id, TWO, "b.py").resolve() == (cache.folder(id) / "blobs" / name).resolve()


# --- on the way in ---------------------------------------------------------------------------------------------------


def test_a_download_that_fails_leaves_nothing(cache: Cache) -> None:
    with suppress(ZeroDivisionError), cache.incoming(ID, 10) as incoming:
        incoming.write(b"half")
        assert len(layout(cache)) == 1
        raise ZeroDivisionError
    assert layout(cache) == {}


def test_two_downloads_of_one_file_do_not_meet(cache: Cache) -> None:
    """Each has a name of its own until it is whole."""
    with cache.incoming(ID, 6) as one, cache.incoming(ID, 6) as other:
        one.write(b"x =")
        other.write(CONTENT)
        assert one.path != other.path
        cache.keep(other, ID, ONE, FILE, git_blob_id(CONTENT))
        one.write(b" 1\n")
        cache.keep(one, ID, ONE, FILE, git_blob_id(CONTENT))
    assert cache.read(ID, ONE, entry(PATH, CONTENT)) == CONTENT
    assert len(layout(cache)) == 2


def test_without_links_a_snapshot_has_a_copy(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows without the right to make them; the client believes that as well."""

    def refuse(self: Path, target: object, target_is_directory: bool = False) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "symlink_to", refuse)
    for _ in range(2):
        bring(cache)
    cache.remember(ID, "main", ONE)
    place = cache.snapshot(ID, ONE, PATH)
    assert not place.is_symlink()
    assert place.read_bytes() == CONTENT
    assert try_to_load_from_cache("a/A", PATH, cache_dir=cache.root) == str(place)
    assert not scan_cache_dir(cache.root).warnings
    assert len(layout(cache)) == 3


def test_a_disk_that_refuses_is_a_sentence(tmp_path: Path) -> None:
    """A cache that is a file, and a target that is a folder."""
    (tmp_path / "hub").write_bytes(b"")
    with pytest.raises(TreeError, match="hub"):
        bring(Cache(tmp_path / "hub"))
    cache = Cache(tmp_path / "cache")
    bring(cache)
    with pytest.raises(TreeError) as caught:
        cache.copy(ID, ONE, entry(PATH, CONTENT), str(tmp_path))
    assert caught.value.path == str(tmp_path)
