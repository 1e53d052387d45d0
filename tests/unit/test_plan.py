"""What happens to a tree: design's table of edits row by row, and that no edit is given up unasked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flowverse._plan import Found, make_plan
from flowverse.model import Action, Edit, ModuleId, Pin, Plan, PlanStep
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.making import IDS, hub_pin, local_pin, mid

ID = mid("a/A")
PIN = hub_pin("a/A", {"a.py": b"1"})
LOCAL = local_pin("a/A", "../A")
EDIT = Edit(changed=("a.py",), added=("b.py",))
BASE = "main (2222222)"
THERE = Found(id=ID, base=BASE)


@dataclass(frozen=True)
class Row:
    """A row of the table: what is there, and the one step that follows (None: nothing is done)."""

    name: str
    pin: Pin | None
    found: Found
    step: PlanStep | None
    overwrite: bool = False
    force: bool = False


def step(action: Action, pin: Pin | None = PIN, **fields: Any) -> PlanStep:
    return PlanStep(action=action, id=ID, pin=pin, **{"old": BASE, **fields})


EDITED = replace(THERE, edit=EDIT)
SAME = replace(THERE, same=True)
LINK = Found(id=ID, link="/elsewhere/A")
ABSENT = Found(id=ID, exists=False)

TABLE = [
    Row("not there", PIN, ABSENT, step("install", old="")),
    Row("clean, same", PIN, SAME, None),
    Row("clean, moved", PIN, THERE, step("replace")),
    Row("edited, same", PIN, replace(EDITED, same=True), step("keep", edit=EDIT)),
    Row("edited, moved", PIN, EDITED, step("keep", edit=EDIT, behind="moved")),
    Row(
        "edited, same, overwrite",
        PIN,
        replace(EDITED, same=True),
        step("replace", edit=EDIT, backup=True),
        overwrite=True,
    ),
    Row("edited, moved, overwrite", PIN, EDITED, step("replace", edit=EDIT, backup=True), overwrite=True),
    Row("clean, same, overwrite", PIN, SAME, None, overwrite=True),
    Row("clean, moved, overwrite", PIN, THERE, step("replace"), overwrite=True),
    Row("edited, moved, force", PIN, EDITED, step("keep", edit=EDIT, behind="moved"), force=True),
    Row("clean, gone", None, THERE, step("prune", None)),
    Row("edited, gone", None, EDITED, step("keep", None, edit=EDIT, behind="gone")),
    Row("edited, gone, force", None, EDITED, step("prune", None, edit=EDIT, backup=True), force=True),
    Row("link, gone", None, LINK, step("prune", None, old="/elsewhere/A")),
    Row("removed by hand, gone", None, ABSENT, None),
    Row("not there, local", LOCAL, ABSENT, step("link", LOCAL, old="")),
    Row("linked, same", LOCAL, replace(LINK, same=True), None),
    Row("linked elsewhere", LOCAL, LINK, step("link", LOCAL, old="/elsewhere/A")),
    Row("linked, now from the Hub", PIN, LINK, step("replace", old="/elsewhere/A")),
    Row("clean, now local", LOCAL, THERE, step("link", LOCAL)),
    Row("edited, now local", LOCAL, EDITED, step("keep", LOCAL, edit=EDIT, behind="moved")),
    Row("edited, now local, overwrite", LOCAL, EDITED, step("link", LOCAL, edit=EDIT, backup=True), overwrite=True),
]


@pytest.mark.parametrize("row", TABLE, ids=[row.name for row in TABLE])
def test_the_table(row: Row) -> None:
    pins = [row.pin] if row.pin is not None else []
    plan = make_plan(pins, {ID: row.found}, overwrite={ID} if row.overwrite else (), force=row.force)
    assert plan.steps == (() if row.step is None else (row.step,))
    assert plan.unchanged == (1 if pins and row.step is None else 0)
    assert plan.writes == tuple(one for one in plan.steps if one.action != "keep")


EDITS = st.sampled_from([Edit(), EDIT, Edit(deleted=("x",))])
FOUND = st.one_of(
    st.just(ABSENT),
    st.builds(replace, st.just(LINK), same=st.booleans()),
    st.builds(Found, id=st.just(ID), base=st.sampled_from(["", BASE]), same=st.booleans(), edit=EDITS),
)


Situation = tuple[list[Pin], dict[ModuleId, Found]]


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    ids = draw(st.lists(IDS, unique=True, max_size=5))
    found: dict[ModuleId, Found] = {id: replace(draw(FOUND), id=id) for id in ids}
    pins = [replace(draw(st.sampled_from([PIN, LOCAL])), id=id) for id in ids if draw(st.booleans())]
    return pins, found


def plan_of(situation: Situation, overwrite: Collection[ModuleId] = (), *, force: bool = False) -> Plan:
    pins, found = situation
    return make_plan(pins, found, overwrite=overwrite, force=force)


@given(situations())
def test_no_edit_is_lost_unasked(situation: Situation) -> None:
    """Without `overwrite` and `--force`, an edited folder is only ever kept."""
    plan = plan_of(situation)
    edited = {id for id, there in situation[1].items() if there.edit}
    assert {one.id for one in plan.steps if one.action == "keep"} == edited
    assert not any(one.edit or one.backup for one in plan.writes)


@given(situations(), st.booleans(), st.booleans())
def test_what_is_discarded_is_backed_up(situation: Situation, overwrite: bool, force: bool) -> None:
    """Whatever is asked for: a step that writes over an edit says so, and no other step does."""
    pins, found = situation
    plan = plan_of(situation, {pin.id for pin in pins} if overwrite else (), force=force)
    for one in plan.steps:
        assert one.edit == found[one.id].edit
        assert one.backup == (bool(one.edit) and one.action != "keep")


@given(situations(), st.booleans())
def test_every_module_is_decided_once(situation: Situation, force: bool) -> None:
    """In the order of ids; and a plan that is carried out leaves the pinned modules, and edits, in the tree."""
    pins, found = situation
    plan = plan_of(situation, force=force)
    ids = [one.id for one in plan.steps]
    assert ids == sorted(set(ids))
    pinned = {pin.id for pin in pins}
    assert plan.unchanged == len(pinned - set(ids))
    assert {one.id for one in plan.steps if one.action == "prune"}.isdisjoint(pinned)
    assert all(found[id].exists for id in found if id in pinned and id not in ids)


@given(situations())
def test_force_is_about_modules_that_are_to_go(situation: Situation) -> None:
    """It never touches an edit of a module that is still asked for."""
    pinned = {pin.id for pin in situation[0]}
    assert [one for one in plan_of(situation).steps if one.id in pinned] == [
        one for one in plan_of(situation, force=True).steps if one.id in pinned
    ]
