"""What a host may set, and what the environment says: the one place that reads it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flowverse._hub.patience import Patience
from flowverse.errors import UsageError

__all__ = ["Settings"]

_DEFAULT_ENDPOINT = "https://huggingface.co"
_A_DAY = 86_400
_TRUE = {"1", "on", "yes", "true"}
_FALSE = {"", "0", "off", "no", "false"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a command is to be carried out.

    `locked`: a stale lock is an error. `frozen`: the lock is the truth, the manifest is not looked at. `offline`: no
    network. `force`: edits of modules that are to go are given up. `merge`: edits become edits of what is locked.
    `dry_run`: nothing is written but the cache. `epoch` is the time that archives are to have, in seconds, None for
    none. `endpoint` is the Hub, `cache` the folder of its client. A token is never in here: the client finds it itself.
    """

    locked: bool = False
    frozen: bool = False
    offline: bool = False
    force: bool = False
    merge: bool = False
    dry_run: bool = False
    epoch: int | None = None
    endpoint: str = _DEFAULT_ENDPOINT
    cache: Path = field(default_factory=lambda: _cache_folder({}))
    patience: Patience = field(default_factory=Patience)

    @classmethod
    def from_environ(
        cls,
        environ: Mapping[str, str],
        *,
        locked: bool = False,
        frozen: bool = False,
        offline: bool = False,
        force: bool = False,
        merge: bool = False,
        dry_run: bool = False,
    ) -> Settings:
        """Read `FLOWVERSE_*`, the Hub client's own variables, and `CI`; a True argument wins over the environment.

        In CI a lock is never rewritten, so `CI` means `locked`. Raises `UsageError` for a value that cannot be meant.
        """
        frozen = frozen or _flag(environ, "FLOWVERSE_FROZEN")
        locked = locked or _flag(environ, "FLOWVERSE_LOCKED") or bool(environ.get("CI", "").lower() not in _FALSE)
        offline = (
            offline
            or _flag(environ, "FLOWVERSE_OFFLINE")
            or any(environ.get(name, "").lower() in _TRUE for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
        )
        endpoint = (environ.get("HF_ENDPOINT") or _DEFAULT_ENDPOINT).rstrip("/")
        if not endpoint.startswith(("http://", "https://")):
            raise UsageError(
                "HF_ENDPOINT is not the address of a Hub: it begins with neither http:// nor https://.",
                hint="Correct or unset it.",
            )
        usual = Patience()
        return cls(
            locked=locked and not frozen,
            frozen=frozen,
            offline=offline,
            force=force,
            merge=merge,
            dry_run=dry_run,
            epoch=_epoch(environ),
            endpoint=endpoint,
            cache=_cache_folder(environ),
            patience=Patience(
                timeout=_number(environ, "FLOWVERSE_HTTP_TIMEOUT", usual.timeout, least=0.1),
                retries=int(_number(environ, "FLOWVERSE_HTTP_RETRIES", usual.retries, least=0)),
            ),
        )


def _flag(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "").strip().lower()
    if value in _TRUE or value in _FALSE:
        return value in _TRUE
    raise UsageError(f"{name} is neither yes nor no: {value!r}.", hint=f"Set {name}=1, or unset it.")


def _epoch(environ: Mapping[str, str]) -> int | None:
    """The build's time by https://reproducible-builds.org/specs/source-date-epoch/, None if none is set."""
    text = environ.get("SOURCE_DATE_EPOCH", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _number(environ: Mapping[str, str], name: str, default: float, *, least: float) -> float:
    text = environ.get(name, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        value = -1.0
    if not least <= value <= _A_DAY:
        raise UsageError(
            f"{name} is not a number from {least:g} to {_A_DAY}: {text!r}.",
            hint=f"Set {name}={default:g}, or unset it.",
        )
    return value


def _cache_folder(environ: Mapping[str, str]) -> Path:
    """Where the Hub client keeps what it downloads.

    Its own rules: https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
    """
    home = environ.get("HF_HOME") or os.path.join(environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")  # noqa: PTH118
    cache = environ.get("HF_HUB_CACHE") or environ.get("HUGGINGFACE_HUB_CACHE") or os.path.join(home, "hub")  # noqa: PTH118
    return Path(os.path.abspath(os.path.expanduser(os.path.expandvars(cache))))  # noqa: PTH100, PTH111
