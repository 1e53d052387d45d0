"""Resolving: who wins, what is a conflict, and the same answer whatever the order in which modules are looked into."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle

import pytest
from flowverse._resolve import Resolution, resolve
from flowverse.errors import ConflictError, FlowverseError, ModuleNotFound, OwnerRefused, SharedFolder
from flowverse.model import PROJECT, Conflict, Edge, ModuleId, Pin, Requirement, Wish
from flowverse.ports import SILENT, Chooser, Examined, Refuse
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.making import ONE, THREE, TWO, mid, req

Asks = Sequence[tuple[str, str]]
"""What a module asks for: (id, revision) pairs."""


@dataclass
class Graph:
    """An Examiner over dictionaries. It answers after some turns of the event loop, as told by `delays`."""

    commits: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By (id, revision); what is not here is not found. A path counts as a revision."""
    asks: Mapping[tuple[str, str], Asks] = field(default_factory=dict)
    """By (id, commit)."""
    delays: Iterator[int] = field(default_factory=lambda: cycle([0]))
    warnings: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By (id, commit)."""
    examined: list[tuple[str, str]] = field(default_factory=list)

    async def examine(self, requirement: Requirement, ask: Callable[[Sequence[Requirement]], None]) -> Examined:
        id = str(requirement.id)
        self.examined.append((id, requirement.target))
        await self._turns()
        commit = self.commits.get((id, requirement.target))
        if commit is None:
            raise ModuleNotFound(requirement.id, requirement.target, signed_in=False)
        wishes = [
            req(other, revision, asker=id, at=f"{requirement.id.name}.py:{line}")
            for line, (other, revision) in enumerate(self.asks.get((id, commit), ()), 1)
        ]
        ask(wishes)
        await self._turns()
        told = self.warnings.get((id, commit))
        return Examined(
            pin=Pin(
                id=requirement.id,
                revision="" if requirement.path else requirement.revision,
                commit="" if requirement.path else commit,
                path=requirement.path,
                dependencies=tuple(sorted(Edge(id=one.id, revision=one.revision, at=one.at) for one in wishes)),
            ),
            warnings=(told,) if told else (),
        )

    async def _turns(self) -> None:
        for _ in range(next(self.delays)):
            await asyncio.sleep(0)


@dataclass
class Answers:
    """A Chooser with answers by module id, as revisions; it remembers what it was asked."""

    answers: Mapping[str, str]
    asked: list[Conflict] = field(default_factory=list)

    def choose(self, conflict: Conflict) -> Wish | None:
        self.asked.append(conflict)
        wanted = self.answers.get(str(conflict.id))
        return next((wish for wish in conflict.wishes if wish.revision == wanted), None)


def run(
    graph: Graph,
    *roots: Requirement,
    overrides: Sequence[Requirement] = (),
    chooser: Chooser | None = None,
    owners: tuple[str, ...] | None = None,
) -> Resolution:
    return asyncio.run(resolve(roots, overrides, graph, chooser or Refuse(), SILENT, owners))


def pinned(resolution: Resolution) -> dict[str, str]:
    """Revision by id."""
    return {str(pin.id): pin.path or pin.revision for pin in resolution.pins}


def simple(asks: Mapping[str, Asks]) -> Graph:
    """Modules whose `main` is ONE and `v2` is TWO, and which ask for the same at both."""
    ids = {*asks, *(id for wishes in asks.values() for id, _ in wishes)}
    commits = {(id, revision): commit for id in ids for revision, commit in (("main", ONE), ("v2", TWO))}
    return Graph(commits, {(id, commit): wishes for id, wishes in asks.items() for commit in (ONE, TWO)})


# --- the property ----------------------------------------------------------------------------------------------------

NODES = ("a/A", "a/B", "b/C", "b/D", "c/E")
REVISIONS = ("main", "v2")
WISHES = st.tuples(st.sampled_from(NODES), st.sampled_from(REVISIONS))
COMMITS = st.fixed_dictionaries({(id, revision): st.sampled_from([ONE, TWO]) for id in NODES for revision in REVISIONS})
ASKS = st.fixed_dictionaries({(id, commit): st.lists(WISHES, max_size=3) for id in NODES for commit in (ONE, TWO)})
ROOTS = st.dictionaries(st.sampled_from(NODES), st.sampled_from(REVISIONS), min_size=1, max_size=3)
OVERRIDES = st.dictionaries(st.sampled_from(NODES), st.sampled_from(REVISIONS), max_size=2)
DELAYS = st.lists(st.integers(0, 3), min_size=1, max_size=12)


def reference(
    commits: Mapping[tuple[str, str], str],
    asks: Mapping[tuple[str, str], Asks],
    roots: Mapping[str, str],
    overrides: Mapping[str, str],
) -> dict[str, dict[str, set[tuple[str, str]]]]:
    """By id and commit, every (revision, asker). Naive: one wish after the other, until there are no more."""
    winners = {**roots, **overrides}
    found: dict[str, dict[str, set[tuple[str, str]]]] = {}
    todo = [(id, revision, PROJECT) for id, revision in roots.items()]
    done = set()
    while todo:
        id, revision, asker = todo.pop()
        revision = winners.get(id, revision)
        if (id, revision, asker) in done:
            continue
        done.add((id, revision, asker))
        commit = commits[id, revision]
        found.setdefault(id, {}).setdefault(commit, set()).add((revision, asker))
        todo += [(*wish, id) for wish in asks[id, commit]]
    return found


@given(COMMITS, ASKS, ROOTS, OVERRIDES, DELAYS)
def test_resolving_does_what_the_rules_say(
    commits: dict[tuple[str, str], str],
    asks: dict[tuple[str, str], Asks],
    roots: dict[str, str],
    overrides: dict[str, str],
    delays: list[int],
) -> None:
    """Against a naive reading of the rules: the commits, the conflicts, and who is named in them; cycles as well."""
    expected = reference(commits, asks, roots, overrides)
    graph = Graph(commits, asks, cycle(delays))
    wishes = [req(*item) for item in roots.items()]
    resolution: Resolution | None = None
    conflicts: tuple[Conflict, ...] = ()
    try:
        resolution = run(graph, *wishes, overrides=[req(*item) for item in overrides.items()])
    except ConflictError as error:
        conflicts = error.conflicts
    assert {str(conflict.id) for conflict in conflicts} == {id for id in expected if len(expected[id]) > 1}
    if resolution is None:
        for conflict in conflicts:
            told = {
                (wish.commit, wish.revision, chain.split(" -> ")[-1].split(" ")[0])
                for wish in conflict.wishes
                for chain in wish.chains
            }
            assert told == {(commit, *wish) for commit, wishes in expected[str(conflict.id)].items() for wish in wishes}
        return
    assert {str(pin.id): {pin.commit} for pin in resolution.pins} == {id: set(expected[id]) for id in expected}
    assert len(graph.examined) == len(set(graph.examined))


@given(COMMITS, ASKS, ROOTS, OVERRIDES, DELAYS, st.permutations(NODES), st.sampled_from(REVISIONS))
def test_no_order_of_answers_changes_anything(
    commits: dict[tuple[str, str], str],
    asks: dict[tuple[str, str], Asks],
    roots: dict[str, str],
    overrides: dict[str, str],
    delays: list[int],
    order: list[str],
    answer: str,
) -> None:
    """The same pins, notes, answers and errors, whoever answers first and however the manifest is sorted.

    Some modules are not there, and a Chooser has one answer for all.
    """
    there = {wish: commit for wish, commit in commits.items() if wish != ("b/D", "v2")}

    def outcome(graph: Graph, ids: Sequence[str]) -> object:
        wishes = [req(id, roots[id]) for id in ids if id in roots]
        try:
            return run(
                graph,
                *wishes,
                overrides=[req(id, overrides[id]) for id in ids if id in overrides],
                chooser=Answers(dict.fromkeys(NODES, answer)),
            )
        except FlowverseError as error:
            return type(error), str(error), error.hint

    assert outcome(Graph(there, asks, cycle(delays)), order) == outcome(Graph(there, asks), NODES)


# --- who wins --------------------------------------------------------------------------------------------------------


def test_what_modules_ask_for_is_pinned_too() -> None:
    resolution = run(simple({"a/A": [("b/B", "v2")], "b/B": [("c/C", "main")]}), req("a/A"))
    assert pinned(resolution) == {"a/A": "main", "b/B": "v2", "c/C": "main"}
    assert resolution.notes == ()
    assert [(str(edge.id), edge.revision, edge.at) for edge in resolution.pins[0].dependencies] == [
        ("b/B", "v2", "A.py:1")
    ]


def test_the_project_wins_over_a_module() -> None:
    """Once, in a sentence; and the revision that lost is not even looked at."""
    graph = simple({"a/A": [("c/C", "v2")], "b/B": [("c/C", "v2")]})
    resolution = run(graph, req("a/A"), req("b/B"), req("c/C"))
    assert pinned(resolution) == {"a/A": "main", "b/B": "main", "c/C": "main"}
    assert resolution.notes == ("c/C: the project's requirement main is used, not v2 by a/A, not v2 by b/B",)
    assert ("c/C", "v2") not in graph.examined


def test_an_override_wins_over_all() -> None:
    graph = simple({"a/A": [("c/C", "main")]})
    resolution = run(graph, req("a/A"), req("c/C"), overrides=[req("c/C", "v2")])
    assert pinned(resolution) == {"a/A": "main", "c/C": "v2"}
    assert resolution.notes == ("c/C: the project's override v2 is used, not main by a/A, not main by pyproject.toml",)
    assert ("c/C", "main") not in graph.examined


def test_an_override_that_agrees_with_everybody_is_not_worth_a_word() -> None:
    resolution = run(simple({"a/A": [("c/C", "v2")]}), req("a/A"), overrides=[req("c/C", "v2")])
    assert resolution.notes == ()


def test_an_override_that_nobody_needs_is_not_locked() -> None:
    """It is not even looked at, and is said to be of no use."""
    graph = simple({"a/A": []})
    resolution = run(graph, req("a/A"), overrides=[req("z/Z", "v2")])
    assert pinned(resolution) == {"a/A": "main"}
    assert resolution.notes == ("z/Z: nothing asks for it, so the project's override v2 is of no use",)
    assert graph.examined == [("a/A", "main")]


def test_a_local_path_of_the_project_wins() -> None:
    """Over any module's revision, and what it asks for counts."""
    graph = simple({"a/A": [("c/C", "v2")], "c/C": [], "d/D": []})
    local = Graph({**graph.commits, ("c/C", "../C"): "local"}, {**graph.asks, ("c/C", "local"): [("d/D", "main")]})
    resolution = run(local, req("a/A"), req("c/C", path="../C"))
    assert pinned(resolution) == {"a/A": "main", "c/C": "../C", "d/D": "main"}
    assert resolution.notes == ("c/C: the project's requirement ../C is used, not v2 by a/A",)


def test_a_winner_is_looked_for_where_it_stands() -> None:
    """What cannot be read is told with the line of the override, not with the line of a module that lost."""
    asked: list[Requirement] = []

    class Listening(Graph):
        async def examine(self, requirement: Requirement, ask: Callable[[Sequence[Requirement]], None]) -> Examined:
            asked.append(requirement)
            return await super().examine(requirement, ask)

    graph = simple({"a/A": [("c/C", "v2")]})
    run(Listening(graph.commits, graph.asks), req("a/A"), overrides=[req("c/C", "main", at="pyproject.toml")])
    assert [(str(one.id), one.at) for one in asked] == [("a/A", ""), ("c/C", "pyproject.toml")]


def test_warnings_are_told_once_for_what_is_pinned() -> None:
    graph = Graph(
        {("a/A", "main"): ONE, ("b/B", "main"): ONE},
        {("a/A", ONE): [("b/B", "main")], ("b/B", ONE): [("a/A", "main")]},
        warnings={("a/A", ONE): "a.py:1 cannot be read", ("b/B", ONE): "b.py:2 cannot be read"},
    )
    assert run(graph, req("a/A"), req("b/B")).warnings == ("a.py:1 cannot be read", "b.py:2 cannot be read")


# --- conflicts -------------------------------------------------------------------------------------------------------

CONTESTED = simple({"a/A": [("c/C", "main"), ("b/B", "main")], "b/B": [("c/C", "v2"), ("c/C", "main")], "d/D": []})


def test_a_conflict_shows_every_chain_and_the_line_to_paste() -> None:
    with pytest.raises(ConflictError) as caught:
        run(CONTESTED, req("a/A"))
    assert str(caught.value) == (
        "c/C is wanted at 2 different commits:\n"
        "  main (1111111) by pyproject.toml -> a/A (A.py:1)\n"
        "  main (1111111) by pyproject.toml -> a/A (A.py:2) -> b/B (B.py:2)\n"
        "  v2 (2222222) by pyproject.toml -> a/A (A.py:2) -> b/B (B.py:1)"
    )
    assert (caught.value.hint or "").endswith('[tool.flowverse.overrides]\n  "c/C" = "main"')


def test_all_conflicts_are_told_at_once() -> None:
    graph = simple({"a/A": [("c/C", "main"), ("d/D", "v2")], "b/B": [("c/C", "v2"), ("d/D", "main")]})
    with pytest.raises(ConflictError) as caught:
        run(graph, req("a/A"), req("b/B"))
    assert [str(conflict.id) for conflict in caught.value.conflicts] == ["c/C", "d/D"]


def test_the_answer_to_a_conflict_is_kept() -> None:
    """It is pinned, and becomes an override; nothing is said about it a second time."""
    chooser = Answers({"c/C": "v2"})
    resolution = run(CONTESTED, req("a/A"), chooser=chooser)
    assert pinned(resolution) == {"a/A": "main", "b/B": "main", "c/C": "v2"}
    assert [(str(one.id), one.revision) for one in resolution.chosen] == [("c/C", "v2")]
    assert resolution.notes == ()
    assert len(chooser.asked) == 1


def test_an_answer_settles_what_is_below() -> None:
    """What only the loser asks for is neither locked nor asked about nor kept as an answer."""
    graph = Graph(
        {("r/R", "main"): ONE, ("s/S", "main"): ONE, **{("x/X", f"v{n}"): c for n, c in ((1, ONE), (2, TWO))}}
        | {("a/Deep", f"v{n}"): c for n, c in ((1, ONE), (2, TWO))},
        {
            ("r/R", ONE): [("x/X", "v1"), ("a/Deep", "v2")],
            ("s/S", ONE): [("x/X", "v2")],
            ("x/X", ONE): [("a/Deep", "v1")],
        },
    )
    chooser = Answers({"x/X": "v2"})
    resolution = run(graph, req("r/R"), req("s/S"), chooser=chooser)
    assert [str(conflict.id) for conflict in chooser.asked] == ["x/X"]
    assert pinned(resolution) == {"a/Deep": "v2", "r/R": "main", "s/S": "main", "x/X": "v2"}
    assert [str(one.id) for one in resolution.chosen] == ["x/X"]


def test_two_revisions_of_one_commit_are_no_conflict() -> None:
    """The lock keeps the one that can move, so that an update has something to move."""
    commits = {("a/A", "main"): ONE, ("b/B", "main"): ONE, ("c/C", ONE): ONE, ("c/C", "main"): ONE}
    graph = Graph(commits, {("a/A", ONE): [("c/C", ONE)], ("b/B", ONE): [("c/C", "main")]})
    assert pinned(run(graph, req("a/A"), req("b/B"))) == {"a/A": "main", "b/B": "main", "c/C": "main"}


def test_modules_that_ask_for_each_other_are_fine() -> None:
    graph = simple({"a/A": [("b/B", "main")], "b/B": [("a/A", "v2"), ("b/B", "main")]})
    assert pinned(run(graph, req("a/A"))) == {"a/A": "main", "b/B": "main"}


# --- errors ----------------------------------------------------------------------------------------------------------


def test_a_module_that_is_needed_and_not_there_is_an_error() -> None:
    with pytest.raises(ModuleNotFound, match="z/Z"):
        run(Graph({("a/A", "main"): ONE}, {("a/A", ONE): [("z/Z", "main")]}), req("a/A"))


LOSER = Graph(
    {("a/A", "main"): ONE, ("b/B", "main"): ONE, ("c/C", "v1"): ONE, ("c/C", "v2"): TWO, ("c/C", "v3"): THREE},
    {("a/A", ONE): [("c/C", "v1")], ("b/B", ONE): [("c/C", "v2")], ("c/C", ONE): [("z/Gone", "main")]},
)


def test_an_error_that_only_a_loser_leads_to_does_not_count() -> None:
    """The question is asked, and the answer makes the error go away."""
    resolution = run(LOSER, req("a/A"), req("b/B"), chooser=Answers({"c/C": "v2"}))
    assert pinned(resolution) == {"a/A": "main", "b/B": "main", "c/C": "v2"}


def test_an_error_that_the_winner_leads_to_counts() -> None:
    with pytest.raises(ModuleNotFound, match="z/Gone"):
        run(LOSER, req("a/A"), req("b/B"), chooser=Answers({"c/C": "v1"}))


def test_no_question_is_asked_before_a_certain_error() -> None:
    """An answer that cannot help is not asked of anybody."""
    chooser = Answers({"c/C": "v2"})
    with pytest.raises(ModuleNotFound, match="y/Y"):
        run(LOSER, req("a/A"), req("b/B"), req("y/Y"), chooser=chooser)
    assert chooser.asked == []


def test_an_owner_that_is_not_listed_is_refused_before_a_look() -> None:
    """With the chain that leads to it; nothing is asked of the Hub for it."""
    graph = simple({"a/A": [("a/B", "main")], "a/B": [("evil/Flow", "main")]})
    with pytest.raises(OwnerRefused) as caught:
        run(graph, req("a/A"), owners=("a",))
    assert "(asked for by pyproject.toml -> a/A (A.py:1) -> a/B (B.py:1))" in str(caught.value)
    assert {id for id, _ in graph.examined} == {"a/A", "a/B"}


def test_modules_that_would_share_a_folder_are_refused() -> None:
    """Also where only a file system that ignores case would mix them up."""
    graph = simple({"a/A": [("some-one/My-Flow", "main")], "b/B": [("some_one/my.flow", "main")]})
    with pytest.raises(SharedFolder) as caught:
        run(graph, req("a/A"), req("b/B"))
    assert {caught.value.first, caught.value.second} == {mid("some-one/My-Flow"), mid("some_one/my.flow")}


def test_a_fault_of_ours_stops_everything() -> None:
    """Whatever is no FlowverseError is a defect: it is raised as it is, and nothing is left running."""
    running = 0

    class Broken(Graph):
        async def examine(self, requirement: Requirement, ask: Callable[[Sequence[Requirement]], None]) -> Examined:  # noqa: ARG002
            nonlocal running
            running += 1
            try:
                if requirement.id == ModuleId("a", "A"):
                    await asyncio.sleep(0)
                    raise ZeroDivisionError
                await asyncio.get_running_loop().create_future()
                raise AssertionError
            finally:
                running -= 1

    with pytest.raises(ZeroDivisionError):
        run(Broken(), req("a/A"), req("b/B"))
    assert running == 0
