"""What went wrong in aiFlows 1.1.1 (its `flow_verse/loading.py`), a test for each: what was there, and what is here."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from flowverse import api
from flowverse.errors import FlowverseError, UsageError
from flowverse.model import PACKAGE

from tests.hub import FILE, Hub
from tests.integration.workspace import Workspace, asking, snapshot

ID = "saibo/ChatFlows"
OTHER = "yeeef/Bots"
FLOW = {
    "__init__.py": "from .chat import text\n",
    "chat.py": "text = 'one'\n",
    ".config": "kept = true\n",
    "prompts/hello.txt": "Hello\n",
    "prompts/more/deep.txt": "Deep\n",
}
MINE = "mine, and nobody else's\n"

Wishes = list[dict[str, Any]]
Script = Callable[..., list[str]]
Ask = Callable[[str], None]


@pytest.fixture
def flow(space: Workspace, hub: Hub) -> Workspace:
    """A machine, and a Hub with a module that has folders, and is otherwise on its branch `v2`."""
    hub.add(ID, FLOW)
    hub.add(ID, {**FLOW, "chat.py": "text = 'two'\n"}, branch="v2")
    return space


@pytest.fixture
def synced(flow: Workspace) -> Workspace:
    """The same, declared and synced."""
    flow.declare({ID: "main"})
    flow.sync()
    return flow


@pytest.fixture
def script(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Run a flow script of the project's folder, from there or from another folder; what the call returned."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(wishes: Wishes, *, overwrite: bool = False, cwd: Path | None = None) -> list[str]:
        file = space.root / "demo.py"
        call = f"found = flow_verse.sync_dependencies({wishes!r}, {overwrite})"
        file.write_text(f"from flowverse import flow_verse\n{call}\n", encoding="utf-8")
        with space.inside():
            os.chdir(cwd or space.root)
            found: list[str] = runpy.run_path(str(file), run_name="__main__")["found"]
            return found

    return run


@pytest.fixture(params=["table", "list", "script"])
def ask(request: pytest.FixtureRequest, space: Workspace, script: Script) -> Ask:
    """Ask for the module at a revision and sync: in the manifest's table or list, or in a script without a project."""

    def table(revision: str) -> None:
        space.declare({ID: revision})
        space.call("sync").worked()

    def listed(revision: str) -> None:
        space.manifest.write_text(f'[[tool.flowverse.dependencies]]\nurl = "{ID}"\nrevision = "{revision}"\n')
        space.call("sync").worked()

    def scripted(revision: str) -> None:
        script([{"url": ID, "revision": revision}])

    ways: Mapping[str, Ask] = {"table": table, "list": listed, "script": scripted}
    return ways[request.param]


def flow_mod(space: Workspace) -> dict[str, list[str]]:
    """Read `flow.mod` as aiFlows does, by spaces: what stands behind each module id."""
    lines = (space.tree / "flow.mod").read_text(encoding="utf-8").splitlines()
    assert [line.partition(": ")[0] for line in lines[3:5]] == ["sync_root", "cache_root"]
    words = [line.split(" ") for line in lines[5:]]
    assert all(len(row) == 5 and row[3] == "->" and row[4].startswith("_/") for row in words), lines
    return {row[0]: row[1:3] for row in words}


# --- revisions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", ["v1.0", "pre-release", "feature/x", "refs/pr/1"])
def test_a_revision_may_have_a_dot_a_dash_and_a_slash(flow: Workspace, hub: Hub, ask: Ask, revision: str) -> None:
    """There, anything but letters, digits and `_` was "not a valid remote revision"; here it is a tag or a branch."""
    if revision == "v1.0":
        hub.tag(ID, revision, hub.commit(ID).id)
    else:
        hub.add(ID, {"chat.py": f"text = {revision!r}\n"}, branch=revision)

    ask(revision)

    assert flow.holds(hub, ID, revision)
    assert flow_mod(flow)[ID] == [revision, hub.commit(ID, revision).id]


@pytest.mark.parametrize("revision", ["main", "v1.0", "refs/pr/1"])
def test_a_folder_of_that_name_does_not_make_a_revision_a_link(
    flow: Workspace, hub: Hub, ask: Ask, revision: str
) -> None:
    """There, a folder `main` in the current folder was linked in place of the branch; here a revision is one."""
    hub.add(ID, {"chat.py": "text = 'asked for'\n"}, branch=revision)
    (flow.root / revision).mkdir(parents=True)

    ask(revision)

    assert not flow.place(ID).is_symlink()
    assert flow.holds(hub, ID, revision)


def test_a_folder_with_the_name_of_a_branch_is_no_link_in_the_table(flow: Workspace, hub: Hub) -> None:
    """In the table a path is a `path`, so a revision is one even where it could be a folder."""
    hub.add(ID, {"chat.py": "text = 'asked for'\n"}, branch="feature/x")
    (flow.root / "feature/x").mkdir(parents=True)
    flow.declare({ID: "feature/x"})

    flow.call("sync").worked("feature/x")

    assert flow.holds(hub, ID, "feature/x")


def test_a_folder_that_appears_later_hides_no_edit(synced: Workspace) -> None:
    """There, a folder `main` made a module at `main` be compared with itself: no edit of it was seen any more."""
    (synced.root / "main").mkdir()
    (synced.place(ID) / "chat.py").write_text(MINE)

    synced.call("status").worked("edited (1 changed)")


def test_a_branch_does_not_move_by_itself(synced: Workspace, hub: Hub) -> None:
    """There, the next import brought whatever was pushed since; here a branch stays at the commit in the lock."""
    before = snapshot(synced.place(ID))
    hub.add(ID, {"chat.py": "text = 'pushed'\n"})

    synced.call("sync").worked("1 flow module in sync")

    assert snapshot(synced.place(ID)) == before


# --- what is gone ----------------------------------------------------------------------------------------------------


def test_a_deleted_file_is_told_and_comes_back_when_asked_for(synced: Workspace, hub: Hub) -> None:
    """There, it was a FileNotFoundError at every import; here it is an edit, and giving up edits brings it back."""
    (synced.place(ID) / "prompts/hello.txt").unlink()

    synced.call("status").worked("edited (1 deleted)")
    synced.call("sync").worked(f"{ID} was edited (1 deleted) and is kept")

    synced.declare({ID: {"overwrite": True}})
    synced.call("sync").worked()
    assert synced.holds(hub, ID)


@pytest.mark.parametrize("edited", [False, True], ids=["clean", "edited"])
def test_an_emptied_cache_is_filled_when_it_is_needed(synced: Workspace, hub: Hub, edited: bool) -> None:
    """There, edits could not be told without the cache: FileNotFoundError; here the record of the tree knows."""
    if edited:
        (synced.place(ID) / "chat.py").write_text(MINE)
    shutil.rmtree(synced.home)

    synced.call("status").worked("edited (1 changed)" if edited else "clean")
    hub.clear()
    synced.call("sync").worked()
    assert hub.requests == []

    shutil.rmtree(synced.place(ID))
    synced.call("sync").worked(f"+ {ID}@main")
    assert synced.holds(hub, ID)


@pytest.mark.parametrize("gone", [f"{PACKAGE}/{ID}", f"{PACKAGE}/saibo", PACKAGE])
def test_a_deleted_folder_comes_back(synced: Workspace, gone: str) -> None:
    """There, what `flow.mod` lists was looked into, there or not: FileNotFoundError; here it is put back."""
    before = synced.visible()
    shutil.rmtree(synced.root / gone)

    synced.call("status").worked("missing")
    synced.call("sync").worked("Synced 1 flow module")

    assert synced.visible() == before


def test_a_deleted_flow_mod_costs_no_edit(synced: Workspace) -> None:
    """There, a module that `flow.mod` did not list was deleted and fetched again, with the edits in it."""
    (synced.place(ID) / "chat.py").write_text(MINE)
    synced.sync()
    before = synced.visible()
    (synced.tree / "flow.mod").unlink()

    synced.call("sync").worked("edited (1 changed)")

    assert synced.visible() == before


def test_a_deleted_link_comes_back(space: Workspace) -> None:
    """There, a local module was "already synced, skip", whether its link was there or not."""
    (space.base / "dev").mkdir()
    space.declare({OTHER: {"path": "../dev"}})
    space.sync()
    space.place(OTHER).unlink()

    space.call("sync").worked(OTHER)

    assert space.place(OTHER).resolve() == space.base / "dev"


# --- local folders ---------------------------------------------------------------------------------------------------

FOLDERS = ["my dev", 'it\'s "mine" ->', "späße-流", "~dev", "my_flow_modules"]


@pytest.mark.parametrize(
    ("way", "name"),
    [*(("table", name) for name in FOLDERS), *((way, name) for way in ("list", "script") for name in FOLDERS[1:3])],
)
def test_a_local_path_may_have_any_character(flow: Workspace, hub: Hub, script: Script, way: str, name: str) -> None:
    """There, a space in a path made `flow.mod` unreadable, and every sync a ValueError; `flow_modules` was refused."""
    (flow.base / name).mkdir()
    (flow.base / name / "bots.py").write_text(asking(ID))
    path = f"../{name}"
    if way == "table":
        flow.declare({OTHER: {"path": path}})
    elif way == "list":
        text = path.replace('"', '\\"')
        flow.manifest.write_text(f'[[tool.flowverse.dependencies]]\nurl = "{OTHER}"\nrevision = "{text}"\n', "utf-8")
    for _ in range(2):
        if way == "script":
            script([{"url": OTHER, "revision": path}])
        else:
            flow.call("sync").worked()

        assert flow.place(OTHER).resolve() == flow.base / name
        assert flow.locked[OTHER]["path"] == path
        assert flow.holds(hub, ID)
        local = {} if " " in name else {OTHER: [str(flow.base / name), "NO_COMMIT_HASH"]}
        assert flow_mod(flow) == {ID: ["main", hub.commit(ID).id], **local}


def test_a_local_path_may_begin_at_home(space: Workspace, script: Script) -> None:
    """There, `~` was a folder of that name, or an "illegal character"; here it is the home of whoever syncs."""
    (space.base / "my dev").mkdir()

    script([{"url": OTHER, "revision": "~/my dev"}])
    assert space.place(OTHER).resolve() == space.base / "my dev"

    space.declare({OTHER: {"path": "~/my dev"}})
    space.call("sync").worked()
    assert space.place(OTHER).resolve() == space.base / "my dev"
    assert space.locked[OTHER]["path"] == "~/my dev"


def test_a_local_folder_that_is_gone_is_a_sentence(space: Workspace, script: Script) -> None:
    """There, its path was taken for a revision with "illegal characters: /"."""
    space.declare({OTHER: {"path": "../gone"}})
    space.call("sync").failed_plainly(2, OTHER, "../gone, which is not a folder")

    space.manifest.unlink()
    with pytest.raises(UsageError, match=r"there is no folder '\.\./gone'"):
        script([{"url": OTHER, "revision": "../gone"}])


@pytest.mark.parametrize("name", ["Büro 2 流".encode(), b"B\xfcro"], ids=["UTF-8", "Latin-1"])
def test_a_project_may_be_in_any_folder(tmp_path: Path, hub: Hub, name: bytes) -> None:
    """There, `flow.mod` was written as the terminal would have it: a UnicodeEncodeError; here it holds the path."""
    hub.add(ID, FLOW)
    space = Workspace(tmp_path / os.fsdecode(name), hub.endpoint)
    space.declare({ID: "main"})

    done = space.run("sync", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    done.worked("Synced 1 flow module")
    assert api.fingerprint(space.root)

    assert b"sync_root: %s\n" % os.fsencode(space.tree) in (space.tree / "flow.mod").read_bytes()
    space.call("sync").worked("1 flow module in sync")
    assert space.holds(hub, ID)


# --- edits -----------------------------------------------------------------------------------------------------------


def _change(folder: Path) -> None:
    (folder / "prompts/more/deep.txt").write_text(MINE)


def _add(folder: Path) -> None:
    (folder / "prompts/more/new.txt").write_text(MINE)


def _add_at_the_top(folder: Path) -> None:
    (folder / "new.py").write_text(MINE)


def _delete(folder: Path) -> None:
    (folder / "prompts/more/deep.txt").unlink()


def _hide(folder: Path) -> None:
    (folder / ".config").write_text(MINE)


def _rename(folder: Path) -> None:
    (folder / "prompts/hello.txt").rename(folder / "prompts/bye.txt")


EDITS: dict[str, tuple[Callable[[Path], None], str]] = {
    "change in a subfolder": (_change, "1 changed"),
    "add in a subfolder": (_add, "1 added"),
    "add": (_add_at_the_top, "1 added"),
    "delete in a subfolder": (_delete, "1 deleted"),
    "change a hidden file": (_hide, "1 changed"),
    "rename in a subfolder": (_rename, "1 added, 1 deleted"),
}


@pytest.mark.parametrize("what", EDITS)
def test_every_edit_is_seen_and_outlives_a_new_revision(synced: Workspace, hub: Hub, what: str) -> None:
    """There, edits in subfolders, added files and hidden ones went unseen, and a new revision wiped them all."""
    edit, told = EDITS[what]
    edit(synced.place(ID))
    before = snapshot(synced.place(ID))

    synced.call("status").worked(f"edited ({told})")
    synced.declare({ID: "v2"})
    done = synced.call("sync")

    assert done.code == 0
    assert f"{ID} was edited ({told}) and is kept" in done.err
    assert snapshot(synced.place(ID)) == before

    synced.declare({ID: {"revision": "v2", "overwrite": True}})
    done = synced.call("sync")
    (line,) = [line for line in done.out.splitlines() if "what was discarded is in" in line]
    assert synced.holds(hub, ID, "v2")
    assert snapshot(synced.root / line.rpartition(" is in ")[2]) == before


def test_folders_that_nobody_touched_are_clean(synced: Workspace, hub: Hub) -> None:
    """There, a module with an unchanged subfolder counted as edited, and was never brought up to date."""
    synced.call("status").worked("clean")
    synced.declare({ID: "v2"})

    synced.call("sync").worked(f"~ {ID}@v2")

    assert synced.holds(hub, ID, "v2")


def test_a_script_that_wants_another_revision_wipes_no_edit(flow: Workspace, hub: Hub, script: Script) -> None:
    """There, answering Y to the new revision deleted the folder; here it is kept, or in a backup that is named."""
    script([{"url": ID}])
    (flow.place(ID) / "chat.py").write_text(MINE)

    with pytest.warns(UserWarning, match="was edited .* and is kept"):
        script([{"url": ID, "revision": "v2"}])
    assert (flow.place(ID) / "chat.py").read_text() == MINE

    with pytest.warns(UserWarning, match=r"what was discarded is in .*backups"):
        script([{"url": ID, "revision": "v2"}], overwrite=True)
    assert flow.holds(hub, ID, "v2")
    assert MINE.encode() in flow.backups.values()


def test_a_link_in_place_of_an_edited_module_wipes_no_edit(synced: Workspace) -> None:
    """There, a local folder as the new revision deleted the synced one."""
    (synced.place(ID) / "chat.py").write_text(MINE)
    (synced.base / "dev").mkdir()
    synced.declare({ID: {"path": "../dev", "overwrite": True}})

    synced.call("sync").worked("what was discarded is in")

    assert synced.place(ID).resolve() == synced.base / "dev"
    assert MINE.encode() in synced.backups.values()


def test_an_edit_in_place_does_not_reach_the_cache(flow: Workspace, hub: Hub) -> None:
    """There, large files were links into the cache, so an edit changed what every other project got."""
    hub.add(ID, {**FLOW, "large.bin": b"\0" * 6_000_000}, lfs=["*.bin"])
    flow.declare({ID: "main"})
    flow.sync()
    assert not any(path.is_symlink() for path in flow.place(ID).rglob("*"))
    for path in ("large.bin", "chat.py"):
        with (flow.place(ID) / path).open("r+b") as file:
            file.write(b"edited in place")
    hub.clear()

    flow.declare({ID: {"overwrite": True}})
    flow.call("sync").worked()

    assert flow.holds(hub, ID)
    assert hub.count(contains="/resolve/") == 0


# --- the current folder ----------------------------------------------------------------------------------------------


def test_the_command_works_from_any_folder(flow: Workspace, hub: Hub) -> None:
    """There, whatever folder one was in got a tree of its own."""
    (flow.base / "dev").mkdir()
    flow.declare({ID: "main", OTHER: {"path": "../dev"}})
    below, elsewhere = flow.root / "src/deep", flow.base / "elsewhere"
    below.mkdir(parents=True)
    elsewhere.mkdir()

    flow.run("sync", cwd=below).worked("Synced 2 flow modules")
    flow.run("status", "--project", "../project", cwd=elsewhere).worked("1 clean, 1 linked")

    assert flow.holds(hub, ID)
    assert flow.place(OTHER).resolve() == flow.base / "dev"
    assert not list(below.iterdir())
    assert not list(elsewhere.iterdir())


def test_a_script_works_from_any_folder(flow: Workspace, hub: Hub, script: Script) -> None:
    """There, a script that was started in another folder synced all again, into that; here it finds its own."""
    (flow.root / "dev").mkdir()
    wishes: Wishes = [{"url": ID}, {"url": OTHER, "revision": "./dev"}]
    elsewhere = flow.base / "elsewhere"
    elsewhere.mkdir()
    found = script(wishes)
    hub.clear()

    assert script(wishes, cwd=elsewhere) == found == [str(flow.place(ID)), str(flow.place(OTHER))]

    assert flow.place(OTHER).resolve() == flow.root / "dev"
    assert hub.requests == []
    assert not list(elsewhere.iterdir())


def test_an_import_neither_asks_the_hub_nor_writes(flow: Workspace, hub: Hub) -> None:
    """There, each import of a module that asks for others asked the Hub, and synced into the current folder."""
    bots = asking(ID, package="aiflows") + "from flow_modules.saibo.ChatFlows import text\n"
    hub.add(OTHER, {"__init__.py": bots})
    flow.declare({OTHER: "main"})
    flow.sync()
    before, elsewhere = flow.visible(), flow.base / "elsewhere"
    elsewhere.mkdir()
    hub.clear()

    code = "from flow_modules.yeeef.Bots import text; print(text)"
    flow.python("-B", "-c", code, cwd=elsewhere, PYTHONPATH=str(flow.root)).worked("one")

    assert hub.requests == []
    assert not list(elsewhere.iterdir())
    assert flow.visible() == before


def test_a_project_can_be_moved(synced: Workspace, hub: Hub) -> None:
    """There, `flow.mod` held the old folder, and a sync was an AssertionError; here edits are still known, too."""
    (synced.base / "dev").mkdir()
    synced.declare({ID: "main", OTHER: {"path": "../dev"}})
    synced.sync()
    (synced.place(ID) / "chat.py").write_text(MINE)
    moved = synced.base / "moved"
    shutil.move(synced.root, moved / "project")
    shutil.move(synced.base / "dev", moved / "dev")
    synced.root.mkdir()
    hub.clear()

    synced.call("sync", "--project", str(moved / "project")).worked(f"{ID} was edited (1 changed) and is kept")

    tree = moved / "project" / PACKAGE
    assert (tree / ID / "chat.py").read_text() == MINE
    assert (tree / OTHER).resolve() == moved / "dev"
    assert f"sync_root: {tree}\n" in (tree / "flow.mod").read_text()
    assert hub.requests == []


# --- questions, the lock, the network --------------------------------------------------------------------------------


def test_a_conflict_asks_nobody_without_a_terminal(flow: Workspace, hub: Hub) -> None:
    """There, two modules that want different revisions blocked on `input()`; here it is an error with the way out."""
    hub.add("a/One", {"one.py": asking((ID, "main"))})
    hub.add("a/Two", {"two.py": asking((ID, "v2"))})
    flow.declare({"a/One": "main", "a/Two": "main"})

    flow.run("sync").failed_plainly(1, f"{ID} is wanted at 2 different commits", "a/One", "a/Two", f'"{ID}" = ')

    code = "from flowverse import flow_verse; flow_verse.sync_dependencies([{'url': 'a/One'}, {'url': 'a/Two'}])"
    flow.manifest.unlink()
    done = flow.python("-c", code)
    assert done.code == 1
    assert f"{ID} is wanted at 2 different commits" in done.err
    assert not flow.tree.exists()


def test_giving_up_edits_asks_nobody(synced: Workspace, hub: Hub) -> None:
    """There, `overwrite` stopped for a Y at every run, also of a program that nobody looked at: EOFError."""
    synced.manifest.unlink()
    (synced.place(ID) / "chat.py").write_text(MINE)
    code = f"from flowverse import flow_verse\nflow_verse.sync_dependencies([{{'url': '{ID}', 'overwrite': True}}])"

    done = synced.python("-W", "default", "-c", code)

    assert done.code == 0
    assert "what was discarded is in" in done.err
    assert synced.holds(hub, ID)


def test_the_lock_is_for_everybody(flow: Workspace) -> None:
    """There, what was locked held paths of one machine, and git did not see it; here it is the same on all."""
    (flow.base / "dev").mkdir()
    flow.declare({ID: "main", OTHER: {"path": "../dev"}})
    flow.sync()

    git = ["git", "-C", str(flow.root)]
    subprocess.run([*git, "init", "-q"], check=True)
    status = subprocess.run([*git, "status", "--porcelain", "-uall"], check=True, capture_output=True, text=True)

    assert status.stdout.splitlines() == ["?? flowverse.lock", "?? pyproject.toml"]
    assert str(flow.base) not in flow.lock_path.read_text()
    assert flow.endpoint not in flow.lock_path.read_text()
    again = Workspace(flow.base / "somebody else's", flow.endpoint)
    (again.base / "dev").mkdir()
    shutil.copy(flow.manifest, again.manifest)
    again.sync()
    assert again.lock_path.read_bytes() == flow.lock_path.read_bytes()


def test_a_second_sync_asks_for_nothing(synced: Workspace, hub: Hub, script: Script) -> None:
    """There, every sync asked for every module, also for one at a commit; here all is as it was, and it is over."""
    hub.rule(status=500)
    hub.clear()

    synced.call("sync").worked("1 flow module in sync")
    assert script([{"url": ID, "revision": "main"}]) == [str(synced.place(ID))]

    assert hub.requests == []


# --- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["v2", FILE + ".*chat.py"], ids=["looking", "fetching"])
def test_a_failed_download_leaves_what_was_there(synced: Workspace, hub: Hub, where: str) -> None:
    """There, the folder was deleted before its files were fetched: without an answer it was gone, edits and all."""
    before = synced.visible()
    synced.declare({ID: "v2"})
    rule = hub.rule(where, status=404)

    synced.call("sync").failed_plainly(3, ID)

    assert rule.hits
    after = synced.visible()
    assert {**after, "pyproject.toml": b""} == {**before, "pyproject.toml": b""}
    hub.clear_rules()
    synced.call("sync").worked(f"~ {ID}@v2")
    assert synced.holds(hub, ID, "v2")


def test_one_module_that_is_not_there_costs_the_others_nothing(flow: Workspace, script: Script) -> None:
    """There, modules before it arrived and were forgotten, so the next sync deleted them, and what was done to them."""
    with pytest.raises(FlowverseError, match="a/Misspelt"):
        script([{"url": ID}, {"url": "a/Misspelt"}])
    assert not flow.tree.exists()

    script([{"url": ID}])
    (flow.place(ID) / "chat.py").write_text(MINE)
    with pytest.raises(FlowverseError, match="a/Misspelt"):
        script([{"url": ID}, {"url": "a/Misspelt"}])
    script([{"url": ID}])

    assert (flow.place(ID) / "chat.py").read_text() == MINE


def test_a_folder_that_was_there_is_no_sync_s_to_delete(flow: Workspace, script: Script) -> None:
    """There, a folder that somebody had put in a module's place was deleted without a word by the first sync."""
    flow.place(ID).mkdir(parents=True)
    (flow.place(ID) / "chat.py").write_text(MINE)

    with pytest.warns(UserWarning, match=f"{ID} was edited .* and is kept"):
        script([{"url": ID}])

    assert (flow.place(ID) / "chat.py").read_text() == MINE


def test_damage_in_the_cache_reaches_no_module(synced: Workspace, hub: Hub) -> None:
    """There, what the cache held was taken as it was; here it is hashed, and fetched again."""
    blobs = [path for path in synced.cache.rglob("blobs/*") if path.read_bytes() == FLOW["chat.py"].encode()]
    assert blobs
    for blob in blobs:
        blob.chmod(0o644)
        blob.write_text(FLOW["chat.py"].replace("one", "two"))
    shutil.rmtree(synced.place(ID))

    synced.call("sync").worked()

    assert synced.holds(hub, ID)


def test_two_programs_that_sync_at_once_wait_for_each_other(flow: Workspace, hub: Hub) -> None:
    """There, two processes wrote one folder and one `flow.mod` at the same time."""
    flow.declare({ID: "main"})
    rule = hub.rule(FILE + ".*deep.txt", action="pause")
    with flow.start("sync") as one:
        rule.wait()
        with flow.start("sync") as other:
            rule.release()
            for process in (one, other):
                _, err = process.communicate(timeout=60)
                assert process.returncode == 0, err

    assert flow.holds(hub, ID)
    flow.call("sync").worked("1 flow module in sync")


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "package"),
    [
        ("my-org/My-Flow", "my_org.My_Flow"),
        ("saibo/Chat.v1.5", "saibo.Chat_v1_5"),
        ("1/Flow", "user_1.Flow"),
        ("1-a/Flow", "user_1_a.Flow"),
    ],
)
def test_every_module_that_is_accepted_can_be_imported(space: Workspace, hub: Hub, id: str, package: str) -> None:
    """There, a dot was refused, and a dash or an owner of one digit ended in a folder that Python cannot import."""
    hub.add(id, {"__init__.py": ""})
    space.declare({id: "main"})

    space.call("sync").worked()

    assert (space.tree / package.replace(".", "/") / "__init__.py").is_file()
    assert package.replace(".", "").isidentifier()


@pytest.mark.parametrize("name", ["6", "6-flows", "6789"])
def test_a_name_that_cannot_be_imported_is_refused(space: Workspace, script: Script, name: str) -> None:
    """There, only some names that begin with a digit were found out."""
    with pytest.raises(UsageError, match=f"a name that starts with a digit \\('{name}'"):
        script([{"url": f"saibo/{name}"}])
    assert not space.tree.exists()


def test_names_that_differ_in_case_do_not_share_a_folder(space: Workspace, script: Script) -> None:
    """There, `saibo/chatflows` and `saibo/ChatFlows` were two modules, and one folder where case is ignored."""
    with pytest.raises(UsageError, match=r"saibo/ChatFlows.*saibo/chatflows|saibo/chatflows.*saibo/ChatFlows"):
        script([{"url": "saibo/ChatFlows"}, {"url": "saibo/chatflows"}])


# --- what is left behind ---------------------------------------------------------------------------------------------


def test_a_module_that_nothing_asks_for_goes(synced: Workspace, hub: Hub) -> None:
    """There, what was synced once stayed for ever."""
    hub.add(OTHER, {"bots.py": asking(ID)})
    synced.declare({OTHER: "main"})
    synced.sync()
    synced.declare({})

    synced.call("sync").worked(f"- {ID}", f"- {OTHER}")

    assert synced.modules == set()
    assert flow_mod(synced) == {}


def test_a_script_s_own_list_and_path_stay_its_own(synced: Workspace, script: Script) -> None:
    """There, the list of wishes was changed, and `flow_modules` itself was put on the path: two names for a module."""
    wishes: Wishes = [{"url": ID, "revision": "main"}]
    before = list(sys.path)

    with synced.inside():
        code = "from flowverse import flow_verse\nflow_verse.sync_dependencies(wishes)\n"
        (synced.root / "demo.py").write_text(code)
        runpy.run_path(str(synced.root / "demo.py"), {"wishes": wishes}, run_name="__main__")

    assert wishes == [{"url": ID, "revision": "main"}]
    assert [entry for entry in sys.path if entry not in before] == [str(synced.root)]


def test_a_folder_for_modules_that_somebody_made_is_a_package(flow: Workspace) -> None:
    """There, a `flow_modules` that was there before got no `__init__.py`, nor did the owner of a local module."""
    flow.tree.mkdir()
    (flow.base / "dev").mkdir()
    flow.declare({OTHER: {"path": "../dev"}})

    flow.call("sync").worked()

    assert (flow.tree / "__init__.py").is_file()
    assert (flow.place(OTHER).parent / "__init__.py").is_file()
    assert (flow.tree / ".gitignore").read_text() == "*\n"
