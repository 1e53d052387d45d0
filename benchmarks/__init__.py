"""The benchmark: `hatch run bench`. What we do, what others do, and what the network allows, side by side in one run.

| where | what |
| --- | --- |
| `rows/` | what is measured: a file a group of rows |
| `peers/` | the programs that we are compared with, where they are not a command that everybody has |
| `goals.py` | what is to be reached |
| `modules.py`, `hub.py`, `git_side.py` | the modules, made from a number, and the Hub that serves them with a delay |
| `places.py`, `desk.py`, `hub_process.py` | environments, folders and the Hub, which a row asks for |
| `running.py`, `launch.py` | whole processes in strict alternation, each timed by a bare process |
| `figures.py`, `record.py` | medians, spreads and ratios; what is written down, and read again |
| `report.py`, `plot.py`, `compare.py` | the page, its picture, and the change against a run before |

It needs what a POSIX system has: `git`, `cp`, `xargs`.
"""
