"""What the engine needs from the outside, as Protocols; the edges wire in the Hub, the disk and the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from flowverse.model import Conflict, FileEntry, Listing, ModuleId, Pin, RemoteFile, Requirement, Wish

__all__ = ["SILENT", "Chooser", "Examined", "Examiner", "Refuse", "Reporter", "Shelf", "Sink", "Source", "Store"]


class Reporter(Protocol):
    """Is told what happens while it happens; says nothing back. Calls come from one thread at a time."""

    def phase(self, name: str) -> None:
        """A new part of the work begins: "resolving", "fetching", "installing"."""

    def found(self, id: ModuleId, total: int) -> None:
        """A module was found while resolving; `total` are known by now."""

    def fetching(self, files: int, size: int) -> None:
        """`files` more files of `size` bytes in all are to be fetched."""

    def fetched(self, size: int) -> None:
        """One file of `size` bytes arrived and was checked."""

    def waiting(self, what: str, seconds: float) -> None:
        """Requests will be sent again after `seconds`; `what` says why. Told once for all that wait at that time."""

    def detail(self, message: str) -> None:
        """A sentence for somebody who asked for all of it (`-v`)."""


class _Silent:
    """The Reporter that says nothing."""

    def phase(self, name: str) -> None: ...

    def found(self, id: ModuleId, total: int) -> None: ...

    def fetching(self, files: int, size: int) -> None: ...

    def fetched(self, size: int) -> None: ...

    def waiting(self, what: str, seconds: float) -> None: ...

    def detail(self, message: str) -> None: ...


SILENT: Reporter = _Silent()


class Chooser(Protocol):
    """Is asked when modules conflict. It may ask a person, or refuse by answering None."""

    def choose(self, conflict: Conflict) -> Wish | None:
        """Which wish wins, or None if nobody can say; the conflict is then an error."""


class Refuse:
    """The Chooser of everything that has no terminal."""

    def choose(self, conflict: Conflict) -> Wish | None:  # noqa: ARG002
        """Nobody is there to answer."""
        return None


class Source(Protocol):
    """Where modules come from. All requests of a sync go through one source, all at once."""

    async def resolve(self, id: ModuleId, revision: str) -> Listing:
        """Resolve a revision and list its files; one request. Raises a `HubError`."""

    async def fetch(self, id: ModuleId, commit: str, file: RemoteFile, *, patient: bool = False) -> FileEntry:
        """Bring one file into the store, checked against what is known of it. Raises a `HubError`.

        Files of one blob id (or sha256) are asked for once in a sync, whoever wants them. If `patient`, what others ask
        for goes first: nobody has to know this content to know what comes next.
        """


class Shelf(Protocol):
    """Where the files that a module is built of come from."""

    def copy(self, id: ModuleId, commit: str, entry: FileEntry, to: str) -> bool:
        """Write the content to a new file `to`, hashed on the way; False (and no file) if it is not here or wrong.

        Called from several threads at once. Raises `TreeError`.
        """


class Store(Shelf, Protocol):
    """The cache folder of the Hub client: content that is here need not be fetched. It never trusts what it finds."""

    def entry(self, id: ModuleId, commit: str, file: RemoteFile) -> FileEntry | None:
        """What is here of a listed file, hashed now and found to match the listing; None if it is not (or not so)."""

    def read(self, id: ModuleId, commit: str, entry: FileEntry) -> bytes | None:
        """The content of a file, hashed now and found right; None if it is not here or not right."""


class Sink(Protocol):
    """Where the bytes of a download go; it may have to begin again."""

    @property
    def size(self) -> int:
        """How many bytes came since the last beginning."""

    def restart(self, size: int) -> None:
        """Forget what came; `size` bytes are promised."""

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""


@dataclass(frozen=True, kw_only=True)
class Examined:
    """A module looked into: its pin, what could not be read of what it asks for, and its patch as it is for this pin.

    The patch is the project's, or what became of it where it was carried over to another commit; None for none.
    """

    pin: Pin
    warnings: tuple[str, ...] = ()
    patch: bytes | None = None


class Examiner(Protocol):
    """Turns one requirement into a pin, and tells what the module asks for as soon as that is known."""

    async def examine(self, requirement: Requirement, ask: Callable[[Sequence[Requirement]], None]) -> Examined:
        """Call `ask` once, as soon as the module's own requirements are known; return when everything is here."""
