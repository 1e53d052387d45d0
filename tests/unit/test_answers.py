"""What the Hub's answers say, whatever is in them."""

from __future__ import annotations

from typing import Any

import pytest
from flowverse._hub.answers import Hit, Ref, Refs, card_of, hits_of, near_id, near_revision, refs_of
from flowverse._hub.catalog import Hits
from flowverse._plain import cells
from flowverse._render.finding import render_hits, search_document
from flowverse.model import Card
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.making import ONE, THREE, TWO, mid

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
KEYS = [
    "author",
    "cardData",
    "description",
    "downloads",
    "gated",
    "id",
    "lastModified",
    "license",
    "likes",
    "name",
    "private",
    "rfilename",
    "siblings",
    "tags",
    "targetCommit",
]
ROWS = st.dictionaries(
    st.sampled_from(KEYS),
    JSON
    | st.just("a/One")
    | st.just(ONE)
    | st.lists(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=3), max_size=2),
)


@given(st.lists(ROWS | JSON, max_size=4) | JSON, st.integers(20, 130))
def test_a_search_is_lines_whatever_it_is(answer: Any, width: int) -> None:
    """Printable ones, a line a hit and one that sums up, and a document."""
    found = hits_of(answer)
    if found is None:
        assert not isinstance(answer, list)
        return
    hits = Hits(words="x", owner=None, rows=tuple(found), left_out=0, more=False)
    lines = [line.text for line in render_hits(hits, width=width)]
    assert len(lines) == max(len(found), 1) + 1
    assert all(line.isprintable() for line in lines)
    assert search_document(hits).endswith("}\n")


@given(ROWS, JSON)
def test_refs_are_refs_whatever_they_are(row: Any, other: Any) -> None:
    """What is no name with a commit is none."""
    found = refs_of({"branches": [row, other], "tags": other})
    assert found is not None
    assert all(name.isprintable() for name in found.names)
    assert refs_of(other) is None or isinstance(other, dict)


@pytest.mark.parametrize(
    ("info", "card"),
    [
        ({}, Card()),
        (
            {"private": True, "gated": "auto", "downloads": 5, "likes": 0},
            Card(private=True, gated=True, downloads=5, likes=0),
        ),
        ({"private": 1, "gated": "no", "downloads": True, "likes": -1}, Card(gated=False)),
        (
            {"gated": False, "lastModified": "2023-11-14T22:13:20.000Z"},
            Card(gated=False, changed="2023-11-14T22:13:20.000Z"),
        ),
        ({"lastModified": "yesterday"}, Card()),
        ({"description": "\n First  line \n second"}, Card(description="First line")),
        ({"description": "one", "cardData": {"description": "two"}}, Card(description="two")),
        ({"description": " \n "}, Card()),
    ],
)
def test_what_is_told_of_a_repository(info: dict[str, Any], card: Card) -> None:
    assert card_of(info) == card


@pytest.mark.parametrize(
    ("row", "license", "python"),
    [
        ({}, None, None),
        ({"tags": ["x", "license:mit"]}, "mit", None),
        ({"tags": ["license:mit"], "cardData": {"license": ["b", "a"]}}, "a AND b", None),
        ({"siblings": []}, None, False),
        ({"siblings": [{"rfilename": "x/a.py"}, {"rfilename": "b.pyc"}]}, None, False),
        ({"siblings": [{"rfilename": "a.py"}]}, None, True),
    ],
)
def test_what_is_told_of_a_hit(row: dict[str, Any], license: str | None, python: bool | None) -> None:
    """The licence on its card, or among its tags; and whether a Python file is at its top."""
    assert hits_of([{"id": "a/One", **row}]) == [Hit(id=mid("a/One"), license=license, python=python, card=Card())]


@pytest.mark.parametrize("id", ["gpt2", "a/b/c", "a/1", "../x", "a/class", "", None, 5])
def test_what_cannot_be_imported_is_no_hit(id: object) -> None:
    assert hits_of([{"id": id}, {}]) == []


REFS = Refs(
    branches=(Ref(name="main", commit=ONE), Ref(name="feature/x", commit=TWO)),
    tags=(Ref(name="main", commit=TWO), Ref(name="v1.0", commit=THREE), Ref(name="v2", commit=ONE)),
)


def test_main_comes_first() -> None:
    """The others by name, each once."""
    rows = [{"name": name, "targetCommit": ONE} for name in ("z", "main", "a", "bad name", "")]
    found = refs_of({"branches": rows, "tags": [*rows, {"name": "short", "targetCommit": "1111111"}]})
    assert found is not None
    assert found.names == ("main", "a", "z")


@pytest.mark.parametrize(
    ("revision", "near"),
    [
        ("mian", "main"),
        ("Main", "main"),
        ("1.0", "v1.0"),
        ("vv2", "v2"),
        ("feature-x", "feature/x"),
        ("nonsense", None),
        ("3333333", THREE),
        ("333333", None),
        ("2" * 12, TWO),
    ],
)
def test_the_nearest_revision(revision: str, near: str | None) -> None:
    """By name, whatever its case, or by the first digits of a commit."""
    assert near_revision(revision, REFS) == near


def test_the_nearest_id() -> None:
    """Of the same owner, and another than what was asked for."""
    known = [mid(text) for text in ("a/ChatFlows", "a/Other", "b/Chat")]
    assert near_id(mid("a/chatflow"), known) == mid("a/ChatFlows")
    assert near_id(mid("a/ChatFlows"), [mid("a/ChatFlows")]) is None
    assert near_id(mid("b/ChatFlows"), known[:2]) is None


def test_columns_of_hits() -> None:
    """Empty columns are left out; what is too wide loses its description, then its counts, then its licence."""
    card = Card(changed="2023-11-14T00:00:00Z", downloads=1, likes=2000, description="what it is; " * 9 + "end")
    rows = (
        Hit(id=mid("a/One"), license="mit", python=True, card=card),
        Hit(id=mid("a/Longer"), card=Card(private=True)),
    )
    hits = Hits(words="", owner="a", rows=rows, left_out=2, more=True)

    def first(width: int | None) -> str:
        lines = render_hits(hits, width=width)
        assert lines[-1].text == "2 modules of a; 2 or more not shown"
        return lines[0].text

    start = "a/One     2023-11-14  mit  1 download, 2,000 likes"
    assert first(None) == f"{start}  {card.description}"
    assert first(80).startswith(f"{start}  what it is;")
    assert cells(first(80)) <= 80
    assert first(60) == start
    assert first(30) == "a/One     2023-11-14  mit"
    assert first(20) == "a/One     2023-11-14"
