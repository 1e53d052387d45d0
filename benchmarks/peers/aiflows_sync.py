"""What a flow script of aiFlows does: sync what it asks for, then import it. `python aiflows_sync.py ID...`.

aiFlows syncs into the current folder, and keeps its cache below HOME. Of what a module asks for it learns when the
module is imported, since that is when the module asks; so only after the imports all modules are there.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from aiflows import flow_verse  # type: ignore[import-not-found]


def main(ids: list[str]) -> None:
    """Sync, and import."""
    # As in a script that lies in the folder: it is before the `flow_modules` that aiFlows installs.
    sys.path.insert(0, str(Path.cwd()))
    flow_verse.sync_dependencies([{"url": id, "revision": "main"} for id in ids])
    for id in ids:
        importlib.import_module(f"flow_modules.{id.replace('/', '.')}")


if __name__ == "__main__":
    main(sys.argv[1:])
