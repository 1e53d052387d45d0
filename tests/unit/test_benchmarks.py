"""The benchmark's own arithmetic: what it says of a run, and of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import compare, names, record, report
from benchmarks.figures import differences, ratios, slope, spread
from benchmarks.goals import GOALS, Goal, judge
from benchmarks.plot import plot
from benchmarks.record import Entry, Record, Row, Sample

POSITIVE = st.floats(min_value=1e-3, max_value=1e3)


def entry(name: str, seconds: Sequence[float], peak: float = 40.0, **requests: int) -> Entry:
    return Entry(
        name=name, samples=tuple(Sample(seconds=one, cpu=one / 2, peak=peak, requests=requests) for one in seconds)
    )


def row(key: str, *entries: Entry, size: int | None = None) -> Row:
    return Row(key=key, title=f"{key}: <of & for> tests", entries=entries, size=size)


def run(*rows: Row) -> Record:
    machine, versions = {"processor": "Test, 2 cores"}, {"flowverse": "0.1.0"}
    return Record(date="2026-11-25", quick=False, machine=machine, versions=versions, rows=rows)


# --- figures ---------------------------------------------------------------------------------------------------------


def test_spread_of_one_number_is_that_number() -> None:
    """A single round has no spread."""
    found = spread([3.0])
    assert (found.median, found.least, found.most, found.lower, found.upper) == (3.0, 3.0, 3.0, 3.0, 3.0)


@given(st.lists(POSITIVE, min_size=1, max_size=30))
def test_spread_is_in_order(values: list[float]) -> None:
    """The middle half lies within the extremes, and the median within it."""
    found = spread(values)
    close = 1e-9
    assert found.least - close <= found.lower <= found.median + close
    assert found.median - close <= found.upper <= found.most + close


def test_ratios_and_differences_are_of_the_same_round() -> None:
    """A slow peer runs in fewer rounds; the others are not counted."""
    assert ratios([1.0, 4.0, 9.0], [2.0, 2.0]) == [0.5, 2.0]
    assert differences([1.0, 4.0, 9.0], [2.0, 2.0]) == [-1.0, 2.0]


@given(st.floats(min_value=0.1, max_value=3), POSITIVE)
def test_slope_is_the_exponent(exponent: float, factor: float) -> None:
    """Of values that grow with a power of the size, whatever a single one takes."""
    sizes = [100, 300, 1000, 3000]
    assert slope(sizes, [factor * size**exponent for size in sizes]) == pytest.approx(exponent)


# --- the record ------------------------------------------------------------------------------------------------------


def test_record_is_read_as_it_was_written() -> None:
    """The JSON of a run holds all of it."""
    done = run(
        row("cold-40", entry("a", [0.25, 0.5], requests=3, api=1), entry("b", [1.0])),
        row("b-3", entry("c", [1.0]), size=3),
    )
    assert record.parse(record.text(done)) == done


@pytest.mark.parametrize("text", ["", "[]", "{}", "3", '{"format": 2}', '{"format": 1, "rows": [{"key": 1}]}'])
def test_what_is_no_record_is_refused(text: str) -> None:
    """With one kind of error, which the command shows as a sentence."""
    with pytest.raises(ValueError, match=r"."):
        record.parse(text)


# --- goals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("goal", "measured"),
    [
        (Goal(row="one", measure="ratio", limit=2, peers=("a",)), 1.5),
        (Goal(row="one", measure="over", limit=2, peers=("a",)), 1000.0),
        (Goal(row="one", measure="sum", limit=1, peers=("a", "b")), 0.5),
        (Goal(row="one", measure="requests", limit=0), 4),
        (Goal(row="one", measure="api", limit=0), 0),
        (Goal(row="size", measure="time exponent", limit=1), 2.0),
        (Goal(row="size", measure="memory exponent", limit=1), 0.0),
        (Goal(row="start", measure="time exponent", limit=1), None),
        (Goal(row="size-100", measure="memory", limit=150), 50.0),
        (Goal(row="none", measure="ratio", limit=1, peers=("a",)), None),
        (Goal(row="one", measure="ratio", limit=1, peers=("nobody",)), None),
        (Goal(row="one", measure="time exponent", limit=1), None),
    ],
)
def test_goal_is_held_against_what_was_measured(goal: Goal, measured: float | None) -> None:
    """Medians of what is compared round by round; what was not measured is neither met nor missed."""
    done = run(
        row(
            "one",
            entry("ours", [3.0, 3.0, 90.0], requests=4),
            entry("a", [2.0, 2.0, 60.0]),
            entry("b", [4.0, 4.0, 120.0]),
        ),
        row("size-1", entry("ours", [1.0], 50.0), size=1),
        row("size-10", entry("ours", [1.0], 50.0), size=10),
        row("size-100", entry("ours", [100.0], 50.0), size=100),
        row("start-10", entry("ours", [1.0]), entry(names.BARE, [2.0]), size=10),
        row("start-100", entry("ours", [9.0]), entry(names.BARE, [2.0]), size=100),
    )
    (judged,) = judge(done, [goal])
    assert judged.measured == pytest.approx(measured)
    assert judged.met == (None if measured is None else measured <= goal.limit)


@pytest.mark.parametrize("peer", [names.START, names.BARE])
def test_exponent_is_of_what_is_above_the_start(peer: str) -> None:
    """The start is the same for each size, and would make steep growth look flat, of time and of memory."""
    grown = {size: 0.002 * size**1.3 for size in (100, 300, 1000, 3000)}
    done = run(
        *(
            row(f"size-{size}", entry("ours", [2.0 + more] * 2, 45.0 + more), entry(peer, [2.0] * 2, 45.0), size=size)
            for size, more in grown.items()
        )
    )
    assert slope(list(grown), [2.0 + more for more in grown.values()]) < 1.1
    for measure in ("time exponent", "memory exponent"):
        (judged,) = judge(done, [Goal(row="size", measure=measure, limit=1.1)])
        assert judged.measured == pytest.approx(1.3)
        assert judged.met is False


def test_goals_name_programs_that_there_are() -> None:
    """A peer that is spelled otherwise would never be measured."""
    known = {getattr(names, name) for name in names.__all__ if name != "OF_OURS"}
    assert {peer for goal in GOALS for peer in goal.peers} <= known


# --- the page --------------------------------------------------------------------------------------------------------


def whole() -> Record:
    return run(
        row(
            "cold-40",
            entry(names.SYNC, [1.0, 1.2, 1.1], requests=442, connections=60),
            entry(names.FLOOR, [1.0, 1.0, 1.0], requests=442, connections=64),
            entry(names.AIFLOWS, [60.0], requests=2000, connections=1),
        ),
        row("guard", entry(names.IMPORT, [0.012]), entry(names.BARE, [0.007])),
    )


def test_page_has_every_row_and_every_goal() -> None:
    """Goals with what was measured, marked; rows with medians, ranges, ratios and requests."""
    text = report.page(whole(), "picture.svg")
    assert "| cold-40 | at most 1.5 x the floor | 1.10 x | met |" in text
    assert "| cold-40 | at most 1/12 of aiFlows 1.1.1 | 1/60.0 | met |" in text
    assert "| guard | at most 2 ms over a bare interpreter | 5.0 ms | **missed** |" in text
    assert "| nothing-10 | no request | not measured | not measured |" in text
    assert "| flowverse sync | 1.1 s | 1 s to 1.2 s |  | 442 requests on 60 connections | 40 MB |" in text
    assert "| aiFlows 1.1.1 | 60 s | 60 s to 60 s (1 round) | 1/60.0 | 2000 requests on 1 connection | 40 MB |" in text
    assert "\n\nThe floor: " in text
    assert "](picture.svg)" in text
    assert "(speed.md)" in text


def test_terminal_shows_a_row_in_a_line_a_program() -> None:
    """Names, medians, ranges, ratios."""
    title, ours, floor, _, note = report.row_lines(whole().rows[0])
    assert title.startswith("cold-40")
    assert " ".join(ours.split()) == "flowverse sync 1.1 s 1 s to 1.2 s 442 requests on 60 connections"
    assert "ours is 1.10 x" in floor
    assert note.startswith("  The floor: ")


def test_terminal_tells_which_goals_are_missed() -> None:
    """Of those that were measured."""
    first, *others = report.goal_lines(whole())
    assert first == "3 goals, 2 met"
    assert any("MISSED" in line and "guard" in line for line in others)
    guard = replace(whole(), rows=whole().rows[1:])
    assert report.goal_lines(guard)[0] == "1 goal, 0 met"


def test_titles_are_as_the_rows_have_them() -> None:
    """Names of programs are not capitalised."""
    done = run(replace(row("pdm-version", entry(names.WITH, [1.0])), title="pdm --version"))
    assert "\npdm --version; 1 round.\n" in report.page(done, "picture.svg")


def test_plot_is_a_picture_of_every_program() -> None:
    """Well-formed, whatever is in a name, with a dot for each, ours apart from the others."""
    done = whole()
    root = ET.fromstring(plot(done))  # noqa: S314 - we wrote it
    dots = [node for node in root.iter() if node.tag.endswith("circle")]
    assert len(dots) == sum(len(one.entries) for one in done.rows)
    assert sum(node.get("class") == "ours" for node in dots) == len(done.rows)
    _, _, width, height = map(float, root.get("viewBox", "").split())
    assert all(0 < float(node.get("cx", "")) < width for node in dots)
    assert all(0 < float(node.get("cy", "")) < height for node in dots)
    assert "prefers-color-scheme: dark" in plot(done)


# --- two runs --------------------------------------------------------------------------------------------------------


def two(ours: Sequence[float], peak: float = 40.0, requests: int = 3) -> Record:
    return run(row("one", entry("ours", ours, peak, requests=requests), entry("a", [1.0] * len(ours)), size=10))


def regressed(before: Record, now: Record) -> set[str]:
    return {change.what for change in compare.changes(before, now) if change.regressed}


def test_run_does_not_regress_against_itself() -> None:
    """Nothing changed."""
    done = two([1.0, 1.1, 1.2, 1.1, 1.1])
    assert regressed(done, done) == set()
    assert not any(change.improved for change in compare.changes(done, done))


def test_slower_machine_is_no_regression() -> None:
    """Times are not compared, ratios are."""
    before = two([1.0, 1.1, 1.2, 1.1, 1.1])
    slow = replace(before, rows=tuple(_slower(one) for one in before.rows))
    assert regressed(before, slow) == set()


def _slower(one: Row) -> Row:
    entries = tuple(
        replace(each, samples=tuple(replace(sample, seconds=3 * sample.seconds) for sample in each.samples))
        for each in one.entries
    )
    return replace(one, entries=entries)


def test_more_than_either_run_varies_is_a_regression() -> None:
    """Of the ratio, of the requests, of the memory; what lies within the spread is none."""
    times = [1.0, 1.0, 1.1, 1.2, 1.2]
    before = two(times)
    assert regressed(before, two([1.5, 1.5, 1.6, 1.7, 1.7])) == {"ours by a"}
    assert regressed(before, two([1.0, 1.0, 1.2, 1.9, 1.9])) == set()
    assert regressed(before, two(times, peak=80.0)) == {"peak of memory"}


def test_any_more_requests_are_a_regression() -> None:
    """They do not vary, so one of a thousand in one round is one too many; those to the API are told apart."""
    before = run(row("one", entry("ours", [1.0, 1.0], requests=1000, api=40)))
    assert regressed(before, run(row("one", entry("ours", [1.0, 1.0], requests=1001, api=40)))) == {"requests"}
    assert regressed(before, run(row("one", entry("ours", [1.0], requests=1000, api=41)))) == {"requests to the API"}
    ours = entry("ours", [1.0], requests=1000, api=40).samples + entry("ours", [1.0], requests=1001, api=40).samples
    assert regressed(before, run(row("one", Entry(name="ours", samples=ours)))) == {"requests"}
    assert regressed(before, run(row("one", entry("ours", [1.0], requests=999, api=39)))) == set()


def test_few_rounds_are_not_judged_by_their_times() -> None:
    """They say nothing about how much times vary; and that is said."""
    found = compare.changes(two([1.0] * 5), two([9.0] * 4))
    assert not any(change.regressed for change in found)
    assert any("too few rounds to judge" in line and "ours by a" in line for line in compare.lines(found))


def test_peer_that_became_faster_is_no_regression() -> None:
    """It is one if we are slower against at least half of them, so one with bad luck does not hide it either."""
    assert regressed(race(), race(a=0.5)) == set()
    assert regressed(race(), race(ours=2)) == {"ours by a", "ours by b", "ours by c"}
    assert regressed(race(), race(ours=2, c=2)) == {"ours by a", "ours by b"}
    assert regressed(race(), race(ours=2, b=2, c=2)) == set()


def test_all_of_ours_becoming_slower_is_a_regression() -> None:
    """Runs of our own beside it became slower as well, and are not asked."""
    others = {names.ALONE: 2.0, names.NOTHING: 2.0, names.BARE: 1.0}
    before = run(row("one", entry("ours", [1.0] * 5), *(entry(name, [1.0] * 5) for name in others)))
    now = run(row("one", entry("ours", [2.0] * 5), *(entry(name, [time] * 5) for name, time in others.items())))
    assert regressed(before, now) == {f"ours by {names.BARE}"}


def race(**seconds: float) -> Record:
    """A row of five rounds in which everybody takes a second, if it is not said."""
    times = {"ours": 1.0, "a": 1.0, "b": 1.0, "c": 1.0} | seconds
    return run(row("one", *(entry(name, [time] * 5) for name, time in times.items())))


def test_what_is_not_there_any_more_is_told() -> None:
    """A row, a program; not a row that this run was not asked for, nor what quick runs do not have."""
    before = run(*race().rows, row("two-3", entry("ours", [1.0])), row("three", entry("ours", [1.0])))
    now = run(row("one", entry("ours", [1.0]), entry("b", [1.0]), entry("c", [1.0])))
    assert compare.vanished(before, now) == ["one: a", "two-3", "three"]
    assert compare.vanished(before, now, lambda key: key != "three") == ["one: a", "two-3"]
    assert compare.vanished(before, before) == []
    assert compare.vanished(before, replace(now, quick=True)) == []
    assert compare.lines([], ["two-3"])[0].split() == ["VANISHED", "two-3"]


def test_first_request_is_a_regression() -> None:
    """Where there was none, one is too many."""
    assert regressed(two([1.0], requests=0), two([1.0], requests=1)) == {"requests"}


def test_changes_are_shown_with_regressions_first() -> None:
    """Before, now, and the share."""
    found = compare.lines(compare.changes(two([1.0] * 5, peak=40.0), two([2.0] * 5, peak=20.0)))
    assert [line.split()[0] for line in found[:2]] == ["REGRESSED", "improved"]
    assert "1 -> 2  (+100%)" in found[0]
    assert compare.lines([]) == ["Nothing that both runs measured."]


def test_rows_of_one_run_only_are_not_compared() -> None:
    """Nor are peers of one run only."""
    other = run(row("other", entry("ours", [1.0])), row("one", entry("ours", [1.0]), entry("b", [1.0])))
    assert compare.changes(two([1.0], requests=0), other) == []
