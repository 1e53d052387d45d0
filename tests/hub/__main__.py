"""Serve a folder of `owner/name/` folders as a Hub: `python -m tests.hub --folder DIR`.

Prints its address as one line, and stops on SIGTERM, on SIGINT, or when a pipe at its standard input is closed.
"""

from __future__ import annotations

import argparse
import os
import signal
import stat
import threading
from pathlib import Path

from tests.hub import Hub


def main() -> None:
    """Serve, or with `--commits` print what would be served."""
    parser = argparse.ArgumentParser(prog="python -m tests.hub", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="holds a folder owner/name for each repository")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--log", type=Path, help="write one line a request to this file")
    parser.add_argument("--commits", action="store_true", help="print `owner/name commit` lines and stop")
    options = parser.parse_args()
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is not a folder")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Hub(port=options.port, log=options.log) as hub:
        commits = hub.add_folder(options.folder)
        if options.commits:
            for name, commit in commits.items():
                print(name, commit)
            return
        print(hub.endpoint, flush=True)
        if _is_pipe(0):
            threading.Thread(target=_wait_for_end, args=(0, stop), daemon=True).start()
        # Waiting without end keeps Windows from delivering a signal.
        while not stop.wait(0.5):
            pass


def _is_pipe(descriptor: int) -> bool:
    """Say whether there is someone at the other end; a terminal or the null device may stay or be at its end."""
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _wait_for_end(descriptor: int, stop: threading.Event) -> None:
    while os.read(descriptor, 4096):
        pass
    stop.set()


if __name__ == "__main__":
    main()
