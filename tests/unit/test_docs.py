"""The docs, held to what is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from flowverse.cli._commands import cli

ROOT = Path(__file__).parents[2]


def test_every_test_that_the_docs_name_is_there() -> None:
    """docs/seed.md promises a test for each statement; a test that is renamed must be renamed there."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs/seed.md").read_text(encoding="utf-8"))
    assert named
    for path, name in named:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, (path, name)


def test_links_of_the_docs_lead_somewhere() -> None:
    """Every relative link of the README and of the docs is a file of the repository."""
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).is_file(), (page.name, target)


def test_every_verb_is_in_the_table_of_verbs() -> None:
    """docs/commands.md has all of them, and no other."""
    page = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z]+)", page.partition("## Verbs")[2].partition("\n## ")[0], flags=re.MULTILINE)
    assert sorted([*rows, "completion"]) == sorted(cli.commands)
