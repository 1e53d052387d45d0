"""The names of modules: what is an id, and what Python imports it as."""

from __future__ import annotations

import keyword
import string

import pytest
from flowverse.errors import InvalidModuleId
from flowverse.model import ModuleId, is_commit
from hypothesis import assume, given
from hypothesis import strategies as st

NAMES = st.text(string.ascii_letters + string.digits + "-_.", min_size=1, max_size=12)
PARTS = st.one_of(NAMES, st.sampled_from(keyword.kwlist), st.text(max_size=5))


@pytest.mark.parametrize(
    ("text", "folder", "imported"),
    [
        ("saibo/ChatFlows", "saibo/ChatFlows", "flow_modules.saibo.ChatFlows"),
        ("1234user/NumberFlow", "user_1234user/NumberFlow", "flow_modules.user_1234user.NumberFlow"),
        ("class/Flow", "user_class/Flow", "flow_modules.user_class.Flow"),
        ("some-one/My.Flow-2", "some_one/My_Flow_2", "flow_modules.some_one.My_Flow_2"),
        ("match/type", "match/type", "flow_modules.match.type"),
    ],
)
def test_an_id_says_its_folder_and_what_is_imported(text: str, folder: str, imported: str) -> None:
    """`-` and `.` become `_`, an owner that Python cannot import gets `user_`; soft keywords can be imported."""
    module = ModuleId.parse(text)
    assert (str(module), module.folder, module.import_name) == (text, folder, imported)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "owner/name"),
        ("ChatFlows", "owner/name"),
        ("a/b/c", "owner/name"),
        ("https://huggingface.co/a/b", "owner/name"),
        ("/b", "''"),
        ("a/", "''"),
        ("a/../b", "owner/name"),
        ("../b", "'..'"),
        ("a/b..c", "'b..c'"),
        ("a/b--c", "'b--c'"),
        ("a/-b", "'-b'"),
        ("a/.git", "'.git'"),
        ("a/b.", "'b.'"),
        ("a/b c", "'b c'"),
        ("a/b\n", r"'b\n'"),
        ("a\\b/c", r"'a\\b'"),
        ("a/\u0661", "Hub allows"),
        ("a/" + "b" * 97, "Hub allows"),
        ("1234/6789", "starts with a digit ('6789')"),
        ("a/class", "'class', it is a keyword"),
        ("a/None", "keyword"),
    ],
)
def test_a_refused_id_says_the_rule_that_it_breaks(text: str, why: str) -> None:
    """What cannot be a repository, or cannot be imported, is refused with the reason and what to do."""
    with pytest.raises(InvalidModuleId) as caught:
        ModuleId.parse(text)
    assert why in str(caught.value)
    assert caught.value.hint


@given(owner=PARTS, name=PARTS)
def test_every_id_that_is_accepted_can_be_imported(owner: str, name: str) -> None:
    """Each part of the import name is an identifier, is no keyword, and leads to nowhere else."""
    try:
        module = ModuleId.parse(f"{owner}/{name}")
    except InvalidModuleId:
        return
    parts = module.import_name.split(".")
    assert len(parts) == 3
    assert all(part.isidentifier() and part.isascii() and not keyword.iskeyword(part) for part in parts)
    assert module.folder == "/".join(parts[1:])
    assert ModuleId.parse(str(module)) == module


@given(
    owner=st.from_regex(r"[a-zA-Z0-9]{1,20}", fullmatch=True), name=st.from_regex(r"[a-zA-Z]\w{0,20}", fullmatch=True)
)
def test_what_the_hub_allows_is_accepted(owner: str, name: str) -> None:
    """Only a name (never an owner) is refused for what Python thinks of it."""
    assume(not keyword.iskeyword(name) and name.isascii())
    assert str(ModuleId.parse(f"{owner}/{name}")) == f"{owner}/{name}"


@pytest.mark.parametrize(
    ("revision", "expected"),
    [("c" * 40, True), ("c" * 39, False), ("C" * 40, False), ("c" * 40 + "\n", False), ("main", False)],
)
def test_only_a_full_commit_is_a_commit(revision: str, expected: bool) -> None:
    """Anything shorter may mean something else tomorrow."""
    assert is_commit(revision) is expected
