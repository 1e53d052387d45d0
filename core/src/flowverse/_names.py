"""Which module a person means by a word on the command line. Pure."""

from __future__ import annotations

from collections.abc import Collection

from flowverse._reader import nearest
from flowverse.errors import InvalidModuleId, UsageError
from flowverse.model import ModuleId

__all__ = ["in_full", "pick"]


def pick(text: str, known: Collection[ModuleId], *, of: str = "of this project") -> ModuleId:
    """The one of `known` that is meant: by its id, whatever the case, or by its name alone where only one has it.

    Raises `UsageError`, which names the nearest one; `of` says in its sentence where they were looked for.
    """
    word = text.strip().strip("/").casefold()
    exact = [id for id in known if str(id) == text.strip()]
    meant = exact or [id for id in sorted(known) if word in {str(id).casefold(), id.folder.casefold()}]
    meant = meant or [id for id in sorted(known) if word == id.name.casefold()]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise UsageError(f"{text} may be {' or '.join(map(str, meant))}.", hint="Write the whole id, owner/name.")
    raise UsageError(f"{text} is no flow module {of}.", hint=_hint(text, known))


def in_full(text: str, known: Collection[ModuleId]) -> str:
    """A text that names a module, perhaps with `@` and a revision, with the id of the known one that it means.

    What means none of them, such as one that is to be added, or an address, is answered as it is.
    """
    name, at, revision = text.strip().partition("@")
    try:
        return f"{pick(name, known)}{at}{revision}"
    except UsageError:
        return text


def _hint(text: str, known: Collection[ModuleId]) -> str:
    if not known:
        return "There is none yet: `flowverse add owner/name` adds one."
    near = nearest(text, [str(id) for id in sorted(known)])
    if near is None:
        by_name = {id.name: str(id) for id in sorted(known, reverse=True)}
        close = nearest(text.rpartition("/")[2], list(by_name))
        near = by_name[close] if close is not None else None
    if near is not None:
        return f"Did you mean {near}?"
    try:
        ModuleId.parse(text)
    except InvalidModuleId as error:
        return error.hint or "Write it as on the Hub, owner/name."
    return "`flowverse status` lists those that there are."
