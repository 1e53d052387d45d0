"""Module ids become packages that Python can import, or are refused with the reason."""

from __future__ import annotations

import pytest

from tests.hub import Hub
from tests.integration.workspace import Workspace, asking


@pytest.mark.parametrize(
    ("id", "folder"),
    [
        ("1234user/NumberFlow", "user_1234user/NumberFlow"),
        ("1234/Flow", "user_1234/Flow"),
        ("class/Flow", "user_class/Flow"),
        ("my-org/My-Flow", "my_org/My_Flow"),
        ("my.org/Flow-v1.5", "my_org/Flow_v1_5"),
    ],
)
def test_an_id_is_imported_under_a_name_that_python_takes(space: Workspace, hub: Hub, id: str, folder: str) -> None:
    """Digits and keywords in front of an owner get `user_`; hyphens and dots become underscores."""
    hub.add(id, {"__init__.py": "answer = 42\n"})
    space.declare({id: "main"})

    space.sync()

    assert space.modules == {folder}
    dotted = folder.replace("/", ".")
    space.python("-c", f"from flow_modules.{dotted} import answer; print(answer)").worked("42")


@pytest.mark.parametrize(
    ("id", "words"),
    [
        ("saibo/6789", "Python cannot import a name that starts with a digit ('6789')"),
        ("saibo/import", "Python cannot import 'import', it is a keyword"),
        ("ChatFlows", "it is not of the form owner/name"),
        ("saibo/Chat/Flows", "it is not of the form owner/name"),
        ("../Flows", "'..' is not a name that the Hub allows"),
        ("saibo/Chät", "'Chät' is not a name that the Hub allows"),
        ("", "it is not of the form owner/name"),
    ],
)
def test_an_id_that_cannot_be_imported_is_refused(space: Workspace, hub: Hub, id: str, words: str) -> None:
    """The sentence names the key in the manifest, the rule that is broken, and what to do."""
    space.declare({id: "main"})
    before = space.visible()

    done = space.call("sync")

    done.failed_plainly(2, "pyproject.toml: tool.flowverse.dependencies.", words)
    assert space.visible() == before
    assert hub.requests == []


@pytest.mark.parametrize("pair", [("a-b/Flow", "a_b/Flow"), ("a/Flow", "a/flow"), ("1a/Flow", "user-1a/Flow")])
def test_two_ids_that_share_a_folder_are_refused(space: Workspace, hub: Hub, pair: tuple[str, str]) -> None:
    """Also where only the case differs; both are named."""
    for id in pair:
        hub.add(id, {"__init__.py": ""})
    space.declare(dict.fromkeys(pair, "main"))

    space.call("sync").failed_plainly(2, *pair)

    assert not space.tree.exists()
    assert not space.lock_path.exists()


def test_two_ids_that_share_a_folder_further_down_are_refused(space: Workspace, hub: Hub) -> None:
    """Two modules ask for ids that would be one folder: refused before anything is installed."""
    hub.add("a/One", {"one.py": asking("x-y/Flow")})
    hub.add("a/Two", {"two.py": asking("x_y/flow")})
    hub.add("x-y/Flow", {"__init__.py": ""})
    hub.add("x_y/flow", {"__init__.py": ""})
    space.declare({"a/One": "main", "a/Two": "main"})

    space.call("sync").failed_plainly(2, "x-y/Flow and x_y/flow would both be synced to x_y/Flow.")

    assert not space.tree.exists()
    assert not space.lock_path.exists()


def test_an_id_that_a_module_asks_for_and_nobody_can_import_is_told(space: Workspace, hub: Hub) -> None:
    """Other people's modules are as they are: a warning with file and line, and the rest works."""
    hub.add("a/One", {"one.py": asking("saibo/6789")})
    space.declare({"a/One": "main"})

    done = space.call("sync")

    assert done.code == 0
    assert done.err.startswith("warning: a/One ")
    assert "one.py:2" in done.err
    assert "6789" in done.err


def test_an_owner_that_is_not_trusted_is_refused(space: Workspace, hub: Hub) -> None:
    """`owners` holds for what modules ask for as well, and the chain that leads there is shown."""
    hub.add("a/One", {"one.py": asking("stranger/Flow")})
    hub.add("stranger/Flow", {"__init__.py": ""})
    space.declare({"a/One": "main"}, more='owners = ["a"]')

    space.call("sync").failed_plainly(
        2, "stranger/Flow is refused", "(asked for by pyproject.toml -> a/One (one.py:2))", 'Add "stranger" to owners'
    )

    assert hub.count(contains="stranger") == 0
    assert not space.tree.exists()


@pytest.mark.parametrize(("one", "other"), [("my-org/Hy-Flow", "my_org/Hy_Flow"), ("9x/F", "user_9x/F")])
@pytest.mark.parametrize("force", [False, True])
def test_an_id_that_takes_over_the_folder_of_another_replaces_it(
    space: Workspace, hub: Hub, one: str, other: str, force: bool
) -> None:
    """In one sync, in both directions; an edit of the first is an edit in the way of the second."""
    for id in (one, other):
        hub.add(id, {"__init__.py": f"name = '{id}'\n", f"{len(id)}.txt": id})
    for id in (one, other, one):
        space.declare({id: "main"})
        result = space.sync(force=force)
        assert space.holds(hub, id)
        assert not result.backups

    edited = space.place(one) / "__init__.py"
    edited.write_text("mine\n")
    space.declare({other: "main"})
    (step,) = space.sync(force=force).plan.steps
    assert (step.action, step.behind, edited.read_text()) == ("keep", "moved", "mine\n")
    space.declare({other: {"revision": "main", "overwrite": True}})
    space.sync(force=force)
    assert space.holds(hub, other)
    assert b"mine\n" in space.backups.values()
    assert not space.sync().plan.steps
