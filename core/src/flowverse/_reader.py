"""Reading a TOML table that a person wrote: each value of the type that it must have, every problem collected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flowverse._toml import quote
from flowverse.errors import quiet

__all__ = ["Reader", "key_of", "kind_of", "nearest"]

_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),  # before int, which it is a kind of
    (str, "a string"),
    (int, "an integer"),
    (float, "a float"),
    (Mapping, "a table"),
    ((list, tuple), "an array"),
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Reader:
    """Reads values, and collects what is wrong with them as (full TOML key, clause), to be told all at once."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []

    def wrong(self, key: str, clause: str) -> None:
        """Keep a problem."""
        self.problems.append((quiet(key), quiet(clause)))

    def table(self, key: str, value: Any) -> Mapping[str, Any]:
        """Read a table; an empty one if it is none."""
        if isinstance(value, Mapping):
            return value
        self.wrong(key, f"must be a table, not {kind_of(value)}")
        return {}

    def text(self, key: str, value: Any) -> str | None:
        """Read a string; None if it is none."""
        if isinstance(value, str):
            return str(value)  # a plain one, tomlkit has its own
        self.wrong(key, f"must be a string, not {kind_of(value)}")
        return None

    def known(
        self, key: str, table: Mapping[str, Any], known: Sequence[str], called: Mapping[str, str] | None = None
    ) -> None:
        """Refuse every other key, naming the known one that others call so (`called`), or the nearest."""
        for name in table:
            if name not in known:
                near = (called or {}).get(name.lower()) or nearest(name, known)
                meant = f'did you mean "{near}"?' if near else f"known here are {', '.join(known)}"
                self.wrong(f"{key}.{key_of(name)}", f"is not a known key; {meant}")

    def texts(self, key: str, value: Any) -> list[tuple[str, str]] | None:
        """Read an array of strings, each with its own key; None if any of them is none."""
        if not isinstance(value, list):
            self.wrong(key, f"must be an array of strings, not {kind_of(value)}")
            return None
        found = [(f"{key}[{index}]", self.text(f"{key}[{index}]", item)) for index, item in enumerate(value)]
        texts = [(at, text) for at, text in found if text is not None]
        return texts if len(texts) == len(found) else None


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Find the known word that was probably meant; None if none is near."""
    import difflib  # where something is wrong

    close = difflib.get_close_matches(word, list(known), n=1)
    return close[0] if close else None


def kind_of(value: Any) -> str:
    """What a value is, in TOML's words."""
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "a date or a time")


def key_of(name: str) -> str:
    """A key as it is written in TOML."""
    return name if _BARE_KEY.fullmatch(name) else quote(name)
