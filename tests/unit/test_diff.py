"""Unified diffs: what a person reads of an edit. (That git applies them is in test_patch.py.)"""

from __future__ import annotations

import pytest
from flowverse._edits.diff import FileVersion, file_diff, hunks
from flowverse._edits.texts import lines_of


def diff(old: bytes | None, new: bytes | None, path: str = "a.py", *, executable: bool = False) -> str:
    """The text of a diff, from its names on."""
    before = FileVersion(content=old) if old is not None else None
    after = FileVersion(content=new, executable=executable) if new is not None else None
    return file_diff(path, before, after, binary=False, prefix="tree/").text.decode("latin-1")


def test_a_change_has_three_lines_around_it() -> None:
    """And ids in short."""
    old = "".join(f"{number}\n" for number in range(1, 11)).encode()
    assert diff(old, old.replace(b"5\n", b"five\n")) == (
        "diff --git a/tree/a.py b/tree/a.py\n"
        "index f00c965..33011fd 100644\n"
        "--- a/tree/a.py\n"
        "+++ b/tree/a.py\n"
        "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
    )


@pytest.mark.parametrize(("gap", "number"), [(6, 1), (7, 2)])
def test_changes_that_are_near_are_shown_together(gap: int, number: int) -> None:
    """As soon as there is a line between them that neither needs, they are two."""
    old = [b"x\n", *[b"%d\n" % line for line in range(gap)], b"y\n"]
    found = b"".join(hunks(old, [b"X\n", *old[1:-1], b"Y\n"]))
    assert found.count(b"@@ -") == number


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        (b"", b"a\n", "@@ -0,0 +1 @@"),
        (b"a\n", b"", "@@ -1 +0,0 @@"),
        (b"a\nb\n", b"", "@@ -1,2 +0,0 @@"),
        (b"1\n2\n3\n4\n5\n", b"1\n2\n3\n4\n5\n6\n", "@@ -3,3 +3,4 @@"),
        (b"a\n", b"b\n", "@@ -1 +1 @@"),
    ],
)
def test_where_a_change_is(old: bytes, new: bytes, where: str) -> None:
    """Lines count from 1; nothing is where the line before it is."""
    assert next(iter(hunks(lines_of(old), lines_of(new)))).decode() == f"{where}\n"


def test_a_last_line_without_an_end_is_said() -> None:
    """On either side."""
    assert diff(b"a\nb", b"a\nb\n").endswith("@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n")
    assert diff(b"a\nb\n", b"a\nb").endswith("@@ -1,2 +1,2 @@\n a\n-b\n+b\n\\ No newline at end of file\n")
    assert diff(b"x\nb", b"y\nb").endswith("-x\n+y\n b\n\\ No newline at end of file\n")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (None, b"x\n", ["new file mode 100644", "index 0000000..587be6b", "--- /dev/null", "+++ b/tree/a.py", "+x"]),
        (
            b"x\n",
            None,
            ["deleted file mode 100644", "index 587be6b..0000000", "--- a/tree/a.py", "+++ /dev/null", "-x"],
        ),
        (None, b"", ["new file mode 100644", "index 0000000..e69de29"]),
        (b"", None, ["deleted file mode 100644", "index e69de29..0000000"]),
        (b"\0", b"\0\0", ["Binary files a/tree/a.py and b/tree/a.py differ"]),
        (None, b"\0", ["new file mode 100644", "Binary files /dev/null and b/tree/a.py differ"]),
        (b"\xe9\r\n", b"\xe8\r\n", ["-\xe9\r", "+\xe8\r"]),
    ],
)
def test_files_that_come_go_and_are_no_text(old: bytes | None, new: bytes | None, words: list[str]) -> None:
    """As git says it."""
    lines = diff(old, new).split("\n")
    assert [word for word in words if word not in lines] == []


def test_a_mode_alone() -> None:
    """Nothing but the two modes."""
    assert diff(b"x\n", b"x\n", executable=True) == (
        "diff --git a/tree/a.py b/tree/a.py\nold mode 100644\nnew mode 100755\n"
    )


def test_a_name_with_a_space_ends_at_a_tab() -> None:
    """So that programs that read diffs see where it ends."""
    assert "+++ b/tree/a b.py\t\n" in diff(b"x\n", b"y\n", "a b.py")


def test_counts_are_of_lines() -> None:
    """Those of a file that is no text are not known."""
    found = file_diff("x", FileVersion(content=b"1\n2\n3\n"), FileVersion(content=b"1\n3\n4\n5\n"), binary=False)
    assert (found.added, found.deleted) == (2, 1)
    found = file_diff("x", None, FileVersion(content=b"\0"), binary=True)
    assert (found.added, found.deleted) == (None, None)
