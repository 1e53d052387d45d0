"""Text of others on one line of a screen."""

from __future__ import annotations

import pytest
from flowverse._plain import cells, cut, plain
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
