"""Whatever a person and the Hub do, in any order, and wherever a sync is killed: no byte that was written is lost.

Every write of the person holds a mark of its own. As long as the person has not taken it away again, it is in the tree,
in a patch, or in a backup that `flowverse backups` names.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from flowverse import api, edits, requiring
from flowverse._edits.merge import MARKERS
from flowverse._edits.patch import parse_patch
from flowverse.errors import FlowverseError
from flowverse.model import MODULE_ID_FILE, ModuleId, Result
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.hub import Hub
from tests.integration.workspace import Workspace
from tests.unit.disk import Killed, watched

IDS = ("o/M", "o/N")
PATHS = ("a.txt", "b.txt", "sub/c.txt", "sub/deep/d.bin", "new.txt", "sub/new.txt", "other/e.txt", "a.txt/under")
NUMBERS = st.integers(min_value=0, max_value=12)
ENCODINGS = {
    "plain": lambda text: text.encode(),
    "dos": lambda text: text.replace("\n", "\r\n").encode(),
    "latin": lambda text: text.encode("latin-1"),
    "wide": lambda text: text.encode("utf-16-le"),
    "binary": lambda text: b"\0\xff" + text.encode("latin-1"),
    "no end": lambda text: text.rstrip("\n").encode(),
}
KILLS = st.none() | st.integers(min_value=0, max_value=60)
HOWS = st.sampled_from(["plain", "plain", "plain", *sorted(ENCODINGS)])
WORK = st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(PATHS), HOWS, NUMBERS), max_size=3)
"""What a person writes before something else is done: in which module and file, how, and at which line."""
Work = list[tuple[str, str, str, int]]


def upstream(version: int) -> dict[str, str | bytes]:
    """What the owner has: lines that change from one version to the next, files that come and go."""
    lines = [f"line {n} {version if n == version % 12 else 0}\n" for n in range(12)]
    files: dict[str, str | bytes] = {"a.txt": "".join(lines), "b.txt": f"{version // 2}\nend\n"}
    if version % 3:
        files["sub/c.txt"] = "".join(reversed(lines))
    if version % 4 != 3:
        files["sub/deep/d.bin"] = b"\0" + bytes([version % 5])
    if version % 5 == 4:
        files["new.txt"] = "the owner's\n"
    return files


class Life(RuleBasedStateMachine):
    """A project with two modules, its owner, and a person who edits."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.base = Path(tempfile.mkdtemp(prefix="flowverse-life-"))
        self.stack.callback(shutil.rmtree, self.base, ignore_errors=True)
        self.hub = self.stack.enter_context(Hub())
        self.space = Workspace(self.base, self.hub.endpoint)
        self.stack.enter_context(self.space.inside())
        self.versions = dict.fromkeys(IDS, 0)
        self.marks = 0
        self.owed: set[bytes] = set()

    def teardown(self) -> None:
        self.stack.close()

    @initialize()
    def begin(self) -> None:
        for id in IDS:
            self.hub.add(id, upstream(0))
        self.space.declare(dict.fromkeys(IDS, "main"))
        self.space.sync()
        for id in IDS:
            self.write_all([(id, "a.txt", "plain", 3), (id, "sub/new.txt", "latin", 0)])

    # --- the person ---------------------------------------------------------------------------------------------------

    def files(self, id: str) -> list[str]:
        return sorted(path for path in self.space.files(id))

    def forget(self, content: bytes) -> None:
        """The person takes content away, and its marks with it."""
        self.owed -= {mark for mark in self.owed if is_in(mark, content)}

    def write_all(self, work: Work) -> None:
        for id, path, how, at in work:
            self.write(id, path, how, at)

    def write(self, id: str, path: str, how: str, at: int) -> None:
        """Change a line of a file, or all of it, or add one."""
        place = self.space.place(id) / path
        if not self.space.place(id).is_dir() or place.is_dir() or any(parent.is_file() for parent in place.parents):
            return
        before = place.read_bytes() if place.exists() else b""
        self.marks += 1
        mark = f"mark-{self.marks:04d}-é"
        content = ENCODINGS[how](f"{mark}\n")
        if how == "plain" and before:
            lines = before.split(b"\n")
            at = min(at, len(lines) - 1)
            self.forget(lines[at])
            content = b"\n".join([*lines[:at], mark.encode(), *lines[at + 1 :]])
        else:
            self.forget(before)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        self.owed.add(f"mark-{self.marks:04d}-".encode())

    @rule(id=st.sampled_from(IDS), number=NUMBERS)
    def delete(self, id: str, number: int) -> None:
        files = self.files(id)
        if not files:
            return
        place = self.space.place(id) / files[number % len(files)]
        self.forget(place.read_bytes())
        place.unlink()

    @rule(id=st.sampled_from(IDS), number=NUMBERS, to=st.sampled_from(PATHS))
    def rename(self, id: str, number: int, to: str) -> None:
        files = self.files(id)
        if not files:
            return
        old, new = self.space.place(id) / files[number % len(files)], self.space.place(id) / to
        if new.exists() or any(parent.is_file() for parent in new.parents):
            return
        new.parent.mkdir(parents=True, exist_ok=True)
        old.rename(new)

    # --- the owner ----------------------------------------------------------------------------------------------------

    @rule(work=WORK, id=st.sampled_from(IDS), steps=st.integers(min_value=1, max_value=3))
    def move(self, work: Work, id: str, steps: int) -> None:
        self.write_all(work)
        self.versions[id] += steps
        self.hub.add(id, upstream(self.versions[id]))

    @rule(there=st.booleans())
    def declare(self, there: bool) -> None:
        """The second module is asked for, or not any more."""
        self.space.declare(dict.fromkeys(IDS if there else IDS[:1], "main"))

    # --- flowverse ----------------------------------------------------------------------------------------------------

    def carry_out(self, work: Callable[[], object], dies_at: int | None) -> None:
        """Do something, and die on the way if a number is given. What is refused is refused; what is done is named."""
        known = set(self.backups())
        try:
            with watched(dies_at):
                done = work()
        except (Killed, FlowverseError):
            return
        named = str(done)
        if isinstance(done, (Result, edits.Changed, requiring.Updated)):
            fresh = {name for name, content in self.backups().items() if name not in known and self.is_owed(content)}
            assert {name for name in fresh if name not in named} == set(), named

    def is_owed(self, content: bytes) -> bool:
        return any(is_in(mark, content) for mark in self.owed)

    @rule(work=WORK, merge=st.booleans(), force=st.booleans(), dies_at=KILLS)
    def sync(self, work: Work, merge: bool, force: bool, dies_at: int | None) -> None:
        self.write_all(work)
        flags = self.space.settings(merge=merge, force=force)
        self.carry_out(lambda: api.sync(self.space.root, flags), dies_at)

    @rule(work=WORK, merge=st.booleans(), dies_at=KILLS)
    def update(self, work: Work, merge: bool, dies_at: int | None) -> None:
        self.write_all(work)
        flags = self.space.settings(merge=merge)
        self.carry_out(lambda: requiring.update(self.space.root, flags), dies_at)

    @rule(work=WORK, id=st.sampled_from(IDS), number=NUMBERS, dies_at=KILLS)
    def restore(self, work: Work, id: str, number: int, dies_at: int | None) -> None:
        self.write_all(work)
        flags = self.space.settings()
        rows = [row for row in api.status(self.space.root, flags).rows if str(row.id) == id and row.edit]
        if not rows:
            return
        files = [*rows[0].edit.changed, *rows[0].edit.added, *rows[0].edit.deleted]
        paths = [files[number % len(files)]] if number < 7 else []
        self.carry_out(lambda: edits.restore(self.space.root, flags, id, paths), dies_at)

    @rule(work=WORK, id=st.sampled_from(IDS), remove=st.booleans(), dies_at=KILLS)
    def patch(self, work: Work, id: str, remove: bool, dies_at: int | None) -> None:
        self.write_all(work)
        if remove and not (self.space.root / f"flow_patches/{id}.patch").exists():
            return
        verb, flags = edits.remove_patch if remove else edits.patch, self.space.settings()
        self.carry_out(lambda: verb(self.space.root, flags, id), dies_at)

    @rule(id=st.sampled_from(IDS), mends=st.booleans())
    def resolve(self, id: str, mends: bool) -> None:
        """Take the markers out, or forget to, and say that it is done."""
        rows = [row for row in api.status(self.space.root, self.space.settings()).rows if str(row.id) == id]
        if not (rows and rows[0].conflicts):
            return
        for path in rows[0].conflicts if mends else ():
            place = self.space.place(id) / path
            lines = place.read_bytes().splitlines(keepends=True) if place.exists() else []
            if lines:
                place.write_bytes(b"".join(line for line in lines if not line.startswith(MARKERS)))
        self.carry_out(lambda: edits.resolve(self.space.root, self.space.settings(), id), None)

    @rule(number=NUMBERS, dies_at=KILLS)
    def bring_back(self, number: int, dies_at: int | None) -> None:
        names = [backup.name for backup in edits.backups(self.space.root)]
        if not names:
            return
        name, flags = names[number % len(names)], self.space.settings()
        self.carry_out(lambda: edits.bring_back_backup(self.space.root, flags, name), dies_at)

    # --- what must hold -----------------------------------------------------------------------------------------------

    def backups(self) -> dict[str, bytes]:
        """Everything that `flowverse backups` names, by name."""
        folder = self.space.tree / ".flowverse" / "backups"
        found = {}
        for backup in edits.backups(self.space.root):
            place = folder / backup.name
            files = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
            found[backup.name] = b"\n".join(content for path in files for content in contents(path))
        return found

    @invariant()
    def nothing_is_lost(self) -> None:
        patches = (self.space.root / "flow_patches").rglob("*.patch")
        tree = [self.space.files(id).values() for id in IDS if self.space.place(id).is_dir()]
        places = [content for files in tree for content in files]
        places += [content for path in patches for content in contents(path)]
        missing = {mark for mark in self.owed if not any(is_in(mark, content) for content in places)}
        if missing:
            kept = self.backups().values()
            missing = {mark for mark in missing if not any(is_in(mark, content) for content in kept)}
        assert missing == set()


def is_in(mark: bytes, content: bytes) -> bool:
    return mark in content or mark.decode().encode("utf-16-le") in content


def contents(path: Path) -> Iterator[bytes]:
    """What a file holds: of a patch, what its binary files are made of too."""
    if path.name == MODULE_ID_FILE:
        return
    content = path.read_bytes()
    yield content
    if path.suffix == ".patch":
        id = content.split(b"\n")[1].removeprefix(b"# module ").decode()
        with suppress(FlowverseError):
            patch = parse_patch(ModuleId.parse(id), content)
            for name, body in patch.bodies.items():
                if b"\nGIT binary patch\n" in body:
                    version = patch.apply(name, None)
                    yield version.content if version is not None else b""


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
