"""The life of a project on one screen, as session.txt has it, and that screens of any kind are fit to be read.

`FLOWVERSE_TEST_RECORD=1 hatch test tests/integration/test_session.py` writes what is said now: read the difference.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

import pytest
from flowverse.cli._commands import cli

from tests.hub import FILE, Hub
from tests.integration.screen import Shell, run, shell
from tests.integration.workspace import COMMAND, Workspace, asking

RECORD = Path(__file__).with_name("session.txt")

CARD = "---\nlicense: mit\n---\n"
ATOMIC, FLOWS, GAME = "martinjosifoski/ChatAtomicFlow", "saibo/ChatFlows", "yeeef/GameFlow"
MANIFEST = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "demo"
version = "1"
"""
SCRIPT = f"""\
from flows import flow_verse

flow_verse.sync_dependencies([{{"url": "{FLOWS}", "revision": "main"}}])
from flow_modules.saibo.ChatFlows import chat

print(chat)
"""


def publish(hub: Hub) -> None:
    """Two flows that want different commits of a third."""
    files = {"README.md": CARD, "LICENSE": "MIT\n", "atomic.py": "model = 1\n", "pip_requirements.txt": "pyyaml>=6\n"}
    hub.tag(ATOMIC, "v1.0", hub.add(ATOMIC, files))
    hub.add(ATOMIC, {**files, "atomic.py": "model = 2\n"}, message="Take the second model")
    chat = asking(ATOMIC) + "chat = 'hello'\n"
    hub.add(FLOWS, {"README.md": CARD, "__init__.py": "", "chat.py": chat, "pip_requirements.txt": "openai>=1\n"})
    hub.add(GAME, {"game.py": asking((ATOMIC, "v1.0")) + "size = 3\n"})
    hub.popular(FLOWS, downloads=1200, likes=1)


def publish_more(hub: Hub) -> None:
    """The game goes on."""
    hub.add(GAME, {"game.py": asking((ATOMIC, "v1.0")) + "size = 9\n"}, message="Play on a larger board\n\nAs all do.")
    files = {"game.py": asking((ATOMIC, "v1.0")) + "size = 9\n", "bot.py": ""}
    hub.tag(GAME, "v2.0", hub.add(GAME, files, message="Play alone"))


class Story:
    """What is typed, and what is seen."""

    def __init__(self, terminal: Shell) -> None:
        self._terminal = terminal
        self.text = ""
        self.verbs: set[str] = set()

    def part(self, sentence: str) -> None:
        self.text += f"\n# {sentence}\n"

    def type(self, line: str, *answers: tuple[str, str], code: int = 0) -> None:
        """Type a command, answer what it asks, and read; the exit code must be this one."""
        shown = self._terminal.type(line, *answers)
        assert shown.code == code, (line, shown)
        lines = [f"$ {line}", *shown.lines, *([f"(exit code {code})"] if code else [])]
        self.text += re.sub(r"\d{8}-\d{6}(-\d+)?", "20261125-101500", "\n".join(lines)) + "\n"
        self.verbs |= set(re.findall(r"\bflowverse (\w+)", line))


def test_a_session_with_every_verb(space: Workspace, hub: Hub) -> None:
    """A person types, reads and answers; every screen is as it was read last, and the terminal is whole after each."""
    publish(hub)
    space.manifest.write_text(MANIFEST, encoding="utf-8")
    (space.root / "talk.py").write_text(SCRIPT, encoding="utf-8")

    with shell(space, 80) as terminal:
        story = Story(terminal)
        adopt(story)
        require(story)
        edit(story)
        publish_more(hub)
        follow(story)
        keep_and_give_up(story)
        develop(story)
        ship(story, space)

    assert set(cli.commands) - story.verbs == set()
    if os.environ.get("FLOWVERSE_TEST_RECORD"):
        RECORD.write_text(story.text.lstrip(), encoding="utf-8")
    assert story.text.lstrip() == RECORD.read_text(encoding="utf-8")


def adopt(story: Story) -> None:
    story.part("A project comes to flowverse.")
    story.type("flowverse init", ("[y/N]: ", "y\n"))
    story.type("flowverse migrate")
    story.type("flowverse migrate --write")
    story.type("flowverse status")
    story.type("flowverse lock --check", code=1)
    story.type("flowverse lock")
    story.type("flowverse sync")
    story.type("flowverse completion fish > flowverse.fish")


def require(story: Story) -> None:
    story.part("One more module is wanted, which wants another commit of a third.")
    story.type("flowverse search flow")
    story.type("flowverse info GameFlow", code=2)
    story.type("flowverse info yeeef/GameFlows", code=3)
    story.type("flowverse info yeeef/GameFlow")
    story.type("flowverse add yeeef/GameFlow", ("overrides]: ", "3\n"), ("overrides]: ", "1\n"))
    story.type("flowverse tree")
    story.type("flowverse tree --why ChatAtomicFlow")
    story.type("flowverse outdated")


def edit(story: Story) -> None:
    story.part("Two modules are edited.")
    story.type("echo 'size = 5' >> flow_modules/yeeef/GameFlow/game.py")
    story.type("echo 'mine = True' > flow_modules/saibo/ChatFlows/mine.py")
    story.type("flowverse status -v")
    story.type("flowverse diff")
    story.type("flowverse diff --stat")
    story.type("flowverse sync")


def follow(story: Story) -> None:
    story.part("The Hub moves on, where one of them was edited.")
    story.type("flowverse outdated --exit-code", code=1)
    story.type("flowverse update")
    story.type("flowverse status")
    story.type("flowverse sync --check", code=1)
    story.type("flowverse sync --merge", code=1)
    story.type("flowverse status")
    story.type("flowverse resolve GameFlow", code=1)
    story.type("tail -n 5 flow_modules/yeeef/GameFlow/game.py")
    story.type("echo 'size = 5' > flow_modules/yeeef/GameFlow/game.py")
    story.type("flowverse resolve GameFlow")


def keep_and_give_up(story: Story) -> None:
    story.part("One edit is kept for everybody, the other is given up, and brought back.")
    story.type("flowverse patch GameFlow")
    story.type("flowverse restore")
    story.type("flowverse restore")
    story.type("flowverse status")
    story.type("flowverse backups")
    story.type("flowverse backups saibo/ChatFlows --restore")
    story.type("flowverse status")
    story.type("flowverse restore ChatFlows mine.py")


def develop(story: Story) -> None:
    story.part("A module is developed beside the project for a while.")
    story.type("cp -R flow_modules/saibo/ChatFlows ../ChatFlows")
    story.type("flowverse develop ChatFlows ../ChatFlows")
    story.type("flowverse develop")
    story.type("flowverse status")
    story.type("flowverse develop ChatFlows --undo")
    story.type("flowverse sync")


def ship(story: Story, space: Workspace) -> None:
    story.part("It is shipped.")
    story.type("flowverse requirements")
    story.type("flowverse requirements --write flows")
    story.type("flowverse licenses")
    story.type("flowverse export --format requirements")
    story.type("flowverse export --format cyclonedx -o bom.json")
    archive(space)
    story.type("flowverse verify demo-1.tar.gz")
    story.part("And taken apart.")
    story.type("flowverse patch GameFlow --remove")
    story.type("flowverse remove GameFlow ChatFlow", code=2)
    story.type("flowverse remove GameFlow")
    story.type("flowverse stauts", code=2)


def archive(space: Workspace) -> None:
    """What a build makes of the project."""
    with tarfile.open(space.root / "demo-1.tar.gz", "w:gz") as file:
        for path in sorted(space.root.rglob("*")):
            name = path.relative_to(space.root).as_posix()
            ours = name.startswith("flow_modules/.") or name in {"demo-1.tar.gz", "flow_modules/flow.mod"}
            if path.is_file() and not ours:
                file.add(path, f"demo-1/{name}")


# --- the pager -------------------------------------------------------------------------------------------------------


@pytest.fixture
def long_edit(space: Workspace, hub: Hub) -> Workspace:
    """An edit that is longer than the screen."""
    hub.add("a/One", {"one.py": ""})
    space.declare({"a/One": "main"})
    space.sync()
    (space.place("a/One") / "one.py").write_text("".join(f"one = {number}\n" for number in range(200)))
    return space


@pytest.mark.skipif(shutil.which("less") is None, reason="there is no less")
def test_a_long_diff_is_paged(long_edit: Workspace) -> None:
    """As git does: it waits, and after `q` the screen and the keyboard are those of the shell again."""
    with shell(long_edit, 80, PAGER="less", LESS="FRX") as terminal:
        shown = terminal.type("flowverse diff", ("\n:", "q"))

        assert shown.code == 0
        assert "+one = 50" in shown.lines
        assert "+one = 150" not in shown.lines
        assert "Traceback" not in shown.written
        assert terminal.type("flowverse diff --stat").lines[-1] == "1 file edited in 1 flow module"


@pytest.mark.parametrize("more", [{"PATH": str(COMMAND.parent)}, {"PAGER": "cat"}, {"TERM": "dumb"}])
def test_a_long_diff_where_nothing_pages(long_edit: Workspace, more: dict[str, str]) -> None:
    """It is printed: without `less`, with a pager that does not wait, on a terminal that cannot."""
    with shell(long_edit, 80, **more) as terminal:
        shown = terminal.type("flowverse diff")

    assert (shown.code, shown.lines[-1]) == (0, "+one = 199")


# --- screens of any kind ---------------------------------------------------------------------------------------------

READING = {
    "status -v": 0,
    "sync --check": 1,
    "lock --check": 1,
    "tree": 0,
    "tree --why Leaf": 0,
    "tree --invert": 0,
    "outdated": 0,
    "search flow": 0,
    "info saibo/ChatFlow": 3,
    "info saibo/ChatFlows": 0,
    "requirements": 1,
    "licenses": 0,
    "diff --stat": 0,
    "backups": 0,
    "develop": 0,
    "update --dry-run": 0,
    "sync --merge --dry-run": 0,
    "sync --locked": 1,
    "remove Nothing": 2,
}
"""What changes nothing, with its exit code in the project below."""
VERBATIM = {"diff": 0, "migrate": 1, "export --format requirements": 0}
"""What shows the content of files, or is for programs: no line of it is broken but by the terminal."""
CHANGING = {"update": 0, "sync --merge": 1}
EVERY = {**READING, **VERBATIM, **CHANGING}

PROCESS = """\
import sys
from flowverse.cli._commands import run
for line in sys.argv[1:]:
    print("$", line, flush=True)
    code = run(line.split())
    print("exit code", code, flush=True)
"""
"""Does what as many commands do, in one process."""


@pytest.fixture
def lived(space: Workspace, hub: Hub) -> Workspace:
    """A project in which everything has happened: edits, a patch, a local module, a conflict to come, a backup."""
    publish(hub)
    hub.add("b/Leaf", {"leaf.py": "leaf = 1\n", "größe.txt": "1\n", "pip_requirements.txt": "pyyaml<6\n"})
    (space.base / "dev").mkdir()
    (space.base / "dev" / "dev.py").write_text(asking("b/Leaf"))
    wishes: dict[str, str | dict[str, str]] = {FLOWS: "main", GAME: "main", "c/Dev": {"path": "../dev"}}
    space.declare(wishes, overrides={ATOMIC: "main"})
    (space.root / "talk.py").write_text(SCRIPT + "flow_verse.sync_dependencies([name])\n", encoding="utf-8")
    assert space.call("sync").code == 0
    (space.place("b/Leaf") / "größe.txt").write_text("22\n")
    assert space.call("restore", "b/Leaf").code == 0
    (space.place(ATOMIC) / "atomic.py").write_text("model = 'größer'\n", encoding="utf-8")
    assert space.call("patch", ATOMIC).code == 0
    (space.place(GAME) / "game.py").write_text("size = 5\n")
    publish_more(hub)
    hub.add("d/New", {"new.py": ""})
    space.declare({**wishes, "d/New": "main"}, overrides={ATOMIC: "main"})
    hub.rule(FILE, delay=0.02)
    return space


def said(lines: list[str]) -> dict[str, tuple[int, list[str]]]:
    """The exit code and the lines of each command."""
    found: dict[str, tuple[int, list[str]]] = {}
    command, own = "", list[str]()
    for line in lines:
        if line.startswith("$ "):
            command, own = line[2:], []
        elif line.startswith("exit code "):
            found[command] = int(line[10:]), own
        else:
            own.append(line)
    return found


def words(text: str) -> Counter[str]:
    """The words of a text, and how often each is there; what only leads to another line is none."""
    return Counter(re.sub(r"\s+(?=@)", "", text.replace("│", " ")).split())


def alone(space: Workspace, command: str) -> str:
    """What a command says without a terminal."""
    done = space.call(*command.split())
    return done.out + done.err


@pytest.mark.parametrize(
    ("columns", "more"), [(40, {}), (40, {"TERM": "dumb"}), (80, {"NO_COLOR": "1"}), (200, {})], ids=str
)
def test_every_screen_can_be_read(lived: Workspace, columns: int, more: dict[str, str]) -> None:
    """Whatever the terminal: nothing is cut off, no word is broken, nothing of what moved is left."""
    expected = {command: alone(lived, command) for command in (*READING, *VERBATIM)}

    shown = run(lived, columns, "-c", PROCESS, *EVERY, act=None, program=sys.executable, **more)

    screens = said(shown.lines)
    assert {command: code for command, (code, _) in screens.items()} == EVERY
    texts = {command: "\n".join(lines) for command, (_, lines) in screens.items()}
    for command in READING:
        if command.startswith("search"):  # what does not fit is left out, the least important first
            assert words(texts[command]) <= words(expected[command])
        else:
            assert words(texts[command]) == words(expected[command]), command
    for command in VERBATIM:
        assert Counter("".join(texts[command].split())) == Counter("".join(expected[command].split())), command
    for text in (texts[command] for command in CHANGING):
        assert not re.search("Fetching|Resolving|Reading|[⠁-⣿━]", text)
    assert "\x1b[3" not in shown.written or not more
    assert "\x1b" not in shown.written or "TERM" not in more


@pytest.mark.parametrize(
    ("encoding", "more"), [("utf-8", {}), ("ascii", {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})], ids=["", "ascii"]
)
def test_every_output_can_go_to_a_file(lived: Workspace, encoding: str, more: dict[str, str]) -> None:
    """No code of a terminal is in it; and one that cannot hold every character has a mark for those."""
    expected = {command: alone(lived, command) for command in (*READING, *VERBATIM)}
    place = lived.base / "out.txt"

    with place.open("wb") as file:
        command = [sys.executable, "-c", PROCESS, *EVERY]
        subprocess.run(command, cwd=lived.root, env=lived.environ(**more), stdout=file, stderr=file, check=True)

    text = place.read_bytes().decode(encoding)
    assert not set(text) & {"\x1b", "\r"}
    assert "Traceback" not in text
    outputs = said(text.splitlines())
    assert {command: code for command, (code, _) in outputs.items()} == EVERY
    if encoding == "utf-8":
        assert {command: words("\n".join(lines)) for command, (_, lines) in outputs.items() if command in expected} == {
            command: words(output) for command, output in expected.items()
        }
