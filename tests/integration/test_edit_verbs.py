"""The verbs about edits: shown, given up, merged, resolved, brought back; and never lost."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from flowverse import edits

from tests.hub import Hub
from tests.integration.workspace import COMMAND, Done, Workspace, asking, snapshot
from tests.schemas import checked

LINES = "".join(f"line {number}\n" for number in range(20))
MINE, THEIRS = LINES.replace("line 3\n", "mine\n"), LINES.replace("line 15\n", "theirs\n")
BOTH = MINE.replace("line 15\n", "theirs\n")
ID = "b/My-Leaf"
FILES: dict[str, str | bytes] = {
    "__init__.py": "",
    "leaf.py": LINES,
    "sub/data.txt": "1\n",
    "sub/deep/more.txt": "1\n",
    "data.bin": b"\0",
}


@pytest.fixture
def synced(space: Workspace, hub: Hub) -> Workspace:
    """`a/Top` asks for `b/My-Leaf`, which is what gets edited."""
    hub.add("a/Top", {"top.py": asking(ID)})
    hub.add(ID, FILES)
    space.declare({"a/Top": "main"})
    space.sync()
    return space


def write(space: Workspace, path: str, content: str | bytes, mode: int | None = None) -> None:
    """Do as a person does."""
    file = space.place(ID) / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    if mode is not None:
        file.chmod(mode)


def read(space: Workspace, path: str) -> str:
    return (space.place(ID) / path).read_bytes().decode()


def upstream(space: Workspace, hub: Hub, files: dict[str, str | bytes]) -> None:
    """The owner goes on, and the lock goes along; the tree does not."""
    hub.add(ID, files)
    space.lock_path.unlink()
    space.lock()


def named(space: Workspace, done: Done) -> list[Path]:
    """The backups that a command told of."""
    return [space.root / place for place in re.findall(r"\S+/backups/\S+", done.out)]


def executable(space: Workspace, path: str) -> bool:
    return bool((space.place(ID) / path).stat().st_mode & stat.S_IXUSR)


# --- diff ------------------------------------------------------------------------------------------------------------


def test_diff_shows_every_edit_as_git_would(synced: Workspace) -> None:
    """Below paths of the project, so that `git apply` and editors find the files; one module can be named."""
    write(synced, "leaf.py", MINE)
    write(synced, "new file.txt", "new\n")
    (synced.place(ID) / "sub" / "data.txt").unlink()
    (synced.place("a/Top") / "top.py").write_text("")

    done = synced.call("diff", "my-leaf")

    done.worked(
        "--- a/flow_modules/b/My_Leaf/leaf.py\n", "-line 3\n+mine\n", "+++ b/flow_modules/b/My_Leaf/new file.txt"
    )
    assert "deleted file mode 100644" in done.out
    assert "top.py" not in done.out
    assert synced.call("diff").out.endswith(done.out)
    assert "top.py" in synced.call("diff", "a/Top", ID).out


def test_diff_stat_and_json_count_lines(synced: Workspace) -> None:
    """A binary file has no lines."""
    write(synced, "leaf.py", MINE)
    write(synced, "data.bin", b"\0mine")

    assert synced.call("diff", "--stat").out.splitlines() == [
        "b/My-Leaf: data.bin  binary",
        "b/My-Leaf: leaf.py   +1 -1",
        "2 files edited in 1 flow module",
    ]
    (module,) = checked(synced.call("diff", "--json").out, "diff")["modules"]
    assert (module["id"], module["base"][:6]) == (ID, "main (")
    assert [(file["path"], file["added"], file["deleted"]) for file in module["files"]] == [
        ("data.bin", None, None),
        ("leaf.py", 1, 1),
    ]
    assert "Binary files" in module["files"][0]["diff"]


def test_diff_exit_code(synced: Workspace) -> None:
    """1 if there is a difference and it is asked for; else 0."""
    assert synced.call("diff", "--exit-code").code == 0
    write(synced, "leaf.py", MINE)
    assert synced.call("diff").code == 0
    for form in ("--stat", "--json", "-q"):
        assert synced.call("diff", "--exit-code", form).code == 1
    assert synced.call("diff", "--exit-code", "a/Top").code == 0


def test_diff_to_a_file_is_bytes(synced: Workspace) -> None:
    """Whatever encoding a file is in, the diff has its bytes: git takes it, and gives the same edit elsewhere."""
    content = "caf\xe9\r\n".encode("latin-1")
    write(synced, "latin.txt", content)
    write(synced, "leaf.py", MINE)
    out = synced.base / "out.diff"

    with out.open("wb") as file:
        subprocess.run([COMMAND, "diff"], cwd=synced.root, env=synced.environ(), stdout=file, check=True, timeout=120)

    assert b"+" + content in out.read_bytes()
    other = synced.clone(cached=True)
    other.sync(offline=True)
    subprocess.run(["git", "apply", str(out)], cwd=other.root, check=True, timeout=120)
    assert snapshot(other.place(ID)) == snapshot(synced.place(ID))


def test_diff_shows_links_and_folders_for_what_they_are(synced: Workspace) -> None:
    """A link as where it leads; a folder in a file's place as a file that is gone, and the files in the folder."""
    place = synced.place(ID)
    (place / "leaf.py").unlink()
    (place / "leaf.py").symlink_to("__init__.py")
    (place / "data.bin").unlink()
    write(synced, "data.bin/new.txt", "new\n")

    out = synced.call("diff").out

    assert "+__init__.py\n\\ No newline at end of file\n" in out
    assert "deleted file mode 100644\nindex f76dd23..0000000\nBinary files a/flow_modules/b/My_Leaf/data.bin" in out
    assert "+++ b/flow_modules/b/My_Leaf/data.bin/new.txt\n" in out


def test_diff_reads_what_it_needs_from_the_cache_or_the_hub(synced: Workspace, hub: Hub) -> None:
    """With the cache, no request; without it, one GET a file; offline without it, a sentence."""
    write(synced, "leaf.py", MINE)
    hub.clear()
    shown = synced.call("diff").out
    assert hub.requests == []
    shutil.rmtree(synced.home)

    synced.call("diff", "--offline").failed_plainly(3, "offline")
    assert synced.call("diff").out == shown
    assert hub.count(contains="/resolve/") == 1


@pytest.mark.parametrize("cached", [True, False])
def test_edits_whose_base_was_forgotten_are_against_the_lock(synced: Workspace, hub: Hub, cached: bool) -> None:
    """Somebody cleared flow_modules/.flowverse: a module is then held against what it is to be."""
    write(synced, "leaf.py", MINE)
    (synced.place(ID) / "sub" / "data.txt").unlink()
    shown = synced.call("diff").out
    shutil.rmtree(synced.tree / ".flowverse")
    if not cached:
        shutil.rmtree(synced.home)

    assert synced.call("diff").out == shown
    synced.call("restore", ID, "leaf.py").worked("leaf.py of b/My-Leaf is as it was synced again")
    assert read(synced, "leaf.py") == LINES
    assert MINE.encode() in synced.backups.values()
    assert not (synced.place(ID) / "sub" / "data.txt").exists()


# --- restore ---------------------------------------------------------------------------------------------------------


def test_restore_gives_up_everything(synced: Workspace, hub: Hub) -> None:
    """Of all modules, or of one; what was there is in a backup that is named."""
    write(synced, "leaf.py", MINE)
    write(synced, "new.txt", "new\n", 0o755)
    before = snapshot(synced.place(ID))
    (synced.place("a/Top") / "top.py").write_text("mine = 1\n")

    done = synced.call("restore", "b/My-Leaf")
    done.worked("b/My-Leaf is as it is locked again; its edits (1 changed, 1 added) are given up")
    assert [snapshot(place) for place in named(synced, done)] == [before]
    assert synced.holds(hub, ID)
    assert synced.state("a/Top") == "edited"

    synced.call("restore").worked("a/Top is as it is locked again; its edits (1 changed) are given up")
    assert synced.holds(hub, "a/Top")
    synced.call("restore").worked("Nothing was edited")
    assert synced.call("restore", ID).out == "Nothing was edited\n"


def test_restore_brings_a_missing_module_back(synced: Workspace, hub: Hub) -> None:
    """And one that was kept behind at an old commit is what is locked."""
    shutil.rmtree(synced.place(ID))
    synced.call("restore", ID).worked()
    assert synced.holds(hub, ID)
    write(synced, "leaf.py", MINE)
    upstream(synced, hub, {**FILES, "leaf.py": THEIRS})
    synced.sync()

    synced.call("restore", ID).worked()

    assert synced.holds(hub, ID)
    assert MINE.encode() in synced.backups.values()


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        (["leaf.py"], ["leaf.py"]),
        (["./leaf.py", "new.txt"], ["leaf.py", "new.txt"]),
        (["sub"], ["sub/data.txt", "sub/deep/more.txt"]),
        (["sub/deep/"], ["sub/deep/more.txt"]),
        (["flow_modules/b/My_Leaf/sub/data.txt"], ["sub/data.txt"]),
        (["flow_modules/b/My_Leaf"], ["leaf.py", "new.txt", "sub/data.txt", "sub/deep/more.txt"]),
        (["."], ["leaf.py", "new.txt", "sub/data.txt", "sub/deep/more.txt"]),
    ],
)
def test_restore_of_some_paths(synced: Workspace, words: list[str], paths: list[str]) -> None:
    """Files and folders, by their path in the module or in the project; other edits stay, and a backup is named."""
    write(synced, "leaf.py", MINE)
    write(synced, "new.txt", "new\n")
    write(synced, "sub/deep/more.txt", "mine\n")
    (synced.place(ID) / "sub" / "data.txt").unlink()
    edited = synced.files(ID)

    done = synced.call("restore", ID, *words)

    done.worked(*(f"{path} of {ID} is as it was synced again\n" for path in paths if path != "new.txt"))
    assert ("new.txt of b/My-Leaf was added, and is removed" in done.out) == ("new.txt" in paths)
    expected = {path: text.encode() if isinstance(text, str) else text for path, text in FILES.items()}
    found = synced.files(ID)
    for path in {*edited, *expected}:
        assert found.get(path) == (expected if path in paths else edited).get(path), path
    kept = {path: content for path, content in edited.items() if path in paths and content != expected.get(path)}
    (backup,) = named(synced, done) or [synced.base / "nothing"]
    assert {path: content for path, content in snapshot(backup).items() if content is not None} == kept


def test_restore_of_a_wrong_path(synced: Workspace) -> None:
    """The nearest edited one is named, and nothing is done."""
    write(synced, "leaf.py", MINE)
    synced.call("restore", ID, "leaf.pi").failed_plainly(2, "leaf.pi of b/My-Leaf was not edited", "mean leaf.py?")
    synced.call("restore", ID, "zzz").failed_plainly(2, "`flowverse status -v` lists")
    synced.call("restore", ID, "leaf.py", "data.bin").failed_plainly(2, "data.bin of b/My-Leaf was not edited")
    synced.call("restore", "b/My-Leav").failed_plainly(2, "Did you mean b/My-Leaf?")
    assert read(synced, "leaf.py") == MINE


def test_restore_of_a_folder_in_a_files_place(synced: Workspace) -> None:
    """And of a file in a folder's, and of a link."""
    place = synced.place(ID)
    (place / "leaf.py").unlink()
    write(synced, "leaf.py/new.txt", "new\n")
    shutil.rmtree(place / "sub")
    write(synced, "sub", "a file\n")
    (place / "data.bin").unlink()
    (place / "data.bin").symlink_to("__init__.py")

    synced.call("restore", ID, "leaf.py", "sub", "data.bin").worked()

    assert synced.state(ID) == "clean"
    assert {b"new\n", b"a file\n"} <= set(synced.backups.values())
    (aside,) = (synced.tree / ".flowverse" / "backups").glob("*/b/My_Leaf")
    assert snapshot(aside)["data.bin"] == "-> __init__.py"


def test_restore_of_what_is_not_locked(synced: Workspace) -> None:
    """There is nothing that it could become; it is kept."""
    write(synced, "leaf.py", MINE)
    synced.declare({})
    synced.call("sync")
    synced.call("restore").worked("Nothing was edited")
    for words in ([], ["leaf.py"]):
        synced.call("restore", ID, *words).failed_plainly(2, f"{ID} is not locked.")
    assert read(synced, "leaf.py") == MINE


# --- merging ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["sync", "update"])
@pytest.mark.parametrize("cached", [True, False])
def test_a_merge_holds_both(synced: Workspace, hub: Hub, verb: str, cached: bool) -> None:
    """Edits become edits of the new commit; what they were made of is fetched again where the cache was emptied."""
    write(synced, "leaf.py", MINE)
    write(synced, "new.txt", "new\n")
    (synced.place(ID) / "sub" / "data.txt").unlink()
    before = snapshot(synced.place(ID))
    files: dict[str, str | bytes] = {**FILES, "leaf.py": THEIRS, "data.bin": b"\0theirs"}
    if verb == "sync":
        upstream(synced, hub, files)
        assert synced.call("sync").code == 0  # kept, and said
    else:
        hub.add(ID, files)
    if not cached:
        shutil.rmtree(synced.home)

    done = synced.call(verb, "--merge")

    done.worked("your edits (1 changed, 1 added, 1 deleted) are merged")
    assert [snapshot(place)["leaf.py"] for place in named(synced, done)] == [before["leaf.py"]]
    assert read(synced, "leaf.py") == BOTH
    assert read(synced, "new.txt") == "new\n"
    assert (synced.place(ID) / "data.bin").read_bytes() == b"\0theirs"
    assert not (synced.place(ID) / "sub" / "data.txt").exists()
    assert synced.state(ID) == "edited"
    counts = synced.call("diff", "--stat").out.splitlines()
    assert counts[1:3] == [f"{ID}: new.txt       +1 -0", f"{ID}: sub/data.txt  +0 -1"]
    assert synced.call("sync").code == 0


def test_a_conflict_stays_until_it_is_resolved(synced: Workspace, hub: Hub) -> None:
    """Exit code 1, markers in the text, a state that status shows; resolve ends it when the markers are gone."""
    write(synced, "leaf.py", MINE)
    write(synced, "data.bin", b"\0mine")
    upstream(synced, hub, {**FILES, "leaf.py": LINES.replace("line 3\n", "theirs\n"), "data.bin": b"\0theirs"})

    done = synced.call("sync", "--merge")

    assert done.code == 1
    assert f"{ID} has conflicts in data.bin, leaf.py; mend them, then run `flowverse resolve {ID}`" in done.err
    text = read(synced, "leaf.py")
    assert f"<<<<<<< edited here\nmine\n=======\ntheirs\n>>>>>>> {ID}@main (" in text
    assert (synced.place(ID) / "data.bin").read_bytes() == b"\0mine"
    assert synced.state(ID) == "conflicted"
    for words in (["sync"], ["sync", "--merge"]):
        again = synced.call(*words)
        assert (again.code, "has conflicts in" in again.err) == (1, True)
    synced.call("patch", ID).failed_plainly(1, "has conflicts in data.bin, leaf.py")
    synced.call("resolve", ID).failed_plainly(1, f"{ID} has conflicts in leaf.py.")
    assert read(synced, "leaf.py") == text

    write(synced, "leaf.py", MINE)
    synced.call("resolve", "my-leaf").worked("has no conflicts any more: data.bin, leaf.py are resolved")

    assert synced.state(ID) == "edited"
    assert synced.call("sync").code == 0
    synced.call("resolve", ID).failed_plainly(2, f"{ID} has no conflicts.", "No module has any.")


def test_a_text_about_markers_can_be_resolved(synced: Workspace, hub: Hub) -> None:
    """Only by saying so: else markers that were forgotten would be imported, or saved as a patch."""
    write(synced, "leaf.py", MINE)
    upstream(synced, hub, {**FILES, "leaf.py": LINES.replace("line 3\n", "theirs\n")})
    assert synced.call("sync", "--merge").code == 1
    synced.call("resolve", ID).failed_plainly(1, f"{ID} has conflicts in leaf.py.")

    synced.call("resolve", ID, "--force").worked("has no conflicts any more: leaf.py is resolved")

    assert synced.state(ID) == "edited"


def test_a_deletion_that_conflicts_is_not_forgotten(synced: Workspace, hub: Hub) -> None:
    """The file is back as its owner changed it, which is no edit, and yet somebody has to look at it."""
    (synced.place(ID) / "leaf.py").unlink()
    upstream(synced, hub, {**FILES, "leaf.py": THEIRS})

    done = synced.call("sync", "--merge")

    assert (done.code, "has conflicts in leaf.py" in done.err) == (1, True)
    assert read(synced, "leaf.py") == THEIRS
    for _ in range(3):
        assert synced.state(ID) == "conflicted"
        again = synced.call("sync")
        assert (again.code, "has conflicts in leaf.py" in again.err) == (1, True)
        assert "edited" not in again.out + again.err
    synced.call("resolve", "a/Top").failed_plainly(2, f"These have: {ID}.")
    synced.call("resolve", ID).worked()
    assert synced.state(ID) == "clean"


@pytest.mark.parametrize("words", [["restore"], ["restore", ID], ["restore", ID, "leaf.py"]])
def test_a_conflict_ends_with_what_it_is_in(synced: Workspace, hub: Hub, words: list[str]) -> None:
    """To give the edits up is an answer to it as well."""
    write(synced, "leaf.py", MINE)
    upstream(synced, hub, {**FILES, "leaf.py": LINES.replace("line 3\n", "theirs\n")})
    assert synced.call("sync", "--merge").code == 1

    synced.call(*words).worked()

    assert synced.holds(hub, ID)
    assert synced.state(ID) == "clean"
    assert synced.call("sync").code == 0


def test_a_merge_that_cannot_be_is_no_loss(synced: Workspace, hub: Hub) -> None:
    """A file of yours that is a folder there: the module stays as it is, and it is said why."""
    write(synced, "new", "mine\n")
    before = synced.files(ID)
    upstream(synced, hub, {**FILES, "new/theirs.txt": "theirs\n"})

    done = synced.call("sync", "--merge")

    assert done.code == 0
    assert "cannot be merged, new is a file of yours and a folder there" in done.err
    assert "restore" in done.err
    assert synced.files(ID) == before
    assert synced.backups == {}


def test_a_merge_offline_without_its_base(synced: Workspace, hub: Hub) -> None:
    """A sentence that says what is missing; the edit is where it was."""
    write(synced, "leaf.py", MINE)
    upstream(synced, hub, {**FILES, "leaf.py": THEIRS})
    commit = synced.locked[ID]["commit"]
    before = synced.visible()
    for snapshot_folder in (synced.cache / "models--b--My-Leaf" / "snapshots").iterdir():
        if snapshot_folder.name != commit:
            shutil.rmtree(snapshot_folder)

    synced.call("sync", "--merge", "--offline").failed_plainly(3, "offline")

    assert synced.visible() == before
    synced.call("sync", "--merge").worked()
    assert read(synced, "leaf.py") == BOTH


def test_a_merge_whose_base_is_gone_everywhere(synced: Workspace, hub: Hub) -> None:
    """The owner rewrote the repository and the cache was emptied: a sentence, and the edit is where it was."""
    write(synced, "leaf.py", MINE)
    hub.remove(ID)
    upstream(synced, hub, {**FILES, "leaf.py": THEIRS})
    shutil.rmtree(synced.home)
    synced.lock()
    before = synced.visible()

    done = synced.call("sync", "--merge")

    done.failed_plainly(3, ID)
    assert synced.visible() == before


def test_a_merge_whose_base_was_forgotten(synced: Workspace, hub: Hub) -> None:
    """Without the record of the tree there is nothing to merge with: kept, and how to give it up is said."""
    write(synced, "leaf.py", MINE)
    upstream(synced, hub, {**FILES, "leaf.py": THEIRS})
    (synced.tree / ".flowverse" / "index.json").unlink()

    done = synced.call("sync", "--merge")

    assert done.code == 0
    assert f"`flowverse restore {ID}` gives the edits up" in done.err
    assert "--merge" not in done.err
    assert read(synced, "leaf.py") == MINE


def test_a_merge_needs_its_library(synced: Workspace, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is not installed, what to install is said, and the edit is where it was."""
    write(synced, "leaf.py", MINE)
    upstream(synced, hub, {**FILES, "leaf.py": THEIRS})
    monkeypatch.setitem(sys.modules, "merge3", None)

    synced.call("sync", "--merge").failed_plainly(2, "merge3 is not installed", 'pip install "flowverse[cli]"')

    assert read(synced, "leaf.py") == MINE


# --- modes -----------------------------------------------------------------------------------------------------------


def test_what_is_executable_stays_so(synced: Workspace, hub: Hub) -> None:
    """Through syncs, merges, restoring of other files and of itself, and backups; edited or not."""
    write(synced, "leaf.py", MINE, 0o755)
    (synced.place(ID) / "sub" / "data.txt").chmod(0o755)
    write(synced, "run.sh", "#!/bin/sh\n", 0o755)
    write(synced, "__init__.py", "mine\n")
    paths = ["leaf.py", "sub/data.txt", "run.sh"]

    synced.sync()
    synced.call("restore", ID, "__init__.py").worked()
    assert all(executable(synced, path) for path in paths)
    upstream(synced, hub, {**FILES, "leaf.py": THEIRS, "sub/data.txt": "2\n"})
    (synced.place(ID) / "sub" / "data.txt").chmod(0o755)
    done = synced.call("sync", "--merge")
    assert all(executable(synced, path) for path in paths)
    (backup,) = named(synced, done)
    assert all((backup / path).stat().st_mode & 0o100 for path in paths)

    done = synced.call("restore", ID, "leaf.py", "run.sh")
    assert executable(synced, "leaf.py")
    (aside,) = named(synced, done)
    for name in (aside, backup):
        synced.call("restore", ID).worked()
        synced.call(
            "backups", name.relative_to(synced.tree / ".flowverse" / "backups").as_posix(), "--restore"
        ).worked()
        assert executable(synced, "run.sh")
        assert executable(synced, "leaf.py")


def test_without_a_lock_there_is_no_patch(synced: Workspace) -> None:
    """The hint brings one, rather than lead to a list of nothing."""
    write(synced, "leaf.py", MINE)
    synced.lock_path.unlink()
    synced.call("patch", ID).failed_plainly(2, f"{ID} is not locked.", "Run `flowverse sync`.")
    synced.sync()
    synced.call("patch", ID).worked()


# --- backups ---------------------------------------------------------------------------------------------------------


def back(space: Workspace, name: str) -> Done:
    return space.call("backups", name, "--restore")


def names(space: Workspace) -> list[str]:
    return [row["name"] for row in checked(space.call("backups", "--json").out, "backups")["backups"]]


def test_a_whole_module_comes_back(synced: Workspace, hub: Hub) -> None:
    """As it was, to the byte, with what it was synced with: so that it can be compared and merged as before."""
    write(synced, "leaf.py", MINE)
    write(synced, "new.txt", "new\n")
    shown = synced.call("diff").out
    before = snapshot(synced.place(ID))
    synced.call("restore").worked()
    upstream(synced, hub, {**FILES, "leaf.py": THEIRS})
    synced.sync()

    (row,) = checked(synced.call("backups", "--json").out, "backups")["backups"]
    assert (row["id"], row["files"], row["whole"]) == (ID, ["leaf.py", "new.txt"], True)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", row["time"])
    assert synced.call("backups").out.splitlines() == [f"{row['name']}  2 files: leaf.py, new.txt", "1 backup"]
    done = back(synced, row["name"])

    done.worked(f"{row['name']} is back in its place")
    assert named(synced, done) == []  # what was there was clean
    assert snapshot(synced.place(ID)) == before
    assert synced.call("diff").out == shown
    assert synced.state(ID) == "edited"
    assert "is kept as edited from main (" in synced.call("sync").err
    synced.call("sync", "--merge").worked()
    assert read(synced, "leaf.py") == BOTH


def test_bringing_back_keeps_what_is_there(synced: Workspace) -> None:
    """The module went on meanwhile: that is in a backup of its own, and can come back in turn."""
    write(synced, "leaf.py", MINE)
    synced.call("restore", ID).worked()
    write(synced, "leaf.py", "another edit\n")
    (first,) = names(synced)

    done = back(synced, first)

    (aside,) = named(synced, done)
    assert (aside / "leaf.py").read_text() == "another edit\n"
    assert read(synced, "leaf.py") == MINE
    assert set(names(synced)) > {first}
    (second,) = set(names(synced)) - {first}
    back(synced, second).worked()
    assert read(synced, "leaf.py") == "another edit\n"


def test_single_files_come_back(synced: Workspace) -> None:
    """Those and no others; the list says whose they are, though the folder is called otherwise than the module."""
    write(synced, "leaf.py", MINE)
    write(synced, "sub/new.txt", "new\n")
    write(synced, "__init__.py", "mine = 1\n")
    synced.call("restore", ID, "leaf.py", "sub").worked()
    (row,) = checked(synced.call("backups", "--json").out, "backups")["backups"]
    assert (row["id"], row["files"], row["whole"]) == (ID, ["leaf.py", "sub/new.txt"], False)
    write(synced, "leaf.py", "another edit\n")

    done = back(synced, ID)

    assert read(synced, "leaf.py") == MINE
    assert read(synced, "sub/new.txt") == "new\n"
    assert read(synced, "__init__.py") == "mine = 1\n"
    (aside,) = named(synced, done)
    assert {path for path, content in snapshot(aside).items() if content is not None} == {"leaf.py"}
    assert (aside / "leaf.py").read_text() == "another edit\n"


def test_a_file_whose_place_is_a_folder_now(synced: Workspace) -> None:
    """Nothing is done, and where the file is is said."""
    write(synced, "new.txt", "new\n")
    write(synced, "leaf.py", MINE)
    synced.call("restore", ID, "new.txt", "leaf.py").worked()
    write(synced, "new.txt/more.txt", "more\n")
    before = synced.visible()

    back(synced, ID).failed_plainly(2, "new.txt is a folder now.", "Take what you need from")

    assert synced.visible() == before


def test_a_file_whose_folder_is_a_file_now(synced: Workspace) -> None:
    """Neither from a backup nor from what was synced: what is in the way is said, and nothing is done."""
    write(synced, "new/file.txt", "new\n")
    synced.call("restore", ID, "new").worked()
    write(synced, "new", "a file\n")
    shutil.rmtree(synced.place(ID) / "sub")
    write(synced, "sub", "a file\n")
    before = synced.visible()

    back(synced, ID).failed_plainly(2, "new of b/My-Leaf is no folder any more, and new/file.txt belongs")
    done = synced.call("restore", ID, "sub/deep/more.txt")
    done.failed_plainly(
        2, "sub of b/My-Leaf is no folder any more", "`flowverse restore b/My-Leaf sub` puts the folder"
    )
    assert synced.visible() == before

    synced.call("restore", ID, "sub", "sub/deep/more.txt").worked()
    assert read(synced, "sub/deep/more.txt") == "1\n"


def test_a_conflicted_module_comes_back_as_such(synced: Workspace, hub: Hub) -> None:
    """With its conflicts still to be resolved."""
    write(synced, "leaf.py", MINE)
    upstream(synced, hub, {**FILES, "leaf.py": LINES.replace("line 3\n", "theirs\n")})
    assert synced.call("sync", "--merge").code == 1
    (done,) = named(synced, synced.call("restore", ID))

    back(synced, done.relative_to(synced.root).as_posix()).worked()

    assert synced.state(ID) == "conflicted"


def test_a_module_that_is_developed_meanwhile(synced: Workspace) -> None:
    """What is brought back is not written into a folder of the user's."""
    write(synced, "leaf.py", MINE)
    synced.call("restore", ID, "leaf.py").worked()
    dev = synced.base / "dev"
    dev.mkdir()
    (dev / "leaf.py").write_text("dev\n")
    synced.call("develop", ID, "../dev").worked()

    back(synced, ID).failed_plainly(2, f"{ID} is linked to a folder of yours.")

    assert (dev / "leaf.py").read_text() == "dev\n"


def test_a_generated_file_is_not_brought_back(synced: Workspace) -> None:
    """It would be overwritten by the next sync; where it is is said."""
    (synced.tree / "__init__.py").write_text("mine = 1\n")
    synced.sync()
    (row,) = checked(synced.call("backups", "--json").out, "backups")["backups"]
    assert (row["id"], row["files"]) == (None, ["__init__.py"])

    where = f"flow_modules/.flowverse/backups/{row['name']}"
    back(synced, row["name"]).failed_plainly(2, "a file that flowverse generates", where)


def test_names_of_backups(synced: Workspace) -> None:
    """A module's id does where it has one; else they are listed. A wrong name has the nearest in its hint."""
    synced.call("backups").worked("0 backups")
    synced.call("backups", "--restore").failed_plainly(2, "--restore needs the name of a backup.")
    back(synced, ID).failed_plainly(2, f"There is no backup {ID}.", "`flowverse backups` lists them.")
    for text in ("one", "two"):
        write(synced, "leaf.py", text)
        synced.call("restore", ID).worked()
    first, second = names(synced)

    back(synced, ID).failed_plainly(2, f"{ID} may be one of 2 backups.", first, second)
    back(synced, first[:-1]).failed_plainly(2, "Did you mean")
    assert synced.call("backups", ID).out.splitlines()[-1] == "2 backups"
    assert synced.call("backups", first).out.splitlines()[-1] == "1 backup"
    back(synced, str(Path("flow_modules/.flowverse/backups") / second)).worked()


def test_backups_are_listed_by_what_people_call_them(synced: Workspace) -> None:
    """A module by its id in any case or its name alone, a moment, a path; a module without one has none."""
    write(synced, "leaf.py", MINE)
    synced.call("restore", ID).worked()
    (name,) = names(synced)

    for word in (ID.lower(), ID.partition("/")[2], name.partition("/")[0], f"flow_modules/.flowverse/backups/{name}"):
        assert synced.call("backups", word).out.splitlines() == [f"{name}  1 file: leaf.py", "1 backup"]
    synced.call("backups", "top").worked("0 backups")
    synced.call("backups", "nothing").failed_plainly(
        2, "There is no backup nothing.", "`flowverse backups` lists them."
    )
    synced.call("backups", name[:-1], "--json").failed_plainly(2, f"Did you mean {name}?")
    back(synced, ID.partition("/")[2]).worked(f"{name} is back in its place")


def test_a_backup_of_an_older_flowverse(synced: Workspace, hub: Hub) -> None:
    """Which said nothing of what was in it: its files come back, over those that are there."""
    write(synced, "leaf.py", MINE)
    synced.call("restore", ID).worked()
    for path in (synced.tree / ".flowverse" / "backups").rglob("*.json"):
        path.unlink()
    (row,) = checked(synced.call("backups", "--json").out, "backups")["backups"]
    assert (row["id"], row["whole"]) == (ID, False)

    back(synced, row["name"]).worked()

    assert read(synced, "leaf.py") == MINE
    assert synced.call("diff", "--stat").out.splitlines()[-1] == "1 file edited in 1 flow module"


def test_backups_of_one_second_are_in_order(synced: Workspace) -> None:
    """The newest first, also where a second has more than nine."""
    for number in ("", *(f"-{n}" for n in range(2, 12))):
        place = synced.tree / ".flowverse" / "backups" / f"20261125-101500{number}" / "b" / "My_Leaf"
        place.mkdir(parents=True)
        (place / "leaf.py").write_text("leaf\n")

    names = [backup.name.partition("/")[0] for backup in edits.backups(synced.root)]

    assert names == [*(f"20261125-101500-{n}" for n in range(11, 1, -1)), "20261125-101500"]
