"""How a test makes the Hub misbehave: slow, failing, cut off, wrong, or malicious, for the requests that it names."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tests.hub import ids
from tests.hub.wire import Call

INFO = r"^/api/models/[^/]+/[^/]+(/revision/.*)?$"
"""Paths of model info, with or without a revision. These seven are for a rule's `path`."""
SEARCH = r"^/api/models$"
TREE = r"^/api/models/[^/]+/[^/]+/tree/"
REFS = r"^/api/models/[^/]+/[^/]+/refs$"
COMMITS = r"^/api/models/[^/]+/[^/]+/commits/"
FILE = r"^/[^/]+/[^/]+/resolve/"
LFS = r"^/lfs/"

Action = Literal["reset", "hangup", "stall", "truncate", "pause", "corrupt"]
"""What may be done to a connection or a body.

`reset`: the connection is reset unanswered. `hangup`: it is closed unanswered. `stall`: no answer until the rule is
released. `truncate`: half of the body, then the end of the connection. `pause`: half of the body, the rest when the
rule is released. `corrupt`: one bit of the body is wrong, its length is right.
"""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An entry of a listing, before it is put in the form of model info or of a tree."""

    path: str
    kind: str = "file"
    size: int | None = None
    oid: str | None = None
    """The git id of the blob or tree."""
    sha256: str | None = None
    """Of the content, if it is in LFS."""

    def as_sibling(self, *, blobs: bool) -> dict[str, object]:
        """Return the entry as model info lists it; sizes and ids only if `blobs` were asked for."""
        item: dict[str, object] = {"rfilename": self.path}
        if blobs:
            item |= {key: value for key, value in (("size", self.size), ("blobId", self.oid)) if value is not None}
            if self.sha256 is not None:
                item["lfs"] = {"sha256": self.sha256, "size": self.size, "pointerSize": self._pointer_size}
        return item

    def as_tree_item(self) -> dict[str, object]:
        """Return the entry as a tree lists it."""
        item: dict[str, object] = {"type": self.kind, "path": self.path}
        item |= {key: value for key, value in (("oid", self.oid), ("size", self.size)) if value is not None}
        if self.sha256 is not None:
            item["lfs"] = {"oid": self.sha256, "size": self.size, "pointerSize": self._pointer_size}
        return item

    @property
    def _pointer_size(self) -> int:
        return len(ids.lfs_pointer(b"")) - 1 + len(str(self.size))


Listing = Callable[[Sequence[Listed]], Sequence[Listed]]
"""Changes a listing; it sees the files, and in a tree the folders too."""


def adding(*paths: str, content: bytes = b"evil = True\n", kind: str = "file") -> Listing:
    """Return a change that lists further paths, which the repository need not hold."""
    extra = [Listed(path=path, kind=kind, size=len(content), oid=ids.blob_id(content)) for path in paths]
    return lambda entries: [*entries, *extra]


def names_only(entries: Sequence[Listed]) -> list[Listed]:
    """List nothing but names, as mirrors do in model info."""
    return [replace(entry, size=None, oid=None, sha256=None) for entry in entries]


def without_blob_ids(entries: Sequence[Listed]) -> list[Listed]:
    """List names and sizes, without blob ids."""
    return [replace(entry, oid=None) for entry in entries]


class Rule:
    """What happens to the requests that match; counts them, and lets a test wait for them instead of sleeping."""

    def __init__(
        self,
        path: str,
        *,
        method: str | None,
        first: int | None,
        delay: float,
        status: int | None,
        headers: Mapping[str, str],
        action: Action | None,
        together: int | None,
        listing: Listing | None,
    ) -> None:
        self._path = re.compile(path)
        self._method = method
        self._first = first
        self.delay = delay
        self.status = status
        self.headers = headers
        self.action: Action | None = action
        self.listing = listing
        self._together = together
        self._released = threading.Event()
        self._came = threading.Condition()
        self._hits = 0

    @property
    def hits(self) -> int:
        """How many requests it was applied to."""
        with self._came:
            return self._hits

    def wait(self, count: int = 1, timeout: float = 30.0) -> None:
        """Block until it was applied to so many requests; TimeoutError if that takes too long."""
        with self._came:
            if not self._came.wait_for(lambda: self._hits >= count, timeout):
                msg = f"{self._hits} of {count} requests came for {self._path.pattern!r} in {timeout} s"
                raise TimeoutError(msg)

    def release(self) -> None:
        """Let those go on that it holds back (`stall`, `pause`, `together`), and hold no more."""
        self._released.set()

    def take(self, call: Call) -> bool:
        """Say whether it applies to a request, and count that."""
        if self._method not in {None, call.method} or not self._path.search(call.path):
            return False
        with self._came:
            if self._first is not None and self._hits >= self._first:
                return False
            self._hits += 1
            self._came.notify_all()
            if self._together is not None and self._hits >= self._together:
                self._released.set()
        return True

    @property
    def holds(self) -> bool:
        """Whether it keeps a request waiting before any answer."""
        return self.action == "stall" or self._together is not None

    def hold(self) -> None:
        """Wait until it is released."""
        self._released.wait()


class Rules:
    """All rules of a Hub. Every rule that matches applies; of two statuses or actions the older rule's counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._seed: int | None = None
        self._up_to = 0.0

    def add(self, rule: Rule) -> Rule:
        """Add a rule."""
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Forget every rule, and let go what they hold back."""
        with self._lock:
            rules, self._rules = self._rules, []
            self._seed = None
        for rule in rules:
            rule.release()

    def shuffle(self, seed: int, up_to: float) -> None:
        """Delay every answer by a random time that depends on the seed and on the request, not on the machine."""
        with self._lock:
            self._seed, self._up_to = seed, up_to

    def take(self, call: Call) -> list[Rule]:
        """Return the rules that apply to a request."""
        with self._lock:
            rules = list(self._rules)
        return [rule for rule in rules if rule.take(call)]

    def delay(self, call: Call, applied: Sequence[Rule]) -> float:
        """Return how many seconds the answer is to be late."""
        with self._lock:
            seed, up_to = self._seed, self._up_to
        total = sum(rule.delay for rule in applied)
        if seed is not None:
            total += random.Random(f"{seed} {call.method} {call.target}").uniform(0, up_to)  # noqa: S311
        return total
