"""Text of others on one line of a screen, and lines on a narrow one."""

from __future__ import annotations

import pytest
from flowverse._plain import cells, cut, fold, plain
from flowverse._render.lines import human
from hypothesis import given
from hypothesis import strategies as st

WIDE = "\N{HIRAGANA LETTER A}"
COMBINING = "e\N{COMBINING ACUTE ACCENT}"


@given(st.text())
def test_nothing_moves_a_cursor(text: str) -> None:
    """Every character has its place, and one that cannot be printed has a mark there."""
    assert len(plain(text)) == len(text)
    assert plain(text).isprintable()
    assert plain(plain(text)) == plain(text)


@given(st.text().map(plain), st.integers(1, 20))
def test_what_is_cut_fits(text: str, most: int) -> None:
    """It says that it was cut, and is as it was where it fits."""
    assert cells(cut(text, most)) <= most
    assert (cut(text, most) == text) == (cells(text) <= most) or text.endswith("…")
    assert text.startswith(cut(text, most).removesuffix("…"))


@pytest.mark.parametrize(("text", "columns"), [("", 0), ("abc", 3), (WIDE, 2), (COMBINING, 1)])
def test_columns(text: str, columns: int) -> None:
    assert cells(text) == columns


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (34_824, "34.8 kB"),
        (99_949, "99.9 kB"),
        (99_950, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (5 * 10**9, "5.0 GB"),
        (7 * 10**15, "7000 TB"),
    ],
)
def test_sizes_have_three_digits(size: int, said: str) -> None:
    assert human(size) == said


# --- lines for a narrow terminal -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("fits", ["fits"]),
        ("2 of 3 flow modules are outdated", ["2 of 3 flow modules", "    are outdated"]),
        ("First run `flowverse sync` now", ["First run", "    `flowverse sync`", "    now"]),
        ("Run `a command that does not fit at all`", ["Run `a command that", "    does not fit at", "    all`"]),
        ("a/One was edited (1 changed)", ["a/One was edited", "    (1 changed)"]),
        ("+ owner/ALongName@main (0123456)", ["+ owner/ALongName", "    @main (0123456)"]),
        ("in folder/that/is/longer/than/a/line", ["in", "    folder/that/is/longer/than/a/line"]),
        ("    a title that goes on", ["    a title that", "        goes on"]),
        ("in some/folder/to/copy yes", ["in", " some/folder/to/copy", " yes"]),
    ],
)
def test_a_line_is_broken_between_words(text: str, lines: list[str]) -> None:
    """Commands and what is in parentheses stay together where they fit; what is longer than a line is not touched."""
    assert fold(text, 20).split("\n") == lines


def test_a_row_is_broken_between_its_columns() -> None:
    """And has no wide gaps any more; one that fits keeps them."""
    row = "a/One@main     edited  (1 changed)"
    assert fold(row, 34, starts=(15,)) == row
    assert fold(row, 20, starts=(15,)) == "a/One@main  edited\n    (1 changed)"


def test_a_branch_of_a_tree_goes_on_below_itself() -> None:
    assert fold("└── owner/ALongName@main (0123456)", 22, hang="│   ") == "└── owner/ALongName\n│   @main (0123456)"


@given(st.text("ab (`)@/é日 -+│└", max_size=60), st.integers(8, 40))
def test_nothing_is_lost_and_nothing_cut(text: str, width: int) -> None:
    """Whatever the line: every character is there in its order, and a line that is too long is one word."""
    lines = fold(text, width).split("\n")
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cells(line) <= width or " " not in line.strip(" │└─-+") for line in lines)
