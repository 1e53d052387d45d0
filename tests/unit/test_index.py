"""The record of a tree: every edit is seen, bytecode is none, and a broken record is as good as none."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from flowverse._digest import sha256
from flowverse._index import Index, Record, Seen, edit_of, is_bytecode, look, looks_same, stat_row
from flowverse.model import MODULE_ID_FILE, Edit
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.making import ONE, mid

ID = mid("a/A")
FILES = {"a.py": b"one", "b/c.py": b"two", "b/d.yaml": b"three"}
LONG_AGO = 1_000_000_000_000_000_000
"""Nanoseconds since 1970."""


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: sha256(content) for path, content in files.items()}


def recorded(folder: Path, files: Mapping[str, bytes], clock: int) -> Record:
    """What a sync records of a folder, read back from the disk; what changed in the tick `clock` is not believed."""
    record = Record(id=ID, revision="main", commit=ONE, files=look(str(folder), hashes(files), {}))
    path = folder.parent / "index.json"
    path.write_text(Index(modules={ID: record}).dump(clock), encoding="utf-8")
    return Index.load(path).modules[ID]


def now(folder: Path) -> int:
    """The time of the file system, in nanoseconds."""
    path = folder.parent / "clock"
    path.write_bytes(b"")
    return path.stat().st_mtime_ns


LATER = 1 << 62
"""A tick in which no file of a test was changed."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "A", FILES)
    return tmp_path / "A"


# --- the property ----------------------------------------------------------------------------------------------------

PATHS = st.sampled_from(["a.py", "b/c.py", "b/d.yaml", "new.py", "b/new/x.txt", MODULE_ID_FILE + ".bak"])
CONTENTS = st.sampled_from([b"one", b"two", b"xyz", b"longer than before", b""])
BYTECODE = st.sampled_from(["a.pyc", "b/c.pyo", "__pycache__/a.cpython-313.pyc", "b/__pycache__/whatever"])
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), PATHS, CONTENTS),
        st.tuples(st.just("disguise"), PATHS, CONTENTS),
        st.tuples(st.just("delete"), PATHS, st.none()),
        st.tuples(st.just("rename"), PATHS, PATHS),
        st.tuples(st.just("compile"), BYTECODE, CONTENTS),
    ),
    max_size=6,
)


def carry_out(folder: Path, files: dict[str, bytes], what: str, path: str, more: str | bytes | None) -> None:
    """Do something to a folder as a person would, and to the dictionary that says what is in it."""
    if what == "compile" and isinstance(more, bytes):
        write(folder, {path: more})
    elif what == "write" and isinstance(more, bytes):
        write(folder, {path: more})
        files[path] = more
    elif what == "disguise" and isinstance(more, bytes) and path in files:
        stat = (folder / path).stat()
        (folder / path).write_bytes(more)
        os.utime(folder / path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        files[path] = more
    elif what == "delete" and path in files:
        (folder / path).unlink()
        del files[path]
    elif what == "rename" and isinstance(more, str) and path in files and path != more:
        (folder / more).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).replace(folder / more)
        files[more] = files.pop(path)


def difference(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Edit:
    return Edit(
        changed=tuple(sorted(path for path in before if path in after and before[path] != after[path])),
        added=tuple(sorted(path for path in after if path not in before)),
        deleted=tuple(sorted(path for path in before if path not in after)),
    )


@given(st.booleans(), OPERATIONS)
def test_whatever_a_person_does_is_seen(old: bool, operations: list[tuple[str, str, str | bytes | None]]) -> None:
    """Adding, changing, deleting and renaming, also at once after a sync and also if the time stamp is put back."""
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base, "A")
        write(folder, FILES)
        if old:
            for path in FILES:
                os.utime(folder / path, ns=(LONG_AGO, LONG_AGO))
        record = recorded(folder, FILES, now(folder))
        files = dict(FILES)
        for operation in operations:
            carry_out(folder, files, *operation)
        expected = difference(FILES, files)
        assert edit_of(look(str(folder), hashes(FILES), record.files)) == expected
        assert not (expected and looks_same(str(folder), record))


def test_a_record_says_a_hash_twice_only_where_it_must(folder: Path) -> None:
    """Of a file that is as it was synced it has one. Records of before, of two shapes, are read as well.

    They do not say which file it was, so it is read again.
    """
    write(folder, {"a.py": b"edited"})
    record = recorded(folder, FILES, LATER)
    path = folder.parent / "index.json"
    rows = json.loads(path.read_bytes())["modules"][str(ID)]["files"]
    assert {name: len(row) for name, row in rows.items()} == {"a.py": 6, "b/c.py": 5, "b/d.yaml": 5}
    assert Index.load(path).modules[ID] == record
    document = json.loads(path.read_bytes())
    old = {name: seen._replace(inode=0) for name, seen in record.files.items()}
    for shown in (
        {name: seen[:5] for name, seen in old.items()},
        {name: seen[: 4 + (seen.now != seen.base)] for name, seen in old.items()},
    ):
        document["modules"][str(ID)]["files"] = shown
        path.write_text(json.dumps(document), encoding="utf-8")
        assert Index.load(path).modules[ID].files == old


# --- the fast answer -------------------------------------------------------------------------------------------------


def test_a_folder_that_nobody_touched_looks_the_same(folder: Path) -> None:
    """Bytecode and the generated FLOW_MODULE_ID do not count."""
    record = recorded(folder, FILES, LATER)
    write(folder, {"__pycache__/a.pyc": b"x", "b/c.pyc": b"x", MODULE_ID_FILE: b"a/A:main\n"})
    assert looks_same(str(folder), record)


@pytest.mark.parametrize("path", ["a.py", "b/c.py"])
def test_a_touched_file_needs_a_look_and_is_no_edit(folder: Path, path: str) -> None:
    """An editor that saves without a change makes no edit."""
    record = recorded(folder, FILES, LATER)
    os.utime(folder / path, ns=(LONG_AGO, LONG_AGO))
    assert not looks_same(str(folder), record)
    assert not edit_of(look(str(folder), hashes(FILES), record.files))


def test_what_was_edited_and_kept_looks_the_same(folder: Path) -> None:
    """An edit that was seen before costs no second look; and it still is an edit."""
    write(folder, {"a.py": b"edited", "new.py": b"new"})
    (folder / "b/c.py").unlink()
    record = recorded(folder, FILES, LATER)
    assert looks_same(str(folder), record)
    assert edit_of(record.files) == Edit(changed=("a.py",), added=("new.py",), deleted=("b/c.py",))
    write(folder, {"b/c.py": b"back"})
    assert not looks_same(str(folder), record)


def test_a_file_that_changed_in_the_tick_of_the_record_is_read_again(folder: Path) -> None:
    """It could change once more in that tick, and look the same."""
    tick = min((folder / path).stat().st_ctime_ns for path in FILES)
    assert not looks_same(str(folder), recorded(folder, FILES, tick))
    for path in FILES:
        os.utime(folder / path, ns=(LONG_AGO, LONG_AGO))  # as unpacking and copying do
    assert not looks_same(str(folder), recorded(folder, FILES, tick))
    assert looks_same(str(folder), recorded(folder, FILES, LATER))


def test_only_what_looks_different_is_hashed(folder: Path) -> None:
    """Files that look as before keep their hash: seen by a hash that no content has."""
    found = look(str(folder), hashes(FILES), {})
    before = {path: seen._replace(now="made up") for path, seen in found.items()}
    os.utime(folder / "a.py", ns=(LONG_AGO, LONG_AGO))
    again = look(str(folder), hashes(FILES), before)
    assert {path: seen.now for path, seen in again.items()} == {
        "a.py": sha256(b"one"),
        "b/c.py": "made up",
        "b/d.yaml": "made up",
    }


def test_a_folder_that_is_gone_does_not_look_the_same(tmp_path: Path) -> None:
    assert not looks_same(str(tmp_path / "nowhere"), Record(id=ID))


def test_links_and_pipes_are_edits(folder: Path) -> None:
    """They are neither followed nor opened, even if what is behind has the right content."""
    (folder.parent / "outside.py").write_bytes(FILES["a.py"])
    (folder / "a.py").unlink()
    (folder / "a.py").symlink_to("../outside.py")
    (folder / "b/c.py").unlink()
    os.mkfifo(folder / "b/c.py")
    (folder / "elsewhere").symlink_to(folder.parent, target_is_directory=True)
    edit = edit_of(look(str(folder), hashes(FILES), {}))
    assert edit == Edit(changed=("a.py", "b/c.py"), added=("elsewhere",))


@pytest.mark.parametrize(
    ("path", "so"),
    [
        ("a.pyc", True),
        ("b/__pycache__/x.txt", True),
        ("__pycache__/x.py", True),
        ("__pycache__", False),
        ("a.py", False),
        ("pycache/x.py", False),
    ],
)
def test_what_counts_as_bytecode(path: str, so: bool) -> None:
    """What an interpreter writes: a repository's own bytecode is not compared either, so it cannot be an edit."""
    assert is_bytecode(path) is so
    assert bool(edit_of({path: Seen(None, 1, 1, 1, "x")})) is not so


def test_a_row_says_how_a_generated_file_looks(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert stat_row(path) == []
    path.write_bytes(b"abc")
    assert stat_row(path)[0] == 3
    assert stat_row(path) == stat_row(path)


# --- the record on disk ----------------------------------------------------------------------------------------------

RECORD = Record(
    id=ID, revision="v1", commit=ONE, digest="sha256:x", behind="moved", files={"a": Seen("x", 1, 2, 3, "y")}
)
INDEX = Index(
    answers={"lock": "x"},
    generated={"__init__.py": [1, 2, 3]},
    modules={ID: RECORD, mid("b/B"): Record(id=mid("b/B"), link="/x", sources={"a.py": [1, 2, 3]})},
)


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text(INDEX.dump(LATER), encoding="utf-8")
    assert Index.load(tmp_path / "index.json") == INDEX
    assert RECORD.base == "v1 (1111111)"
    assert Record(id=ID).base == ""


def test_no_record_is_an_empty_one(tmp_path: Path) -> None:
    assert Index.load(tmp_path / "nothing") == Index()
    assert Index.load(tmp_path) == Index()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "1",
        "null",
        '{"version": 2}',
        '{"version": 1}',
        '{"version": 1, "answers": {}, "generated": {}, "modules": []}',
        '{"version": 1, "answers": {}, "generated": {}, "modules": {"no id": {"files": {}}}}',
        '{"version": 1, "answers": {}, "generated": {}, "modules": {"a/A": {}}}',
        '{"version": 1, "answers": {}, "generated": {}, "modules": {"a/A": {"files": {"x": [1]}}}}',
        '{"version": 1, "answers": {}, "generated": {}, "modules": {"a/A": {"files": {}, "new": 1}}}',
        "[" * 100_000,
    ],
)
def test_a_broken_record_is_an_empty_one(tmp_path: Path, text: str) -> None:
    """All is then looked at; nobody is told of a file that they did not write."""
    (tmp_path / "index.json").write_text(text, encoding="utf-8")
    assert Index.load(tmp_path / "index.json") == Index()


@given(st.integers(0, 1_000), st.binary(max_size=3))
def test_a_damaged_record_is_no_traceback(at: int, damage: bytes) -> None:
    """Cut off or written over anywhere."""
    content = INDEX.dump(LATER).encode()
    with tempfile.TemporaryDirectory() as base:
        path = Path(base, "index.json")
        for text in (content[:at], content[:at] + damage + content[at + len(damage) :]):
            path.write_bytes(text)
            index = Index.load(path)
            json.loads(index.dump(LATER))
