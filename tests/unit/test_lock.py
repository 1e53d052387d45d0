"""The lock: read as it was written, the same bytes always, and broken ones are refused in a sentence."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli
from flowverse._digest import tree_digest
from flowverse._project import parse_lock
from flowverse.errors import BrokenLock, NewerLock
from flowverse.lock import VERSION, Lock, dump_lock, load_lock, parse_text, wanted
from flowverse.model import Edge, FileEntry, Pin
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.making import COMMITS, ID_TEXTS, IDS, TEXTS, TWO, edge, hub_pin, local_pin, mid, req

WORDS = TEXTS.filter(bool)
EDGES = st.lists(st.builds(Edge, id=IDS, revision=TEXTS, at=TEXTS), max_size=3, unique=True)
FILES = st.dictionaries(TEXTS, st.binary(max_size=3), max_size=3)
COMMON = {
    "license": st.none() | WORDS,
    "requirements": st.lists(TEXTS, max_size=2).map(lambda rows: tuple(sorted(rows))),
}


@st.composite
def pins(draw: st.DrawFn) -> Pin:
    edges = tuple(sorted(draw(EDGES)))
    common: dict[str, Any] = {name: draw(strategy) for name, strategy in COMMON.items()}
    if draw(st.booleans()):
        return Pin(id=draw(IDS), path=draw(WORDS), dependencies=edges, **common)
    pin = hub_pin(str(draw(IDS)), draw(FILES), draw(WORDS), draw(COMMITS), edges)
    return Pin(**{**{name: getattr(pin, name) for name in Pin.__dataclass_fields__}, **common})


WANTED = st.dictionaries(ID_TEXTS, st.tuples(st.sampled_from(["revision", "path"]), TEXTS), max_size=3).map(
    lambda table: tuple(sorted((id, kind, target) for id, (kind, target) in table.items()))
)
LOCKS = st.builds(
    Lock,
    dependencies=WANTED,
    overrides=WANTED,
    pins=st.lists(pins(), max_size=3, unique_by=lambda pin: pin.id).map(
        lambda rows: tuple(sorted(rows, key=lambda pin: pin.id))
    ),
)

A, B, C = (
    hub_pin("a/A", {"a.py": b"1", "b/c.py": b"2"}, dependencies=[edge("b/B")]),
    hub_pin("b/B", {"b.py": b"3"}, "v1", TWO),
    local_pin("c/C", "../C"),
)
LOCK = Lock(
    dependencies=wanted([req("a/A"), req("c/C", path="../C")]), overrides=wanted([req("b/B", "v1")]), pins=(A, B, C)
)


def load(text: str) -> Lock:
    return load_lock(tomli.loads(text))


# --- the same again --------------------------------------------------------------------------------------------------


@given(LOCKS)
def test_a_lock_is_read_as_it_was_written(lock: Lock) -> None:
    """Whatever the strings in it are, and through the bytes of a file."""
    text = dump_lock(lock)
    assert load(text) == lock
    assert parse_lock(text.encode()) == lock
    assert dump_lock(load(text)) == text


@given(LOCKS, st.randoms(use_true_random=False))
def test_the_bytes_do_not_hang_on_any_order(lock: Lock, random: Any) -> None:
    """Modules, files, dependencies and requirements are sorted when they are written."""

    def shuffled(rows: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(random.sample(rows, len(rows)))

    mixed = [
        Pin(
            **{
                **{name: getattr(pin, name) for name in Pin.__dataclass_fields__},
                "dependencies": shuffled(pin.dependencies),
                "requirements": shuffled(pin.requirements),
                "files": shuffled(pin.files),
            }
        )
        for pin in lock.pins
    ]
    other = Lock(
        dependencies=shuffled(lock.dependencies), overrides=shuffled(lock.overrides), pins=shuffled(tuple(mixed))
    )
    assert dump_lock(other) == dump_lock(lock)


def test_a_lock_reads_well_in_a_review() -> None:
    """One line a file and a dependency; nothing in it but what was locked."""
    assert dump_lock(LOCK).splitlines()[1:] == [
        "version = 1",
        "",
        "[manifest.dependencies]",
        '"a/A" = "main"',
        '"c/C" = { path = "../C" }',
        "",
        "[manifest.overrides]",
        '"b/B" = "v1"',
        "",
        "[[module]]",
        'id = "a/A"',
        'revision = "main"',
        f'commit = "{"1" * 40}"',
        "dependencies = [",
        '    { id = "b/B", revision = "main", at = "a.py:1" },',
        "]",
        f'digest = "{A.digest}"',
        "files = [",
        f'    {{ path = "a.py", size = 1, sha256 = "{A.files[0].sha256}" }},',
        f'    {{ path = "b/c.py", size = 1, sha256 = "{A.files[1].sha256}" }},',
        "]",
        "",
        "[[module]]",
        'id = "b/B"',
        'revision = "v1"',
        f'commit = "{"2" * 40}"',
        f'digest = "{B.digest}"',
        "files = [",
        f'    {{ path = "b.py", size = 1, sha256 = "{B.files[0].sha256}" }},',
        "]",
        "",
        "[[module]]",
        'id = "c/C"',
        'path = "../C"',
    ]


# --- staleness -------------------------------------------------------------------------------------------------------


def test_a_lock_that_answers_to_the_manifest_is_not_stale() -> None:
    assert LOCK.stale([req("c/C", path="../C"), req("a/A")], [req("b/B", "v1")]) == ()


@pytest.mark.parametrize(
    ("dependencies", "overrides", "reasons"),
    [
        ([req("a/A")], [], ("c/C is no longer asked for", "override of b/B is no longer asked for")),
        (
            [req("a/A", "v2"), req("c/C", path="../C"), req("d/D")],
            [req("b/B", "v1")],
            ("a/A is locked for main, v2 is asked for", "d/D is not locked yet"),
        ),
        (
            [req("a/A", path="main"), req("c/C", "../C")],
            [req("b/B", "v2")],
            (
                "a/A is locked for main, main is asked for",
                "c/C is locked for ../C, ../C is asked for",
                "override of b/B is locked for v1, v2 is asked for",
            ),
        ),
    ],
)
def test_staleness_is_said_line_by_line(dependencies: Any, overrides: Any, reasons: tuple[str, ...]) -> None:
    """One clause a line of the manifest that the lock does not answer to."""
    assert LOCK.stale(dependencies, overrides) == reasons


@pytest.mark.parametrize(
    ("pins", "reason"),
    [
        ((A, C), "b/B is not locked, a/A asks for it"),
        ((A, B), "c/C is not locked, pyproject.toml asks for it"),
        ((A, B, C, hub_pin("d/D")), "d/D is locked, nothing asks for it"),
        (
            (A, B, C, hub_pin("d/D", dependencies=[edge("e/E")]), hub_pin("e/E", dependencies=[edge("d/D")])),
            "d/D is locked, nothing asks for it",
        ),
    ],
)
def test_what_a_bad_merge_leaves_behind_is_stale(pins: tuple[Pin, ...], reason: str) -> None:
    """A module that is asked for and not locked, or locked and not asked for; also a ring that holds itself."""
    lock = Lock(dependencies=LOCK.dependencies, overrides=LOCK.overrides, pins=pins)
    assert reason in lock.stale([req("a/A"), req("c/C", path="../C")], [req("b/B", "v1")])


@given(LOCKS)
def test_a_lock_answers_to_its_own_wishes(lock: Lock) -> None:
    """What is stale about it then can only be a loose end."""
    asked = [
        [req(id, target) if kind == "revision" else req(id, path=target) for id, kind, target in table]
        for table in (lock.dependencies, lock.overrides)
    ]
    assert all("is locked, nothing" in reason or "is not locked, " in reason for reason in lock.stale(*asked))


# --- broken locks ----------------------------------------------------------------------------------------------------


def with_module(**fields: Any) -> dict[str, Any]:
    """A lock of one module with some fields replaced; None takes one out."""
    document: dict[str, Any] = tomli.loads(dump_lock(Lock(dependencies=wanted([req("b/B", "v1")]), pins=(B,))))
    module = {**document["module"][0], **fields}
    document["module"] = [{key: value for key, value in module.items() if value is not None}]
    return document


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({}, "no version"),
        ({"version": 0}, "no version"),
        ({"version": True}, "no version"),
        ({"version": "1"}, "no version"),
        ({"version": 1}, "manifest is missing"),
        ({"version": 1, "manifest": []}, "manifest is missing"),
        ({"version": 1, "manifest": {"dependencies": []}}, "manifest.dependencies is missing or of the wrong type"),
        ({"version": 1, "manifest": {"dependencies": {"a": "main"}}}, "owner/name"),
        ({"version": 1, "manifest": {"dependencies": {"a/A": 1}}}, 'manifest.dependencies."a/A"'),
        ({"version": 1, "manifest": {}, "module": {}}, "module is missing or of the wrong type"),
        ({"version": 1, "manifest": {}, "module": [1]}, r"module\[0\] is not a table"),
        (with_module(id=None), r"module\[0\].id"),
        (with_module(id="x"), r"module\[0\]: 'x' is not a usable module id"),
        (with_module(commit="abc"), "not 40 hex digits"),
        (with_module(revision=None), r"module\[0\].revision"),
        (with_module(license=1), r"module\[0\].license"),
        (with_module(requirements=[1]), "not a string"),
        (with_module(dependencies=["a/A"]), "not a table"),
        (with_module(digest="sha256:0"), "digest of b/B"),
        (with_module(files=None), r"module\[0\].files"),
        (with_module(files=[{"path": "a", "size": -1, "sha256": "0" * 64}]), "impossible size or sha256"),
        (with_module(files=[{"path": "a", "size": 1, "sha256": "G" * 64}]), "impossible size or sha256"),
        (with_module(files=[{"path": "a", "size": True, "sha256": "0" * 64}]), "files.size"),
        ({**with_module(), "module": with_module()["module"] * 2}, "twice"),
    ],
)
def test_a_broken_lock_says_what_is_wrong_and_where(document: dict[str, Any], why: str) -> None:
    with pytest.raises(BrokenLock, match=why):
        load_lock(document)


def test_a_file_that_is_listed_twice_is_broken() -> None:
    """One path with two contents: which one was meant, nobody can say."""
    twice = (FileEntry(path="a.py", size=1, sha256="0" * 64), FileEntry(path="a.py", size=1, sha256="1" * 64))
    pin = hub_pin("a/A")
    document = tomli.loads(dump_lock(Lock(pins=(pin,))))
    document["module"][0]["files"] = [{"path": f.path, "size": f.size, "sha256": f.sha256} for f in twice]
    document["module"][0]["digest"] = tree_digest((f.path, f.sha256) for f in twice)
    with pytest.raises(BrokenLock, match="a file of a/A stands in it twice"):
        load_lock(document)


def test_a_newer_lock_is_refused_with_that_sentence() -> None:
    with pytest.raises(NewerLock) as caught:
        load_lock({"version": VERSION + 1, "whatever": "it holds"})
    assert str(caught.value) == "flowverse.lock has version 2, this flowverse reads up to version 1."


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"version = ", "not TOML"),
        (b"version = 1\n<<<<<<< ours\n", "marks of an unfinished merge"),
        (b"<<<<<<< ours\nversion = 1\n", "marks of an unfinished merge"),
        (b"", "no version"),
    ],
)
def test_a_file_that_is_no_lock_is_broken(content: bytes, why: str) -> None:
    with pytest.raises(BrokenLock, match=why):
        parse_lock(content)


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.dates() | st.sampled_from(["a/A", "1" * 40]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document, as keys and indexes that lead to it."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at] * bool(at) + [place for key, inner in below for place in places(inner, (*at, key))]


@given(st.data())
def test_nothing_but_a_valid_lock_is_believed(data: st.DataObject) -> None:
    """Put anything at any place of a lock, or take it away: it is refused, or it still is a whole lock."""
    document: Any = copy.deepcopy(tomli.loads(dump_lock(LOCK)))
    *parents, key = data.draw(st.sampled_from(places(document)))
    value = data.draw(VALUES)
    around = document
    for step in parents:
        around = around[step]
    if value is None:
        del around[key]
    else:
        around[key] = value
    try:
        lock = load_lock(document)
    except (BrokenLock, NewerLock):
        return
    assert load(dump_lock(lock)) == lock


ROW = '    { path = "a.py", size = 3, sha256 = "' + "0" * 64 + '" },\n'
ODD_LINES = st.sampled_from(
    [
        ROW,
        "files = [\n",
        "files = [\n" + ROW + "]\n",
        "files = [\n" + ROW + "]",
        'files = "=files=0"\n',
        "files = []\n",
        "]\n",
        "# a comment\n",
        "[[module]]\n",
        "[manifest.overrides]\n",
        'x = """\n',
        "x = '''\n",
        '"""\n',
        "requirements = [\n",
        "\r\n",
    ]
)


@given(LOCKS, st.lists(st.tuples(st.integers(0, 40), ODD_LINES), max_size=3), st.booleans())
def test_the_quick_way_to_read_a_lock_reads_what_toml_says(
    lock: Lock, odd: list[tuple[int, str]], windows: bool
) -> None:
    """Whatever was put between the lines by hand or by a merge, or became of their ends."""
    lines = dump_lock(lock).splitlines(keepends=True)
    for place, line in odd:
        lines.insert(place % (len(lines) + 1), line)
    text = "".join(lines)
    text = text.replace("\n", "\r\n") if windows else text
    assert outcome(parse_text, text) == outcome(tomli.loads, text)


def outcome(read: Callable[[str], Any], text: str) -> Any:
    """What a parser makes of a text, or why it does not."""
    try:
        return unread(read(text))
    except tomli.TOMLDecodeError as error:
        return str(error)


def unread(value: Any) -> Any:
    """A parsed lock with the files that were read already as TOML has them."""
    if isinstance(value, FileEntry):
        return {"path": value.path, "size": value.size, "sha256": value.sha256}
    if isinstance(value, dict):
        return {key: unread(inner) for key, inner in value.items()}
    return [unread(inner) for inner in value] if isinstance(value, list) else value


def test_the_lines_of_files_need_no_toml_parser() -> None:
    """They are nearly all of a lock."""
    pins = (hub_pin("a/A", {"a.py": b"a", "b/c.py": b"c"}), hub_pin("b/B", {"b.py": b"b"}))
    modules = parse_text(dump_lock(Lock(pins=pins)))["module"]
    assert [tuple(module["files"]) for module in modules] == [pin.files for pin in pins]


@given(st.binary(max_size=60) | TEXTS.map(str.encode))
def test_no_bytes_are_a_traceback(content: bytes) -> None:
    try:
        parse_lock(content)
    except (BrokenLock, NewerLock):
        return
    raise AssertionError(content)


# --- merging ---------------------------------------------------------------------------------------------------------


def merged(tmp_path: Path, base: Lock, ours: Lock, theirs: Lock) -> tuple[int, str]:
    """What git makes of two branches: the number of conflicts, and the text."""
    paths = []
    for name, lock in (("ours", ours), ("base", base), ("theirs", theirs)):
        (tmp_path / name).write_text(dump_lock(lock), encoding="utf-8", newline="\n")
        paths.append(str(tmp_path / name))
    git = subprocess.run(["git", "merge-file", "-p", *paths], capture_output=True, text=True, check=False)
    return git.returncode, git.stdout


def locked(*pins: Pin) -> Lock:
    return Lock(dependencies=wanted([req(str(pin.id)) for pin in pins]), pins=pins)


def test_branches_that_add_different_modules_merge(tmp_path: Path) -> None:
    """Without a conflict, to the lock of both: no line of the lock is about the whole."""
    one, two, three = (hub_pin(id, {"x.py": id.encode()}) for id in ("a/A", "m/M", "z/Z"))
    new, other = hub_pin("c/C", {"c.py": b"c"}), hub_pin("p/P", {"p.py": b"p"}, commit=TWO)
    base = locked(one, two, three)
    conflicts, text = merged(tmp_path, base, locked(one, new, two, three), locked(one, two, other, three))
    assert conflicts == 0
    assert load(text) == locked(one, new, two, other, three)


def test_branches_that_move_different_modules_merge(tmp_path: Path) -> None:
    one, two = (hub_pin(id, {"x.py": id.encode()}) for id in ("a/A", "b/B"))
    moved, other = (hub_pin(id, {"x.py": b"new"}, commit=TWO) for id in ("a/A", "b/B"))
    conflicts, text = merged(tmp_path, locked(one, two), locked(moved, two), locked(one, other))
    assert conflicts == 0
    assert load(text) == locked(moved, other)


def test_branches_that_move_one_module_differently_conflict(tmp_path: Path) -> None:
    """And what git leaves behind is said to be just that."""
    locks = [
        locked(hub_pin("a/A", {"x.py": content}, commit=c * 40))
        for content, c in ((b"1", "1"), (b"2", "2"), (b"3", "3"))
    ]
    conflicts, text = merged(tmp_path, *locks)
    assert conflicts > 0
    with pytest.raises(BrokenLock, match="unfinished merge"):
        parse_lock(text.encode())


def test_pins_are_found_by_id() -> None:
    assert LOCK.by_id[mid("b/B")] is B
    assert B.by_path["b.py"].size == 1
