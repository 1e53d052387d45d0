"""What was found on the Hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowverse._hub.answers import Hit, Ref
from flowverse._hub.catalog import Hits, Info, Use
from flowverse._plain import cells, cut, plain
from flowverse._render.lines import Line, count, document, human, warnings_of
from flowverse.model import Pin, is_commit

__all__ = ["info_document", "render_hits", "render_info", "search_document"]

_GAP = "  "
_LEAST_DESCRIPTION = 16
"""Columns below which a description is not even begun."""
_LONGEST = 200
_MOST = 12


def render_hits(hits: Hits, *, width: int | None = None) -> list[Line]:
    """One line a repository in columns, the best first, and a count.

    `width` are the columns of the screen, None where lines may be as long as they are. What does not fit is left out:
    first the description, then the counts, the licence and the date.
    """
    if not hits.rows:
        return [Line("summary", f"No modules {_where(hits)} were found"), Line("hint", _other_words(hits))]
    table = [_cells(hit) for hit in hits.rows]
    widths = [max(map(cells, column)) for column in zip(*table, strict=True)]
    shown = len(widths)
    while shown > 1 and width is not None and _wide(widths[:shown]) > width:
        shown -= 1
    lines = []
    for hit, row in zip(hits.rows, table, strict=True):
        text = _GAP.join(
            cell + " " * (wide - cells(cell)) for cell, wide in zip(row[:shown], widths, strict=False) if wide
        )
        rest = None if width is None else width - _wide(widths[:shown]) - len(_GAP)
        if hit.card.description and shown == len(widths) and (rest is None or rest >= _LEAST_DESCRIPTION):
            text += _GAP + (hit.card.description if rest is None else cut(hit.card.description, rest))
        lines.append(Line("kept" if hit.python is False else "note", text.rstrip()))
    return [*lines, Line("summary", _summary(hits))]


def _cells(hit: Hit) -> list[str]:
    """Id, date, licence, counts; from the right on they can be done without."""
    card = hit.card
    used = [count(card.downloads, "download")] if card.downloads else []
    used += [count(card.likes, "like")] if card.likes else []
    access = ["private"] if card.private else ["gated"] if card.gated else []
    python = ["no Python files"] if hit.python is False else []
    license = hit.license or ""
    return [str(hit.id), (card.changed or "")[:10], cut(license, 20), ", ".join([*python, *access, *used])]


def _wide(widths: Sequence[int]) -> int:
    there = [wide for wide in widths if wide]
    return sum(there) + len(_GAP) * (len(there) - 1)


def _where(hits: Hits) -> str:
    of = [f"of {plain(hits.owner)}"] if hits.owner else []
    ids = "its id" if len(hits.rows) == 1 else "their ids"
    return " ".join([*of, *([f"with '{plain(hits.words)}' in {ids}"] if hits.words else [])])


def _other_words(hits: Hits) -> str:
    if not hits.words:
        return "Check the owner's name; private modules are found only with a token that may read them."
    less = ", or leave --owner out" if hits.owner else ""
    return f"Try fewer words or a part of one{less}: the Hub looks for them in ids only."


def _summary(hits: Hits) -> str:
    left = f"; {hits.left_out:,}{' or more' if hits.more else ''} not shown" if hits.left_out else ""
    more = "; there are more" if hits.more and not left else ""
    return f"{count(len(hits.rows), 'module')} {_where(hits)}{left}{more}"


def search_document(hits: Hits) -> str:
    """The same for other programs."""
    body = {"words": hits.words, "owner": hits.owner, "hits": [_hit(hit) for hit in hits.rows]}
    return document("search", 1, {**body, "left_out": hits.left_out, "more": hits.more})


def _hit(hit: Hit) -> dict[str, Any]:
    card = hit.card
    return {
        "id": str(hit.id),
        "last_change": card.changed,
        "license": hit.license,
        "description": card.description,
        "downloads": card.downloads,
        "likes": card.likes,
        "private": card.private,
        "gated": card.gated,
        "python": hit.python,
    }


# --- one module ------------------------------------------------------------------------------------------------------


def render_info(info: Info, *, verbose: bool = False) -> list[Line]:
    """Everything of one module, each with a word in front; with `verbose` all its revisions and files."""
    listing, card, refs = info.listing, info.listing.card, info.refs
    at = listing.commit[:7]
    title = f"{listing.id}@{at}" if is_commit(listing.revision) else f"{listing.id}@{listing.revision} ({at})"
    rows: list[tuple[str, Sequence[str]]] = [
        ("about", [card.description] if card.description else []),
        ("import", [listing.id.import_name]),
        ("licence", [listing.license or "unknown"]),
        ("changed", [card.changed[:10]] if card.changed else []),
        ("access", [word for word, is_so in (("private", card.private), ("gated", card.gated)) if is_so]),
        ("size", [f"{count(info.files, 'file')}, {human(info.size)}"]),
        ("branches", [f"{ref.name} ({ref.commit[:7]})" for ref in (refs.branches if refs is not None else ())]),
        ("tags", [f"{ref.name} ({ref.commit[:7]})" for ref in (refs.tags if refs is not None else ())]),
    ]
    if info.examined is not None:
        pin = info.examined.pin
        asked = [f"{edge.id}@{_short(edge.revision)} ({edge.at})" for edge in pin.dependencies]
        rows += [("asks for", asked or ["no other module"]), ("Python", pin.requirements)]
    rows.append(("project", _used(info)))
    if verbose:
        rows.append(("files", [f"{file.path} ({human(file.size)})" for file in listing.files]))
    wide = max(len(word) for word, texts in rows if texts)
    lines = [Line("summary", title)]
    for word, texts in rows:
        for number, text in enumerate(_some(texts, verbose=verbose)):
            front = f"  {'' if number else word:<{wide}}  "
            lines.append(Line("note", front + cut(plain(text), _LONGEST), hang=" " * len(front)))
    return [*lines, *warnings_of([plain(text) for text in info.warnings], verbose=verbose)]


def _some(texts: Sequence[str], *, verbose: bool) -> list[str]:
    """The first ones; with `verbose` all."""
    shown = texts if verbose else texts[:_MOST]
    return [*shown, *([f"{len(texts) - len(shown):,} more; -v shows all"] if len(shown) < len(texts) else [])]


def _short(revision: str) -> str:
    return revision[:7] if is_commit(revision) else revision


def _used(info: Info) -> list[str]:
    """How the project has it, in one line; nothing where there is no project."""
    use = info.use
    if use is None:
        return []
    if use.requirement is None and use.pin is None:
        return ["not required here"]
    parts = [f"required at {_short(use.requirement.target)}"] if use.requirement is not None else []
    parts += [f"asked for by {', '.join(map(str, use.askers))}"] if use.askers else []
    return [", ".join([*parts, _locked(use.pin, info)])]


def _locked(pin: Pin | None, info: Info) -> str:
    if pin is None:
        return "not locked yet"
    if pin.path is not None:
        return f"locked to {pin.path}"
    if pin.commit == info.listing.commit:
        return f"locked at {pin.commit[:7]}, which is this commit"
    return f"locked at {pin.commit[:7]}"


def info_document(info: Info) -> str:
    """The same for other programs."""
    listing, card, refs = info.listing, info.listing.card, info.refs
    pin = info.examined.pin if info.examined is not None else None
    body = {
        "id": str(listing.id),
        "revision": listing.revision,
        "commit": listing.commit,
        "moved_to": listing.moved_to,
        "import_name": listing.id.import_name,
        "license": listing.license,
        "description": card.description,
        "last_change": card.changed,
        "private": card.private,
        "gated": card.gated,
        "downloads": card.downloads,
        "likes": card.likes,
        "files": {"count": info.files, "size": info.size},
        "branches": None if refs is None else [_ref(ref) for ref in sorted(refs.branches)],
        "tags": None if refs is None else [_ref(ref) for ref in sorted(refs.tags)],
        "dependencies": None
        if pin is None
        else [{"id": str(edge.id), "revision": edge.revision, "at": edge.at} for edge in pin.dependencies],
        "requirements": None if pin is None else list(pin.requirements),
        "project": None if info.use is None else _use(info.use),
        "warnings": list(info.warnings),
    }
    return document("info", 1, body)


def _ref(ref: Ref) -> dict[str, str]:
    return {"name": ref.name, "commit": ref.commit}


def _use(use: Use) -> Mapping[str, Any]:
    wish, pin = use.requirement, use.pin
    return {
        "required": None if wish is None else {"revision": None if wish.path else wish.revision, "path": wish.path},
        "asked_by": [str(id) for id in use.askers],
        "locked": None
        if pin is None
        else {"revision": pin.revision or None, "commit": pin.commit or None, "path": pin.path},
    }
