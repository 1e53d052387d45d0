"""What a person probably meant by a text that cannot be used as it is. Pure, and of use to words on any floor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["address_of", "dotted_id", "is_range", "overlooked", "unquoted_id"]

_PART = r"[A-Za-z0-9][\w.-]*"
_ADDRESS = re.compile(r"(?:[a-z][a-z+]*://[^/]+/|git@[^:/]+:|(?:www\.)?(?:huggingface|hf)\.co/)([^/?#@]+/[^/?#@]+)")
_RANGE = re.compile(r"\s*(?:[<>=!~^]=?=?\s*v?\d.*|v?\d+(?:\.\d+)*\.\*|\*)\s*")
_UNQUOTED = re.compile(rf"^\s*({_PART}/{_PART})\s*=", re.MULTILINE)
_TABLE = "flowverse"


def address_of(text: str) -> str | None:
    """The `owner/name` in the address of a repository, such as `https://huggingface.co/saibo/ChatFlows/tree/main`."""
    match = _ADDRESS.match(text.strip())
    return match[1].removesuffix(".git") if match else None


def is_range(text: str) -> bool:
    """Whether a text names a range of versions, as a Python requirement does."""
    return _RANGE.fullmatch(text) is not None


def unquoted_id(text: str) -> str | None:
    """The first module id in a TOML text that stands as a key without the quotes that it needs."""
    match = _UNQUOTED.search(text)
    return match[1] if match else None


def dotted_id(key: str, value: Any) -> str | None:
    """The id that was meant by `saibo.ChatFlows = "main"`, which TOML reads as a table in a table."""
    inner = next(iter(value)) if isinstance(value, Mapping) and len(value) == 1 else ""
    return f"{key}/{inner}" if re.fullmatch(_PART, key) and re.fullmatch(_PART, inner) else None


def overlooked(tables: Iterable[str]) -> str | None:
    """The name that was probably meant to be `flowverse`: a letter or two off, or written apart."""
    import difflib  # where something is wrong

    for name in tables:
        plain = re.sub(r"[-_. ]", "", name).casefold()
        if difflib.get_close_matches(plain, [_TABLE], cutoff=0.85):
            return name
    return None
