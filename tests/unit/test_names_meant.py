"""What a person may write for a module, and what is said of a word that means none."""

from __future__ import annotations

import pytest
from flowverse._names import pick
from flowverse.errors import UsageError

from tests.unit.making import mid

KNOWN = [mid(text) for text in ("saibo/ChatFlows", "aiflows/ChatFlowModule", "1234user/Number-Flow", "b/X", "c/X")]


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("saibo/ChatFlows", "saibo/ChatFlows"),
        ("saibo/chatflows/", "saibo/ChatFlows"),
        ("ChatFlowModule", "aiflows/ChatFlowModule"),
        ("chatflowmodule", "aiflows/ChatFlowModule"),
        ("user_1234user/Number_Flow", "1234user/Number-Flow"),
        ("b/x", "b/X"),
    ],
)
def test_what_is_meant(text: str, id: str) -> None:
    """The id, the folder, or the name alone, whatever the case."""
    assert str(pick(text, KNOWN)) == id


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("X", "X may be b/X or c/X.", "Write the whole id, owner/name."),
        ("saibo/ChatFlow", "saibo/ChatFlow is no flow module of this project.", "Did you mean saibo/ChatFlows?"),
        (
            "somebody/ChatFlowModul",
            "somebody/ChatFlowModul is no flow module of this project.",
            "Did you mean aiflows/ChatFlowModule?",
        ),
        (
            "q/Zzzz",
            "q/Zzzz is no flow module of this project.",
            "`flowverse status` lists those that there are.",
        ),
        ("qqqq", "qqqq is no flow module of this project.", 'Write it as on the Hub, "owner/name".'),
    ],
)
def test_what_means_none(text: str, said: str, hint: str) -> None:
    """The nearest is named where there is one."""
    with pytest.raises(UsageError) as caught:
        pick(text, KNOWN)
    assert (str(caught.value), caught.value.hint) == (said, hint)


def test_a_project_without_modules() -> None:
    """Says how to get the first."""
    with pytest.raises(UsageError) as caught:
        pick("a/A", [])
    assert caught.value.hint == "There is none yet: `flowverse add owner/name` adds one."
