"""Merging three versions of a file: nothing that somebody wrote is lost, and only a text gets markers."""

from __future__ import annotations

import sys

import pytest
from flowverse._edits.merge import MARKERS, has_markers, merge_file
from flowverse._edits.texts import LARGEST, lines_of
from flowverse.errors import MergerMissing
from hypothesis import assume, given
from hypothesis import strategies as st

LABEL = "a/A@main (1234567)"
B, M, T = b"base\n", b"mine\n", b"theirs\n"
MODIFIED, DELETED = "you changed it, and it was deleted there", "you deleted it, and it was changed there"
SAME_LINES = "both changed the same lines"


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "content", "conflict"),
    [
        (None, None, None, None, ""),
        (None, M, None, M, ""),
        (None, None, T, T, ""),
        (None, M, M, M, ""),
        (B, B, B, B, ""),
        (B, None, B, None, ""),
        (B, M, B, M, ""),
        (B, B, None, None, ""),
        (B, B, T, T, ""),
        (B, None, None, None, ""),
        (B, M, M, M, ""),
        (B, None, T, T, DELETED),
        (B, M, None, M, MODIFIED),
        (B, b"", None, b"", MODIFIED),
        (B, None, b"", b"", DELETED),
    ],
)
def test_what_becomes_of_a_file(
    base: bytes | None, mine: bytes | None, theirs: bytes | None, content: bytes | None, conflict: str
) -> None:
    """What one side did counts; where one deleted what the other changed, the content stays and a person is asked."""
    merged = merge_file(base, mine, theirs, label=LABEL)
    assert (merged.content, merged.conflict) == (content, conflict)


@pytest.mark.parametrize("base", [None, B])
def test_both_changed_the_same_lines(base: bytes | None) -> None:
    """Both are there, between markers that say whose they are."""
    merged = merge_file(base, M, T, label=LABEL)
    assert merged.conflict == SAME_LINES
    assert merged.content == b"<<<<<<< edited here\nmine\n=======\ntheirs\n>>>>>>> a/A@main (1234567)\n"


def test_lines_that_both_have_stay_outside_of_the_markers() -> None:
    """As few lines as possible are for a person to look at."""
    merged = merge_file(b"1\n", b"same\nmine\nsame too\n", b"same\ntheirs\nsame too\n", label=LABEL)
    assert merged.content is not None
    assert lines_of(merged.content)[0] == b"same\n"
    assert lines_of(merged.content)[-1] == b"same too\n"
    assert merged.content.count(b"same too\n") == 1


@pytest.mark.parametrize(
    ("mine", "theirs"), [(b"a\nmine", b"a\ntheirs\n"), (b"a\nmine\n", b"a\ntheirs"), (b"a\nmine", b"a\ntheirs")]
)
def test_a_marker_stands_on_a_line_of_its_own(mine: bytes, theirs: bytes) -> None:
    """Also where a file's last line has no end."""
    merged = merge_file(b"a\nbase", mine, theirs, label=LABEL)
    assert merged.content is not None
    assert [line[:7] for line in lines_of(merged.content)] == [
        b"a\n",
        b"<<<<<<<",
        b"mine\n",
        b"=======",
        b"theirs\n",
        b">>>>>>>",
    ]


def test_no_end_of_the_last_line_is_kept() -> None:
    """It is no reason for a conflict elsewhere, and is as whoever changed it wants it."""
    base = b"1\n2\n3\n4"
    assert merge_file(base, b"one\n2\n3\n4", b"1\n2\n3\n4\n", label=LABEL).content == b"one\n2\n3\n4\n"
    assert merge_file(base, b"one\n2\n3\n4", b"1\n2\nthree\n4", label=LABEL).content == b"one\n2\nthree\n4"


LF = b"1\n2\n3\n4\n5\n"
CRLF = LF.replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "expected"),
    [
        (CRLF, CRLF.replace(b"2", b"mine"), CRLF.replace(b"4", b"theirs"), b"1\r\nmine\r\n3\r\ntheirs\r\n5\r\n"),
        (LF, CRLF.replace(b"2", b"mine"), LF.replace(b"4", b"theirs"), b"1\r\nmine\r\n3\r\ntheirs\r\n5\r\n"),
        (CRLF, LF.replace(b"2", b"mine"), CRLF.replace(b"4", b"theirs"), b"1\nmine\n3\ntheirs\n5\n"),
        (LF, LF.replace(b"2", b"mine"), CRLF.replace(b"4", b"theirs"), b"1\r\nmine\r\n3\r\ntheirs\r\n5\r\n"),
        (CRLF, CRLF.replace(b"2", b"mine"), LF.replace(b"4", b"theirs"), b"1\nmine\n3\ntheirs\n5\n"),
        (LF, LF.replace(b"2", b"mine"), CRLF, b"1\r\nmine\r\n3\r\n4\r\n5\r\n"),
        (LF, CRLF, LF.replace(b"4", b"theirs"), b"1\r\n2\r\n3\r\ntheirs\r\n5\r\n"),
    ],
)  # fmt: skip
def test_an_editor_that_changes_every_line_end(base: bytes, mine: bytes, theirs: bytes, expected: bytes) -> None:
    """Whoever changed the ends, the lines are merged, and the ends are the changed ones."""
    merged = merge_file(base, mine, theirs, label=LABEL)
    assert (merged.content, merged.conflict) == (expected, "")


@pytest.mark.parametrize("base", [LF, CRLF])
@pytest.mark.parametrize("theirs", [LF, CRLF])
def test_markers_end_as_the_lines_of_the_file_do(base: bytes, theirs: bytes) -> None:
    """A file with CRLF has it in every line, also in those of the markers, and one with LF has no CR."""
    mine = CRLF.replace(b"3", b"mine")
    merged = merge_file(base, mine, theirs.replace(b"3", b"theirs"), label=LABEL)
    assert merged.conflict == SAME_LINES
    assert merged.content is not None
    assert has_markers(merged.content)
    assert merged.content.count(b"\r\n") in {0, merged.content.count(b"\n")}


@pytest.mark.parametrize(
    "encode",
    [lambda text: text.encode("latin-1"), lambda text: ("\ufeff" + text).encode(), lambda text: text.encode("cp1252")],
)
def test_any_encoding_is_merged_as_it_is(encode: object) -> None:
    """Latin-1, or UTF-8 with its mark at the beginning: no byte is read as a character."""
    text = "café\n1\n2\n3\nnaïve\n"
    base, mine, theirs = (encode(one) for one in (text, text.replace("1", "é"), text.replace("3", "ü")))  # type: ignore[operator]
    merged = merge_file(base, mine, theirs, label=LABEL)
    assert merged.content == encode(text.replace("1", "é").replace("3", "ü"))  # type: ignore[operator]
    assert merged.conflict == ""


BINARIES = {
    "NUL": (b"\0base", b"\0mine", b"\0theirs"),
    "UTF-16": tuple(f"1\n2\n{word}\n".encode("utf-16") for word in ("base", "mine", "theirs")),
    "one of the three": (b"1\n", b"2\n", b"\0"),
    "huge": tuple(b"%d\n" % number + b"x\n" * (LARGEST // 2) for number in range(3)),
    "both added": (None, b"\0mine", b"\0theirs"),
}


@pytest.mark.parametrize("name", BINARIES)
def test_what_is_no_text_gets_no_markers(name: str) -> None:
    """A person's version stays as it is to the byte, and they are told to look at it."""
    base, mine, theirs = BINARIES[name]
    assert mine is not None
    merged = merge_file(base, mine, theirs, label=LABEL)
    assert merged.content == mine
    assert merged.conflict == "both changed it, and it is no text; yours is kept"


def test_the_library_that_merges_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said which, and how it comes."""
    monkeypatch.setitem(sys.modules, "merge3", None)
    with pytest.raises(MergerMissing, match="merge3 is not installed"):
        merge_file(B, M, T, label=LABEL)
    assert merge_file(B, M, B, label=LABEL).content == M


# --- for all files ---------------------------------------------------------------------------------------------------

CONTENTS = st.none() | st.lists(
    st.sampled_from([b"a\n", b"b\n", b"c\r\n", b"\n", b"\xe9\n", b"d"]), max_size=8
).map(b"".join) | st.binary(max_size=20)  # fmt: skip


@given(CONTENTS, CONTENTS)
def test_what_only_one_side_changed_is_taken_to_the_byte(base: bytes | None, other: bytes | None) -> None:
    """Whatever it is, and whoever it was; and what both changed alike is no conflict."""
    for mine, theirs in ((other, base), (base, other), (other, other)):
        merged = merge_file(base, mine, theirs, label=LABEL)
        assert (merged.content, merged.conflict) == (other, "")


@st.composite
def versions(draw: st.DrawFn) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Three versions of lines that are all different, so that it can be said of each what became of it."""
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    base = [b"line %d%s" % (number, end) for number in range(draw(st.integers(0, 8)))]

    def edited(who: bytes) -> list[bytes]:
        lines: list[bytes] = []
        for number in range(len(base) + 1):
            what = draw(st.sampled_from(["keep", "keep", "keep", "change", "delete", "add"]))
            if what in {"change", "add"}:
                lines.append(b"%s %d%s" % (who, number, end))
            if what in {"keep", "add"}:
                lines += base[number : number + 1]
        return lines

    return base, edited(b"mine"), edited(b"theirs")


@given(versions())
def test_no_line_of_either_side_is_lost(lines: tuple[list[bytes], list[bytes], list[bytes]]) -> None:
    """What somebody wrote is there, and what nobody deleted; what one side deleted is gone if they do not conflict."""
    base, mine, theirs = lines
    merged = merge_file(*(b"".join(side) for side in lines), label=LABEL)
    assert merged.content is not None
    found = lines_of(merged.content)
    written = {line for line in (*mine, *theirs) if line not in base}
    assert written <= set(found)
    assert {line for line in base if line in mine and line in theirs} <= set(found)
    if not merged.conflict:
        assert all(found.count(line) == 1 for line in found)
        assert not {line for line in base if line not in mine or line not in theirs} & set(found)
    assert bool(merged.conflict) == has_markers(merged.content)


@given(versions())
def test_a_conflict_holds_both_sides_whole(lines: tuple[list[bytes], list[bytes], list[bytes]]) -> None:
    """To take one side of every conflict leaves all that this side wrote, in its order."""
    _, mine, theirs = lines
    merged = merge_file(*(b"".join(side) for side in lines), label=LABEL)
    assert merged.content is not None
    assume(merged.conflict)
    for side, own in ((0, mine), (1, theirs)):
        taken, where = [], None
        for line in lines_of(merged.content):
            marks = [number for number, mark in enumerate(MARKERS) if line.startswith(mark)]
            if marks:
                where = marks[0] if marks[0] < 2 else None
            elif where in {None, side}:
                taken.append(line)
        word = b"mine" if side == 0 else b"theirs"
        assert [line for line in taken if line.startswith(word)] == [line for line in own if line.startswith(word)]


@given(st.integers(0, 3), st.integers(8, 11), st.sampled_from([b"\n", b"\r\n"]), st.booleans())
def test_edits_that_are_apart_are_both_there(first: int, second: int, end: bytes, swap: bool) -> None:
    """And nothing else is different."""
    base = [b"%d%s" % (number, end) for number in range(12)]
    one = [*base[:first], b"one" + end, *base[first + 1 :]]
    other = [*base[:second], b"other" + end, *base[second + 1 :]]
    both = [*base[:first], b"one" + end, *base[first + 1 : second], b"other" + end, *base[second + 1 :]]
    mine, theirs = (other, one) if swap else (one, other)
    merged = merge_file(b"".join(base), b"".join(mine), b"".join(theirs), label=LABEL)
    assert (merged.content, merged.conflict) == (b"".join(both), "")


@pytest.mark.parametrize(
    ("content", "marked"),
    [
        (b"", False),
        (b"<<<<<<< x\n=======\n>>>>>>> y\n", True),
        (b"a\r\n<<<<<<< x\r\n=======\r\n>>>>>>> y\r\n", True),
        (b"Title\n=======\n", False),
        (b"<<<<<<< x\n=======\n", False),
        (b" <<<<<<< x\n =======\n >>>>>>> y\n", False),
        (b"\0<<<<<<< x\n=======\n>>>>>>> y\n", False),
    ],
)
def test_what_has_markers(content: bytes, marked: bool) -> None:
    """All three, each at the beginning of a line; a line below a title is none."""
    assert has_markers(content) is marked


def test_markers_in_a_text_that_has_become_too_large() -> None:
    """Each side could be merged, and both sides together are more than that: it is not resolved for it."""
    base, mine, theirs = (
        b"%d\n" % number + word * (LARGEST // 4) for number, word in enumerate((b"b\n", b"m\n", b"t\n"))
    )
    merged = merge_file(base, mine, theirs, label=LABEL).content
    assert merged is not None
    assert len(merged) > LARGEST
    assert has_markers(merged)
