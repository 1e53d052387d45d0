"""The verbs that look at the Hub: search, info."""

from __future__ import annotations

import os
from pathlib import Path

import click

from flowverse import api, finding
from flowverse.cli._options import MODULE, as_json, common, loudness, project_root
from flowverse.cli._terminal import Terminal

__all__ = ["COMMANDS"]


@click.command(short_help="Find modules on the Hub.", epilog="Example: flowverse search chat --owner aiflows")
@click.argument("words", nargs=-1, metavar="WORDS...")
@click.option("--owner", metavar="OWNER", help="Only what this user or organisation has.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Show no more than this.")
@as_json
@loudness
def search(words: tuple[str, ...], owner: str | None, limit: int, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Find modules on the Hub by words in their ids; no project is needed."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    settings = api.Settings.from_environ(os.environ)
    with terminal.progress() as reporter:
        hits = finding.search(words, settings, owner=owner, limit=limit, reporter=reporter)
    if as_json:
        terminal.emit(finding.search_document(hits))
    else:
        terminal.show(finding.render_hits(hits, width=terminal.width))


@click.command(short_help="Show what the Hub knows of a module.", epilog="Example: flowverse info saibo/ChatFlows@main")
@click.argument("target", metavar="ID[@REVISION]", type=MODULE)
@as_json
@common
def info(target: str, project: Path | None, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Show what the Hub knows of a module, and what it asks for; its id may be pasted as the address of its page."""
    terminal = Terminal(quiet=quiet, verbose=verbose)
    settings = api.Settings.from_environ(os.environ)
    root: Path | None = project_root(project)
    if project is None and root is not None and not (root / "pyproject.toml").is_file():
        root = None
    with terminal.progress() as reporter:
        found = finding.info(target, settings, root=root, reporter=reporter)
    if as_json:
        terminal.emit(finding.info_document(found))
    else:
        terminal.show(finding.render_info(found, verbose=verbose))


COMMANDS = (search, info)
