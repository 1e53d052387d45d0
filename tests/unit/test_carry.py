"""A patch that goes along when its module moves to another commit."""

from __future__ import annotations

from collections.abc import Mapping

from flowverse._edits.carry import carry
from flowverse._edits.diff import FileVersion
from flowverse._edits.patch import Patch, make_patch
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.making import ONE, TWO, mid

ID = mid("a/A")
Files = Mapping[str, "bytes | None"]


def patch_of(old: Files, new: Files, *executable: str) -> Patch:
    changes = {
        path: (
            FileVersion(content=before) if (before := old.get(path)) is not None else None,
            FileVersion(content=after, executable=path in executable) if (after := new[path]) is not None else None,
        )
        for path in new
    }
    patch = make_patch(ID, ONE, changes)
    assert patch is not None
    return patch


def carried(old: Files, mine: Files, theirs: Files, *executable: str) -> tuple[Files | None, tuple[str, ...]]:
    """What the patch makes of the other commit, None if there is none left; and what conflicts."""
    patch = patch_of(old, mine, *executable)
    found, conflicts = carry(patch, TWO, old, theirs, label="label")
    if found is None:
        return None, conflicts
    assert found.commit == TWO
    after = dict(theirs)
    for path in found.paths:
        version = found.apply(path, theirs.get(path))
        after[path] = version.content if version is not None else None
    return after, conflicts


LINES = "".join(f"{number}\n" for number in range(20)).encode()


def test_both_changes_are_there() -> None:
    """What the patch changes, and what the module's owner did."""
    old = {"a.py": LINES, "b.py": b"b\n"}
    mine = {"a.py": LINES.replace(b"3\n", b"mine\n", 1)}
    theirs = {"a.py": LINES.replace(b"15\n", b"theirs\n"), "b.py": b"B\n", "c.py": b"c\n"}
    after, conflicts = carried(old, mine, theirs)
    assert after == {**theirs, "a.py": LINES.replace(b"3\n", b"mine\n", 1).replace(b"15\n", b"theirs\n")}
    assert conflicts == ()


def test_nothing_is_left_where_the_owner_did_the_same() -> None:
    """Changed, added and deleted alike: then there is no patch any more, and no conflict."""
    old = {"a.py": b"a\n", "b.py": b"b\n"}
    mine = {"a.py": b"A\n", "b.py": None, "c.py": b"c\n"}
    assert carried(old, mine, {"a.py": b"A\n", "c.py": b"c\n"}) == (None, ())


def test_every_conflict_is_named() -> None:
    """And then there is no patch, not even of what would fit."""
    old = {"a.py": b"a\n", "b.py": b"b\n", "c.py": b"c\n", "d.bin": b"\0", "fits.py": b"f\n"}
    mine = {"a.py": b"A\n", "b.py": None, "c.py": b"C\n", "d.bin": b"\0mine", "fits.py": b"F\n", "new.py": b"n\n"}
    theirs = {"a.py": b"theirs\n", "b.py": b"B\n", "d.bin": b"\0theirs", "fits.py": b"f\n", "new.py": b"N\n"}
    assert carried(old, mine, theirs) == (None, ("a.py", "b.py", "c.py", "d.bin", "new.py"))


def test_what_is_executable_stays_so() -> None:
    """Though the owner changed it meanwhile."""
    patch = patch_of({"run": LINES}, {"run": b"#!/bin/sh\n" + LINES}, "run")
    found, _ = carry(patch, TWO, {"run": LINES}, {"run": LINES + b"more\n"}, label="label")
    assert found is not None
    version = found.apply("run", LINES + b"more\n")
    assert version == FileVersion(content=b"#!/bin/sh\n" + LINES + b"more\n", executable=True)


CONTENTS = st.none() | st.sampled_from([b"", b"a\n", b"b\r\n", b"\0", b"\xff"])
TREES = st.fixed_dictionaries({"a": CONTENTS, "b/c": CONTENTS})


@given(TREES, TREES, st.booleans())
def test_an_owner_who_changed_nothing(old: Files, mine: Files, deleted: bool) -> None:
    """The patch leads to the same content from the new commit."""
    if mine == old:
        return
    theirs = {**old, "other": None if deleted else b"x"}
    assert carried(old, mine, theirs) == ({**theirs, **mine}, ())
