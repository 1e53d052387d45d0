"""The tree: what a sync leaves on the disk, what it never touches, and that a killed one is mended by the next."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from flowverse._guard import guard_source, owner_source, package_source
from flowverse._index import Index
from flowverse._install import Installed
from flowverse._tree import Tree
from flowverse.errors import TreeError, UnsafeContent, WrongContent
from flowverse.model import Edit, FileEntry, ModuleId
from flowverse.ports import SILENT

from tests.unit.bench import Bench, contents
from tests.unit.disk import Killed, watched
from tests.unit.making import ONE, THREE, TWO, MemoryStore, local_pin, mid

A1 = {"a.py": b"one", "sub/data.yaml": b"x: 1\r\n", "empty": b""}
A2 = {"a.py": b"two", "new.py": b"new"}
B1 = {"b.py": b"b"}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "project")


def steps(done: Installed) -> list[tuple[str, str]]:
    return [(step.action, str(step.id)) for step in done.plan.steps]


# --- what a sync leaves ----------------------------------------------------------------------------------------------


def test_a_module_is_there_byte_for_byte(bench: Bench) -> None:
    """With FLOW_MODULE_ID, and what makes its folders packages; git is told to leave the tree alone."""
    pin = bench.pin("1digit/My-Flow", A1, ONE, "v1")
    assert steps(bench.sync(pin)) == [("install", "1digit/My-Flow")]
    assert bench.is_whole(pin, A1)
    tree = contents(bench.tree.root)
    assert tree["user_1digit/My_Flow/FLOW_MODULE_ID"] == f"1digit/My-Flow:v1\n{ONE}\n".encode()
    assert tree["__init__.py"] == package_source().encode()
    assert tree["_flowverse.py"] == guard_source().encode()
    assert tree["user_1digit/__init__.py"] == owner_source("user_1digit").encode()
    assert tree[".gitignore"] == b"*\n"
    assert "flow.mod" in tree


def test_a_second_sync_changes_nothing(bench: Bench) -> None:
    """No file of the tree is written but the record of it."""
    pins = [bench.pin("a/A", A1, ONE), bench.pin("b/B", B1, ONE)]
    bench.sync(*pins)
    before = {path: path.lstat().st_ctime_ns for path in bench.tree.root.rglob("*") if ".flowverse" not in path.parts}
    done = bench.sync(*pins)
    assert (done.plan.steps, done.plan.unchanged) == ((), 2)
    assert {path: path.lstat().st_ctime_ns for path in before} == before


def test_a_moved_pin_replaces_the_folder_as_a_whole(bench: Bench) -> None:
    """No file of the old commit is left; who holds one open can read on."""
    bench.sync(bench.pin("a/A", A1, ONE))
    moved = bench.pin("a/A", A2, TWO)
    with (bench.tree.place(moved.id) / "a.py").open("rb") as old:
        assert steps(bench.sync(moved)) == [("replace", "a/A")]
        assert old.read() == b"one"
    assert bench.is_whole(moved, A2)


def test_a_branch_that_is_renamed_costs_one_file(bench: Bench) -> None:
    """Same content, other name: only FLOW_MODULE_ID is written."""
    bench.sync(bench.pin("a/A", A1, ONE))
    renamed = bench.pin("a/A", A1, TWO, "v2")
    assert bench.sync(renamed).plan.steps == ()
    assert bench.is_whole(renamed, A1)
    assert bench.tree.load().modules[renamed.id].base == "v2 (2222222)"


def test_a_module_that_is_gone_from_the_lock_is_removed(bench: Bench) -> None:
    """With the folder of its owner, if nothing else is in there."""
    a, b = bench.pin("a/A", A1, ONE), bench.pin("b/B", B1, ONE)
    bench.sync(a, b)
    bench.write("b/__pycache__/__init__.cpython-313.pyc", b"x")
    assert steps(bench.sync(a)) == [("prune", "b/B")]
    assert not (bench.tree.root / "b").exists()
    assert bench.is_whole(a, A1)


def test_what_a_person_put_beside_the_modules_stays(bench: Bench) -> None:
    """A package of their own, a note, and a module's neighbour."""
    a, b = bench.pin("a/A", A1, ONE), bench.pin("b/B", B1, ONE)
    bench.sync(a, b)
    mine = {"mine/__init__.py": b"x = 1\n", "b/notes.txt": b"note", "README.md": b"mine"}
    for path, content in mine.items():
        bench.write(path, content)
    bench.sync(a)
    assert {path: contents(bench.tree.root).get(path) for path in mine} == mine


def test_a_dry_run_writes_nothing(bench: Bench, tmp_path: Path) -> None:
    """And says what a sync would do."""
    bench.sync(bench.pin("a/A", A1, ONE))
    moved = bench.pin("a/A", A2, TWO)
    with watched() as watch:
        done = bench.sync(moved, dry_run=True)
    assert steps(done) == [("replace", "a/A")]
    assert [change for change in watch.changes if str(tmp_path) in change[1]] == []


def test_no_modules_and_no_tree_stay_so(bench: Bench) -> None:
    assert bench.sync().plan.steps == ()
    assert not bench.root.exists()


# --- from the store --------------------------------------------------------------------------------------------------


class Forgetful(MemoryStore):
    """A store that loses what it is given: a cache that is cleaned, or damaged, while a sync runs."""

    def copy(self, id: ModuleId, commit: str, entry: FileEntry, to: str) -> bool:  # noqa: ARG002
        return False


class Planting(MemoryStore):
    """A store that puts a link beside the first file."""

    def __init__(self, outside: Path, *contents: bytes) -> None:
        super().__init__(*contents)
        self.outside = outside

    def copy(self, id: ModuleId, commit: str, entry: FileEntry, to: str) -> bool:
        if not self.copied:
            (Path(to).parent / "sub").symlink_to(self.outside, target_is_directory=True)
        return super().copy(id, commit, entry, to)


def test_what_the_store_lacks_is_fetched(bench: Bench) -> None:
    """Nothing else is."""
    pin = bench.pin("a/A", A1, ONE)
    missing = pin.by_path["a.py"].sha256
    bench.remote[missing] = bench.store.contents.pop(missing)
    bench.sync(pin)
    assert bench.fetched == ["a.py"]
    assert bench.is_whole(pin, A1)


def test_what_the_store_never_has_right_is_not_installed(bench: Bench) -> None:
    """The old folder stays as it was."""
    old = bench.pin("a/A", A1, ONE)
    bench.sync(old)
    moved = bench.pin("a/A", A2, TWO)
    bench.store = Forgetful()
    bench.remote.update({entry.sha256: A2[entry.path] for entry in moved.files})
    with pytest.raises(WrongContent, match="of a/A"):
        bench.sync(moved)
    assert bench.is_whole(old, A1)


@pytest.mark.parametrize("path", ["../evil.py", "/evil.py", "sub/../../evil.py", ".git/hooks/x", "CON"])
def test_no_path_of_a_lock_leaves_the_module(bench: Bench, path: str) -> None:
    """A lock is a file that anybody may have changed."""
    pin = bench.pin("a/A", {path: b"evil", "a.py": b"x"}, ONE)
    with watched() as watch, pytest.raises(UnsafeContent):
        bench.sync(pin)
    assert watch.outside(bench.root) == []
    assert not bench.tree.place(pin.id).exists()


def test_a_link_in_staging_is_not_followed(bench: Bench, tmp_path: Path) -> None:
    """Not even one that somebody plants while a sync runs."""
    outside = tmp_path / "outside"
    outside.mkdir()
    pin = bench.pin("a/A", {"a.py": b"x", "sub/b.py": b"y"}, ONE)
    bench.store = Planting(outside, *bench.store.contents.values())
    with pytest.raises(TreeError, match="leads out"):
        bench.sync(pin)
    assert contents(outside) == {}


@pytest.mark.parametrize("link", ["staging", "staging/a", "staging/a/A"])
def test_a_folder_that_a_module_is_built_in_is_no_link(bench: Bench, tmp_path: Path, link: str) -> None:
    """Whatever is below it is not touched."""
    outside = tmp_path / "outside"
    outside.mkdir()
    place = bench.tree.private / link
    pin = bench.pin("a/A", A1, ONE)
    with bench.tree.locked(SILENT):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(outside, target_is_directory=True)
        with pytest.raises(TreeError, match="leads out"):
            bench.tree.staging.stage(pin, pin.files, bench.store)
    assert contents(outside) == {}


def test_a_file_is_written_once_and_a_folder_made_once(bench: Bench) -> None:
    """Three folders of four files are three folders and twelve files; the module is moved in place as a whole."""
    files = {f"{folder}{number}.txt": b"x" for folder in ("", "data/", "data/inner/") for number in range(4)}
    pin = bench.pin("a/A", files, ONE)
    with watched() as watch:
        bench.sync(pin)
    built = str(bench.tree.staging.place(pin.id))
    steps = [(event, path.removeprefix(built)) for event, path in watch.changes if path.startswith(built)]
    assert sorted(steps) == sorted(
        [
            *(("os.mkdir", path) for path in ("", "/data", "/data/inner")),
            *(("open", f"/{path}") for path in (*files, "FLOW_MODULE_ID")),
            ("os.rename", ""),
        ]
    )


def test_many_modules_are_built_by_several_threads(bench: Bench) -> None:
    """And are what they are to be, in the order of the lock; one that cannot be built ends the sync."""
    pins = [bench.pin(f"a/A{number:02}", {"a.py": str(number).encode()}, ONE) for number in range(40)]
    assert steps(bench.sync(*pins)) == [("install", str(pin.id)) for pin in pins]
    for number, pin in enumerate(pins):
        assert bench.is_whole(pin, {"a.py": str(number).encode()})
    moved = [bench.pin(f"a/A{number:02}", {"b.py": f"b{number}".encode()}, TWO) for number in range(40)]
    del bench.store.contents[moved[33].files[0].sha256]
    with pytest.raises(KeyError):
        bench.sync(*moved)
    assert all(bench.is_whole(pin, {"a.py": str(number).encode()}) for number, pin in enumerate(pins))


def test_a_module_that_is_in_place_is_not_read_again(bench: Bench) -> None:
    """What moves is one of three; of the others not even FLOW_MODULE_ID is opened."""
    pins = [bench.pin(id, A1, ONE) for id in ("a/A", "b/B", "c/C")]
    bench.sync(*pins)
    while any(seen.mtime == -1 for record in bench.tree.load().modules.values() for seen in record.files.values()):
        bench.sync(*pins)  # what changed in the tick of the record is read again
    with watched() as watch:
        bench.sync(bench.pin("a/A", A2, TWO), *pins[1:])
    assert [path for path in watch.opened if "/a/A/" in path] != []
    assert [path for path in watch.opened if "/b/B/" in path or "/c/C/" in path] == []


# --- edits -----------------------------------------------------------------------------------------------------------


def test_an_edit_is_kept_and_its_base_stays_known(bench: Bench) -> None:
    """Through a move of the pin and back; FLOW_MODULE_ID goes on saying what was edited."""
    old = bench.pin("a/A", A1, ONE)
    bench.sync(old)
    bench.write("a/A/a.py", b"mine")
    done = bench.sync(old)
    assert [(step.action, step.behind, step.edit) for step in done.plan.steps] == [
        ("keep", "", Edit(changed=("a.py",)))
    ]
    for _ in range(2):
        done = bench.sync(bench.pin("a/A", A2, TWO))
        assert [(step.behind, step.old) for step in done.plan.steps] == [("moved", "main (1111111)")]
    assert bench.holds("a/A") == {**A1, "a.py": b"mine"}
    assert (bench.tree.place(old.id) / "FLOW_MODULE_ID").read_text() == f"a/A:main\n{ONE}\n"
    bench.write("a/A/a.py", A1["a.py"])
    assert steps(bench.sync(bench.pin("a/A", A2, TWO))) == [("replace", "a/A")]


def test_an_edit_that_becomes_the_pin_is_clean(bench: Bench) -> None:
    """Whoever sent their edit to the Hub and moves to it has nothing to do."""
    bench.sync(bench.pin("a/A", A1, ONE))
    bench.write("a/A/a.py", b"mine")
    sent = bench.pin("a/A", {**A1, "a.py": b"mine"}, TWO)
    assert bench.sync(sent).plan.steps == ()
    assert bench.is_whole(sent, {**A1, "a.py": b"mine"})


def test_what_is_discarded_is_in_the_backups(bench: Bench) -> None:
    """Twice in one second, too; the paths are those that are told."""
    pin = bench.pin("a/A", A1, ONE)
    bench.sync(pin)
    places = []
    for content in (b"mine", b"mine again"):
        bench.write("a/A/a.py", content)
        done = bench.sync(pin, overwrite=["a/A"])
        assert bench.is_whole(pin, A1)
        ((id, place),) = done.backups
        assert id == pin.id
        assert (bench.root / place / "a.py").read_bytes() == content
        places.append(place)
    assert len(set(places)) == 2


def test_an_edited_module_that_is_gone_from_the_lock_stays(bench: Bench) -> None:
    """Until it is forced out, and even then it is in the backups."""
    bench.sync(bench.pin("a/A", A1, ONE))
    bench.write("a/A/new.py", b"mine")
    assert [step.behind for step in bench.sync().plan.steps] == ["gone"]
    assert bench.holds("a/A") == {**A1, "new.py": b"mine"}
    ((_, place),) = bench.sync(force=True).backups
    assert contents(bench.root / place)["new.py"] == b"mine"
    assert not (bench.tree.root / "a").exists()


def test_a_lost_record_loses_no_edit(bench: Bench) -> None:
    """What is the pin's content is adopted as it is; anything else is an edit."""
    a, b = bench.pin("a/A", A1, ONE), bench.pin("b/B", B1, ONE)
    bench.sync(a, b)
    bench.write("b/B/b.py", b"mine")
    bench.tree.index_path.unlink()
    done = bench.sync(a, b)
    assert steps(done) == [("keep", "b/B")]
    assert bench.is_whole(a, A1)
    assert bench.holds("b/B") == {"b.py": b"mine"}


def test_a_folder_that_was_there_before_is_an_edit(bench: Bench) -> None:
    """Whatever it is: somebody wrote it."""
    bench.write("a/A/own.py", b"mine")
    assert steps(bench.sync(bench.pin("a/A", A1, ONE))) == [("keep", "a/A")]
    assert bench.holds("a/A") == {"own.py": b"mine"}


def test_a_guard_that_somebody_wrote_is_kept_aside(bench: Bench) -> None:
    bench.write("__init__.py", b"mine = 1\n")
    done = bench.sync(bench.pin("a/A", A1, ONE))
    ((warning,),) = [done.warnings]
    assert "__init__.py of the tree was not as flowverse wrote it" in warning
    assert (bench.root / warning.rpartition(" ")[2]).read_bytes() == b"mine = 1\n"


# --- local modules ---------------------------------------------------------------------------------------------------


def test_a_local_module_is_a_link(bench: Bench, tmp_path: Path) -> None:
    """Edits go both ways; to take the link away leaves what it points at alone."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "mine/m.py").write_bytes(b"m")
    pin = local_pin("a/A", "../mine")
    assert steps(bench.sync(pin)) == [("link", "a/A")]
    bench.write("a/A/m.py", b"edited")
    assert (tmp_path / "mine/m.py").read_bytes() == b"edited"
    assert bench.sync(pin).plan.steps == ()
    assert steps(bench.sync(local_pin("a/A", "../other"))) == [("link", "a/A")]
    assert bench.tree.place(pin.id).resolve() == tmp_path / "other"
    from_hub = bench.pin("a/A", A1, ONE)
    assert steps(bench.sync(from_hub)) == [("replace", "a/A")]
    assert bench.is_whole(from_hub, A1)
    assert steps(bench.sync(pin)) == [("link", "a/A")]
    assert steps(bench.sync()) == [("prune", "a/A")]
    assert contents(tmp_path / "mine") == {"m.py": b"edited"}


# --- what is in the way ----------------------------------------------------------------------------------------------


def test_an_owner_folder_that_is_a_link_is_refused(bench: Bench, tmp_path: Path) -> None:
    """Every write below it would go out of the tree."""
    outside = tmp_path / "outside"
    outside.mkdir()
    bench.tree.root.mkdir(parents=True)
    (bench.tree.root / "a").symlink_to(outside, target_is_directory=True)
    with pytest.raises(TreeError, match="is not a folder"):
        bench.sync(bench.pin("a/A", A1, ONE))
    assert contents(outside) == {}


def test_an_owner_folder_that_became_a_link_is_refused(bench: Bench, tmp_path: Path) -> None:
    """Also if the modules in it are as they should be: what is generated would be written through it."""
    pin = bench.pin("a/A", A1, ONE)
    bench.sync(pin)
    outside = tmp_path / "outside"
    (bench.tree.root / "a").rename(outside)
    (outside / "__init__.py").unlink()
    (bench.tree.root / "a").symlink_to(outside, target_is_directory=True)
    with pytest.raises(TreeError, match="is not a folder"):
        bench.sync(pin)
    assert not (outside / "__init__.py").exists()


@pytest.mark.parametrize("path", ["a", "a/A"])
def test_a_file_in_the_way_is_refused(bench: Bench, path: str) -> None:
    bench.write(path, b"mine")
    with pytest.raises(TreeError, match=r"is (not a folder|a file)"):
        bench.sync(bench.pin("a/A", A1, ONE))
    assert (bench.tree.root / path).read_bytes() == b"mine"


def test_nothing_is_written_outside_the_tree(bench: Bench, tmp_path: Path) -> None:
    """Installing, replacing, backing up, linking and pruning."""
    (tmp_path / "mine").mkdir()
    bench.sync(bench.pin("a/A", A1, ONE), bench.pin("b/B", B1, ONE), bench.pin("d/D", B1, ONE))
    bench.write("a/A/a.py", b"mine")
    with watched() as watch:
        bench.sync(bench.pin("a/A", A2, TWO), bench.pin("c/C", B1, ONE), local_pin("b/B", "../mine"), overwrite=["a/A"])
    # The target of a link is an argument as well, but nothing that is changed.
    assert {event for event, _ in watch.outside(bench.tree.root)} <= {"os.symlink"}
    assert len(watch.changes) > 20


# --- two at once -----------------------------------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from flowverse._tree import Tree
from flowverse.ports import SILENT
with Tree(Path(sys.argv[1])).locked(SILENT):
    print("held", flush=True)
    sys.stdin.readline()
    Path(sys.argv[1], "order").write_text("first")
"""


class Told:
    """A Reporter that calls back when there is something to wait for."""

    def __init__(self, waits: Callable[[str], None]) -> None:
        self._waits = waits

    def phase(self, name: str) -> None: ...

    def found(self, id: ModuleId, total: int) -> None: ...

    def fetching(self, files: int, size: int) -> None: ...

    def fetched(self, size: int) -> None: ...

    def waiting(self, what: str, seconds: float) -> None:  # noqa: ARG002
        self._waits(what)

    def detail(self, message: str) -> None: ...


def test_two_syncs_of_one_tree_wait_for_each_other(bench: Bench) -> None:
    """The second says so, and goes on when the first is through; another tree is not concerned."""
    said: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(bench.tree.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdin is not None
        assert first.stdout.readline() == "held\n"
        stdin = first.stdin

        def go_on(what: str) -> None:
            said.append(what)
            stdin.write("go on\n")
            stdin.flush()

        with bench.tree.locked(Told(go_on)):
            assert (bench.tree.root / "order").read_text() == "first"
        with Tree(bench.root / "other").locked(SILENT):
            pass
    assert said == [f"another sync of {bench.tree.root}"]


def test_threads_of_one_program_wait_too(bench: Bench) -> None:
    """Each sync finds the tree whole, so one of them does the work."""
    pins = [bench.pin("a/A", A1, ONE), bench.pin("b/B", B1, ONE)]
    done: list[int] = []
    threads = [threading.Thread(target=lambda: done.append(len(bench.sync(*pins).plan.writes))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [0, 0, 0, 2]


# --- being killed ----------------------------------------------------------------------------------------------------


def test_what_a_killed_sync_left_is_cleared(bench: Bench) -> None:
    bench.write(".flowverse/staging/a/A/half.py", b"ha")
    bench.write(".flowverse/trash/b/B/old.py", b"old")
    bench.write(".flowverse/index.next.json", b"{")
    pin = bench.pin("a/A", A1, ONE)
    bench.sync(pin)
    assert bench.is_whole(pin, A1)
    assert {path.name for path in bench.tree.private.iterdir()} <= {".gitignore", "index.json", "lock"}


def not_at_all(what: str) -> None:
    """Who is dead holds nothing that others wait for."""
    raise AssertionError(what)


@pytest.mark.parametrize("swaps", [True, False], ids=["exchange", "two renames"])
def test_a_sync_that_is_killed_anywhere_is_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swaps: bool) -> None:
    """Before each of its changes to the disk.

    Every folder is the old or the new one (or not there, where a system cannot swap two), no edit is lost, and the next
    sync ends where an unbroken one does.
    """
    if not swaps:
        monkeypatch.setattr("flowverse._tree.exchange", lambda one, other: False)  # noqa: ARG005
    at, alive = 0, False
    while not alive:
        bench = Bench(tmp_path / f"killed-{at}")
        old, edited, gone = bench.pin("a/A", A1, ONE), bench.pin("b/B", B1, ONE), bench.pin("d/D", B1, ONE)
        bench.sync(old, edited, gone)
        bench.write("b/B/b.py", b"mine")
        moved, over, new = (
            bench.pin("a/A", A2, TWO),
            bench.pin("b/B", {"b.py": b"new"}, THREE),
            bench.pin("c/C", A1, ONE),
        )
        with watched(dies_at=at), suppress(Killed):
            bench.sync(moved, over, new, overwrite=["b/B"])
            alive = True
        for before, after in (((old, A1), (moved, A2)), ((edited, {"b.py": b"mine"}), (over, {"b.py": b"new"}))):
            absent = not bench.tree.place(before[0].id).exists()
            assert bench.is_whole(*before) or bench.is_whole(*after) or (absent and not swaps), at
        assert bench.holds("c/C") in ({}, A1), at
        assert b"mine" in contents(bench.tree.root).values(), at
        bench.sync(moved, over, new, overwrite=["b/B"], reporter=Told(not_at_all))
        for pin, files in ((moved, A2), (over, {"b.py": b"new"}), (new, A1)):
            assert bench.is_whole(pin, files), (at, pin.id)
        assert not (bench.tree.root / "d").exists(), at
        assert b"mine" in contents(bench.tree.private / "backups").values(), at
        assert not bench.tree.interrupted
        assert set(bench.tree.load().modules) == {mid("a/A"), mid("b/B"), mid("c/C")}
        assert bench.sync(moved, over, new, overwrite=["b/B"], reporter=Told(not_at_all)).plan.steps == (), at
        at += 1
    assert at > 30


def test_the_record_of_a_killed_sync_counts_as_far_as_it_got(bench: Bench) -> None:
    """Known by FLOW_MODULE_ID: what was moved in place has its base, what was not has its old one."""
    a, b = bench.pin("a/A", A1, ONE), bench.pin("b/B", B1, ONE)
    bench.sync(a, b)
    before = bench.tree.load()
    bench.sync(bench.pin("a/A", A2, TWO), bench.pin("b/B", A2, TWO))
    meant = bench.tree.load()
    (bench.tree.place(b.id) / "FLOW_MODULE_ID").write_text(f"b/B:main\n{ONE}\n")
    bench.tree.announce(meant)
    bench.tree.index_path.write_text(Index(modules=before.modules).dump(1 << 62))
    assert bench.tree.interrupted
    assert {str(id): record.commit for id, record in bench.tree.load().modules.items()} == {"a/A": TWO, "b/B": ONE}


def test_what_the_disk_refuses_is_a_sentence(bench: Bench) -> None:
    """The tree's folder is a file."""
    bench.root.mkdir()
    (bench.root / "flow_modules").write_bytes(b"")
    with pytest.raises(TreeError) as caught:
        bench.sync(bench.pin("a/A", A1, ONE))
    assert os.fspath(bench.tree.root) in str(caught.value)
