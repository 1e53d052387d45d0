"""Synced trees and aiFlows 1.1.1 itself: modules import without a request, and aiFlows finds its modules synced."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowverse._editable import editable_files
from flowverse._guard import FLOW_MOD, flow_mod
from flowverse.model import PACKAGE, Pin

from tests.hub import Hub
from tests.integration.workspace import Workspace
from tests.integration.workspace import asking as asking_for
from tests.trees import COMMIT, asking, make_tree, pin, run, start, write

NOBODY = "http://127.0.0.1:9"  # the discard port: no connection

ATOMIC = "name = 'atomic'\n"
CHAT = asking("martinjosifoski/ChatAtomicFlow") + "from flow_modules.martinjosifoski.ChatAtomicFlow import name\n"
MODULES = {
    "saibo/ChatFlows": {"__init__.py": "from .ChatGPT4 import name\n", "ChatGPT4.py": CHAT, "README.md": "# Chat\n"},
    "martinjosifoski/ChatAtomicFlow": {"__init__.py": ATOMIC, "data/prompt.txt": "Hello\n"},
}
USE = "from flow_modules.saibo.ChatFlows import name\nprint(json.dumps(name))\n"


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content, but what Python compiled."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not name.endswith(".pyc")}


def environ(tmp_path: Path, endpoint: str = NOBODY, **more: str) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    return {"HOME": str(home), "USERPROFILE": str(home), "HF_HOME": str(home / "hf"), "HF_ENDPOINT": endpoint, **more}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    make_tree(tmp_path / "project", MODULES)
    return tmp_path / "project"


def test_what_aiflows_spends_of_the_limits_of_the_hub(tmp_path: Path, aiflows: Path, hub: Hub) -> None:
    """Twice of the API a module, twice for each file; and one of the API a module when nothing has changed."""
    ids = ["a/One", "b/Two"]
    for id in ids:
        hub.add(id, {"__init__.py": f"# {id}\n", "more.py": f"more = {id!r}\n"})
    wishes = [{"url": id, "revision": "main"} for id in ids]
    code = f"from aiflows import flow_verse\nflow_verse.sync_dependencies({wishes!r})\n"
    spent = []

    for _ in range(2):
        done = start(["-c", code], python=aiflows, cwd=tmp_path, env=environ(tmp_path, hub.endpoint))
        assert done.returncode == 0, done.stderr
        spent.append((hub.count(contains="/api/"), hub.count(contains="/resolve/")))
        hub.clear()

    assert spent == [(2 * 2, 2 * 2 * 2), (2, 0)]


@pytest.mark.parametrize("first", ["", "import aiflows.flow_verse\n", "from aiflows import flow_verse\n"])
@pytest.mark.parametrize("where", ["project", "elsewhere"])
def test_modules_import_without_the_hub(tmp_path: Path, aiflows: Path, project: Path, where: str, first: str) -> None:
    """From any folder: no request, no question, nothing that aiFlows says, no file made or changed."""
    (tmp_path / "elsewhere").mkdir()
    before = files(tmp_path)
    env = environ(tmp_path)
    assert run(first + USE, path=[project], python=aiflows, cwd=tmp_path / where, env=env, flags=()) == ["atomic"]
    assert files(tmp_path) == before


def test_installed_project_is_not_hidden_by_the_folder_that_aiflows_installs(
    tmp_path: Path, aiflows: Path, project: Path
) -> None:
    """aiFlows ships a `flow_modules` of its own; an editable install works nevertheless, and both can be imported."""
    for name, text in editable_files("project", str(project)).items():
        write(tmp_path / "site" / name, text)
    code = f"import site\nsite.addsitedir({str(tmp_path / 'site')!r})\n{USE}"
    code += "import flow_modules.aiflows as shipped\nprint(json.dumps(shipped.__file__))\n"
    name, shipped = run(code, python=aiflows, cwd=tmp_path, env=environ(tmp_path), flags=())
    assert name == "atomic"
    assert aiflows.parents[1] in Path(shipped).parents


def test_module_that_is_not_in_the_tree_is_synced_by_aiflows(tmp_path: Path, aiflows: Path, project: Path) -> None:
    """The guard passes it on: aiFlows fetches it from the Hub into the current folder, and it can be imported."""
    with Hub() as hub:
        hub.add("yeeef/UsefulChatBots", {"__init__.py": CHAT})
        code = asking("yeeef/UsefulChatBots", "saibo/ChatFlows")
        code = (
            f"import flow_modules\n{code}from flow_modules.yeeef.UsefulChatBots import name\nassert name == 'atomic'\n"
        )
        script = f"import sys\nsys.path.insert(0, {str(project)!r})\n{code}"
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        done = start(["-c", script], python=aiflows, cwd=elsewhere, env=environ(tmp_path, hub.endpoint))
        assert done.returncode == 0, done.stderr
        assert hub.count(contains="yeeef") > 0
        assert hub.count(contains="saibo") == 0
    assert (elsewhere / PACKAGE / "yeeef/UsefulChatBots").is_dir()
    assert not (elsewhere / PACKAGE / "saibo").exists()


def test_aiflows_finds_its_modules_synced(tmp_path: Path, aiflows: Path) -> None:
    """With the guard off, in the project's folder: "already synced, skip", and flow.mod stays as it is to the byte."""
    root, cache = (tmp_path / "project").resolve(), tmp_path / "cache"
    asked = {"saibo/ChatFlows": "main", "1Digits/NumberFlow": COMMIT}
    write(tmp_path / "dev/__init__.py", "")
    with Hub() as hub:
        pins = [pin("yeeef/Linked", path="../dev")]
        for id, revision in asked.items():
            commit = hub.add(id, MODULES["saibo/ChatFlows"])
            one = pin(id, revision if revision == "main" else commit, commit)
            make_tree(root, {id: MODULES["saibo/ChatFlows"]}, revision=one.revision, commit=commit)
            for path, text in MODULES["saibo/ChatFlows"].items():
                write(cache / f"models--{id.replace('/', '--')}/snapshots/{commit}/{path}", text)
            pins.append(one)
        write(root / PACKAGE / "yeeef/__init__.py", "")
        (root / PACKAGE / "yeeef/Linked").symlink_to(tmp_path / "dev", target_is_directory=True)
        text = flow_mod(pins, tree=str(root / PACKAGE), project=str(root), cache=str(cache))
        write(root / PACKAGE / FLOW_MOD, text)
        write(root / PACKAGE / ".gitignore", "*\n")
        before = files(tmp_path / "project")
        wishes = [{"url": str(one.id), "revision": one.revision or str(tmp_path / "dev")} for one in pins]
        code = f"from aiflows import flow_verse\nflow_verse.sync_dependencies({wishes!r})\n"
        env = environ(tmp_path, hub.endpoint, FLOWVERSE_GUARD="0")
        done = start(["-c", f"import flow_modules\n{code}"], python=aiflows, cwd=root, env=env)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("already synced, skip") == len(pins)
        assert hub.count(contains="/resolve/") == 0
    assert files(tmp_path / "project") == before


def test_what_the_engine_synced_is_what_aiflows_wants(aiflows: Path, hub: Hub, space: Workspace) -> None:
    """A project synced from a Hub: imported with the Hub gone; and with the guard off, aiFlows' own sync skips it."""
    commit = hub.add("martinjosifoski/ChatAtomicFlow", MODULES["martinjosifoski/ChatAtomicFlow"])
    wish = ("martinjosifoski/ChatAtomicFlow", commit)
    chat = asking_for(wish, package="aiflows") + "from flow_modules.martinjosifoski.ChatAtomicFlow import name\n"
    hub.add("saibo/ChatFlows", {"__init__.py": chat})
    space.declare({"saibo/ChatFlows": "main"})
    space.sync()
    before = files(space.root)

    elsewhere = space.base / "elsewhere"
    elsewhere.mkdir()
    gone = environ(space.base)
    assert run(USE, path=[space.root], python=aiflows, cwd=elsewhere, env=gone, flags=()) == ["atomic"]

    wishes = [{"url": "saibo/ChatFlows", "revision": "main"}, {"url": wish[0], "revision": wish[1]}]
    code = f"import flow_modules\nfrom aiflows import flow_verse\nflow_verse.sync_dependencies({wishes!r})\n"
    hub.clear()
    there = environ(space.base, hub.endpoint, FLOWVERSE_GUARD="0")
    done = start(["-c", code], python=aiflows, cwd=space.root, env=there)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("already synced, skip") == len(wishes)
    assert hub.count(contains="/resolve/") == 0
    assert files(space.root) == before
    assert not list(elsewhere.iterdir())


READ = """
from aiflows.flow_verse.loading import FlowModuleSpecSummary
found = FlowModuleSpecSummary.from_flow_mod_file("flow.mod")
print(json.dumps([found.sync_root, found.cache_root]))
print(json.dumps([[mod.repo_id, mod.revision, mod.commit_hash, mod.sync_dir] for mod in found.get_mods()]))
"""


def test_aiflows_reads_what_flow_mod_lists(tmp_path: Path, aiflows: Path) -> None:
    """Every revision that git allows is read back; modules that aiFlows has another folder for are left out."""
    listed = [
        pin("1Digits/NumberFlow"),
        pin("saibo/ChatFlows", COMMIT),
        pin("saibo/Dotted", "v1.0"),
        pin("saibo/Request", "refs/pr/1"),
        pin("yeeef/Linked", path="../dev"),
    ]
    left_out = [
        pin("1/OneDigit"),
        pin("my-org/Hyphen"),
        pin("saibo/Dotted.Name"),
        pin("yeeef/Spaced", path="../my dev"),
    ]
    tree = f"{tmp_path}/a tree/{PACKAGE}"
    text = flow_mod(reversed([*listed, *left_out]), tree=tree, project=f"{tmp_path}/a tree", cache="/the cache")
    write(tmp_path / FLOW_MOD, text)
    roots, mods = run(READ, python=aiflows, cwd=tmp_path, env=environ(tmp_path), flags=())
    assert roots == [tree, "/the cache"]

    def line(one: Pin) -> list[str]:
        where = [f"{tmp_path}/dev", "NO_COMMIT_HASH"] if one.path else [one.revision, one.commit]
        return [str(one.id), *where, f"{tree}/{one.id.folder}"]

    assert mods == [line(one) for one in listed]


@pytest.mark.parametrize("name", ["dev", "my dev", 'it\'s "mine" -> _/x', "sp\u00e4\u00dfe"])
def test_aiflows_reads_what_the_engine_wrote(aiflows: Path, hub: Hub, space: Workspace, name: str) -> None:
    """Whatever a local folder is called; one with a space is left out, so that the others are read."""
    commit = hub.add("saibo/ChatFlows", {"__init__.py": ""}, branch="feature/x.y-z")
    (space.base / name).mkdir(parents=True)
    space.declare({"saibo/ChatFlows": "feature/x.y-z", "yeeef/Linked": {"path": f"../{name}"}})
    space.sync()
    roots, mods = run(READ, python=aiflows, cwd=space.tree, env=environ(space.base), flags=())
    assert roots == [str(space.tree), str(space.cache)]
    there = [["saibo/ChatFlows", "feature/x.y-z", commit, str(space.place("saibo/ChatFlows"))]]
    linked = [["yeeef/Linked", str(space.base / name), "NO_COMMIT_HASH", str(space.tree / "yeeef/Linked")]]
    assert mods == there + (linked if " " not in name else [])


def test_flow_mod_of_an_empty_tree_is_read(tmp_path: Path, aiflows: Path) -> None:
    """A project may have no modules yet."""
    write(tmp_path / FLOW_MOD, flow_mod([], tree=str(tmp_path), project=str(tmp_path), cache="/cache"))
    assert run(READ, python=aiflows, cwd=tmp_path, env=environ(tmp_path), flags=())[1] == []
