"""A run as a page, and as lines for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import names, words
from benchmarks.figures import ratios, spread
from benchmarks.goals import judge
from benchmarks.record import Record, Row

__all__ = ["goal_lines", "page", "row_lines"]

_INTRODUCTION = """\
# Benchmarks

`hatch run bench` wrote this page; it is not edited by hand. [speed.md](speed.md) says what limits us, and what was
tried. Every number is of a whole process, from its start to its end. The programs of a row ran in alternation, A B C,
A B C, each time in a fresh folder, after a round that is not counted; a ratio is the median of the ratios of each
round. What is ours was installed from wheels, as users install it. The Hub is one of our own on the same machine, in a
process of its own, which answers as the Hub does for what is asked, late by a fixed time: 40 ms for a request, and
80 ms more for the first of a connection, which is what TCP and TLS take at that distance. It has no bandwidth limit,
and it costs CPU time on the machine that is measured.
"""
_PEERS = {
    names.AIFLOWS: "its own `sync_dependencies` of what the project asks for; it learns of the rest by importing it",
    names.THREADS: "huggingface_hub's, of modules that are known beforehand, eight at once, each with its eight "
    "threads; into the cache only",
    names.ONE_AFTER_THE_OTHER: "the same, a module at a time",
    names.CLONE: "of repositories that are known beforehand, over HTTP with the same delays; what git's own server "
    "answers is remembered, so that it costs no time",
    names.FLOOR: "a client that knows the graph beforehand, and sends the same GETs all at once, 64 at a time on 64 "
    "connections that are kept; the Hub client's own HTTP library and headers, every file written once, nothing hashed",
    names.COPY: "the synced tree, copied",
    names.CHECKOUT: "the same files, in a repository on the same disk whose objects are packed",
    names.GIT_STATUS: "the same files, committed",
    names.UV_SYNC: "of a project of some thirty installed packages: a neighbour, for scale",
    names.START: "what a run takes before the size tells; the exponents are of the time and the memory above it",
    names.ALONE: "the same move where there is no other module",
}


def page(record: Record, picture: str) -> str:
    """The page of a run; `picture` is the file name of its plot."""
    parts = [_INTRODUCTION]
    if record.quick:
        parts.append("This was a **quick** run: fewer rounds, smaller sizes.\n")
    parts += [
        "\n".join(_about(record)) + "\n",
        "## Goals\n\n" + "\n".join(_goals(record)) + "\n",
        f"![Our time, and that of each peer, on a logarithmic scale]({picture})\n",
        "## Rows\n\n" + "\n".join("\n".join(_table(row)) + "\n" for row in record.rows),
        "## The peers\n\n" + "\n".join(_peers()) + "\n",
    ]
    return "\n".join(parts)


def row_lines(row: Row) -> list[str]:
    """A row for a terminal."""
    cells = list(_cells(row))
    width, wide = max(len(each[0]) for each in cells), max(len(each[2]) for each in cells)
    lines = [row.title]
    for name, median, extremes, ratio, asked, peak in cells:
        said = [ratio and f"ours is {ratio}", asked, row.size and peak]
        words_of_it = ", ".join(word for word in said if word)
        lines.append(f"  {name:{width}}  {median:>8}  {extremes:{wide}}  {words_of_it}".rstrip())
    return [*lines, *(f"  {line}" for line in _notes(row))]


def goal_lines(record: Record) -> list[str]:
    """The goals that a run measured, for a terminal."""
    found = [judged for judged in judge(record) if judged.met is not None]
    lines = [f"{words.many(str(len(found)), 'goal')}, {sum(bool(judged.met) for judged in found)} met"]
    for judged in found:
        mark = "met   " if judged.met else "MISSED"
        lines.append(f"  {mark}  {judged.goal.row}: {words.measured(judged)} ({words.limit(judged.goal)})")
    return lines


def _about(record: Record) -> Iterator[str]:
    yield "| | |"
    yield "| --- | --- |"
    yield f"| date | {record.date} |"
    for what, value in (*record.machine.items(), *record.versions.items()):
        yield f"| {what} | {value} |"


def _goals(record: Record) -> Iterator[str]:
    yield "| row | goal | measured | |"
    yield "| --- | --- | ---: | --- |"
    for judged in judge(record):
        cells = (judged.goal.row, words.limit(judged.goal), words.measured(judged), words.verdict(judged))
        yield f"| {' | '.join(cells)} |"


def _peers() -> Iterator[str]:
    yield "| peer | what it is |"
    yield "| --- | --- |"
    for name, what in _PEERS.items():
        yield f"| {name} | {what} |"


def _table(row: Row) -> Iterator[str]:
    yield f"### {row.key}\n"
    yield f"{row.title}; {words.rounds(row.ours)}.\n"
    yield "| program | median | range | ours is | asked | peak of memory |"
    yield "| --- | ---: | --- | ---: | --- | ---: |"
    for cells in _cells(row):
        yield f"| {' | '.join(cells)} |"
    for note in _notes(row):
        yield f"\n{note}"


def _notes(row: Row) -> Iterator[str]:
    """What is said below the table of a row."""
    if row.entry(names.FLOOR) is not None:
        yield "The floor: the same GETs, by a client that knows all beforehand and does nothing else."


def _cells(row: Row) -> Iterator[tuple[str, str, str, str, str, str]]:
    for entry in row.entries:
        found = spread(entry.seconds)
        ratio = "" if entry is row.ours else words.times(spread(ratios(row.ours.seconds, entry.seconds)).median)
        few = f" ({words.rounds(entry)})" if len(entry.samples) < len(row.ours.samples) else ""
        median, extremes = words.duration(found.median), words.range_of(found) + few
        asked = words.asked(entry) or ("none" if entry is row.ours else "")
        yield entry.name, median, extremes, ratio, asked, words.peak(entry)
