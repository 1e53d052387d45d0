"""The help of the command, and what it says to who misspells something."""

from __future__ import annotations

import re
import shlex

import click
import pytest
from flowverse.cli._commands import cli

from tests.integration.workspace import Workspace

VERBS = sorted(cli.commands)
WIDTHS = ["40", "60", "80", "120"]


def example(verb: str) -> list[str]:
    """The words of a verb's example."""
    return shlex.split((cli.commands[verb].epilog or "").removeprefix("Example: "))


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]])
def test_help_of_the_command(space: Workspace, arguments: list[str]) -> None:
    """Every verb is in exactly one section, in one order, on standard output."""
    done = space.call(*arguments)

    done.worked("Usage: flowverse ", "\nRequirements:\n", "\nEdits:\n", "\nShipping:\n")
    assert done.err == ""
    listed = re.findall(r"^  (\w+)  +\w", done.out, re.MULTILINE)
    assert sorted(listed) == VERBS
    assert listed.index("lock") < listed.index("sync") < listed.index("status") < listed.index("export")


@pytest.mark.parametrize("columns", WIDTHS)
def test_help_fits_the_terminal(space: Workspace, columns: str) -> None:
    """No sentence is cut off, no line is too long; from 80 columns on, a verb is a line."""
    done = space.call("--help", COLUMNS=columns)

    assert max(map(len, done.out.splitlines())) <= int(columns)
    assert "..." not in done.out.replace("[ARGS]...", "")
    verbs = done.out.partition("\nRequirements:\n")[2]
    assert columns in {"40", "60"} or len(re.findall(r"^  .*\S", verbs, re.MULTILINE)) == len(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_sentence_and_an_example(verb: str) -> None:
    """One sentence; and an example that the verb itself understands."""
    command = cli.commands[verb]
    sentence = command.help or ""

    assert re.fullmatch(r"[A-Z][^\n]*\.", sentence), sentence
    assert not re.search(r"\.\s+[A-Z]", sentence)
    program, word, *rest = example(verb)
    assert (program, word) == ("flowverse", verb)
    with cli.make_context("flowverse", []) as parent, command.make_context(verb, list(rest), parent=parent) as ctx:
        assert ctx.command is command


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb(space: Workspace, verb: str, columns: str) -> None:
    """What it does, its options, and the example in one line that can be copied; no project is needed."""
    done = space.call(verb, "--help", COLUMNS=columns)

    done.worked(f"Usage: flowverse {verb}", "--help")
    assert (cli.commands[verb].help or "") in " ".join(done.out.split())
    assert done.out.splitlines()[-1] == f"  {cli.commands[verb].epilog}"
    assert max(map(len, done.out.splitlines()[:-1])) <= int(columns)
    assert done.out == space.call(verb, "-h", COLUMNS=columns).out


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_has_words(verb: str) -> None:
    """Each begins with a capital letter and ends as a sentence does, or with its default."""
    for param in cli.commands[verb].params:
        if isinstance(param, click.Option):
            assert re.match(r"[A-Z].*[.\]]$", param.help or ""), (verb, param.name)


@pytest.mark.parametrize(
    ("arguments", "said", "hint"),
    [
        (["staus"], "There is no verb 'staus'.", "Did you mean status?"),
        (["SYNC"], "There is no verb 'SYNC'.", "Did you mean sync?"),
        (["install"], "There is no verb 'install'.", "Did you mean sync?"),
        (["help"], "There is no verb 'help'.", "Did you mean --help?"),
        (["xyzzy"], "There is no verb 'xyzzy'.", "`flowverse --help` lists those that there are."),
        (["sync", "--lokced"], "`flowverse sync` has no option --lokced.", "Did you mean --locked?"),
        (["--nonsense"], "`flowverse` has no option --nonsense.", "`flowverse --help` shows how it is used."),
        (["-q", "sync"], "`flowverse` has no option -q.", "Write it after the verb, such as `flowverse sync -q`."),
        (["tree", "--locked"], "`flowverse tree` has no option --locked.", "`flowverse tree --help` shows"),
        (["sync", "nonsense"], "(nonsense).", "`flowverse sync --help` shows how it is used."),
        (["verify"], "Missing argument 'DIST-OR-ARCHIVE'.", "`flowverse verify --help` shows how it is used."),
        (["export", "--format", "pdf"], "'pdf' is not one of 'cyclonedx'", "`flowverse export --help` shows"),
        (["sync", "--project"], "'--project' requires an argument.", "`flowverse sync --help` shows how it is used."),
        (["completion", "tcsh"], "'tcsh' is not one of 'bash'", "`flowverse completion --help` shows"),
    ],
)
def test_what_is_misspelt_is_met_with_what_was_meant(
    space: Workspace, arguments: list[str], said: str, hint: str
) -> None:
    """One form for all: an error, a hint, exit code 2; nothing on standard output."""
    done = space.call(*arguments)

    done.failed_plainly(2, said, f"\nhint: {hint}")
    assert len(done.err.splitlines()) == 2
    assert done.out == ""
