"""Time one command, from a process that has nothing in it: `python -I -S launch.py RESULT COMMAND...`.

A child's peak of memory is never below that of the process that starts it, so this one stays small. It writes seconds,
CPU seconds, the peak in the kernel's own unit, and the exit code to the file RESULT.
"""

import os
import sys
import time


def main() -> None:
    """Run, wait, write."""
    result, *command = sys.argv[1:]
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    line = f"{seconds} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss} {os.waitstatus_to_exitcode(status)}"
    with open(result, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib is half of this process
        file.write(line)


if __name__ == "__main__":
    main()
