"""What the programs of the rows are called: in the tables, in the goals, and in what is compared between runs."""

from __future__ import annotations

__all__ = [
    "AIFLOWS",
    "ALONE",
    "BARE",
    "BARE_BUILD",
    "CHECKOUT",
    "CLONE",
    "COPY",
    "FLOOR",
    "GIT_STATUS",
    "IMPORT",
    "LOCKING",
    "NOTHING",
    "OF_OURS",
    "ONE_AFTER_THE_OTHER",
    "START",
    "SYNC",
    "THREADS",
    "UV_SYNC",
    "WITH",
    "WITHOUT",
    "WITHOUT_BUT_CLIENT",
]

SYNC, LOCKING, IMPORT = "flowverse sync", "flowverse lock", "import flow_modules"

AIFLOWS = "aiFlows 1.1.1"
ONE_AFTER_THE_OTHER = "snapshot_download, one after the other"
THREADS = "snapshot_download, 8 threads"
CLONE = "git clone --depth 1, 8 processes"
FLOOR = "the floor"

COPY = "cp -r of the tree"
CHECKOUT = "git clone of the tree, from a folder"
GIT_STATUS = "git status, same tree"
BARE = "a bare interpreter"
UV_SYNC = "uv sync, nothing to do"

START = "flowverse lock, of one module"

ALONE, NOTHING = "that module, in a project of its own", "nothing to do"
WITH, WITHOUT, BARE_BUILD = "with the plugin", "without", "without, and without modules"
WITHOUT_BUT_CLIENT = "without, but with a Hub client"

OF_OURS = frozenset({START, ALONE, NOTHING})
"""Peers that are runs of our own: they become slower when all of ours does, so they do not tell whether it did."""
