"""`search` and `info`: what there is on the Hub, and what was meant by an id or a revision that is not there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from flowverse import api, finding

from tests.hub import FILE, REFS, SEARCH, Hub
from tests.hub.olah import Olah, make_repository
from tests.integration.answering import answering
from tests.integration.screen import run
from tests.integration.workspace import Workspace, asking
from tests.schemas import checked

TOKEN = "hf_averysecrettokenofsomeone"
CARD = "---\nlicense: mit\ndescription: Chat flows for well-known models, and whatever else they may be good for\n---\n"


@pytest.fixture
def commits(hub: Hub) -> Mapping[str, str]:
    """A Hub with two modules of one owner, weights, what one of the modules asks for; their commits."""
    files = {"README.md": CARD, "chat.py": asking("b/Base"), "pip_requirements.txt": "pyyaml>=6\n"}
    found = {
        "a/ChatFlows": hub.add("a/ChatFlows", {**files, "data.bin": b"\0" * 34_500}),
        "a/AChatWeights": hub.add("a/AChatWeights", {"weights.bin": b"w"}),
        "a/Other": hub.add("a/Other", {"other.py": ""}),
        "b/Base": hub.add("b/Base", {"base.py": "base = 1\n"}),
    }
    hub.tag("a/ChatFlows", "v1.0", found["a/ChatFlows"])
    hub.popular("a/ChatFlows", downloads=1234, likes=1)
    return found


def test_a_search_is_a_line_a_hit(space: Workspace, hub: Hub, commits: Mapping[str, str]) -> None:
    """Id, last change, licence, counts and the description; what has no Python file comes last and says so.

    It works in any folder, and costs one request.
    """
    done = space.call("search", "chat")

    done.worked()
    assert done.err == ""
    assert [line.split() for line in done.out.splitlines()] == [
        ["a/ChatFlows", "2023-11-14", "mit", *["1,234", "downloads,", "1", "like"], *CARD.splitlines()[2].split()[1:]],
        ["a/AChatWeights", "2023-11-14", "no", "Python", "files"],
        ["2", "modules", "with", "'chat'", "in", "their", "ids"],
    ]
    assert len({line.index("2023") for line in done.out.splitlines()[:2]}) == 1
    assert [(request.path, request.status) for request in hub.requests] == [("/api/models", 200)]


@pytest.mark.parametrize(
    ("arguments", "found", "summary"),
    [
        (["flows", "CHAT"], ["a/ChatFlows"], "1 module with 'flows CHAT' in its id"),
        (["--owner", "b"], ["b/Base"], "1 module of b"),
        (["chat", "--owner", "a", "--limit", "1"], ["a/ChatFlows"], "1 module of a with 'chat' in its id; 1 not shown"),
    ],
)
def test_a_search_is_narrowed(
    space: Workspace, commits: Mapping[str, str], arguments: list[str], found: list[str], summary: str
) -> None:
    """By more words, by an owner, by a limit that leaves out the worst."""
    lines = space.call("search", *arguments).out.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == found
    assert lines[-1] == summary


def test_a_search_says_that_there_are_more(space: Workspace, hub: Hub) -> None:
    """What one request does not list is not asked for."""
    for number in range(105):
        hub.add(f"m/Many{number:03}", {"a.py": ""})
    hub.clear()

    done = space.call("search", "many", "--limit", "3")

    assert done.out.splitlines()[-1] == "3 modules with 'many' in their ids; 97 or more not shown"
    assert space.call("search", "many", "--limit", "100").out.splitlines()[-1].endswith("their ids; there are more")
    assert len(hub.requests) == 2


@pytest.mark.parametrize("arguments", [["nothing"], ["nothing", "--owner", "a"], ["--owner", "nobody"]])
def test_a_search_without_a_hit_is_a_sentence(
    space: Workspace, commits: Mapping[str, str], arguments: list[str]
) -> None:
    """It is no error: exit code 0, and a hint on standard error; other programs get an empty list."""
    done = space.call("search", *arguments)
    assert (done.code, done.out.startswith("No modules "), done.err.startswith("hint: ")) == (0, True, True)
    assert json.loads(space.call("search", *arguments, "--json").out)["hits"] == []


def test_a_search_for_nothing(space: Workspace, hub: Hub) -> None:
    """Neither words nor an owner."""
    space.call("search").failed_plainly(2, "nothing to look for", "--owner")
    space.call("search", " ").failed_plainly(2, "nothing to look for")
    assert hub.requests == []


def test_a_search_offline(space: Workspace, hub: Hub) -> None:
    """There is no cache of searches."""
    space.call("search", "chat", FLOWVERSE_OFFLINE="1").failed_plainly(3, "offline", "with the network")
    assert hub.requests == []


def test_a_search_shows_what_a_token_opens(space: Workspace, hub: Hub) -> None:
    """What is private is found by its readers only, and says that it is."""
    hub.add("a/Secret", {"a.py": ""}, private=True, readers=[TOKEN])
    assert "a/Secret" not in space.call("search", "secret").out
    done = space.call("search", "secret", HF_TOKEN=TOKEN)
    done.worked("a/Secret", "private")
    assert TOKEN not in done.out + done.err


@pytest.mark.parametrize("columns", [60, 120])
def test_a_search_fits_the_screen(space: Workspace, hub: Hub, commits: Mapping[str, str], columns: int) -> None:
    """No line is broken: what does not fit is left out, from the right."""
    hub.add("a/Chat-with-a-name-that-is-quite-long", {"a.py": ""})

    code, lines, _ = run(space, columns, "search", "chat")

    assert code == 0
    assert [line.split()[0] for line in lines] == [
        "a/Chat-with-a-name-that-is-quite-long",
        "a/ChatFlows",
        "a/AChatWeights",
        "3",
    ]
    assert lines[1].endswith("…" if columns == 120 else "mit")


@pytest.mark.parametrize("status", [404, 500])
def test_a_hub_that_cannot_search(space: Workspace, hub: Hub, status: int) -> None:
    """A sentence, and where one can search."""
    hub.rule(SEARCH, status=status)
    done = space.call("search", "chat", FLOWVERSE_HTTP_RETRIES="0")
    done.failed_plainly(3, f"answered {status} for a search, which not every mirror has", "https://huggingface.co")


HOSTILE = {
    "a portal": b"<html>Sign in</html>",
    "nothing": b"",
    "a table": b"{}",
    "nesting": b"[" * 100_000,
    "a number too long": b"[" + b"9" * 5000 + b"]",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_an_answer_that_is_no_list(tmp_path: Path, what: str) -> None:
    """A portal, a mirror without a search, something malicious: exit code 3 and a sentence."""
    with answering(HOSTILE[what]) as endpoint:
        Workspace(tmp_path, endpoint).call("search", "x").failed_plainly(3, "for a search")


def test_an_answer_that_wants_to_write_on_the_screen(tmp_path: Path) -> None:
    """What cannot be printed is not, what has no sense is left out, and no line has another in it."""
    row = {
        "id": "a/One",
        "lastModified": "2023-11-14\x1b[2J",
        "downloads": -1,
        "likes": 10**30,
        "private": "no",
        "gated": [],
        "tags": ["license:m\x1bit\nb", 5],
        "siblings": [{"rfilename": 5}, "x"],
        "cardData": {
            "license": ["mit", "\x1b[31m"],
            "description": "\x1b]0;owned\x07\u202eevil " + "x" * 500 + "\nmore",
        },
    }
    ids = ["../../x", "one", 5, None, "a/b/c", "a/1digit", "a/\x1b[2J"]
    body = json.dumps([row, "x", None, *({"id": id} for id in ids)])
    with answering(body.encode()) as endpoint:
        space = Workspace(tmp_path, endpoint)
        done, document = space.call("search", "x"), space.call("search", "x", "--json")

    assert done.code == 0
    assert all(line.isprintable() for line in done.out.splitlines())
    assert len(done.out.splitlines()) == 2
    found = checked(document.out, "search")
    assert {key: found["hits"][0][key] for key in ("id", "last_change", "downloads", "likes", "private", "gated")} == {
        "id": "a/One",
        "last_change": None,
        "downloads": None,
        "likes": None,
        "private": None,
        "gated": None,
    }
    assert len(found["hits"][0]["description"]) <= 200


# --- one module ------------------------------------------------------------------------------------------------------


def told(text: str) -> dict[str, list[str]]:
    """The rows of `info`, by the word in front."""
    rows: dict[str, list[str]] = {}
    word = ""
    for line in text.splitlines()[1:]:
        word = line[2:12].strip() or word
        rows.setdefault(word, []).append(line[12:].strip())
    return rows


def test_info_says_all_of_a_module(space: Workspace, hub: Hub, commits: Mapping[str, str]) -> None:
    """In any folder; one request for it, one for its revisions, and one a file that says what it asks for."""
    done = space.call("info", "a/ChatFlows")

    done.worked()
    at = commits["a/ChatFlows"][:7]
    assert done.err == ""
    assert done.out.splitlines()[0] == f"a/ChatFlows@main ({at})"
    assert told(done.out) == {
        "about": [CARD.splitlines()[2].removeprefix("description: ")],
        "import": ["flow_modules.a.ChatFlows"],
        "licence": ["mit"],
        "changed": ["2023-11-14"],
        "size": ["4 files, 34.8 kB"],
        "branches": [f"main ({at})"],
        "tags": [f"v1.0 ({at})"],
        "asks for": ["b/Base@main (chat.py:2)"],
        "Python": ["pyyaml>=6"],
    }
    paths = sorted(request.path.rpartition("/")[2] for request in hub.requests)
    assert paths == ["chat.py", "main", "pip_requirements.txt", "refs"]

    hub.clear()
    assert space.call("info", "a/ChatFlows").out == done.out
    assert sorted(request.path.rpartition("/")[2] for request in hub.requests) == ["main", "refs"]


@pytest.mark.parametrize(
    "target",
    [
        "a/ChatFlows@v1.0",
        "{hub}/a/ChatFlows/tree/v1.0",
        "{hub}/a/ChatFlows/blob/v1.0/chat.py",
        "{hub}/a/ChatFlows@v1.0",
        "{hub}/a/ChatFlows/resolve/v1.0/chat.py?download=true",
    ],
)
def test_info_takes_an_address(space: Workspace, hub: Hub, commits: Mapping[str, str], target: str) -> None:
    """As it is copied from a browser, with the revision in it."""
    done = space.call("info", target.replace("{hub}", hub.endpoint))
    assert done.out.splitlines()[0] == f"a/ChatFlows@v1.0 ({commits['a/ChatFlows'][:7]})"


def test_info_at_a_commit_is_short(space: Workspace, commits: Mapping[str, str]) -> None:
    """Seven digits are enough to read; other programs get all of them."""
    commit = commits["b/Base"]
    assert space.call("info", f"b/Base@{commit}").out.splitlines()[0] == f"b/Base@{commit[:7]}"
    assert checked(space.call("info", f"b/Base@{commit}", "--json").out, "info")["commit"] == commit


def test_info_is_what_a_lock_would_hold(space: Workspace, commits: Mapping[str, str]) -> None:
    """What it asks for, its licence, what it needs of Python, and the commit."""
    found = checked(space.call("info", "a/ChatFlows", "--json").out, "info")
    space.declare({"a/ChatFlows": "main"})
    space.lock()
    locked = space.locked["a/ChatFlows"]
    for key in ("commit", "license", "requirements"):
        assert found[key] == locked[key]
    assert [edge["id"] for edge in found["dependencies"]] == ["b/Base"]
    assert found["files"] == {"count": len(locked["files"]), "size": sum(file["size"] for file in locked["files"])}


def test_info_fetches_no_weights(space: Workspace, hub: Hub) -> None:
    """Not even where one of them cannot be had: only what says what the module asks for is read."""
    hub.add("a/Large", {"a.py": asking("b/Base"), "x.bin": b"x" * 9000, "y.bin": b"y"}, lfs=["x.bin"])
    hub.rule(FILE + ".*bin", status=404)

    rows = told(space.call("info", "a/Large").out)

    assert (rows["asks for"], rows["size"][0].split(",")[0]) == (["b/Base@main (a.py:2)"], "3 files")
    assert hub.count(contains="/resolve/") == 1


def test_info_says_how_the_project_has_it(space: Workspace, hub: Hub, commits: Mapping[str, str]) -> None:
    """Required, locked, at which commit, asked for by whom, or not at all."""
    space.declare({"a/ChatFlows": "main", "a/Other": "main"})
    assert told(space.call("info", "a/ChatFlows").out)["project"] == ["required at main, not locked yet"]
    space.lock()
    hub.add("a/ChatFlows", {"chat.py": ""})
    (space.base / "dev").mkdir()
    space.declare({"a/ChatFlows": "main", "a/Other": {"path": "../dev"}})
    space.lock()
    old, base = commits["a/ChatFlows"][:7], commits["b/Base"][:7]

    said = {id: told(space.call("info", id).out)["project"] for id in ("a/ChatFlows", "b/Base", "a/Other")}

    assert said == {
        "a/ChatFlows": [f"required at main, locked at {old}"],
        "b/Base": [f"asked for by a/ChatFlows, locked at {base}, which is this commit"],
        "a/Other": ["required at ../dev, locked to ../dev"],
    }
    assert told(space.call("info", "a/AChatWeights").out)["project"] == ["not required here"]
    document = checked(space.call("info", "a/Other", "--json").out, "info")["project"]
    assert document == {
        "required": {"revision": None, "path": "../dev"},
        "asked_by": [],
        "locked": {"revision": None, "commit": None, "path": "../dev"},
    }
    document = checked(space.call("info", "b/Base", "--json").out, "info")["project"]
    assert document["locked"] == {"revision": "main", "commit": commits["b/Base"], "path": None}
    assert (document["required"], document["asked_by"]) == (None, ["a/ChatFlows"])


def test_info_of_a_module_of_the_project_by_its_name(space: Workspace, commits: Mapping[str, str]) -> None:
    """As every verb takes it; any other name has to be whole, and the hint says how to find it."""
    space.declare({"a/ChatFlows": "main"})

    assert space.call("info", "chatflows").out == space.call("info", "a/ChatFlows").out
    space.call("info", "chatflows@nothing").failed_plainly(3, "a/ChatFlows has no revision 'nothing'")
    space.call("info", "Base").failed_plainly(2, "not of the form owner/name", "`flowverse search Base` looks for it.")


def test_a_project_that_is_wrong_does_not_hide_the_hub(space: Workspace, commits: Mapping[str, str]) -> None:
    """It is a warning, as the question was another; one that was named and is not there is an error."""
    space.manifest.write_text("[tool.flowverse]\nnonsense = 1\n")
    done = space.call("info", "b/Base")
    done.worked("b/Base@main")
    assert "warning: the project is not looked at: pyproject.toml: tool.flowverse.nonsense" in done.err

    space.call("info", "b/Base", "--project", str(space.base / "none")).failed_plainly(2, "There is no folder")


def test_info_of_a_closed_module(space: Workspace, hub: Hub) -> None:
    """Of a gated one all but what it asks for; of a private one all, to those who may read it."""
    hub.add("a/Gated", {"a.py": asking("b/Base")}, gated=True, readers=[TOKEN])
    hub.add("a/Private", {"a.py": ""}, private=True, readers=[TOKEN])

    done = space.call("info", "a/Gated")

    assert done.code == 0
    rows = told(done.out)
    assert rows["access"] == ["gated"]
    assert "asks for" not in rows
    assert "warning: a/Gated cannot be read: it is gated, so it is not known what it asks for. Ask for" in done.err
    assert checked(space.call("info", "a/Gated", "--json").out, "info")["dependencies"] is None
    assert told(space.call("info", "a/Gated", HF_TOKEN=TOKEN).out)["asks for"] == ["b/Base@main (a.py:2)"]
    assert told(space.call("info", "a/Private", HF_TOKEN=TOKEN).out)["access"] == ["private"]
    space.call("info", "a/Private").failed_plainly(3, "a/Private", "was not found")


def test_info_warns_of_what_it_cannot_read(space: Workspace, hub: Hub) -> None:
    """The warnings of a lock; with -v all of them, and all files and revisions."""
    calls = "from flows import flow_verse\n" + "flow_verse.sync_dependencies(f())\n" * 40
    commit = hub.add("a/Many", {"many.py": calls})
    for number in range(20):
        hub.tag("a/Many", f"v{number:02}", commit)

    done, all_of_it = space.call("info", "a/Many"), space.call("info", "a/Many", "-v")

    assert done.err.splitlines()[-1] == "warning: 20 more warnings; -v shows all"
    assert told(done.out)["tags"][-1] == "8 more; -v shows all"
    assert len(all_of_it.err.splitlines()) == 40
    rows = told(all_of_it.out)
    assert (len(rows["tags"]), rows["files"]) == (20, [f"many.py ({len(calls) / 1000:.1f} kB)"])


def test_info_of_a_renamed_module(space: Workspace, hub: Hub) -> None:
    """The old name leads there, and the new one is told."""
    hub.add("a/Old", {"old.py": ""})
    hub.rename("a/Old", "a/New")
    done = space.call("info", "a/Old")
    assert "a/Old is called a/New on the Hub now" in done.err
    assert checked(space.call("info", "a/Old", "--json").out, "info")["moved_to"] == "a/New"


def test_info_where_revisions_are_not_told(space: Workspace, hub: Hub, commits: Mapping[str, str]) -> None:
    """A mirror without them is no reason to say nothing."""
    hub.rule(REFS, status=404)
    assert "branches" not in told(space.call("info", "b/Base").out)
    found = checked(space.call("info", "b/Base", "--json").out, "info")
    assert (found["branches"], found["tags"]) == (None, None)


def test_info_fails_as_a_lock_does(space: Workspace, hub: Hub, commits: Mapping[str, str]) -> None:
    """Offline, unsafe, unreachable, no id: the same errors and exit codes."""
    space.call("info", "b/Base", FLOWVERSE_OFFLINE="1").failed_plainly(3, "offline")
    space.call("info", "nothing").failed_plainly(2, "'nothing' is not a usable module id")
    space.call("info", "b/Base@a b").failed_plainly(2, "a b")
    hub.add("a/Unsafe", {"../x.py": ""})
    space.call("info", "a/Unsafe").failed_plainly(3, "is refused")
    hub.rule(FILE, status=500)
    space.call("info", "b/Base", FLOWVERSE_HTTP_RETRIES="0").failed_plainly(3, "answered 500 for base.py")


def test_a_mirror_tells_what_it_can(tmp_path: Path, mirror: tuple[Olah, Path]) -> None:
    """olah knows modules and their revisions, and has no search."""
    olah, root = mirror
    commit = make_repository(root, "finding/One", {"one.py": asking("b/Base")})
    space = Workspace(tmp_path, olah.endpoint)

    rows = told(space.call("info", "finding/One").out)

    assert rows["asks for"] == ["b/Base@main (one.py:2)"]
    assert rows["branches"] == [f"main ({commit[:7]})"]
    space.call("search", "one").failed_plainly(3, "for a search, which not every mirror has")
    space.call("info", "finding/Nothing").failed_plainly(3, "Check the spelling")


# --- what was meant --------------------------------------------------------------------------------------------------

MISSING = [
    ("a/chatflows", "main", "Did you mean a/ChatFlows? If a/chatflows is private, set HF_TOKEN"),
    ("a/ChatFlow", "main", "Did you mean a/ChatFlows?"),
    ("a/Nonsense", "main", "Check the spelling"),
    ("nobody/ChatFlows", "main", "Check the spelling"),
    ("a/ChatFlows", "1.0", "Did you mean v1.0?"),
    ("a/ChatFlows", "V1.0", "Did you mean v1.0?"),
    ("a/ChatFlows", "mian", "Did you mean main?"),
    ("a/ChatFlows", "nonsense", "The branches and tags of a/ChatFlows: main, v1.0."),
    ("a/ChatFlows", "{commit}", "Did you mean {whole}?"),
    ("a/ChatFlows", "0123456", "A commit is written with all of its 40 digits."),
]


@pytest.mark.parametrize(("id", "revision", "hint"), MISSING)
@pytest.mark.parametrize("verb", ["info", "sync", "lock"])
def test_what_is_not_there_has_a_nearest(
    space: Workspace, hub: Hub, commits: Mapping[str, str], verb: str, id: str, revision: str, hint: str
) -> None:
    """The nearest id of the owner, or the nearest revision, for one more request; whoever asks."""
    whole = commits["a/ChatFlows"]
    revision, hint = revision.replace("{commit}", whole[:9]), hint.replace("{whole}", whole)
    space.declare({id: revision})

    done = space.call("info", f"{id}@{revision}") if verb == "info" else space.call(verb)

    done.failed_plainly(3, f"hint: {hint}")
    assert len(hub.requests) == 2


def test_only_what_is_told_is_looked_up(space: Workspace, hub: Hub, commits: Mapping[str, str]) -> None:
    """Many mistakes cost no more than one question, also where a module asks for what is not there."""
    hub.add("c/Asks", {"asks.py": asking("a/ChatFlow", "b/Bas", "a/Othr")})
    space.declare({"c/Asks": "main"})

    done = space.call("sync")

    done.failed_plainly(
        3, "a/ChatFlow (revision 'main')", "c/Asks (asks.py:2) asks for it", "Did you mean a/ChatFlows?"
    )
    assert hub.count(contains="/api/models", status=200) == 2  # c/Asks, and what a has
    assert sum(request.path == "/api/models" for request in hub.requests) == 1


@pytest.mark.parametrize("trouble", ["status", "stall", "hangup", "portal", "slow"])
def test_a_nearest_that_cannot_be_had_is_not_missed(space: Workspace, hub: Hub, trouble: str) -> None:
    """The error is told as it is: no second attempt, no wait, no other error."""
    hub.add("a/One", {"one.py": ""})
    where = f"{SEARCH}|{REFS}"
    rule = {
        "status": lambda: hub.rule(where, status=503),
        "stall": lambda: hub.rule(where, action="stall"),
        "hangup": lambda: hub.rule(where, action="hangup"),
        "portal": lambda: hub.rule(where, action="corrupt"),
        "slow": lambda: hub.rule(where, status=429, headers={"Retry-After": "600"}),
    }[trouble]()

    for target, words in (("a/Onee", "Check the spelling"), ("a/One@mainn", "Look up the branches and tags of a/One")):
        done = space.call("info", target, FLOWVERSE_HTTP_TIMEOUT="0.3")
        if trouble != "portal":
            done.failed_plainly(3, words)
        assert done.code == 3
        assert "Trying again" not in done.err
    assert rule.hits == 2


def test_a_revision_of_a_module_that_another_asks_for(space: Workspace, hub: Hub, commits: Mapping[str, str]) -> None:
    """The hint is for whoever wrote it."""
    hub.add("c/Asks", {"asks.py": asking(("a/ChatFlows", "v1"))})
    space.declare({"c/Asks": "main"})
    space.call("lock").failed_plainly(3, "a/ChatFlows has no revision 'v1'", "Did you mean v1.0?", "asks for it")


def test_no_nearest_is_asked_for_offline(space: Workspace, hub: Hub) -> None:
    """Nothing is asked at all."""
    space.declare({"a/One": "main"})
    space.call("sync", "--offline").failed_plainly(3, "offline")
    assert hub.requests == []


def test_what_is_there_costs_no_question(space: Workspace, hub: Hub, commits: Mapping[str, str]) -> None:
    """A sync that works asks for no catalogue and no revisions."""
    space.declare({"a/ChatFlows": "main"})
    space.sync()
    assert [request for request in hub.requests if request.path == "/api/models" or "/refs" in request.path] == []


def test_scripts_find_as_people_do(space: Workspace, hub: Hub, commits: Mapping[str, str]) -> None:
    """The functions behind the verbs take settings and give values, which render to the same lines."""
    with space.inside():
        hits = finding.search(["chat"], space.settings(), owner="a", limit=1)
        found = finding.info("a/ChatFlows", space.settings())
    assert [str(hit.id) for hit in hits.rows] == ["a/ChatFlows"]
    assert found.listing.commit == commits["a/ChatFlows"]
    assert found.use is None
    assert [line.text for line in finding.render_info(found)] == space.call("info", "a/ChatFlows").out.splitlines()
    assert isinstance(finding.render_hits(hits)[0], api.Line)
