"""Which paths of a repository may be written: nothing leaves its folder on any system, and no two become one."""

from __future__ import annotations

import ntpath
import posixpath
import unicodedata

import pytest
from flowverse._paths import check_paths, unsafe
from flowverse.errors import UnsafeContent
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.making import mid

ID = mid("saibo/ChatFlows")
PARTS = st.one_of(
    st.sampled_from([".", "..", "", "CON", "aux.py", ".git", "a", "A", "\u00e9", "e\u0301", "a:b", "a\\b", "x.", " "]),
    st.text(max_size=6),
)
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize(
    "path",
    ["a.py", "a/b/c.yaml", ".gitattributes", ".github/x", "con_fig.py", "comma.py", "com10.py", "\u00e9.md", "a b/c d"],
)
def test_an_ordinary_path_is_taken(path: str) -> None:
    assert unsafe(path) is None
    check_paths(ID, [path])


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "length"),
        ("a/" * 600 + "b", "length"),
        ("/etc/passwd", "leaves"),
        ("..", "leaves"),
        ("../x.py", "leaves"),
        ("a/../../x.py", "leaves"),
        ("a//b", "leaves"),
        ("a/", "leaves"),
        ("./a", "leaves"),
        ("a\\b.py", "backslash"),
        ("C:x.py", "colon"),
        ("a.py:stream", "colon"),
        ("a\nb", "printed"),
        ("a\0b", "printed"),
        ("a\x7fb", "printed"),
        ("a\ud800b", "printed"),
        ("dir./x.py", "dot or a space"),
        ("x.py ", "dot or a space"),
        ("CON", "device"),
        ("nul.txt", "device"),
        ("a/Com1.tar.gz", "device"),
        ("COM\u00b9", "device"),
        ("con .py", "device"),
        (".git/config", ".git"),
        ("a/.GIT/hooks/x", ".git"),
        ("a" * 256, "too long"),
        ("\u00e9" * 200, "too long"),
    ],
)
def test_a_dangerous_path_is_refused(path: str, why: str) -> None:
    """It would leave the module's folder, or mean something else, on some system that the project is shared with."""
    assert why in (unsafe(path) or "")
    with pytest.raises(UnsafeContent) as caught:
        check_paths(ID, ["a.py", path])
    assert (caught.value.id, caught.value.path) == (ID, path)


@pytest.mark.parametrize(
    ("paths", "why"),
    [
        (["a.py", "A.py"], "where case is ignored"),
        (["Dir/a.py", "dir/b.py"], "folder"),
        (["stra\u00dfe.py", "STRASSE.py"], "where case is ignored"),
        (["\u00e9.py", "e\u0301.py"], "where case is ignored"),
        (["x", "x/y.py"], "folder"),
        (["X", "x/y.py"], "folder"),
        (["a.py", "a.py"], "twice"),
    ],
)
def test_two_paths_that_are_one_somewhere_are_refused(paths: list[str], why: str) -> None:
    """On file systems that ignore case or normalise Unicode; in whatever order they are listed."""
    for order in (paths, paths[::-1]):
        with pytest.raises(UnsafeContent, match=why):
            check_paths(ID, order)


@given(PATHS)
def test_a_path_that_is_taken_stays_inside_on_every_system(path: str) -> None:
    """Judged by the path rules of POSIX and of Windows as Python knows them."""
    if unsafe(path) is not None:
        return
    for rules in (posixpath, ntpath):
        joined = rules.normpath(rules.join("/base", path)).replace("\\", "/")
        assert joined == f"/base/{path}"
    assert not ntpath.splitdrive(path)[0]
    path.encode()


@given(st.lists(PATHS, max_size=5))
def test_paths_that_are_taken_together_stay_apart(paths: list[str]) -> None:
    """None of them is another one, or in another one, once case and Unicode forms are forgotten."""
    try:
        check_paths(ID, paths)
    except UnsafeContent:
        return
    folded = sorted(unicodedata.normalize("NFC", path.casefold()) for path in paths)
    assert len(set(folded)) == len(paths)
    assert not any(other.startswith(f"{path}/") for path in folded for other in folded)


@given(st.lists(PATHS, max_size=5))
def test_the_path_that_is_blamed_does_not_hang_on_order(paths: list[str]) -> None:
    """The same listing gives the same sentence."""

    def blame(order: list[str]) -> str:
        try:
            check_paths(ID, order)
        except UnsafeContent as error:
            return str(error)
        return ""

    assert blame(paths) == blame(paths[::-1])
