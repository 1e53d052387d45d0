"""Scripts that sync for themselves: `from flowverse import flow_verse`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hub import Hub
from tests.integration.test_seed import ATOMIC, chat
from tests.integration.workspace import Done, Workspace

DEMO = """\
dependencies = [
    {"url": "saibo/ChatFlows", "revision": "main"},
]
from flowverse import flow_verse
flow_verse.sync_dependencies(dependencies)

from flow_modules.saibo.ChatFlows import ChatGPT4

if __name__ == "__main__":
\tprint("This is a trivial sync demo.")
"""


@pytest.fixture
def demo(space: Workspace, hub: Hub) -> Workspace:
    """A folder that holds the script of seed's page, and nothing else."""
    hub.add("saibo/ChatFlows", chat(hub.add("martinjosifoski/ChatAtomicFlow", ATOMIC)))
    (space.root / "trivial_sync_demo.py").write_text(DEMO)
    return space


def run(space: Workspace, *, cwd: Path | None = None, **more: str) -> Done:
    done = space.python(str(space.root / "trivial_sync_demo.py"), cwd=cwd, **more)
    assert (done.code, done.err) == (0, ""), done
    return done


def test_the_demo_runs_in_a_bare_folder(demo: Workspace, hub: Hub) -> None:
    """As on the page, but for the package's name: it syncs, imports and prints; the second run asks for nothing."""
    assert run(demo).out == "This is a trivial sync demo.\n"
    assert demo.modules == {"saibo/ChatFlows", "martinjosifoski/ChatAtomicFlow"}
    assert demo.holds(hub, "saibo/ChatFlows")
    hub.clear()

    assert run(demo).out == "This is a trivial sync demo.\n"
    assert hub.requests == []


def test_the_demo_runs_in_a_project(demo: Workspace, hub: Hub) -> None:
    """What the project declares is used, from whatever folder the script is started; no second tree appears."""
    demo.declare({"saibo/ChatFlows": "main"})
    manifest = demo.manifest.read_bytes()
    elsewhere = demo.base / "elsewhere"
    elsewhere.mkdir()

    assert run(demo, cwd=elsewhere).out == "This is a trivial sync demo.\n"
    hub.clear()
    assert run(demo, cwd=elsewhere).out == "This is a trivial sync demo.\n"

    assert hub.requests == []
    assert list(elsewhere.iterdir()) == []
    assert demo.holds(hub, "saibo/ChatFlows")
    assert demo.manifest.read_bytes() == manifest
    assert set(demo.locked) == {"saibo/ChatFlows", "martinjosifoski/ChatAtomicFlow"}


def test_the_demo_says_what_a_project_does_not_declare(demo: Workspace, hub: Hub) -> None:
    """The project's manifest is not changed behind its back: the lines to add are said."""
    demo.declare({"martinjosifoski/ChatAtomicFlow": "main"})

    done = demo.python("trivial_sync_demo.py")

    assert done.code == 1
    assert "does not declare saibo/ChatFlows." in done.err


def test_it_returns_the_folders_of_all_modules(demo: Workspace) -> None:
    """The return value that scripts know: the folder of every module in the tree."""
    done = demo.python("-c", DEMO.replace("flow_verse.sync_dep", "found = flow_verse.sync_dep") + "\tprint(found)")

    done.worked(repr([str(demo.tree / id) for id in ("martinjosifoski/ChatAtomicFlow", "saibo/ChatFlows")]))


def test_a_script_can_overwrite_and_what_it_discards_is_kept(demo: Workspace, hub: Hub) -> None:
    """`overwrite` in a script: an edit goes to the backups; without it, it stays."""
    run(demo)
    edited = demo.place("saibo/ChatFlows") / "ChatGPT4.yaml"
    edited.write_text("mine\n")
    run(demo)
    assert edited.read_text() == "mine\n"

    script = DEMO.replace('"revision": "main"', '"revision": "main", "overwrite": True')
    done = demo.python("-W", "default", "-c", script)

    assert done.code == 0, done
    assert demo.holds(hub, "saibo/ChatFlows")
    assert b"mine\n" in demo.backups.values()


def test_a_failure_is_an_error_of_ours(demo: Workspace, hub: Hub) -> None:
    """A script can catch it: a FlowverseError with its sentence."""
    hub.remove("saibo/ChatFlows")
    code = (
        "from flowverse import flow_verse\nfrom flowverse.errors import FlowverseError\n"
        "try:\n    flow_verse.sync_dependencies([{'url': 'saibo/ChatFlows'}])\n"
        "except FlowverseError as error:\n    print(error)\n"
    )

    demo.python("-c", code).worked("saibo/ChatFlows (revision 'main') was not found on the Hub.")

    assert not demo.tree.exists()
