"""Results as lines, the same for every host: what happened, what is worth knowing, and one line that sums up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from flowverse._render.edits import render_developed, render_stat
from flowverse._render.lines import render_waiting, table
from flowverse._render.requiring import render_difference
from flowverse._view import Row, State
from flowverse.api import Graph, Line, Status, render, render_status, render_tree
from flowverse.model import Edit, LockChange, Pin, Plan, PlanStep, Result
from flowverse.requiring import Difference
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.making import ONE, TWO, edge, hub_pin, local_pin, mid

A = mid("a/A")
PIN = hub_pin("a/A", commit=TWO)
AT_COMMIT = hub_pin("a/A", revision=TWO, commit=TWO)
LOCAL = local_pin("a/A", "../A")
OLD = hub_pin("a/A", commit=ONE)
EDIT = Edit(changed=("a.py", "b.py"), added=("c.py",), deleted=("d.py",))
BASE = "main (1111111)"


def step(action: str, pin: Pin | None = PIN, **fields: Any) -> PlanStep:
    return PlanStep(action=action, id=A, pin=pin, **fields)  # type: ignore[arg-type]


def texts(lines: list[Line]) -> list[tuple[str, str]]:
    return [(line.kind, line.text) for line in lines]


@pytest.mark.parametrize(
    ("step", "kind", "text"),
    [
        (step("install"), "added", "+ a/A@main (2222222)"),
        (step("install", AT_COMMIT), "added", f"+ a/A@{TWO}"),
        (step("link", LOCAL), "linked", "+ a/A -> ../A"),
        (step("prune", None), "removed", "- a/A"),
        (step("replace", old=BASE), "changed", "~ a/A@main (2222222), was main (1111111)"),
        (step("replace", old="v1 (2222222)"), "changed", "~ a/A@main (2222222)"),
        (step("replace", old="/mine/A"), "changed", "~ a/A@main (2222222), was /mine/A"),
        (step("replace"), "changed", "~ a/A@main (2222222)"),
        (
            step("keep", edit=EDIT, old=BASE),
            "kept",
            "a/A was edited (2 changed, 1 added, 1 deleted) and is kept",
        ),
        (
            step("keep", edit=Edit(added=("x",)), old=BASE, behind="moved"),
            "warning",
            (
                "a/A was edited (1 added) and is kept as edited from main (1111111); the lock wants main (2222222). "
                "`flowverse sync --merge` merges them, `flowverse restore a/A` gives the edits up"
            ),
        ),
        (
            step("keep", LOCAL, edit=Edit(added=("x",)), behind="moved"),
            "warning",
            "a/A was edited (1 added) and is kept; the lock wants ../A. `flowverse restore a/A` gives the edits up",
        ),
        (
            step("keep", None, edit=Edit(added=("x",)), old=BASE, behind="gone"),
            "warning",
            "a/A was edited (1 added) and is kept, though nothing asks for it any more, nor for what it asks for; "
            "`flowverse sync --force` removes it",
        ),
    ],
)
def test_each_step_is_a_line(step: PlanStep, kind: str, text: str) -> None:
    assert texts(render(Result(plan=Plan(steps=(step,)))))[:-1] == [(kind, text)]


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        (LockChange(id=A, old=None, new=PIN), "added", "+ a/A@main (2222222)"),
        (LockChange(id=A, old=OLD, new=None), "removed", "- a/A"),
        (LockChange(id=A, old=OLD, new=PIN), "changed", "~ a/A@main (1111111) -> main (2222222)"),
        (LockChange(id=A, old=OLD, new=LOCAL), "changed", "~ a/A@main (1111111) -> ../A"),
        (
            LockChange(id=A, old=OLD, new=hub_pin("a/A", dependencies=[edge("b/B")])),
            "changed",
            "~ a/A@main (1111111) asks for something else",
        ),
    ],
)
def test_each_change_of_the_lock_is_a_line(change: LockChange, kind: str, text: str) -> None:
    """After `lock`; after a sync, which says it by what it did, only with -v."""
    locked = Result(modules=1, locked=(change,), lock_written=True, synced=False)
    assert texts(render(locked)) == [(kind, text), ("summary", "Locked 1 flow module")]
    synced = Result(modules=1, locked=(change,), lock_written=True)
    assert (kind, text) not in texts(render(synced))
    assert (kind, text) in texts(render(synced, verbose=True))


def plan(installed: int = 0, pruned: int = 0, kept: int = 0, unchanged: int = 0) -> Plan:
    steps = [step("install")] * installed + [step("prune", None)] * pruned + [step("keep", edit=EDIT)] * kept
    return Plan(steps=tuple(steps), unchanged=unchanged)


CHANGE = (LockChange(id=A, old=None, new=PIN),)
TORN = step("keep", edit=EDIT, conflicts=("a.py",))
BEHIND = step("keep", edit=EDIT, behind="moved")


@pytest.mark.parametrize(
    ("result", "summary"),
    [
        (Result(), "No flow modules are declared in [tool.flowverse.dependencies]"),
        (Result(modules=1, untouched=True), "1 flow module in sync"),
        (Result(modules=1200, plan=plan(unchanged=1200)), "1,200 flow modules in sync"),
        (Result(modules=3, plan=plan(kept=1, unchanged=2)), "3 flow modules in sync"),
        (Result(modules=3, plan=Plan(steps=(TORN,), unchanged=2)), "3 flow modules, 1 conflicted"),
        (Result(modules=3, plan=Plan(steps=(BEHIND, TORN))), "3 flow modules, 1 kept as edited, 1 conflicted"),
        (Result(modules=3, plan=Plan(steps=(TORN,)), lock_written=True), "3 flow modules locked, 1 conflicted"),
        (Result(modules=3, lock_written=True), "3 flow modules in sync and locked"),
        (Result(modules=2, plan=plan(2)), "Synced 2 flow modules"),
        (Result(modules=3, plan=plan(1, unchanged=2)), "Synced 1 flow module (2 in place already)"),
        (Result(modules=3, plan=plan(1, 2)), "Synced 1 flow module, removed 2"),
        (Result(modules=0, plan=plan(0, 1)), "Removed 1 flow module"),
        (Result(modules=1, plan=plan(1), dry_run=True), "Would sync 1 flow module"),
        (Result(modules=1, plan=plan(1, 1), dry_run=True), "Would sync 1 flow module, remove 1"),
        (Result(modules=1, plan=plan(0, 1), dry_run=True), "Would remove 1 flow module"),
        (Result(modules=2, synced=False, locked=CHANGE, lock_written=True), "Locked 2 flow modules"),
        (Result(modules=2, synced=False, lock_written=True), "Locked 2 flow modules"),
        (Result(modules=2, synced=False), "Locked 2 flow modules, nothing changed"),
        (Result(modules=2, synced=False, locked=CHANGE, dry_run=True), "Would lock 2 flow modules"),
        (Result(modules=2, synced=False, dry_run=True), "Locked 2 flow modules, nothing changed"),
    ],
)
def test_the_last_line_sums_up(result: Result, summary: str) -> None:
    assert render(result)[-1] == Line("summary", summary)


def test_what_is_worth_knowing_comes_before_the_sum() -> None:
    """Backups, notes and warnings, in that order."""
    result = Result(backups=((A, "flow_modules/.flowverse/backups/x"),), notes=("a note",), warnings=("a warning",))
    assert texts(render(result))[:-1] == [
        ("backup", "a/A: what was discarded is in flow_modules/.flowverse/backups/x"),
        ("note", "a note"),
        ("warning", "a warning"),
    ]


def test_warnings_without_end_are_counted() -> None:
    """All of them are shown with -v."""
    result = Result(warnings=tuple(f"warning {number}" for number in range(1_000)))
    lines = [line.text for line in render(result) if line.kind == "warning"]
    assert len(lines) < 50
    assert lines[-1] == f"{1_000 - len(lines) + 1} more warnings; -v shows all"
    assert len([line for line in render(result, verbose=True) if line.kind == "warning"]) == 1_000


ACTIONS = st.sampled_from(["install", "replace", "link", "prune", "keep"])
STEPS = st.lists(
    st.builds(
        step,
        ACTIONS,
        st.sampled_from([PIN, LOCAL, AT_COMMIT, None]),
        old=st.sampled_from(["", BASE, "/x"]),
        edit=st.sampled_from([Edit(), EDIT]),
        behind=st.sampled_from(["", "moved", "gone"]),
    ),
    max_size=4,
)


@given(STEPS, st.integers(0, 3), st.booleans(), st.booleans(), st.booleans())
def test_no_line_has_another_in_it(steps: Any, unchanged: int, dry_run: bool, synced: bool, verbose: bool) -> None:
    """One line for each step, and exactly one sum at the end."""
    result = Result(plan=Plan(steps=tuple(steps), unchanged=unchanged), dry_run=dry_run, synced=synced, locked=CHANGE)
    lines = render(result, verbose=verbose)
    assert all(line.text and "\n" not in line.text for line in lines)
    assert [line.kind for line in lines].index("summary") == len(lines) - 1
    assert len(lines) == len(steps) + 1 + (verbose or not synced)


def test_status_shows_every_module() -> None:
    """In columns, with the lock's staleness and a count of states."""
    rows = [
        Row(id=mid("a/A"), label="a/A@main (1111111)", state="clean", edit=Edit()),
        Row(id=mid("b/B"), label="b/B@v1 (2222222)", state="edited", edit=Edit(changed=("x",))),
        Row(id=mid("c/C"), label="c/C -> ../C", state="linked", edit=Edit()),
        Row(id=mid("d/D"), label="d/D", state="unlocked", edit=Edit()),
        Row(id=mid("e/E"), label="e/E", state="missing", edit=Edit()),
        Row(id=mid("f/F"), label="f/F", state="moved", edit=Edit()),
    ]
    assert texts(render_status(Status(rows=tuple(rows), stale=("g/G is not locked yet",)))) == [
        ("note", "a/A@main (1111111)  clean"),
        ("kept", "b/B@v1 (2222222)    edited (1 changed)"),
        ("linked", "c/C -> ../C         linked"),
        ("kept", "d/D                 unlocked"),
        ("removed", "e/E                 missing"),
        ("changed", "f/F                 moved"),
        ("warning", "flowverse.lock is stale: g/G is not locked yet"),
        ("summary", "6 flow modules: 1 clean, 1 edited, 1 linked, 1 missing, 1 moved, 1 unlocked"),
    ]
    assert texts(render_status(Status(rows=(), stale=()))) == [("summary", "0 flow modules")]


def test_status_names_what_was_edited() -> None:
    """With -v, below the row of the module; a name that would move the cursor does not."""
    edit = Edit(changed=("b.py", "c/d.py"), added=("e\x1b[2J\n.py",), deleted=("f.py",))
    row = Row(id=mid("a/A"), label="a/A@main (1111111)", state="edited", edit=edit)
    status = Status(rows=(row,), stale=())
    assert texts(render_status(status, verbose=True))[:-1] == [
        ("kept", "a/A@main (1111111)  edited (2 changed, 1 added, 1 deleted)"),
        ("changed", "    changed   b.py"),
        ("changed", "    changed   c/d.py"),
        ("added", "    added     e?[2J?.py"),
        ("removed", "    deleted   f.py"),
    ]
    assert len(render_status(status)) == 2


@pytest.mark.parametrize("state", get_args(State))
def test_a_state_of_a_module_is_a_result(state: Any) -> None:
    """All rows are on standard output, in columns; none is a warning."""
    row = Row(id=mid("a/A"), label="a/A", state=state, edit=Edit())
    line = render_status(Status(rows=(row,), stale=()))[0]
    assert line.kind not in {"warning", "error", "hint"}
    assert line.text == f"a/A  {state}"
    schema = json.loads((Path(__file__).parents[2] / "docs/schemas/status-1.json").read_text(encoding="utf-8"))
    assert state in schema["properties"]["modules"]["items"]["properties"]["state"]["enum"]


def test_the_graph_is_a_tree() -> None:
    """A module that was shown is not opened again, so a cycle ends; what is not locked is said."""
    pins = {
        mid("a/A"): hub_pin("a/A", dependencies=[edge("b/B"), edge("b/B", "v2"), edge("c/C")]),
        mid("b/B"): hub_pin("b/B", dependencies=[edge("a/A"), edge("z/Z")]),
        mid("c/C"): hub_pin("c/C", dependencies=[edge("b/B")]),
    }
    graph = Graph(project="demo", roots=(mid("a/A"), mid("b/B")), pins=pins)
    assert [line.text for line in render_tree(graph)] == [
        "demo",
        "├── a/A@main (1111111)",
        "│   ├── b/B@main (1111111)",
        "│   │   ├── a/A@main (1111111) (*)",
        "│   │   └── z/Z (not locked)",
        "│   └── c/C@main (1111111)",
        "│       └── b/B@main (1111111) (*)",
        "└── b/B@main (1111111) (*)",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "Waiting for x"),
        (0.3, "Trying again: x"),
        (1.2, "Waiting 1 s: x"),
        (59.6, "Waiting 1 min: x"),
        (252, "Waiting 4 min 12 s: x"),
    ],
)
def test_a_wait_is_said_in_whole_seconds(seconds: float, said: str) -> None:
    """Nobody waits for no seconds: what is tried again at once is said so."""
    assert render_waiting("x", seconds) == said


def test_a_table_says_where_its_columns_begin() -> None:
    """One below the other, nothing after the last word; and a terminal knows where it may break a line."""
    lines = table([("note", ("a", "bcd", "e")), ("kept", ("abcd", "", ""))])
    assert lines == [Line("note", "a     bcd  e", (6, 11)), Line("kept", "abcd", (6, 11))]
    assert [lines[0].text[start] for start in lines[0].starts] == ["b", "e"]
    assert table([]) == []


@pytest.mark.parametrize(
    ("difference", "hints"),
    [
        (Difference(stale=("a/A is not locked yet",)), ["sync`"]),
        (Difference(steps=(step("install"),)), ["sync`"]),
        (Difference(steps=(step("keep", edit=EDIT, old=BASE, behind="moved"),)), ["sync --merge`"]),
        (Difference(steps=(step("keep", None, edit=EDIT, behind="gone"),)), ["sync --force`"]),
        (
            Difference(steps=(step("install"), step("keep", edit=EDIT, old=BASE, behind="moved"))),
            ["sync`", "sync --merge`"],
        ),
    ],
)
def test_what_a_difference_needs(difference: Difference, hints: list[str]) -> None:
    """Only what does something about it is named: no plain sync touches an edit."""
    lines = [line.text for line in render_difference(difference) if line.kind == "hint"]
    assert [line.removeprefix("`flowverse ").partition(" m")[0].partition(" r")[0] for line in lines] == hints


def test_lists_sum_up() -> None:
    """Whether there is nothing, one or more."""
    many = [(A, "../A"), (mid("b/B"), "../B")]
    assert [render_developed(many[:number])[-1].text for number in range(3)] == [
        "No flow module is developed here",
        "1 flow module is developed here",
        "2 flow modules are developed here",
    ]
    assert texts(render_stat([])) == [("summary", "Nothing was edited")]
