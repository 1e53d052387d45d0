"""The life of a project on one screen, as session.txt has it, and that screens of any kind are fit to be read.

`FLOWVERSE_TEST_RECORD=1 hatch test tests/integration/test_session.py` writes down what is said now: read the difference.
"""

from __future__ import annotations

import os
import re
import tarfile
from pathlib import Path

from flowverse.cli._commands import cli

from tests.hub import Hub
from tests.integration.screen import Shell, shell
from tests.integration.workspace import Workspace, asking

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
