"""Searching, as the Hub's real client does it, held by our test Hub; a mirror has none."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from huggingface_hub import HfApi

from tests.contract.conftest import Server
from tests.hub import Hub, ids

TOKEN = "hf_tokenofareader"


@pytest.fixture
def filled(hub: Hub) -> HfApi:
    """The client of a Hub that has four repositories, one of them private."""
    hub.add("search/ChatFlow", {"README.md": "---\nlicense: mit\ntags:\n- chat\n---\n", "flow.py": "", "x/y.py": ""})
    hub.add("search/ChatWeights", {"weights.bin": b"w"})
    hub.add("other/Chat", {"a.py": ""}, gated=True)
    hub.add("search/ChatSecret", {"a.py": ""}, private=True, readers=[TOKEN])
    hub.popular("search/ChatFlow", downloads=12, likes=3)
    return HfApi(endpoint=hub.endpoint, token=False)


def names(api: HfApi, **wishes: object) -> list[str]:
    return [each.id for each in api.list_models(**wishes)]  # type: ignore[arg-type]


def test_words_are_looked_for_in_ids(filled: HfApi) -> None:
    """All words, whatever their case; and what an author has, or both."""
    assert names(filled, search="chat") == ["other/Chat", "search/ChatFlow", "search/ChatWeights"]
    assert names(filled, search="flow CHAT") == ["search/ChatFlow"]
    assert names(filled, author="other") == ["other/Chat"]
    assert names(filled, author="search", search="weights") == ["search/ChatWeights"]
    assert names(filled, search="nothing of the kind") == []
    assert names(filled, author="nobody") == []


def test_what_is_private_is_found_by_its_readers(filled: HfApi, hub: Hub) -> None:
    """Nobody else learns that it exists."""
    assert "search/ChatSecret" not in names(filled)
    assert "search/ChatSecret" in names(HfApi(endpoint=hub.endpoint, token=TOKEN))


def test_a_row_says_little_unless_all_is_asked_for(filled: HfApi) -> None:
    """Counts and tags always; files, commit and date with `full`, the card with `cardData`."""
    short = next(iter(filled.list_models(search="chatflow")))
    assert (short.downloads, short.likes, short.private, short.tags) == (12, 3, False, ["chat", "license:mit"])
    assert (short.sha, short.last_modified, short.siblings, short.card_data, short.gated) == (None,) * 5
    full = next(iter(filled.list_models(search="chatflow", full=True, cardData=True)))
    assert [each.rfilename for each in full.siblings or ()] == ["README.md", "flow.py", "x/y.py"]
    assert full.last_modified == datetime.fromtimestamp(ids.EPOCH, timezone.utc)
    assert full.sha == filled.model_info("search/ChatFlow").sha
    assert (full.author, full.gated) == ("search", False)
    assert full.card_data is not None
    assert full.card_data.license == "mit"
    assert next(iter(filled.list_models(author="other", full=True))).gated == "manual"


@pytest.mark.parametrize("page", [1, 2, 1000])
def test_an_answer_has_so_many_rows_and_leads_to_the_next(page: int) -> None:
    """The client follows the pages until it has what was asked for."""
    with Hub(page=page) as hub:
        for number in range(4):
            hub.add(f"search/M{number}", {"a.py": ""})
        api = HfApi(endpoint=hub.endpoint, token=False)
        assert names(api, search="m") == [f"search/M{number}" for number in range(4)]
        hub.clear()
        assert names(api, search="m", limit=3) == ["search/M0", "search/M1", "search/M2"]
        assert len(hub.requests) == max(3 // page + bool(3 % page), 1)


def test_a_mirror_need_not_have_a_search(server: Server) -> None:
    """olah answers with nothing at all, and status 200; the client takes that for broken JSON."""
    server.add("search/Known", {"a.py": ""})
    if server.traits.search:
        assert names(server.api, search="known") == ["search/Known"]
    else:
        with pytest.raises(json.JSONDecodeError):
            names(server.api, search="known")
