"""In which order a module's files are asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flowverse._digest import git_blob_id, sha256
from flowverse._examine import ModuleExaminer
from flowverse.model import FileEntry, Listing, ModuleId, RemoteFile, Requirement
from flowverse.ports import Examined

CALL = b'flow_verse.sync_dependencies([{"url": "b/B"}])\n'
FILES = {"__init__.py": b"", "flow.py": CALL, "one.bin": b"\1" * 100, "two.bin": b"\2" * 100}


@dataclass
class Hub:
    """A Source and a Store of modules that all have the same files. Data comes once it is let go."""

    asked: list[tuple[str, bool]] = field(default_factory=list)
    data: int = 0
    peak: int = 0
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def resolve(self, id: ModuleId, revision: str) -> Listing:
        files = tuple(RemoteFile(path=path, size=len(body), blob_id=git_blob_id(body)) for path, body in FILES.items())
        return Listing(id=id, revision=revision, commit="1" * 40, files=files)

    async def fetch(self, id: ModuleId, commit: str, file: RemoteFile, *, patient: bool = False) -> FileEntry:  # noqa: ARG002
        self.asked.append((file.path, patient))
        if patient:
            self.data += 1
            self.peak = max(self.peak, self.data)
            await self.go.wait()
            self.data -= 1
        return FileEntry(path=file.path, size=file.size, sha256=sha256(FILES[file.path]))

    def entry(self, id: ModuleId, commit: str, file: RemoteFile) -> FileEntry | None:
        """Nothing is here yet."""

    def read(self, id: ModuleId, commit: str, entry: FileEntry) -> bytes | None:  # noqa: ARG002
        return FILES[entry.path]

    def copy(self, id: ModuleId, commit: str, entry: FileEntry, to: str) -> bool:
        raise AssertionError(id, commit, entry, to)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_data_is_asked_for_with_the_sources_and_not_waited_for() -> None:
    """What a module asks for is known once its sources are here; its data is under way by then, patiently."""

    async def story() -> tuple[Hub, Examined]:
        hub, asked = Hub(), list[Requirement]()
        examiner = ModuleExaminer(hub, hub, Path(), {})
        module = asyncio.ensure_future(examiner.examine(Requirement(id=ModuleId("a", "A")), asked.extend))
        await settle()
        assert [str(req.id) for req in asked] == ["b/B"]
        assert not module.done()
        hub.go.set()
        return hub, await module

    hub, examined = asyncio.run(story())

    assert sorted(hub.asked) == [("__init__.py", False), ("flow.py", False), ("one.bin", True), ("two.bin", True)]
    assert [entry.path for entry in examined.pin.files] == sorted(FILES)


def test_of_many_modules_the_sources_are_asked_for_at_once_and_the_data_bit_by_bit() -> None:
    """A thousand modules need not be in memory with all their data that is still to come."""

    async def story() -> Hub:
        hub, known = Hub(), list[Requirement]()
        examiner = ModuleExaminer(hub, hub, Path(), {})

        def ask(requirements: Sequence[Requirement]) -> None:
            known.extend(requirements)

        ids = [ModuleId("a", f"M{number}") for number in range(200)]
        modules = [asyncio.ensure_future(examiner.examine(Requirement(id=id), ask)) for id in ids]
        await settle()
        assert len(known) == len(ids)
        hub.go.set()
        await asyncio.gather(*modules)
        return hub

    hub = asyncio.run(story())

    assert hub.peak == 64 * 2
    assert len(hub.asked) == 200 * 4


def test_a_module_that_cannot_be_had_leaves_nothing_under_way() -> None:
    """Its data is given up with it."""

    class Failing(Hub):
        async def fetch(self, id: ModuleId, commit: str, file: RemoteFile, *, patient: bool = False) -> FileEntry:
            if file.path == "flow.py":
                await settle()
                raise OSError("no")
            try:
                return await super().fetch(id, commit, file, patient=patient)
            except asyncio.CancelledError:
                self.data -= 1
                raise

    async def story() -> None:
        hub = Failing()
        examiner = ModuleExaminer(hub, hub, Path(), {})
        results = await asyncio.gather(
            examiner.examine(Requirement(id=ModuleId("a", "A")), lambda _: None), return_exceptions=True
        )
        assert isinstance(results[0], OSError)
        assert (hub.peak, hub.data) == (2, 0)

    asyncio.run(story())
