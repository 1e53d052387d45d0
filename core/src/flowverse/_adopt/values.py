"""What adopting finds and would change, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flowverse.model import ModuleId

__all__ = ["ByHand", "Change", "Clash", "Migration", "Present", "Setup", "Shape", "Wish"]

Shape = Literal["hatchling", "pdm-backend", "pdm", "command"]
"""How a project is built and installed, as far as it matters for flow modules."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A file as it is (None where there is none) and as it would be, as bytes. `path` has `/`, from the project."""

    path: str
    before: bytes | None
    after: bytes
    encoding: str = "utf-8"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What calls ask for of one module: a revision, or a path (relative to the project). `places` are `file:line`."""

    id: ModuleId
    revision: str
    path: str | None = None
    overwrite: bool = False
    places: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """The revision or the path."""
        return self.revision if self.path is None else self.path

    @property
    def value(self) -> str | dict[str, str | bool]:
        """What stands for it in `[tool.flowverse.dependencies]`."""
        if self.path is not None:
            return {"path": self.path}
        return {"revision": self.revision, "overwrite": True} if self.overwrite else self.revision


@dataclass(frozen=True, kw_only=True)
class Present:
    """A wish for a module that `pyproject.toml` has already, at a target of its own, which stays."""

    wish: Wish
    target: str


@dataclass(frozen=True, kw_only=True)
class Clash:
    """One module that is asked for at several targets: nothing is chosen."""

    id: ModuleId
    wishes: tuple[Wish, ...]


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """Something that a person has to do, at a `file:line` or a file. `why` is a clause."""

    at: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Migration:
    """From calls to requirements.

    `wishes` are new to `pyproject.toml`, `deleted` are the calls (`file:line`) that go, `changes` are what has to be
    written for both, `written` tells whether it was.
    """

    wishes: tuple[Wish, ...] = ()
    present: tuple[Present, ...] = ()
    clashes: tuple[Clash, ...] = ()
    deleted: tuple[str, ...] = ()
    by_hand: tuple[ByHand, ...] = ()
    notes: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    written: bool = False

    @property
    def complete(self) -> bool:
        """Whether nothing is left for a person."""
        return not self.clashes and not self.by_hand


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a project needs of wiring: how it is built, the changes that are missing, and what to know of them."""

    shape: Shape
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
