"""Which files of a module are shipped, and which of them are licences."""

from __future__ import annotations

import pytest
from flowverse._ship.selection import Selection, is_licence
from flowverse.errors import InvalidManifest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.making import hub_pin

PATHS = (
    "LICENSE",
    "README.md",
    "__init__.py",
    "data/NOTICE.txt",
    "data/big.bin",
    "demo.yaml",
    "sub/a.py",
    "tests/README",
    "tests/test_a.py",
)
PIN = hub_pin("1x/My-Chat", dict.fromkeys(PATHS, b""))
KEPT = {"LICENSE", "README.md", "data/NOTICE.txt", "tests/README"}


def shipped(*exclude: str) -> set[str]:
    return {entry.path for entry in Selection(exclude).of(PIN)}


@pytest.mark.parametrize(
    "path",
    [
        "LICENSE",
        "LICENCE",
        "license",
        "License.txt",
        "LICENSE.md",
        "LICENSE-MIT",
        "LICENSE_APACHE",
        "LICENSES.html",
        "UNLICENSE",
        "COPYING",
        "COPYING.LESSER",
        "COPYRIGHT",
        "NOTICE",
        "NOTICES",
        "AUTHORS.rst",
        "third_party/x/LICENSE",
        "LICENSES/MIT.txt",
        "a/LICENSES/CC-BY-4.0",
        "licenses/a.txt",
        "COPYING3",
        "LICENSE2.txt",
        "LICENSE [old],v2.txt",
        "MIT-LICENSE.txt",
        "THIRD_PARTY_NOTICES.txt",
    ],
)
def test_licences_and_notices(path: str) -> None:
    """In every folder, in any case, with any ending of a text."""
    assert is_licence(path)


@pytest.mark.parametrize(
    "path",
    [
        "license.py",
        "LICENSES/check.py",
        "licenses.json",
        "notice.yaml",
        "relicense",
        "copyist",
        "notice_board/a.txt",
        "README.md",
        "a.py",
        "authors.ini",
        "MY_LICENSE.IPYNB",
    ],
)
def test_code_and_data_that_are_about_licences(path: str) -> None:
    """A program, or its data, is none."""
    assert not is_licence(path)


def test_everything_is_shipped_where_nothing_is_excluded() -> None:
    """But for bytecode, which no pin should have."""
    assert shipped() == set(PATHS)
    assert not Selection(()).takes(PIN, "__pycache__/a.cpython-311.pyc")
    assert not Selection(()).takes(PIN, "old.pyc")


@pytest.mark.parametrize(
    ("exclude", "gone"),
    [
        (["tests/"], {"tests/test_a.py"}),
        (["*.yaml"], {"demo.yaml"}),
        (["user_1x/My_Chat/data"], {"data/big.bin"}),
        (["/user_1x/My_Chat/sub/"], {"sub/a.py"}),
        (["/data"], set()),
        (["**/data/*.bin"], {"data/big.bin"}),
        (["*.py", "!sub/*.py"], {"__init__.py", "tests/test_a.py", "sub/a.py"}),
        (["*.py", "!**/sub/*.py"], {"__init__.py", "tests/test_a.py"}),
        (["# a comment", "", "  "], set()),
        (["other/**", "1x/**", "My-Chat"], set()),
    ],
)
def test_what_the_project_leaves_out(exclude: list[str], gone: set[str]) -> None:
    """In the words of gitignore, from the tree, by the names that folders have there."""
    assert shipped(*exclude) == set(PATHS) - gone


def test_licences_and_readmes_go_along_whatever_is_left_out() -> None:
    """Who ships the code of others ships what they say of it."""
    assert shipped("*") == shipped("user_1x/") == shipped("*", "LICENSE", "README*", "NOTICE*") == KEPT


@pytest.mark.parametrize("pattern", ["!", "\\", "a\\"])
def test_what_is_no_pattern_is_told_with_its_key(pattern: str) -> None:
    """And not with a traceback."""
    with pytest.raises(InvalidManifest, match=r"tool\.flowverse\.build\.exclude.*no pattern"):
        Selection(["*.yaml", pattern])


@given(st.lists(st.text("ab*/!.#[]? \\-", max_size=8), max_size=4))
def test_no_list_of_patterns_breaks_a_build(exclude: list[str]) -> None:
    """It is refused with its key, or the licences are still there."""
    try:
        found = shipped(*exclude)
    except InvalidManifest:
        return
    assert found >= KEPT
