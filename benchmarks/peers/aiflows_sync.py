"""What a flow script of aiFlows does: sync what it asks for, then import it. `python aiflows_sync.py ID...`.

aiFlows syncs into the current folder, and keeps its cache below HOME. Of what a module asks for it learns when the
module is imported, since that is when the module asks; so only after the imports all modules are there. It asks the
user about modules that were synced before from another revision; a folder without `flow_modules` has none.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from aiflows import flow_verse
from aiflows.flow_verse.loading import FlowModuleSpecSummary


def main(ids: list[str]) -> None:
    """Sync, import, and say how many modules there are. Raises what aiFlows, or an import, raises."""
    # As in a script that lies in the folder: it is before the `flow_modules` that aiFlows installs.
    sys.path.insert(0, str(Path.cwd()))
    flow_verse.sync_dependencies([{"url": id, "revision": "main"} for id in ids])
    for id in ids:
        importlib.import_module(f"flow_modules.{id.replace('/', '.')}")
    synced = [mod.repo_id for mod in FlowModuleSpecSummary.from_flow_mod_file("flow_modules/flow.mod").get_mods()]
    idle = [id for id in synced if f"flow_modules.{id.replace('/', '.')}" not in sys.modules]
    if idle:
        sys.exit(f"synced and never imported, so not asked what they need: {' '.join(idle)}")
    print(f"{len(synced)} modules synced")


if __name__ == "__main__":
    main(sys.argv[1:])
