"""The behaviour that users know: what seed's page on flow modules says comes true, from the Hub and from a mirror."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from tests.hub import Hub
from tests.hub.olah import Olah, make_repository
from tests.integration.workspace import Workspace, asking

ATOMIC = {
    "README.md": "---\nlicense: mit\n---\n# An atomic flow\n",
    "__init__.py": "from .ChatAtomicFlow import ChatAtomicFlow\n",
    "ChatAtomicFlow.py": "class ChatAtomicFlow:\n    def __init__(self, **kwargs):\n        self.kwargs = kwargs\n",
    "ChatAtomicFlow.yaml": "name: chat\n",
}


def chat(commit: str) -> dict[str, str]:
    base = "from flow_modules.martinjosifoski.ChatAtomicFlow import ChatAtomicFlow\n"
    flow = "class ChatGPT4(ChatAtomicFlow):\n    def __init__(self, **kwargs):\n        super().__init__(**kwargs)\n"
    return {
        "README.md": "# Chat flows\n",
        "__init__.py": "from .ChatGPT4 import ChatGPT4\n",
        "ChatGPT4.py": asking(("martinjosifoski/ChatAtomicFlow", commit)) + "\n" + base + "\n" + flow,
        "ChatGPT4.yaml": "model: gpt-4\n",
        "pip_requirements.txt": "pyyaml>=6\n",
    }


Add = Callable[[str, Mapping[str, str]], str]


def check(space: Workspace, add: Add) -> None:
    atomic = add("martinjosifoski/ChatAtomicFlow", ATOMIC)
    add("martinjosifoski/ChatAtomicFlow", {**ATOMIC, "ChatAtomicFlow.yaml": "name: a later commit\n"})
    flows = chat(atomic)
    top = add("saibo/ChatFlows", flows)
    space.declare({"saibo/ChatFlows": "main"})

    done = space.run("sync")

    done.worked(f"+ saibo/ChatFlows@main ({top[:7]})", f"+ martinjosifoski/ChatAtomicFlow@{atomic}")
    assert done.out.endswith("Synced 2 flow modules\n")
    assert done.err == ""
    paths = {path.relative_to(space.tree).as_posix() for path in space.tree.rglob("*") if path.is_file()}
    assert {path for path in paths if not path.startswith(".flowverse/")} == {
        ".gitignore",
        "__init__.py",
        "_flowverse.py",
        "flow.mod",
        "martinjosifoski/__init__.py",
        *(f"martinjosifoski/ChatAtomicFlow/{name}" for name in (*ATOMIC, "FLOW_MODULE_ID")),
        "saibo/__init__.py",
        *(f"saibo/ChatFlows/{name}" for name in (*flows, "FLOW_MODULE_ID")),
    }
    assert space.files("saibo/ChatFlows") == {name: text.encode() for name, text in flows.items()}
    assert space.files("martinjosifoski/ChatAtomicFlow") == {name: text.encode() for name, text in ATOMIC.items()}
    written = (space.tree / "saibo/ChatFlows/FLOW_MODULE_ID").read_text(encoding="utf-8")
    assert written == f"saibo/ChatFlows:main\n{top}\n"
    locked = space.locked
    assert {id: (module["revision"], module["commit"]) for id, module in locked.items()} == {
        "martinjosifoski/ChatAtomicFlow": (atomic, atomic),
        "saibo/ChatFlows": ("main", top),
    }
    assert locked["saibo/ChatFlows"]["requirements"] == ["pyyaml>=6"]
    assert locked["saibo/ChatFlows"]["dependencies"] == [
        {"id": "martinjosifoski/ChatAtomicFlow", "revision": atomic, "at": "ChatGPT4.py:2"}
    ]


def test_a_module_is_synced_with_what_it_asks_for(space: Workspace, hub: Hub) -> None:
    """The tree of the page: both modules, byte for byte, the dependency at the commit that its asker names."""
    check(space, hub.add)
    assert space.locked["martinjosifoski/ChatAtomicFlow"]["license"] == "mit"


def test_a_module_is_synced_from_a_mirror(tmp_path: Path, mirror: tuple[Olah, Path]) -> None:
    """The same from olah, which tells no blob ids."""
    olah, root = mirror
    check(Workspace(tmp_path, olah.endpoint), partial(make_repository, root))


def test_what_is_synced_can_be_imported_and_asks_for_nothing(space: Workspace, hub: Hub) -> None:
    """A synced module that calls `sync_dependencies` at import is answered from the tree."""
    atomic = hub.add("martinjosifoski/ChatAtomicFlow", ATOMIC)
    hub.add("saibo/ChatFlows", chat(atomic))
    space.declare({"saibo/ChatFlows": "main"})
    space.sync()
    stub = space.base / "site" / "flows" / "flow_verse.py"
    stub.parent.mkdir(parents=True)
    stub.with_name("__init__.py").touch()
    stub.write_text("def sync_dependencies(dependencies, all_overwrite=False):\n    raise AssertionError\n")
    hub.clear()

    done = space.python(
        "-c",
        "from flow_modules.saibo.ChatFlows import ChatGPT4; print(ChatGPT4(a=1).kwargs)",
        PYTHONPATH=str(space.base / "site"),
    )

    done.worked("{'a': 1}")
    assert hub.requests == []


@pytest.mark.parametrize("verb", ["status", "tree"])
def test_looking_at_it_changes_nothing(space: Workspace, hub: Hub, verb: str) -> None:
    """`status` and `tree` show both modules, and neither asks the Hub nor writes."""
    hub.add("saibo/ChatFlows", chat(hub.add("martinjosifoski/ChatAtomicFlow", ATOMIC)))
    space.declare({"saibo/ChatFlows": "main"})
    space.sync()
    before = space.visible()
    hub.clear()

    space.run(verb).worked("saibo/ChatFlows@main", "martinjosifoski/ChatAtomicFlow@")

    assert space.visible() == before
    assert hub.requests == []
