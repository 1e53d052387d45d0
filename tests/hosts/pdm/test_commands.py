"""`pdm flowverse ...` does what `flowverse ...` does, and asks where PDM would ask."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

import click
import pexpect
import pytest
from flowverse.cli._commands import cli
from pdm_flowverse.work import HUB_CLIENT

from tests.hosts.pdm.conftest import APPLICATION, ATOMIC, CHAT, OTHER, Desk, source
from tests.hosts.pdm.conftest import write_wheel as wheel

COMMAND = (sys.executable, "-c", "from flowverse.cli import main; main()")
PDM = (sys.executable, "-m", "pdm")

ROWS: dict[str, tuple[str, ...]] = {
    "add": (OTHER,),
    "backups": (),
    "completion": (),
    "develop": ("--undo", CHAT),
    "diff": (CHAT,),
    "info": (CHAT,),
    "init": (),
    "migrate": (),
    "patch": (CHAT,),
    "remove": (CHAT,),
    "requirements": ("--write", "flows"),
    "resolve": (CHAT,),
    "restore": (CHAT,),
    "search": ("Chat",),
    "sync": ("--frozen",),
    "update": ("--dry-run",),
    "verify": ("nothing.whl",),
}
"""What a verb is tried with; one that needs no arguments and has no row is tried without any."""

ANOTHER_ANSWER = {"completion"}
"""What is said of the program itself, and has a test of its own."""


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


def say(desk: Desk, *command: str, **environ: str) -> Said:
    """Run a command in the project, without a terminal."""
    done = subprocess.run(
        command,
        cwd=desk.root,
        env={**desk.environ, "COLUMNS": "100", **environ},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def alike(said: Said) -> Said:
    """The same, but for the name of the program: who ran it by `pdm flowverse` can run it again so."""
    texts = (text.replace("pdm flowverse", "flowverse") for text in (said.out, said.err))
    return Said(said.code, *(re.sub(r"backups/\d{8}-\d{6}", "backups/NOW", text) for text in texts))


@pytest.mark.parametrize("verb", sorted(cli.commands))
def test_every_verb_says_the_same_as_the_command(desk: Desk, verb: str) -> None:
    """In the same project: the same lines on the same streams, and the same exit code."""
    needs = any(param.required for param in cli.commands[verb].params if isinstance(param, click.Argument))
    assert verb in ROWS or not needs, f"give {verb} a row of arguments to be tried with"
    desk.write_project(APPLICATION, CHAT)
    desk.run(*COMMAND, "sync", "-q")
    (desk.root / "flow_modules" / CHAT / "ChatGPT4.yaml").write_text("model: mine\n", encoding="utf-8")
    desk.declare(CHAT, OTHER)
    before = desk.place / "before"
    desk.root.rename(before)
    answers = []
    for program in ((*COMMAND,), (*PDM, "flowverse")):
        shutil.copytree(before, desk.root, symlinks=True)
        answers.append(say(desk, *program, verb, *ROWS.get(verb, ())))
        shutil.rmtree(desk.root)

    ours, theirs = answers

    assert ours.out or ours.err
    assert "Traceback" not in ours.err
    assert verb in ANOTHER_ANSWER or alike(theirs) == alike(ours)


def test_the_help_of_a_verb(desk: Desk) -> None:
    """The same, but for the name of the program, which is also in its example."""
    desk.write_project(APPLICATION, CHAT)

    ours, theirs = say(desk, *COMMAND, "sync", "--help"), say(desk, *PDM, "flowverse", "sync", "--help")

    assert alike(theirs) == ours
    assert "Usage: pdm flowverse sync " in theirs.out
    assert "Example: pdm flowverse sync" in theirs.out


@pytest.mark.parametrize("words", [[], ["--help"], ["--version"], ["staus"], ["sync", "--lokced"], ["-q"]])
def test_what_is_no_verb_says_the_same(desk: Desk, words: list[str]) -> None:
    """Without arguments the help; and what is misspelt gets the same answer, the same exit code and no log of PDM's."""
    desk.write_project(APPLICATION, CHAT)

    theirs = say(desk, *PDM, "flowverse", *words)

    assert alike(theirs).out == say(desk, *COMMAND, *words).out
    assert alike(theirs) == say(desk, *COMMAND, *words)
    assert ("Usage: pdm flowverse" in theirs.out) == (words in ([], ["--help"]))


def test_the_project(desk: Desk) -> None:
    """The one that PDM finds, also from a folder below; or the one that is named, from anywhere."""
    desk.write_project(APPLICATION, CHAT)
    below = desk.root / "deep" / "er"
    below.mkdir(parents=True)

    assert "Would lock 2" in desk.pdm("flowverse", "lock", "--dry-run", cwd=below)
    assert "Would lock 2" in desk.pdm("flowverse", "lock", "--dry-run", cwd=desk.place, PDM_PROJECT=str(desk.root))
    said = desk.pdm("flowverse", "sync", "-p", str(desk.root), cwd=desk.place)

    assert said.splitlines()[-1] == "Synced 2 flow modules"
    assert desk.modules() == {CHAT, ATOMIC}
    assert not list(desk.place.glob("pdm-log/*"))


def test_modes(desk: Desk) -> None:
    """`--dry-run`, `--locked`, `--frozen` and `--offline` are there, and `-q`, also PDM's own, leaves errors only."""
    desk.write_project(APPLICATION, CHAT)

    assert "Would lock 2 flow modules" in desk.pdm("flowverse", "lock", "--dry-run")
    assert "hint: Run `pdm flowverse lock`" in desk.pdm("flowverse", "sync", "--locked", "-q", code=1)
    assert desk.pdm("-q", "flowverse", "lock") == ""
    assert desk.modules() == set()
    desk.hub.clear()
    assert "Synced 2 flow modules" in desk.pdm("flowverse", "sync", "--frozen", "--offline")
    assert desk.hub.requests == []


def test_exit_codes(desk: Desk) -> None:
    """They are those of the command, whatever PDM's are: 2 for what somebody wrote, 3 for the Hub, 4 for the disk."""
    desk.write_project(APPLICATION, "nobody/Nothing")

    said = [say(desk, *PDM, "flowverse", "sync")]
    desk.declare("not an id")
    said += [say(desk, *PDM, "flowverse", "sync")]
    desk.declare(CHAT)
    (desk.root / "flow_modules").write_text("")
    said += [say(desk, *PDM, "flowverse", "sync")]

    assert [one.code for one in said] == [3, 2, 4]
    for one in said:
        assert one.err.startswith("error: ")
        assert "\nhint: " in one.err
        assert "Traceback" not in one.err
    assert not list(desk.place.glob("pdm-log/*"))


@pytest.mark.parametrize("command", ["flowverse sync", "install", "-v lock"])
def test_a_manifest_that_is_no_toml(desk: Desk, command: str) -> None:
    """PDM reads it before anything else: what is wrong is a sentence all the same, with PDM's exit code."""
    desk.write_project(APPLICATION)
    text = desk.manifest.read_text(encoding="utf-8")
    desk.manifest.write_text(f'{text}[tool.flowverse.dependencies]\nsaibo/ChatFlows = "main"\n', encoding="utf-8")

    said = say(desk, *PDM, *command.split())

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("ERROR: ")
    assert "it is not TOML" in said.err
    assert said.err.splitlines()[-1] == 'HINT: Put the id in quotes there: "saibo/ChatFlows" = ...'
    assert "Traceback" not in said.err


def test_verify_looks_into_the_project_s_environment(desk: Desk) -> None:
    """Not into the one that PDM runs in; with --python into another."""
    wheel(desk.place / "wheels", "tiny")
    desk.write_project(APPLICATION, CHAT)
    desk.make_environment(*map(str, (desk.place / "wheels").glob("*.whl")))

    said = say(desk, *PDM, "flowverse", "verify", "tiny")
    elsewhere = say(desk, *PDM, "flowverse", "verify", "tiny", "--python", sys.executable)

    assert "No distribution called" not in said.err
    assert "error: " in said.err
    assert "No distribution called 'tiny' is installed" in elsewhere.err


def test_no_completion_of_its_own(desk: Desk) -> None:
    """What a shell completes after `pdm` is PDM's, and that is said."""
    desk.write_project(APPLICATION)

    said = say(desk, *PDM, "flowverse", "completion", "bash")

    assert (said.code, said.out) == (2, "")
    assert "PDM's to say" in said.err


@pytest.mark.parametrize(("missing", "words"), [("click", "status"), ("huggingface_hub", "sync")])
def test_what_the_extra_brings_is_missing(desk: Desk, missing: str, words: str) -> None:
    """Then the line to write is said, and nothing else happens."""
    desk.write_project(APPLICATION, CHAT)
    script = f"import sys, pdm.core; sys.modules[{missing!r}] = None; pdm.core.main({json.dumps(['flowverse', words])})"

    said = say(desk, sys.executable, "-c", script)

    assert said.code == 2, said
    assert missing in said.err.splitlines()[0]
    assert said.err.splitlines()[1] == f"hint: {HUB_CLIENT}"
    assert "Traceback" not in said.err


def test_a_pdm_that_starts_loads_nothing_of_it(desk: Desk) -> None:
    """Neither the engine nor the Hub client: every `pdm` would pay for it."""
    desk.write_project(APPLICATION, CHAT)
    script = "import sys, pdm.core; before = set(sys.modules); pdm.core.Core(); print(*set(sys.modules) - before)"

    said = say(desk, sys.executable, "-c", script)

    loaded = {name.partition(".")[0] for name in said.out.split()}
    assert "pdm_flowverse" in loaded
    assert loaded.isdisjoint({"flowverse", "huggingface_hub"})  # PDM itself brings click
    assert "pdm_flowverse.forward" not in said.out.split()


PLUGIN = """
import json, sys
from pdm.core import Core
Core.load_plugins = lambda self: None
core = Core()
before = set(sys.modules)
from pdm_flowverse.plugin import register
register(core)
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_what_the_plugin_brings_to_every_command() -> None:
    """Its own files, of which there are few; PDM has everything else already."""
    done = subprocess.run([sys.executable, "-c", PLUGIN], capture_output=True, text=True, check=True)
    own = ("", ".command", ".handlers", ".plugin", ".project")
    assert json.loads(done.stdout) == [f"pdm_flowverse{name}" for name in own]


@pytest.mark.parametrize("asked", [True, False])
def test_a_conflict_of_the_command(desk: Desk, asked: bool) -> None:
    """In a terminal it is asked about; with `pdm --non-interactive` nobody is."""
    _conflict(desk)

    screen = pexpect.spawn(
        sys.executable,
        ["-m", "pdm", *([] if asked else ["-n"]), "flowverse", "sync"],
        cwd=str(desk.root),
        env={**desk.environ, "TERM": "xterm", "NO_COLOR": "1"},
        encoding="utf-8",
        timeout=60,
    )
    if asked:
        screen.expect_exact("[tool.flowverse.overrides]: ")
        screen.sendline("2")
    screen.expect(pexpect.EOF)
    screen.close()

    assert screen.exitstatus == (0 if asked else 1), screen.before
    assert ("[tool.flowverse.overrides]" in desk.manifest.read_text(encoding="utf-8")) == asked


def test_a_conflict_is_asked_about_in_a_terminal(desk: Desk) -> None:
    """Whoever runs PDM chooses, and the choice outlives what PDM writes into the file at the end."""
    _conflict(desk)

    screen = pexpect.spawn(
        sys.executable,
        ["-m", "pdm", "add", "tiny"],
        cwd=str(desk.root),
        env={**desk.environ, "TERM": "xterm", "NO_COLOR": "1"},
        encoding="utf-8",
        timeout=60,
    )
    screen.expect(f"{ATOMIC} is wanted at 2 different commits")
    screen.expect("asked for by pyproject.toml -> a/One")
    screen.expect("n to give up")
    screen.sendline("2")
    screen.expect(pexpect.EOF)
    screen.close()

    assert screen.exitstatus == 0, screen.before
    manifest = desk.manifest.read_text(encoding="utf-8")
    assert f'[tool.flowverse.overrides]\n"{ATOMIC}" = "v2"' in manifest
    assert '"tiny>=1.0"' in manifest
    assert desk.modules() == {"a/One", "a/Two", ATOMIC}


def test_a_conflict_without_a_terminal(desk: Desk) -> None:
    """Nobody is asked: both chains are shown, and the line to paste."""
    _conflict(desk)

    said = desk.pdm("flowverse", "sync", code=1)

    assert "v1 (" in said
    assert "by pyproject.toml -> a/One" in said
    assert "by pyproject.toml -> a/Two" in said
    assert f'[tool.flowverse.overrides]\n  "{ATOMIC}" = "v1"\n' in said


def _conflict(desk: Desk) -> None:
    """A project whose two modules want different versions of a third."""
    wheel(desk.place / "wheels", "tiny")
    for version, owner in (("v1", "a/One"), ("v2", "a/Two")):
        commit = desk.hub.add(ATOMIC, {"__init__.py": f"VERSION = {version!r}\n"})
        desk.hub.tag(ATOMIC, version, commit)
        wish = [{"url": ATOMIC, "revision": version}]
        desk.hub.add(owner, {"__init__.py": f"from flows import flow_verse\nflow_verse.sync_dependencies({wish})\n"})
    desk.write_project(APPLICATION + source("pypi", desk.place / "wheels"), "a/One", "a/Two")
