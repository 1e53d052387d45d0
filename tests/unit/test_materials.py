"""Where the files of a module come from that is built: the store, or its folder as it is."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from flowverse._digest import sha256
from flowverse._edits.materials import Materials
from flowverse._index import Record, look
from flowverse.model import FileEntry

from tests.unit.making import MemoryStore, mid

ID = mid("a/A")
CONTENT = b"x = 1\n"
ENTRY = FileEntry(path="new/x.py", size=len(CONTENT), sha256=sha256(CONTENT))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "A"
    folder.mkdir()
    (folder / "x.py").write_bytes(CONTENT)
    return folder


def materials(folder: Path, record: Record) -> Materials:
    return Materials(MemoryStore(), {}, {}, {ID: record}, lambda _: folder)


def recorded(folder: Path) -> Record:
    return Record(id=ID, files=look(str(folder), {"x.py": ENTRY.sha256}, {}))


def test_what_the_folder_has_is_taken_from_there(folder: Path, tmp_path: Path) -> None:
    """Under whatever name it is there."""
    made = materials(folder, recorded(folder))

    assert made.here(ID, ENTRY) == f"{folder}/x.py"
    assert made.copy(ID, "1" * 40, ENTRY, str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == CONTENT


def test_what_was_touched_is_not(folder: Path) -> None:
    """It does not look any more as it did when it was read."""
    made = materials(folder, recorded(folder))
    os.utime(folder / "x.py", ns=(1, 1))

    assert made.here(ID, ENTRY) is None


def test_a_record_that_is_wrong_is_found_out(folder: Path, tmp_path: Path) -> None:
    """The content is hashed on its way, whatever is said of it, and no file is left of it."""
    (folder / "x.py").write_bytes(b"x = 2\n")
    seen = look(str(folder), {}, {})["x.py"]
    made = materials(folder, Record(id=ID, files={"x.py": seen._replace(now=ENTRY.sha256)}))

    assert made.here(ID, ENTRY) is not None
    assert not made.copy(ID, "1" * 40, ENTRY, str(tmp_path / "copy"))
    assert not (tmp_path / "copy").exists()


def test_a_link_and_an_unknown_module_have_nothing(folder: Path) -> None:
    """What a link leads to is somebody else's."""
    assert materials(folder, replace(recorded(folder), link="elsewhere")).here(ID, ENTRY) is None
    assert materials(folder, recorded(folder)).here(mid("b/B"), ENTRY) is None
