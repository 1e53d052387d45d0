"""The floor of a cold sync: a client that knows beforehand what to ask for, asks for all of it at once, and writes it.

`python floor.py PLAN FOLDER`. The plan is a JSON list of `[address, [path, ...]]`; an answer is written to its paths
below FOLDER, or to none. The Hub client's own HTTP library and headers, 64 requests at a time, no hash, no retry; on 64
connections that are all kept, which the Hub client's own session does not: it keeps 20.
"""

from __future__ import annotations

import asyncio
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from huggingface_hub.utils import build_hf_headers, get_async_session  # type: ignore[attr-defined]

_AT_ONCE = 64


async def main(plan: list[tuple[str, list[str]]], folder: Path) -> None:
    """Ask, and write."""
    gate = asyncio.Semaphore(_AT_ONCE)
    library: Any = import_module(type(get_async_session()).__module__.partition(".")[0])  # httpx2, once httpx
    limits = library.Limits(max_connections=_AT_ONCE, max_keepalive_connections=_AT_ONCE)
    client = library.AsyncClient(headers=build_hf_headers(), limits=limits, timeout=None, follow_redirects=True)

    async def fetch(address: str, paths: list[str]) -> None:
        async with gate:
            answer = await client.get(address)
            answer.raise_for_status()
        for path in paths:
            (folder / path).write_bytes(answer.content)

    for parent in {(folder / path).parent for _, paths in plan for path in paths}:
        parent.mkdir(parents=True, exist_ok=True)
    await asyncio.gather(*(fetch(address, paths) for address, paths in plan))
    await client.aclose()


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2])))
