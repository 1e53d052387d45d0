"""uv keeps the editable build of a project and runs no hook again until one of its `cache-keys` changes.

https://docs.astral.sh/uv/concepts/cache/#dynamic-metadata. Of files it compares the newest time only, so a file that
is gone is not noticed; of folders when each was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowverse.api import Line

__all__ = ["builds", "missing_keys", "unseen"]


def builds(environ: Mapping[str, str]) -> bool:
    """Whether uv itself runs this build. It names itself to every child, so pip and Hatch below it are told apart."""
    return "UV" in environ and "PIP_BUILD_TRACKER" not in environ and "HATCH_ENV_ACTIVE" not in environ


def missing_keys(pyproject: Mapping[str, Any], tree: str) -> list[Line]:
    """What to say if uv is not told to watch the lock and the tree; nothing if it is."""
    keys = pyproject.get("tool", {}).get("uv", {}).get("cache-keys") or []
    missing = [key for key in ({"file": "flowverse.lock"}, {"dir": tree}) if key not in keys]
    if not missing:
        return []
    # A list that is there replaces uv's own, of which pyproject.toml is the part that matters.
    wanted = missing if keys else [{"file": "pyproject.toml"}, *missing]
    entries = ", ".join(f'{{ {kind} = "{path}" }}' for key in wanted for kind, path in key.items())
    paste = f"add to cache-keys: {entries}" if keys else f"add: cache-keys = [{entries}]"
    text = f"uv keeps this build, and will not sync when the lock or the tree changes; to [tool.uv] {paste}"
    return [Line("warning", text)]


def unseen(environ: Mapping[str, str], pyproject: Mapping[str, Any], requirements: Sequence[str]) -> list[Line]:
    """What to say if uv installs the project, and takes its dependencies from `pyproject.toml` instead of the build."""
    dynamic = "dependencies" in pyproject.get("project", {}).get("dynamic", ())
    if not requirements or dynamic or "UV" not in environ or "PIP_BUILD_TRACKER" in environ:
        return []
    text = (
        f"uv does not install what flow modules need of Python ({', '.join(requirements)}); "
        'set dynamic = ["dependencies"] in [project], and list your own in [tool.hatch.metadata.hooks.flowverse]'
    )
    return [Line("warning", text)]
