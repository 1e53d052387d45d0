"""A Hugging Face Hub for tests: a real server that the real client cannot tell from the Hub.

with Hub() as hub:
    commit = hub.add("saibo/ChatFlows", {"ChatGPT4.py": "..."})
    ...  # point a client at hub.endpoint
    assert hub.count(method="GET", contains="/resolve/") == 1
"""

from tests.hub.hub import Hub
from tests.hub.limits import Limit, Window
from tests.hub.repository import Commit, File, Repository
from tests.hub.rules import (
    COMMITS,
    FILE,
    INFO,
    LFS,
    REFS,
    SEARCH,
    TREE,
    Action,
    Listed,
    Listing,
    Rule,
    adding,
    names_only,
    without_blob_ids,
)
from tests.hub.wire import Request, read_log

__all__ = [
    "COMMITS",
    "FILE",
    "INFO",
    "LFS",
    "REFS",
    "SEARCH",
    "TREE",
    "Action",
    "Commit",
    "File",
    "Hub",
    "Limit",
    "Listed",
    "Listing",
    "Repository",
    "Request",
    "Rule",
    "Window",
    "adding",
    "names_only",
    "read_log",
    "without_blob_ids",
]
