"""What a run of the benchmark found, as values; and as JSON, which a later run can be compared with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Entry", "Record", "Row", "Sample", "parse", "text"]

_FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One run of one program: wall-clock and CPU seconds, its peak of memory in MB, and what it asked the Hub for."""

    seconds: float
    cpu: float
    peak: float
    requests: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One program of a row, with its samples in the order of the rounds."""

    name: str
    samples: tuple[Sample, ...]

    @property
    def seconds(self) -> list[float]:
        """The wall-clock time of each round."""
        return [sample.seconds for sample in self.samples]

    @property
    def peaks(self) -> list[float]:
        """The peak of memory of each round, in MB."""
        return [sample.peak for sample in self.samples]

    def counts(self, what: str = "requests") -> set[int]:
        """How many of such requests there were; one number, if every round asked the same."""
        return {sample.requests.get(what, 0) for sample in self.samples}


@dataclass(frozen=True, kw_only=True)
class Row:
    """Programs that were run in alternation, ours first. `size` is in modules, for the rows that are one by size."""

    key: str
    title: str
    entries: tuple[Entry, ...]
    size: int | None = None

    @property
    def ours(self) -> Entry:
        """The program that the others are held against."""
        return self.entries[0]

    def entry(self, name: str) -> Entry | None:
        """The program of that name, if it took part."""
        return next((entry for entry in self.entries if entry.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Record:
    """One run of the benchmark."""

    date: str
    quick: bool
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    rows: tuple[Row, ...]

    def row(self, key: str) -> Row | None:
        """The row of that key, if it was measured."""
        return next((row for row in self.rows if row.key == key), None)


def text(record: Record) -> str:
    """The JSON of a run."""
    return json.dumps({"format": _FORMAT, **_rounded(asdict(record))}, indent=1) + "\n"


def parse(document: str) -> Record:
    """Read what `text` wrote. Raises ValueError if it is something else."""
    try:
        found = json.loads(document)
        if found.pop("format") != _FORMAT:
            msg = "another version of the benchmark wrote this"
            raise ValueError(msg)
        rows = tuple(_row(row) for row in found.pop("rows"))
        return Record(rows=rows, **found)
    except (AttributeError, KeyError, TypeError) as error:
        msg = f"no run of the benchmark: {error}"
        raise ValueError(msg) from error


def _row(found: dict[str, Any]) -> Row:
    entries = tuple(
        Entry(name=entry["name"], samples=tuple(Sample(**sample) for sample in entry["samples"]))
        for entry in found.pop("entries")
    )
    return Row(entries=entries, **found)


def _rounded(value: Any) -> Any:
    """Microseconds are enough, and make the file half as long."""
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(inner) for inner in value]
    return round(value, 6) if isinstance(value, float) else value
