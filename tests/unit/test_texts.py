"""Files as lines of bytes: nothing of a file is lost, whatever its encoding and its line ends."""

from __future__ import annotations

import difflib
from itertools import pairwise

import pytest
from flowverse._edits.texts import LARGEST, is_text, line_end, lines_of, opcodes, with_line_end
from hypothesis import example, given
from hypothesis import strategies as st

CONTENTS = st.lists(st.sampled_from([b"a", b"b", b"\n", b"\r", b"\r\n", b"\0", b"\xe9", b"\x0c"]), max_size=20).map(
    b"".join
)
LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\r\n", b"\n", b"d"]), max_size=12)
DIFFERENT = st.lists(st.sampled_from([b"%d\n" % number for number in range(12)]), max_size=12, unique=True)


@given(CONTENTS)
def test_lines_are_all_of_a_file(content: bytes) -> None:
    r"""Put together they are the file again, and only `\n` ends one."""
    lines = lines_of(content)
    assert b"".join(lines) == content
    assert all(line.index(b"\n") == len(line) - 1 for line in lines[:-1])
    assert all(lines)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", True),
        (b"x = 1\n", True),
        ("naïve\n".encode("latin-1"), True),
        ("\ufeffx = 1\r\n".encode(), True),
        ("x = 1\n".encode("utf-16"), False),
        (b"\0", False),
        (b"x" * 7_999 + b"\0", False),
        (b"x" * 8_000 + b"\0", True),
        (b"x\n" * (LARGEST // 2), True),
        (b"x\n" * (LARGEST // 2) + b"x", False),
    ],
)
def test_what_is_a_text(content: bytes, text: bool) -> None:
    """What git takes for one: no NUL near its beginning. And not huge."""
    assert is_text(content) is text


@pytest.mark.parametrize(
    ("content", "end"),
    [
        (b"", None),
        (b"no line at all", None),
        (b"a\nb\n", b"\n"),
        (b"a\nb", b"\n"),
        (b"a\r\nb\r\n", b"\r\n"),
        (b"a\r\nb\n", None),
        (b"old\rMac\r", None),
    ],
)
def test_what_ends_the_lines_of_a_file(content: bytes, end: bytes | None) -> None:
    """Nothing is said of a file in which both do."""
    assert line_end(content) == end


@given(CONTENTS, st.sampled_from([b"\n", b"\r\n"]))
@example(content=b"\r\r\n", end=b"\n")
def test_line_ends_there_and_back(content: bytes, end: bytes) -> None:
    """Every byte is as it was, a lone carriage return before a line's end as well."""
    was = line_end(content)
    if was is not None and was != end:
        other = with_line_end(content, was, end)
        assert line_end(other) in (end, None) or b"\r\r\n" in content
        assert with_line_end(other, end, was) == content


@given(LINES, LINES)
def test_opcodes_make_the_new_lines_of_the_old(old: list[bytes], new: list[bytes]) -> None:
    """They say of every line of both what becomes of it, in order, as difflib's do."""
    check(old, new)


@given(LINES | DIFFERENT, LINES | DIFFERENT, st.sampled_from([0, 2, 9]))
def test_opcodes_of_what_is_too_much(old: list[bytes], new: list[bytes], most: int) -> None:
    """The same holds where they are taken apart, however little difflib is asked to do."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("flowverse._edits.texts._MOST_STEPS", most)
        check(old, new)
        kinds = [kind for kind, *_ in opcodes(old, new)]
    assert ("equal", "equal") not in pairwise(kinds)


def test_a_few_changes_of_a_long_file_are_few() -> None:
    """A person reads of the lines that changed, whatever lies between them."""
    old = [b"%d\n" % (number % 9_000) for number in range(10_000)]
    new = [b"first\n", *old[:7_000], b"mine\n", *old[7_001:9_990], *old[9_991:], b"last\n"]
    changed = [code for code in opcodes(old, new) if code[0] != "equal"]
    assert changed == [
        ("insert", 0, 0, 0, 1),
        ("replace", 7_000, 7_001, 7_001, 7_002),
        ("delete", 9_990, 9_991, 9_991, 9_991),
        ("insert", 10_000, 10_000, 10_000, 10_001),
    ]


def check(old: list[bytes], new: list[bytes]) -> None:
    made: list[bytes] = []
    before = (0, 0)
    for kind, a, b, c, d in opcodes(old, new):
        assert (a, c) == before
        before = (b, d)
        assert (kind == "equal") == (old[a:b] == new[c:d])
        assert (a == b, c == d) == {"insert": (True, False), "delete": (False, True)}.get(kind, (False, False))
        made += old[a:b] if kind == "equal" else new[c:d]
    assert before == (len(old), len(new))
    assert made == new


@given(LINES, LINES)
def test_opcodes_keep_as_much_as_can_be_kept_at_both_ends(old: list[bytes], new: list[bytes]) -> None:
    """And they are no more than difflib finds where neither end is the same."""
    codes = list(opcodes(old, new))
    if old and new and old[0] != new[0] and old[-1] != new[-1]:
        assert codes == difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()


def test_what_would_take_too_long_is_one_replacement() -> None:
    """Two versions with thousands of lines that all differ: said at once, not found in minutes."""
    old = [b"first\n", *[b"%d\n" % number for number in range(6_000)], b"last\n"]
    new = [b"first\n", *[b"%d\n" % -number for number in range(6_001, 12_001)], b"last\n"]
    assert list(opcodes(old, new)) == [
        ("equal", 0, 1, 0, 1),
        ("replace", 1, 6_001, 1, 6_001),
        ("equal", 6_001, 6_002, 6_001, 6_002),
    ]
