"""What a person sees on a terminal, read from its screen."""

from __future__ import annotations

import shlex

import pexpect
import pytest

from tests.hub import FILE, REFS, Hub
from tests.integration.screen import run
from tests.integration.workspace import COMMAND, Workspace, asking


@pytest.fixture
def declared(space: Workspace, hub: Hub) -> Workspace:
    hub.add("a/One", {"one.py": asking("b/Two"), "data.txt": "data\n"})
    hub.add("b/Two", {"two.py": "two = 2\n"})
    space.declare({"a/One": "main"})
    return space


@pytest.mark.parametrize("columns", [60, 120])
def test_progress_leaves_a_clean_screen(declared: Workspace, hub: Hub, columns: int) -> None:
    """While it works it is shown what is done; at the end only the result is there."""
    commits = {id: hub.commit(id).id[:7] for id in ("a/One", "b/Two")}
    rule = hub.rule(FILE + ".*two.py", action="stall")

    def wait(child: pexpect.spawn[str]) -> None:
        child.expect("Fetching 2 of 3 files")
        rule.release()

    code, lines, _ = run(declared, columns, "sync", act=wait)

    assert code == 0
    assert lines == [f"+ {id}@main ({commit})" for id, commit in commits.items()] + ["Synced 2 flow modules"]


def test_a_slow_hub_is_what_is_waited_for(declared: Workspace, hub: Hub) -> None:
    """Not the project, which was read long ago."""
    declared.lock()
    rule = hub.rule(REFS, action="stall")

    def wait(child: pexpect.spawn[str]) -> None:
        child.expect("Comparing flow modules")
        rule.release()

    code, lines, _ = run(declared, 80, "outdated", act=wait)

    assert (code, lines) == (0, ["2 flow modules, none outdated"])


@pytest.mark.parametrize("columns", [60, 120])
def test_an_error_leaves_a_clean_screen(declared: Workspace, hub: Hub, columns: int) -> None:
    """Nothing but the error and its hint."""
    hub.rule(FILE + ".*two.py", status=404)

    code, lines, _ = run(declared, columns, "sync")

    assert code == 3
    text = " ".join(" ".join(lines).split())
    assert text.startswith(f"error: {hub.endpoint} answered 404 for two.py of b/Two. hint: ")


@pytest.mark.parametrize("columns", [40, 120])
def test_ctrl_c_leaves_a_clean_screen(declared: Workspace, hub: Hub, columns: int) -> None:
    """One line, and the cursor is back."""
    rule = hub.rule(FILE, action="stall")

    def interrupt(child: pexpect.spawn[str]) -> None:
        rule.wait()
        child.sendintr()

    code, lines, _ = run(declared, columns, "sync", act=interrupt)

    assert code == 130
    text = " ".join(" ".join(lines).split())
    assert text.removeprefix("^C") == "Interrupted; no flow module is left half done."


@pytest.mark.parametrize("columns", [60, 120])
def test_a_question_stands_alone_on_the_screen(space: Workspace, hub: Hub, columns: int) -> None:
    """No progress is drawn over it, however long the person thinks."""
    hub.tag("c/Leaf", "v1", hub.add("c/Leaf", {"leaf.py": "leaf = 1\n"}))
    hub.add("c/Leaf", {"leaf.py": "leaf = 2\n"})
    hub.add("a/One", {"one.py": asking(("c/Leaf", "v1"))})
    hub.add("a/Two", {"two.py": asking("c/Leaf")})
    space.declare({"a/One": "main", "a/Two": "main"})

    def answer(child: pexpect.spawn[str]) -> None:
        child.expect_exact("[tool.flowverse.overrides]: ")
        child.sendline("1")

    code, lines, written = run(space, columns, "sync", act=answer)

    assert code == 0
    assert lines[0] == "c/Leaf is wanted at 2 different commits:"
    assert lines[1].startswith("  1) main (")
    assert not any("Fetching" in line or "Resolving" in line for line in lines)
    question = written[written.index("Which one?") : written.index("c/Leaf = main was added")]
    assert "Resolving" not in question.partition("\n")[0]


def test_columns_of_a_narrow_terminal(space: Workspace, hub: Hub) -> None:
    """A row that does not fit is broken between its columns, never in a word; one that fits stays a line."""
    long = "martinjosifoski/ChatAtomicFlow"
    commits = {id: hub.add(id, {"x.py": ""})[:7] for id in ("a/One", long)}
    space.declare(dict.fromkeys(commits, "main"))
    space.sync()
    (space.place(long) / "x.py").write_text("mine\n")
    labels = {id: f"{id}@main ({commit})" for id, commit in commits.items()}
    states = {"a/One": "clean", long: "edited (1 changed)"}
    summary = "2 flow modules: 1 clean, 1 edited"

    _, narrow, _ = run(space, 40, "status")
    _, wide, _ = run(space, 80, "status")

    assert narrow == [
        f"{labels['a/One']}  clean",
        f"{long}@main",
        f"    ({commits[long]})  edited (1 changed)",
        summary,
    ]
    assert wide == [f"{labels[id]:<{len(labels[long])}}  {states[id]}" for id in labels] + [summary]
    assert space.call("status", COLUMNS="40").out.splitlines() == wide


def test_progress_on_a_narrow_terminal(declared: Workspace, hub: Hub) -> None:
    """It stays one line, and leaves none behind."""
    rule = hub.rule(FILE + ".*two.py", action="stall")

    def wait(child: pexpect.spawn[str]) -> None:
        rule.wait()
        rule.release()

    code, lines, _ = run(declared, 40, "sync", act=wait)

    assert code == 0
    assert lines[-1] == "Synced 2 flow modules"
    assert len(lines) == 3


@pytest.mark.parametrize("more", [{"TERM": "dumb"}, {"TERM": "dumb", "NO_COLOR": "1"}])
def test_a_terminal_that_can_do_nothing(declared: Workspace, more: dict[str, str]) -> None:
    """TERM=dumb gets lines, without a colour and without anything that moves."""
    code, lines, written = run(declared, 80, "sync", act=None, **more)

    assert (code, lines[-1]) == (0, "Synced 2 flow modules")
    assert "\x1b" not in written


@pytest.mark.parametrize("verb", ["sync", "status", "tree", "--help"])
def test_output_to_a_file(declared: Workspace, verb: str) -> None:
    """Whatever the terminal is, what goes to a file has no code of one in it; nor has what is said beside it."""
    declared.lock()
    place = declared.base / "out.txt"
    script = f"{shlex.quote(str(COMMAND))} {verb} > {shlex.quote(str(place))} 2>&1"

    child = pexpect.spawn("/bin/sh", ["-c", script], cwd=declared.root, env=declared.environ(), encoding="utf-8")
    child.expect(pexpect.EOF)
    child.close()

    text = place.read_text(encoding="utf-8")
    assert child.exitstatus == 0
    assert text
    assert "\x1b" not in text


def test_colours_only_where_they_are_wanted(declared: Workspace) -> None:
    """NO_COLOR is respected, and a pipe gets none."""
    _, _, coloured = run(declared, 80, "tree")
    declared.lock()
    _, _, coloured = run(declared, 80, "tree")
    _, _, plain = run(declared, 80, "tree", NO_COLOR="1")

    assert "\x1b[1m" in coloured
    assert "\x1b[3" not in plain
    assert "\x1b" not in declared.call("tree").out
