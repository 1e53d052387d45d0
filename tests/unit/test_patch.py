"""Patches: whatever was edited is in one, leads there again from the pin, and is what `git apply` makes of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from flowverse._digest import sha256
from flowverse._edits.diff import FileVersion, file_diff, quoted
from flowverse._edits.patch import Patch, make_patch, parse_patch, patched_pin
from flowverse.errors import BrokenPatch
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.making import ONE, TWO, hub_pin, mid

ID = mid("a/A")
Versions = dict[str, "FileVersion | None"]

NAMES = ["a.py", "b c.txt", "sub/ü.py", "sub/deep/x.bin", 'quo"te.txt', "tab\u2028.txt"]
LINES = st.sampled_from(
    [b"one\n", b"two\n", b"three\r\n", b"\xff\xfe\n", b"diff --git a/x b/x\n", b"\\ No\n", b"@@ -1 +1 @@\n", b""]
)
TEXTS = st.lists(LINES, max_size=30).map(b"".join) | st.lists(LINES, max_size=5).map(
    lambda lines: b"".join(lines) + b"no end"
)
CONTENTS = TEXTS | st.binary(max_size=200) | st.binary(max_size=60).map(lambda data: b"\0" + data)
VERSIONS = st.none() | st.builds(FileVersion, content=CONTENTS, executable=st.booleans())
TREES = st.fixed_dictionaries(dict.fromkeys(NAMES, VERSIONS))


def changes(old: Versions, new: Versions) -> dict[str, tuple[FileVersion | None, FileVersion | None]]:
    return {path: (old[path], new[path]) for path in old}


def applied(patch: Patch, old: Versions) -> Versions:
    found = dict(old)
    for path in patch.paths:
        before = old[path]
        found[path] = patch.apply(path, before.content if before else None)
    return found


@given(TREES, TREES)
def test_a_patch_leads_where_it_was_made(old: Versions, new: Versions) -> None:
    """Bytes, modes, files that come and go: all of it, and nothing where nothing differs."""
    patch = make_patch(ID, ONE, changes(old, new))

    if patch is None:
        assert old == new
        return
    again = parse_patch(ID, patch.text)
    assert again == patch
    assert applied(again, old) == new
    assert {path for path in old if old[path] != new[path]} == set(patch.paths)
    pin = hub_pin("a/A", {path: version.content for path, version in old.items() if version}, commit=ONE)
    entries = {entry.path: entry.sha256 for entry in patched_pin(pin, patch).files}
    assert entries == {path: sha256(version.content) for path, version in new.items() if version}


def lay(folder: Path, versions: Versions) -> None:
    for path, version in versions.items():
        if version is not None:
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(version.content)
            file.chmod(0o755 if version.executable else 0o644)


def read(folder: Path) -> Versions:
    found: Versions = dict.fromkeys(NAMES)
    for path in NAMES:
        file = folder / path
        if file.is_file():
            found[path] = FileVersion(content=file.read_bytes(), executable=bool(file.stat().st_mode & 0o100))
    return found


OLD: Versions = {
    "a.py": FileVersion(content=b"".join(b"line %d\n" % number for number in range(60))),
    "b c.txt": FileVersion(content=b"one\r\ntwo\r\nno end"),
    "sub/ü.py": FileVersion(content=b"gone\n"),
    "sub/deep/x.bin": FileVersion(content=bytes(range(256)) * 3),
    'quo"te.txt': None,
    "tab\u2028.txt": FileVersion(content=b"#!/bin/sh\n"),
}
NEW: Versions = {
    "a.py": FileVersion(
        content=b"first\n" + b"".join(b"line %d\n" % n for n in range(60) if n not in {7, 9, 31}) + b"\xe9"
    ),
    "b c.txt": FileVersion(content=b"one\r\nzwei\r\nno end\r\n"),
    "sub/ü.py": None,
    "sub/deep/x.bin": FileVersion(content=bytes(range(255, -1, -1)) * 5),
    'quo"te.txt': FileVersion(content=b"", executable=True),
    "tab\u2028.txt": FileVersion(content=b"#!/bin/sh\n", executable=True),
}


def test_git_applies_a_patch(tmp_path: Path) -> None:
    """So that it can be sent to the module's owner: what is changed, added, deleted, binary, and made executable."""
    lay(tmp_path, OLD)
    patch = make_patch(ID, ONE, changes(OLD, NEW))
    assert patch is not None
    (tmp_path / "the.patch").write_bytes(patch.text)

    done = subprocess.run(["git", "apply", "the.patch"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert read(tmp_path) == NEW


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_a_diff_counts_its_lines(old: bytes, new: bytes) -> None:
    """As many as it shows with a plus or a minus."""
    diff = file_diff("x", FileVersion(content=old), FileVersion(content=new), binary=False)

    if diff.added is not None and diff.deleted is not None:
        assert new.count(b"\n") - old.count(b"\n") in range(
            diff.added - diff.deleted - 1, diff.added - diff.deleted + 2
        )
    else:
        assert b"Binary files" in diff.text


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text.replace(b"patch 1", b"patch 2", 1), "a newer flowverse wrote it"),
        (lambda _: b"diff --git a/x b/x\n", "it does not begin as a patch of flowverse"),
        (lambda text: text.replace(b"module a/A", b"module a/B", 1), "it is of another module"),
        (lambda text: text.replace(b"# commit 1", b"# commit x", 1), "it does not say which commit it is for"),
        (lambda text: text.replace(b"# deleted sub", b"# removed sub", 1), "it has a line that cannot be read"),
        (lambda text: text.replace(b"# deleted sub", b"# deleted ../s", 1), "it has a line that cannot be read"),
        (lambda text: text.replace(b"# deleted sub/\xc3\xbc.py\n", b""), "it has a file that is not named at its top"),
        (lambda text: text.partition(b"diff --git")[0], "its files are not those that it names at its top"),
        (lambda text: text.replace(b"-line 31\n", b"-line 30\n"), "it does not fit a.py"),
        (lambda text: text.replace(b"+first\n", b"+second\n"), "it does not lead to what it promises for a.py"),
        (lambda text: text.replace(b"literal 1280", b"literal 7"), "it does not fit sub/deep/x.bin"),
    ],
)  # fmt: skip
def test_a_broken_patch(change: object, why: str) -> None:
    """Whatever somebody or a merge did to it, it is used as a whole or not at all."""
    patch = make_patch(ID, ONE, changes(OLD, NEW))
    assert patch is not None
    text = change(patch.text)  # type: ignore[operator]
    assert text != patch.text

    with pytest.raises(BrokenPatch) as caught:
        applied(parse_patch(ID, text), OLD)
    assert why in str(caught.value)


def test_a_patch_of_another_commit() -> None:
    """It is not applied to what it was not made for."""
    patch = make_patch(ID, TWO, {"x": (None, FileVersion(content=b"x"))})
    assert patch is not None
    with pytest.raises(BrokenPatch, match="it is for 2222222, and 1111111 is locked"):
        patched_pin(hub_pin("a/A", commit=ONE), patch)


def test_a_name_that_no_module_can_have() -> None:
    """It would lead out of the folder, or nobody else could have it."""
    with pytest.raises(BrokenPatch, match=r"the file 'a\\nb' has a character that cannot be printed"):
        make_patch(ID, ONE, {"a\nb": (None, FileVersion(content=b""))})


def test_names_as_git_writes_them() -> None:
    """In quotes only where they must be."""
    assert [quoted(name) for name in ("a b", "ü", 'a"', "\u2028")] == ["a b", "ü", '"a\\""', '"\\342\\200\\250"']
