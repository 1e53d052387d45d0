"""Words that are needed before anything else is imported: this file imports nothing."""

__all__ = ["count", "in_sync"]


def count(number: int, what: str) -> str:
    """`1 flow module`, `2 flow modules`."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def in_sync(modules: int) -> str:
    """What is said where nothing was to be done."""
    return f"{count(modules, 'flow module')} in sync"
