"""`snapshot_download` of modules that are known beforehand: `python snapshots.py THREADS ID...`.

So many modules at a time; within each, files go in the threads that `snapshot_download` has by default.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

from huggingface_hub import snapshot_download


def main(threads: int, ids: list[str]) -> None:
    """Download all."""
    if threads == 1:
        for id in ids:
            snapshot_download(id)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(snapshot_download, ids))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
