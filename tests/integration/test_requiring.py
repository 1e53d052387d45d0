"""`add` and `remove`: the requirements in pyproject.toml, changed by the command."""

from __future__ import annotations

import pytest
import tomli
from flowverse import requiring
from flowverse._project import Project
from flowverse._require.rewrite import Rewrite
from flowverse.model import Conflict, Wish

from tests.hub import FILE, INFO, Hub
from tests.integration.workspace import Workspace, asking

BASE = '# mine\n[project]\nname = "demo"  # the name\n\n# about ruff\n[tool.ruff]\n'


@pytest.fixture
def bare(space: Workspace, hub: Hub) -> Workspace:
    """A project that asks for nothing, and two modules of which one asks for the other."""
    hub.add("a/One", {"one.py": asking("b/Two")})
    hub.add("b/Two", {"two.py": "two = 2\n"})
    space.manifest.write_bytes(BASE.encode())
    return space


def asks(space: Workspace) -> dict[str, object]:
    tool = tomli.loads(space.manifest.read_text()).get("tool", {})
    found: dict[str, object] = tool.get("flowverse", {}).get("dependencies", {})
    return found


def test_add(bare: Workspace, hub: Hub) -> None:
    """The requirement is written, locked and synced, and what came is said; every other line stays."""
    done = bare.call("add", "a/One")

    done.worked('+ a/One = "main" in pyproject.toml', "+ a/One@main (", "+ b/Two@main (", "Synced 2 flow modules")
    assert bare.manifest.read_text() == f'{BASE}\n[tool.flowverse.dependencies]\n"a/One" = "main"\n'
    assert bare.holds(hub, "a/One")
    assert bare.call("sync", "--locked").code == 0


def test_add_several_at_revisions(bare: Workspace, hub: Hub) -> None:
    """Each with a revision of its own; names of the Hub's pages can be pasted."""
    commit = hub.commit("b/Two").id
    hub.tag("a/One", "v1", commit=hub.commit("a/One").id)

    done = bare.call("add", f"{hub.endpoint}/a/One/tree/v1", f"b/Two@{commit}", "a/One@v1")

    done.worked('+ a/One = "v1" in pyproject.toml', "Synced 2 flow modules")
    assert asks(bare) == {"a/One": "v1", "b/Two": commit}


def test_add_again(bare: Workspace, hub: Hub) -> None:
    """Nothing happens, and that is said."""
    bare.call("add", "a/One")
    before = bare.visible()
    hub.clear()

    bare.call("add", "a/One").worked('a/One = "main" is in pyproject.toml already', "2 flow modules in sync")
    assert bare.visible() == before
    assert hub.requests == []


def test_add_at_another_revision(bare: Workspace, hub: Hub) -> None:
    """The entry is changed where it stands, and keeps its `overwrite` and its comment."""
    hub.add("a/One", {"one.py": "one = 2\n"}, branch="next")
    text = BASE + '[tool.flowverse.dependencies]\n"a/One" = { revision = "main", overwrite = true } # mine\n'
    bare.manifest.write_text(text)
    bare.sync()

    bare.call("add", "a/One@next").worked('~ a/One = "next" in pyproject.toml, was "main"', "~ a/One@next")
    assert bare.manifest.read_text() == text.replace('"main"', '"next"')
    assert bare.holds(hub, "a/One", "next")


def test_add_to_a_list(bare: Workspace) -> None:
    """A manifest in the form of flow scripts gets one more entry in that form."""
    text = BASE + '[[tool.flowverse.dependencies]]\nurl = "b/Two"  # two\n'
    bare.manifest.write_text(text)

    assert bare.call("add", "a/One").code == 0
    assert bare.manifest.read_text() == f'{text}\n[[tool.flowverse.dependencies]]\nurl = "a/One"\nrevision = "main"\n'


@pytest.mark.parametrize("form", ["table", "list"])
def test_add_a_folder(bare: Workspace, form: str) -> None:
    """It is linked; the path is written from the project's folder, from wherever it was typed."""
    work = bare.base / "work" / "mine"
    work.mkdir(parents=True)
    (work / "flow.py").write_text(asking("b/Two"))
    if form == "list":
        bare.manifest.write_text(BASE + '[[tool.flowverse.dependencies]]\nurl = "b/Two"\n')

    done = bare.run("add", "me/Mine", "--path", "mine", "--project", str(bare.root), cwd=work.parent)

    done.worked('+ me/Mine = { path = "../work/mine" } in pyproject.toml', "+ me/Mine -> ../work/mine")
    assert (bare.place("me/Mine") / "flow.py").exists()
    assert bare.place("b/Two").is_dir()
    inside = bare.root / "dev"
    inside.mkdir()
    bare.call("add", "me/Mine", "--path", "dev").worked("~ me/Mine = { path = ")
    assert bare.place("me/Mine").resolve() == inside.resolve()
    # And back to the Hub's, which has no such module.
    bare.call("add", "me/Mine").failed_plainly(3, "me/Mine")
    assert bare.place("me/Mine").resolve() == inside.resolve()


def test_add_a_folder_of_a_project_behind_a_link(bare: Workspace) -> None:
    """The path leads there all the same."""
    (bare.base / "work").mkdir()
    (bare.base / "far" / "away").mkdir(parents=True)
    (bare.base / "far" / "away" / "link").symlink_to(bare.root, target_is_directory=True)

    place = str(bare.base / "far" / "away" / "link")
    assert bare.call("add", "me/Mine", "--path", str(bare.base / "work"), "--project", place).code == 0
    assert bare.place("me/Mine").resolve() == (bare.base / "work").resolve()


def test_add_without_syncing(bare: Workspace, hub: Hub) -> None:
    """Only pyproject.toml and the lock are written."""
    bare.call("add", "a/One", "--no-sync").worked('+ a/One = "main" in', "+ a/One@main (", "Locked 2 flow modules")
    assert set(bare.visible()) == {"pyproject.toml", "flowverse.lock"}


@pytest.mark.parametrize("more", [[], ["--no-sync"]])
def test_add_for_show(bare: Workspace, more: list[str]) -> None:
    """A dry run says what would come, also in CI, and writes nothing."""
    before = bare.visible()

    done = bare.call("add", "a/One", "--dry-run", *more, CI="true")

    done.worked('+ a/One = "main" in pyproject.toml', "+ b/Two@main (", "Would ")
    assert bare.visible() == before


def test_add_offline(bare: Workspace, hub: Hub) -> None:
    """What is not in the cache cannot be added, and nothing is changed."""
    bare.call("add", "a/One", "--offline").failed_plainly(3, "a/One@main", "offline")
    assert bare.manifest.read_text() == BASE
    assert hub.requests == []


def test_add_of_what_the_project_has_by_its_name(bare: Workspace, hub: Hub) -> None:
    """Another revision of it, say: by the name alone or in any case, as every verb takes it."""
    hub.tag("a/One", "v1", hub.commit("a/One").id)
    bare.call("add", "a/One").worked()

    for word in ("one@v1", "A/one@v1"):
        bare.call("add", word).worked()
        assert asks(bare)["a/One"] == "v1"
        bare.call("add", "One@main").worked('~ a/One = "main" in pyproject.toml, was "v1"')


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["a/Nothing"], 3, ["a/Nothing", "not found"]),
        (["a/One", "a/One@v9"], 2, ["a/One is asked for at two revisions"]),
        (["a/One@v9"], 3, ["a/One has no revision 'v9'"]),
        (["a/One@"], 2, ["a/One@: must not be empty"]),
        (["a/One@../x"], 2, ["is a path", "--path ../x"]),
        (["a/One@a b"], 2, ["cannot be a revision"]),
        (["One"], 2, ["'One' is not a usable module id"]),
        (["https://example.com/a/One"], 2, ["is no address of the Hub"]),
        (["huggingface.co/datasets/a/One"], 2, ["not a flow module"]),
        (["a/One", "--path", "nowhere"], 2, ["nowhere is no folder"]),
        (["a/One@main", "--path", "."], 2, ["has no revision"]),
        (["a/One", "b/Two", "--path", "."], 2, ["one module"]),
        (["a/One", "--path", "."], 2, ["the project itself"]),
        (["A/one", "a/One"], 2, ["would both be synced to"]),
    ],
)
def test_what_cannot_be_added(bare: Workspace, arguments: list[str], code: int, words: list[str]) -> None:
    """Why is said in a sentence, and nothing is changed."""
    before = bare.visible()

    bare.call("add", *arguments).failed_plainly(code, *words)
    assert bare.visible() == before


def test_an_owner_who_is_not_allowed(bare: Workspace, hub: Hub) -> None:
    """Directly or not: nothing is changed."""
    text = BASE + '[tool.flowverse]\nowners = ["a"]\n'
    bare.manifest.write_text(text)

    bare.call("add", "b/Two").failed_plainly(2, "b/Two is refused", "owners")
    assert hub.requests == []
    bare.call("add", "a/One").failed_plainly(2, "b/Two is refused", "a/One (one.py:")
    assert bare.manifest.read_text() == text


def test_a_conflict(bare: Workspace, hub: Hub) -> None:
    """It fails as it does in a sync, and nothing is changed."""
    hub.add("b/Two", {"two.py": "two = 3\n"}, branch="next")
    hub.add("c/Three", {"three.py": asking(("b/Two", "next"))})
    bare.call("add", "a/One")
    before = bare.visible()

    bare.call("add", "c/Three").failed_plainly(1, "b/Two is wanted at 2 different commits")
    assert bare.visible() == before


class Second:
    """A Chooser that takes the last wish."""

    def choose(self, conflict: Conflict) -> Wish | None:
        return conflict.wishes[-1]


def test_a_conflict_that_is_decided(bare: Workspace, hub: Hub) -> None:
    """The requirement and the override are both written."""
    hub.add("b/Two", {"two.py": "two = 3\n"}, branch="next")
    hub.add("c/Three", {"three.py": asking(("b/Two", "next"))})
    bare.call("add", "a/One")
    with bare.inside():
        requiring.add(bare.root, bare.settings(), ["c/Three"], chooser=Second())

    assert asks(bare) == {"a/One": "main", "c/Three": "main"}
    assert tomli.loads(bare.manifest.read_text())["tool"]["flowverse"]["overrides"] == {"b/Two": "next"}
    assert bare.call("sync", "--locked").code == 0


@pytest.mark.parametrize("variable", ["CI", "FLOWVERSE_LOCKED", "FLOWVERSE_FROZEN"])
@pytest.mark.parametrize("arguments", [["add", "a/One"], ["remove", "a/One"], ["update"]])
def test_where_the_lock_must_not_change(bare: Workspace, variable: str, arguments: list[str]) -> None:
    """Neither can what it answers to."""
    bare.call("add", "b/Two")
    before = bare.visible()

    done = bare.call(*arguments, **{variable: "1"})

    done.failed_plainly(2, f"`flowverse {arguments[0]}` has to rewrite flowverse.lock", "commit")
    assert bare.visible() == before


@pytest.mark.parametrize("arguments", [["add", "a/One"], ["remove", "b/Two"], ["update"]])
def test_an_unpacked_sdist_stays_as_it_is(bare: Workspace, arguments: list[str]) -> None:
    bare.call("add", "b/Two")
    (bare.root / "PKG-INFO").write_text("")

    bare.call(*arguments).failed_plainly(2, "unpacked sdist")


@pytest.mark.parametrize("what", ["flowverse.lock", "flow_modules/a"])
def test_a_failure_after_it_was_written(bare: Workspace, what: str) -> None:
    """A disk that does not take the lock, or the tree: pyproject.toml and the lock are put back."""
    bare.call("add", "b/Two")
    if what == "flowverse.lock":
        bare.lock_path.unlink()
        bare.lock_path.symlink_to("nowhere/at/all")
    else:
        (bare.root / what).write_text("in the way\n")
    before = bare.visible()

    bare.call("add", "a/One").failed_plainly(4)
    assert bare.visible() == before


def test_a_failure_where_there_was_no_lock(bare: Workspace) -> None:
    """Then there is none again."""
    bare.tree.mkdir()
    (bare.tree / "a").write_text("in the way\n")

    bare.call("add", "a/One").failed_plainly(4)
    assert set(bare.visible()) == {"pyproject.toml", "flow_modules", "flow_modules/a"}
    assert bare.manifest.read_text() == BASE


def test_what_somebody_else_wrote_meanwhile_stays(bare: Workspace) -> None:
    """Only what was written is taken back."""
    before = Project.read(bare.root)
    rewrite = Rewrite(bare.root, [], lambda _: f"{BASE}\n")
    now = rewrite.read().write_manifest()
    bare.manifest.write_text(BASE + "# theirs\n")

    rewrite.undo(now)
    assert bare.manifest.read_text() == BASE + "# theirs\n"
    bare.manifest.write_text(BASE + "\n")
    rewrite.undo(now)
    assert Project.read(bare.root).manifest_bytes == before.manifest_bytes


def test_two_who_add_at_once(bare: Workspace, hub: Hub) -> None:
    """The second begins again with what the first wrote."""
    rule = hub.rule(FILE, method="GET", action="stall", first=1)
    with bare.start("add", "a/One") as process:
        rule.wait()
        assert bare.run("add", "b/Two").code == 0
        rule.release()
        out, err = process.communicate(timeout=60)

    assert process.returncode == 0, (out, err)
    assert asks(bare) == {"a/One": "main", "b/Two": "main"}
    assert '+ a/One = "main" in pyproject.toml' in out
    assert bare.call("sync", "--locked").code == 0


def test_a_manifest_that_cannot_be_changed_safely(bare: Workspace) -> None:
    """What to write by hand is said."""
    text = BASE + '[tool.flowverse.dependencies]\n"a\\u002FOne" = "main"\n'
    bare.manifest.write_text(text)

    bare.call("add", "a/One@v1").failed_plainly(2, "cannot be changed safely", "Ask for a/One there by hand")
    bare.call("remove", "a/One").failed_plainly(2, "cannot be changed safely", "Take a/One out")
    assert bare.manifest.read_text() == text


# --- remove ----------------------------------------------------------------------------------------------------------


def test_remove(bare: Workspace) -> None:
    """The entry, the lock's modules and the folders go; by its name alone, too."""
    bare.call("add", "a/One")

    bare.call("remove", "one").worked("- a/One from pyproject.toml", "- a/One", "- b/Two", "Removed 2")
    assert bare.manifest.read_text() == f"{BASE}\n[tool.flowverse.dependencies]\n"
    assert bare.modules == set()
    assert bare.locked == {}


def test_remove_what_another_asks_for(bare: Workspace) -> None:
    """It stays, and who asks is said."""
    bare.call("add", "a/One", "b/Two")

    bare.call("remove", "b/Two").worked("- b/Two from pyproject.toml", "b/Two stays, a/One asks for it")
    assert asks(bare) == {"a/One": "main"}
    assert bare.modules == {"a/One", "b/Two"}


def test_remove_from_a_list(bare: Workspace) -> None:
    """The comment above the next entry stays."""
    text = '[[tool.flowverse.dependencies]]\nurl = "b/Two"\n'
    bare.manifest.write_text(f'[[tool.flowverse.dependencies]]\nurl = "a/One"\n\n# about two\n{text}')

    assert bare.call("remove", "a/One", "--no-sync").code == 0
    assert bare.manifest.read_text().lstrip() == f"# about two\n{text}"
    assert set(bare.locked) == {"b/Two"}


def test_remove_what_was_never_locked(bare: Workspace) -> None:
    """The lock answers again to what is left; it need not be written."""
    bare.call("add", "b/Two")
    lock = bare.lock_path.read_bytes()
    bare.manifest.write_text(bare.manifest.read_text() + '"a/Typo" = "main"\n')

    bare.call("remove", "a/Typo").worked("- a/Typo from pyproject.toml", "1 flow module in sync")
    assert asks(bare) == {"b/Two": "main"}
    assert bare.lock_path.read_bytes() == lock


def test_remove_keeps_an_edit(bare: Workspace) -> None:
    """A folder that was edited stays, as in every sync."""
    bare.call("add", "b/Two")
    (bare.place("b/Two") / "two.py").write_text("mine\n")

    done = bare.call("remove", "b/Two")
    assert done.code == 0
    assert "b/Two was edited" in done.err
    assert bare.files("b/Two") == {"two.py": b"mine\n"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("b/Two", ["b/Two does not stand in pyproject.toml; a/One asks for it", "tree --why b/Two"]),
        ("a/Onne", ["a/Onne is no flow module that pyproject.toml asks for", "Did you mean a/One?"]),
    ],
)
def test_what_cannot_be_removed(bare: Workspace, name: str, words: list[str]) -> None:
    """What is meant is guessed, and nothing is changed."""
    bare.call("add", "a/One")
    before = bare.visible()

    bare.call("remove", "a/One", name).failed_plainly(2, *words)
    assert bare.visible() == before


def test_interrupted_while_it_is_looked_for(bare: Workspace, hub: Hub) -> None:
    """Killed before everything is known, nothing was written."""
    rule = hub.rule(INFO, action="stall")
    with bare.start("add", "a/One") as process:
        rule.wait()
        process.kill()
    rule.release()

    assert set(bare.visible()) == {"pyproject.toml"}
    assert bare.manifest.read_text() == BASE


def test_a_script_can_do_the_same(bare: Workspace) -> None:
    """`flowverse.requiring` has what the command has."""
    with bare.inside():
        changed = requiring.add(bare.root, bare.settings(), ["a/One"], sync=False)
        gone = requiring.remove(bare.root, bare.settings(), ["a/One"])

    assert [(str(entry.id), entry.old, entry.new is not None) for entry in changed.entries] == [("a/One", None, True)]
    assert gone.entries[0].new is None
    assert bare.modules == set()
