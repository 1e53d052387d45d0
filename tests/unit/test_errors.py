"""Every error: a sentence, what to do next, and an exit code that is documented."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from flowverse import errors
from flowverse.api import explain
from flowverse.errors import FlowverseError, HubError, quiet
from flowverse.model import Conflict, Wish

from tests.unit.making import ONE, TWO, mid

ID = mid("a/A")
CONFLICT = Conflict(
    id=ID, wishes=(Wish(revision="main", commit=ONE, chains=("x",)), Wish(revision="v2", commit=TWO, chains=("y",)))
)
EVERY = [
    (errors.UsageError("This cannot be meant.", hint="Do."), 2),
    (errors.HubClientMissing("huggingface_hub"), 2),
    (errors.NoProject("pyproject.toml", "there is no such file", hint="Go to a project."), 2),
    (errors.InvalidManifest([("tool.flowverse.x", "is not a known key"), ("tool.flowverse.y", "neither")]), 2),
    (errors.InvalidModuleId("x", "it is not of the form owner/name", hint="Write it so."), 2),
    (errors.SharedFolder(ID, mid("A/a")), 2),
    (errors.OwnerRefused(ID, "pyproject.toml"), 2),
    (errors.LicenseRefused([(ID, "gpl-3.0", "pyproject.toml")]), 2),
    (errors.LicenseRefused([(ID, "gpl-3.0", "pyproject.toml"), (ID, "unknown", "pyproject.toml -> b/B (x.py:1)")]), 2),
    (errors.BrokenLock("it has no version"), 2),
    (errors.NewerLock(2, 1), 2),
    (errors.BrokenPatch(ID, "it does not fit a.py"), 2),
    (errors.MergerMissing("merge3"), 2),
    (errors.StaleLock(["a/A is not locked yet"]), 1),
    (errors.StaleLock(["a/A is not locked yet", "b/B is no longer asked for"]), 1),
    (errors.ConflictError([CONFLICT]), 1),
    (errors.Unresolved(ID, ["a.py", "b.py"]), 1),
    (errors.PatchConflict(ID, "main (2222222)", ["a.py"]), 1),
    (errors.NotShippable(["a/A is missing"], hint="Sync."), 1),
    (errors.NotShippable(["a/A is missing", "b/B was edited"], hint="Sync."), 1),
    (errors.NotVerified("app 1.0", ["flow_modules/a/A/x.py was changed"]), 1),
    (errors.ModuleNotFound(ID, "main", signed_in=False), 3),
    (errors.ModuleNotFound(ID, "main", signed_in=True), 3),
    (errors.RevisionNotFound(ID, "v9"), 3),
    (errors.AccessDenied(ID, "it is gated", hint="Ask."), 3),
    (errors.Offline("a/A@main"), 3),
    (errors.HubUnreachable("https://hub.example", "a/A@main", "no connection could be made"), 3),
    (errors.HubAnswer("https://hub.example", "a/A@main", "500"), 3),
    (errors.WrongContent("a.py of a/A", "3 bytes", "4 bytes"), 3),
    (errors.UnsafeContent(ID, "../x", "leaves the module's folder"), 3),
    (errors.TreeError("/x", "no space left on device"), 4),
]
ABSTRACT = {FlowverseError, HubError}


def kinds() -> set[type[FlowverseError]]:
    every = vars(errors).values()
    return {kind for kind in every if inspect.isclass(kind) and issubclass(kind, FlowverseError)}


def test_every_error_is_in_this_table_and_public() -> None:
    assert {type(error) for error, _ in EVERY} == kinds() - ABSTRACT
    assert {kind.__name__ for kind in kinds()} == set(errors.__all__) - {"quiet"}


@pytest.mark.parametrize(("error", "code"), EVERY, ids=[type(error).__name__ for error, _ in EVERY])
def test_an_error_is_a_sentence_with_a_hint_and_a_code(error: FlowverseError, code: int) -> None:
    """Without the words of a programmer; a list below the sentence where there is more than one reason."""
    first, *more = str(error).splitlines()
    assert (first.endswith(":") and all(line.startswith("  ") for line in more)) if more else len(first) > 10
    assert not any(word in str(error) for word in ("Error", "None", "object at", "{", "Traceback"))
    assert error.hint
    assert error.exit_code == code
    assert code in {1, 2, 3, 4}


@pytest.mark.parametrize(("error", "code"), EVERY, ids=[type(error).__name__ for error, _ in EVERY])
def test_an_error_is_explained_line_by_line(error: FlowverseError, code: int) -> None:
    """First what is wrong, then what to do; no line has another in it."""
    lines = explain(error)
    assert [line.text for line in lines] == [*str(error).splitlines(), *(error.hint or "").splitlines()]
    words = [line.kind for line in lines]
    assert words == sorted(words)
    assert set(words) == {"error", "hint"}


@pytest.mark.parametrize("code", [1, 2, 3, 4])
def test_the_exit_codes_are_documented(code: int) -> None:
    pages = Path(__file__).parents[2] / "docs"
    assert any(f"| {code} |" in page.read_text(encoding="utf-8") for page in pages.glob("*.md"))


def test_no_hint_is_no_line() -> None:
    assert [line.kind for line in explain(errors.UsageError("This cannot be meant."))] == ["error"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://me:secret@hub.example/x", "https://***@hub.example/x"),
        ("https://hub.example/x@y", "https://hub.example/x@y"),
        ("hf_abcdefgh12345678 is no revision", "*** is no revision"),
        ("hf_x", "hf_x"),
    ],
)
def test_secrets_are_taken_out(text: str, said: str) -> None:
    assert quiet(text) == said


@pytest.mark.parametrize("kind", [errors.HubUnreachable, errors.HubAnswer])
def test_no_error_tells_the_secrets_of_an_endpoint(kind: type[errors.HubUnreachable | errors.HubAnswer]) -> None:
    """In no text of it: neither the sentence nor what a debugger shows."""
    error = kind("https://me:secret@hub.example", "a/A", "500")
    assert "secret" not in f"{error}{error!r}{error.args}{error.hint}{vars(error)}"
