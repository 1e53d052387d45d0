"""The benchmark: `hatch run bench`.

Runs every row, prints it, and writes docs/benchmarks.md, .svg and .json. It makes its environments and its Hub itself.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from types import FrameType

from benchmarks import compare, record, report
from benchmarks.bench import Bench
from benchmarks.desk import Desk, workshop
from benchmarks.hub_process import HubProcess
from benchmarks.machine import load, machine, versions
from benchmarks.places import Places
from benchmarks.plot import plot
from benchmarks.rows import GROUPS, KEYS
from benchmarks.running import Failed
from benchmarks.screen import Screen

say = Screen()

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 1 if something regressed or failed."""
    options = _options(arguments)
    before: record.Record | None = options.compare
    busy = load()
    try:
        with _ending_well(), workshop(options.place, keep=options.keep) as place:
            done = _run(options, place, busy)
            say("removing what was made")
        say.clear()
    except Failed as failed:
        say.clear()
        print(f"error: {failed}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say.clear()
        print(f"interrupted; what was made is {'kept' if options.keep else 'removed'}", file=sys.stderr)
        return 130
    print("\n".join(["", *report.goal_lines(done)]))
    if busy:
        print(f"\nthis machine was busy: load {busy}; do not trust the times")
    if options.output is not None:
        write(done, options.output)
    if before is None:
        return 0
    found = compare.changes(before, done)
    asked = [prefix for name in options.rows or GROUPS for prefix in KEYS[name]]
    gone = compare.vanished(before, done, lambda key: key.startswith(tuple(asked)))
    print("\n".join(["", f"against the run of {before.date}; lower is better", *compare.lines(found, gone)]))
    if before.quick != done.quick:
        print("One of the two is a quick run: rows of the other alone are not compared.")
    return int(bool(gone) or any(change.regressed for change in found))


def write(done: record.Record, output: Path) -> None:
    """Write the page, and beside it its picture and its numbers."""
    output.write_text(report.page(done, output.with_suffix(".svg").name), encoding="utf-8")
    output.with_suffix(".svg").write_text(plot(done), encoding="utf-8")
    output.with_suffix(".json").write_text(record.text(done), encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="under two minutes on an idle machine: fewer rounds, smaller sizes; writes nothing unless --output",
    )
    parser.add_argument(
        "--rows",
        nargs="+",
        metavar="ROWS",
        choices=list(GROUPS),
        default=[],
        help=f"only these groups, of {', '.join(GROUPS)}; writes nothing unless --output",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the page there, its picture and numbers beside it"
    )
    parser.add_argument(
        "--compare",
        type=_read,
        metavar="FILE",
        help="print the change against the numbers (.json) of a run before; exit code 1 if something regressed or "
        "vanished; writes nothing unless --output",
    )
    parser.add_argument("--place", type=Path, metavar="DIR", help="work below this folder, which exists, not in memory")
    parser.add_argument("--keep", action="store_true", help="leave all that was made")
    options = parser.parse_args(arguments)
    # A run takes minutes: what cannot be written at its end is said at its start.
    output: Path | None = options.output or (None if _unwritten(options) else PAGE)
    if output is not None and not output.parent.is_dir():
        parser.error(f"argument --output: there is no folder {output.parent}")
    if output is not None and output.is_dir():
        parser.error(f"argument --output: {output} is a folder")
    if options.place is not None and not options.place.is_dir():
        parser.error(f"argument --place: there is no folder {options.place}")
    options.output = output
    return options


def _unwritten(options: argparse.Namespace) -> bool:
    """Whether the page of this run is not that of the repository, because it lacks something."""
    return bool(options.quick or options.rows or options.compare)


@contextmanager
def _ending_well() -> Iterator[None]:
    """Remove what was made also where a closed terminal, or `kill`, ends us; nothing interrupts the removal."""
    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(number: int, _: FrameType | None) -> None:
        for each in ends:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in ends}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _read(name: str) -> record.Record:
    """A run that was written to a file."""
    try:
        return record.parse(Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{name} cannot be read: {error}") from None


def _run(options: argparse.Namespace, place: Path, busy: str) -> record.Record:
    places, rows = Places(say), []
    with HubProcess(ROOT, place / "repositories") as hub:
        desk = Desk(place / "desk", hub.endpoint, keep=options.keep)
        bench = Bench(places=places, hub=hub, desk=desk, quick=options.quick, say=say)
        for name in options.rows or GROUPS:
            for row in GROUPS[name](bench):
                rows.append(row)
                say.clear()
                print("\n".join(["", *report.row_lines(row)]), flush=True)
    return record.Record(
        date=datetime.now(timezone.utc).date().isoformat(),
        quick=options.quick,
        machine=machine(place) | ({"load at the start": f"{busy}; do not trust the times"} if busy else {}),
        versions=versions(places),
        rows=tuple(rows),
    )


if __name__ == "__main__":
    sys.exit(main())
