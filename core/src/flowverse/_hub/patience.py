"""How long requests are waited for: a setting, which is read where nothing is asked of the Hub, too."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Patience"]


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait: `timeout` seconds a request, `retries` times again, pauses that double from `pause` seconds."""

    timeout: float = 30.0
    retries: int = 4
    pause: float = 0.25

    def before(self, attempt: int) -> float:
        """The pause in seconds before a repeated attempt (0 is the first repeat), with jitter in its upper half."""
        import random  # where nothing fails, nothing is asked again

        longest = min(self.pause * 2.0**attempt, 10.0)
        return random.uniform(longest / 2, longest)  # noqa: S311 - spreads load, guards nothing
