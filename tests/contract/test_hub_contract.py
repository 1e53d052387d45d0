"""The Hub's contract, as its real client sees it, held by our test Hub and by a mirror that others wrote."""

from __future__ import annotations

import hashlib
import http.client
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from huggingface_hub import (
    HfApi,
    RepoFile,
    RepoFolder,
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    snapshot_download,
)
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from tests.contract.conftest import Server
from tests.hub import Hub, ids

FILES: dict[str, str | bytes] = {
    "README.md": "---\nlicense: mit\ntags:\n- chat\n---\n# A flow\n",
    "ChatGPT4.py": "class ChatGPT4: ...\n",
    "__init__.py": "",
    "prompts/de/hallo welt #1.txt": "Grüße\n",
    "prompts/ü.yaml": b"\xff\x00\r\n",
}
UNKNOWN_COMMIT = "0123456789" * 4


def _get(server: Server, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Send one plain GET, without the client's own handling of redirects and errors."""
    connection = http.client.HTTPConnection(urlsplit(server.endpoint).netloc, timeout=30)
    try:
        connection.request("GET", quote(path, safe="/%"), headers=headers)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


def test_commits_are_those_of_git(server: Server) -> None:
    """Content and history decide the ids, so both servers agree, and two runs do."""
    first = server.add("contract/ids", FILES)
    second = server.add("contract/ids", {"only/one.py": "x = 1\n"})
    side = server.add("contract/ids", {"b.py": ""}, branch="side")
    assert [first, second, side] == [
        "4c60a86c45a1e224dc4b3485037ec3ecb9379cd7",
        "eda53775013bfe1b93378601d11be55aebd92a00",
        "7c8bc6310addc30bd2a45b91fcf195a42934129b",
    ]


def test_info_names_commit_card_and_files(server: Server) -> None:
    """Model info at a branch says which commit it is, and lists the files."""
    commit = server.add("contract/info", FILES)
    info = server.api.model_info("contract/info", revision="main", files_metadata=True)
    assert (info.id, info.sha, info.author) == ("contract/info", commit, "contract")
    assert (info.private, info.gated, info.disabled) == (False, False, False)
    assert info.card_data is not None
    assert (info.card_data.license, info.card_data.tags) == ("mit", ["chat"])
    assert sorted(each.rfilename for each in info.siblings or ()) == sorted(FILES)


def test_info_says_sizes_and_blob_ids(server: Server) -> None:
    """One request lists all that is needed to know which files to fetch, except at mirrors."""
    server.add("contract/blobs", {"a.py": "x = 1\n", "weights.bin": b"w" * 5000}, lfs=["*.bin"])
    info = server.api.model_info("contract/blobs", revision="main", files_metadata=True)
    found = {each.rfilename: (each.size, each.blob_id, each.lfs and each.lfs["sha256"]) for each in info.siblings or ()}
    expected = {
        "a.py": (6, ids.blob_id(b"x = 1\n"), None),
        "weights.bin": (5000, ids.blob_id(ids.lfs_pointer(b"w" * 5000)), hashlib.sha256(b"w" * 5000).hexdigest()),
    }
    assert found == (expected if server.traits.info_has_metadata else dict.fromkeys(expected, (None, None, None)))


def test_revision_may_be_branch_tag_or_commit(server: Server) -> None:
    """Whatever names a commit leads to it."""
    old = server.add("contract/revisions", {"a.py": "1"})
    new = server.add("contract/revisions", {"a.py": "2"})
    server.tag("contract/revisions", "v1.0", old)
    found = [server.api.model_info("contract/revisions", revision=each).sha for each in ("main", "v1.0", old, new)]
    assert found == [new, old, old, new]


@pytest.mark.parametrize("branch", ["refs/pr/1", "feature/x"])
def test_revision_with_a_slash(server: Server, branch: str, tmp_path: Path) -> None:
    """Pull requests and branches with a slash can be asked for by name; at mirrors only by commit."""
    server.add("contract/slash", {"a.py": "main\n"})
    commit = server.add("contract/slash", {"a.py": "other\n"}, branch=branch)
    revision = branch
    if not server.traits.slash_in_revision:
        with pytest.raises(RepositoryNotFoundError):
            server.api.model_info("contract/slash", revision=branch)
        revision = commit
    assert server.api.model_info("contract/slash", revision=revision).sha == commit
    listed = server.api.list_repo_tree("contract/slash", revision=revision)
    assert [each.path for each in listed] == ["a.py"]
    path = hf_hub_download(
        "contract/slash", "a.py", revision=revision, endpoint=server.endpoint, cache_dir=tmp_path, token=False
    )
    assert Path(path).read_text(encoding="utf-8") == "other\n"


def test_info_without_revision_is_main(server: Server) -> None:
    """Leaving out the revision means `main`, except at mirrors, which then find nothing."""
    commit = server.add("contract/default", {"a.py": ""})
    if server.traits.revision_may_be_left_out:
        assert server.api.model_info("contract/default").sha == commit
    else:
        with pytest.raises(RepositoryNotFoundError):
            server.api.model_info("contract/default")


def test_tree_lists_every_file_with_its_id(server: Server) -> None:
    """A recursive tree gives path, size and blob id of each file, the LFS hash where there is one, and the folders."""
    files = {**FILES, "weights.bin": b"w" * 5000}
    commit = server.add("contract/listed", files, lfs=["*.bin"])
    entries = list(server.api.list_repo_tree("contract/listed", recursive=True, revision=commit))
    contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    expected = {path: (len(content), ids.blob_id(content), None) for path, content in contents.items()}
    pointer = ids.lfs_pointer(b"w" * 5000)
    lfs = (hashlib.sha256(b"w" * 5000).hexdigest(), 5000, len(pointer))
    expected_lfs = {**expected, "weights.bin": (5000, ids.blob_id(pointer), lfs)}
    found = {
        each.path: (
            each.size,
            each.blob_id,
            each.lfs and (each.lfs["sha256"], each.lfs["size"], each.lfs["pointer_size"]),
        )
        for each in entries
        if isinstance(each, RepoFile)
    }
    assert found == expected_lfs
    folders = {each.path: each.tree_id for each in entries if isinstance(each, RepoFolder)}
    blobs = {path: blob for path, (_, blob, _) in expected_lfs.items()}
    assert folders == {path: tree for path, tree in ids.tree_ids(blobs).items() if path}


def test_tree_lists_one_folder(server: Server) -> None:
    """A tree that is not recursive lists what is right below a path."""
    server.add("contract/folder", FILES)
    found = server.api.list_repo_tree("contract/folder", "prompts", revision="main")
    assert sorted(each.path for each in found) == ["prompts/de", "prompts/ü.yaml"]


def test_refs(server: Server) -> None:
    """Branches, tags and pull requests are listed, each with its commit."""
    main = server.add("contract/named", {"a.py": "1"})
    side = server.add("contract/named", {"a.py": "2"}, branch="side")
    asked = server.add("contract/named", {"a.py": "3"}, branch="refs/pr/1")
    server.tag("contract/named", "v1", main)
    refs = server.api.list_repo_refs("contract/named", include_pull_requests=True)
    assert {each.name: each.target_commit for each in refs.branches} == {"main": main, "side": side}
    assert [(each.name, each.ref, each.target_commit) for each in refs.tags] == [("v1", "refs/tags/v1", main)]
    assert [(each.ref, each.target_commit) for each in refs.pull_requests or ()] == [("refs/pr/1", asked)]


def test_history(hub: Hub) -> None:
    """Commits are listed newest first, page by page; the Hub cuts a message into title and text. olah lists none."""
    added = [hub.add("contract/history", {"a.py": str(n)}, message=f"Title {n}\n\nText {n}") for n in range(120)]
    found = HfApi(endpoint=hub.endpoint, token=False).list_repo_commits("contract/history")
    assert [each.commit_id for each in found] == added[::-1]
    assert (found[0].title, found[0].message, found[0].authors) == ("Title 119", "Text 119", ["contract"])
    assert hub.count(contains="/commits/main") == 3


@pytest.mark.parametrize("name", FILES)
def test_download_gives_the_bytes(server: Server, name: str, tmp_path: Path) -> None:
    """A file arrives byte for byte, in the client's cache, under the commit that was asked for."""
    commit = server.add("contract/download", FILES)
    path = hf_hub_download("contract/download", name, endpoint=server.endpoint, cache_dir=tmp_path, token=False)
    content = FILES[name]
    assert Path(path).read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert Path(path) == tmp_path.joinpath("models--contract--download", "snapshots", commit, *name.split("/"))


def test_download_of_lfs_content(server: Server, tmp_path: Path) -> None:
    """What is in LFS arrives as content, not as the pointer to it."""
    server.add("contract/lfs", {"weights.bin": b"w" * 5000}, lfs=["*.bin"])
    path = hf_hub_download("contract/lfs", "weights.bin", endpoint=server.endpoint, cache_dir=tmp_path, token=False)
    assert Path(path).read_bytes() == b"w" * 5000
    status, headers, _ = _get(server, "/contract/lfs/resolve/main/weights.bin")
    if server.traits.lfs_redirects:
        assert (status, headers["x-linked-size"]) == (302, "5000")
        assert headers["x-linked-etag"] == f'"{hashlib.sha256(b"w" * 5000).hexdigest()}"'
        assert urlsplit(headers["location"]).netloc not in {"", urlsplit(server.endpoint).netloc}
    else:
        assert status == 200


def test_snapshot_is_the_whole_commit(server: Server, tmp_path: Path) -> None:
    """A snapshot holds every file of the commit and nothing else."""
    commit = server.add("contract/snapshot", FILES)
    # olah knows no model info without a revision, and the client leaves out the default one.
    root = Path(
        snapshot_download(
            "contract/snapshot", revision=commit, endpoint=server.endpoint, cache_dir=tmp_path, token=False
        )
    )
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert found == {name: text.encode() if isinstance(text, str) else text for name, text in FILES.items()}


def test_head_names_commit_size_and_id(server: Server) -> None:
    """The client learns from a HEAD which commit and which blob a file is."""
    commit = server.add("contract/head", FILES)
    url = hf_hub_url("contract/head", "prompts/ü.yaml", endpoint=server.endpoint)
    found = get_hf_file_metadata(url, endpoint=server.endpoint, token=False)
    assert (found.commit_hash, found.etag, found.size) == (commit, ids.blob_id(b"\xff\x00\r\n"), 4)


def test_get_names_commit_and_id(server: Server) -> None:
    """A GET says that too, so that no HEAD is needed, except at mirrors."""
    commit = server.add("contract/get", FILES)
    status, headers, body = _get(server, "/contract/get/resolve/main/ChatGPT4.py")
    assert (status, body) == (200, b"class ChatGPT4: ...\n")
    expected = (commit, f'"{ids.blob_id(body)}"') if server.traits.get_names_commit else (None, None)
    assert (headers.get("x-repo-commit"), headers.get("etag")) == expected


@pytest.mark.parametrize(
    ("asked", "part"), [("bytes=6-", b"ChatGPT4: ...\n"), ("bytes=0-4", b"class"), ("bytes=-4", b"...\n")]
)
def test_get_of_a_range(server: Server, asked: str, part: bytes) -> None:
    """A download can be resumed; a mirror sends the whole file again."""
    server.add("contract/range", FILES)
    status, headers, body = _get(server, "/contract/range/resolve/main/ChatGPT4.py", Range=asked)
    if server.traits.ranges:
        assert (status, body) == (206, part)
        assert headers["content-range"].endswith("/20")
    else:
        assert (status, body) == (200, b"class ChatGPT4: ...\n")


def test_unknown_repository(server: Server, tmp_path: Path) -> None:
    """A repository that does not exist, or that is none of ours to know, is not found."""
    with pytest.raises(RepositoryNotFoundError):
        server.api.model_info("contract/none", revision="main")
    with pytest.raises(RepositoryNotFoundError):
        list(server.api.list_repo_tree("contract/none", revision="main"))
    with pytest.raises(RepositoryNotFoundError):
        hf_hub_download("contract/none", "a.py", endpoint=server.endpoint, cache_dir=tmp_path, token=False)


def test_unknown_revision(server: Server) -> None:
    """A revision that does not exist is told apart from a repository that does not; not so at mirrors."""
    server.add("contract/unknown", FILES)
    with pytest.raises(HfHubHTTPError) as branch:
        server.api.model_info("contract/unknown", revision="nope")
    with pytest.raises(HfHubHTTPError) as commit:
        server.api.model_info("contract/unknown", revision=UNKNOWN_COMMIT)
    assert (type(branch.value), type(commit.value)) == (server.traits.unknown_revision, server.traits.unknown_commit)


def test_short_commit(server: Server) -> None:
    """The Hub wants all forty digits of a commit; a mirror takes fewer."""
    commit = server.add("contract/short", FILES)
    if server.traits.short_commit is None:
        assert server.api.model_info("contract/short", revision=commit[:8]).sha == commit
    else:
        with pytest.raises(server.traits.short_commit):
            server.api.model_info("contract/short", revision=commit[:8])


def test_missing_file(server: Server, tmp_path: Path) -> None:
    """A file that is not in the commit has an error of its own; not so at mirrors."""
    server.add("contract/missing", FILES)
    with pytest.raises(HfHubHTTPError) as error:
        hf_hub_download("contract/missing", "none.py", endpoint=server.endpoint, cache_dir=tmp_path, token=False)
    assert type(error.value) is server.traits.missing_file
    status, _, _ = _get(server, "/contract/missing/resolve/main/none.py")
    assert status == server.traits.missing_file_status


def test_unknown_folder(server: Server) -> None:
    """A folder that is not in the commit is an error, never an empty list."""
    server.add("contract/nofolder", FILES)
    with pytest.raises(HfHubHTTPError):
        list(server.api.list_repo_tree("contract/nofolder", "none", revision="main"))
