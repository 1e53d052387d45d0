"""Run a program, and write down what it did: what it imported, opened and listed, and how often it asked for a stat.

`python watched.py FILE CODE [ARGUMENT...]` runs CODE as `-c` would, and puts one JSON document in FILE at its end.
Nothing is replaced: the interpreter itself tells what it opens and lists (audit events) and which functions it calls
(profile events; the import system's own are left out). See `watching.py`.
"""

import sys

_STATS = {"stat", "lstat", "fstat"}


def _main() -> None:
    file, code, sys.argv = sys.argv[1], sys.argv[2], ["-c", *sys.argv[3:]]
    del sys.path[0]  # the folder of this file
    before = set(sys.modules)
    opened: list[str] = []
    listed: list[str] = []
    stats: list[str] = []
    called: list[list[str]] = []
    on = True

    def hear(event: str, arguments: tuple[object, ...]) -> None:
        if on and event == "open" and isinstance(arguments[0], (str, bytes)):
            opened.append(arguments[0] if isinstance(arguments[0], str) else arguments[0].decode())
        elif on and event == "os.scandir":
            listed.append(str(arguments[0]))

    def see(frame: object, event: str, function: object) -> None:
        place: str = frame.f_code.co_filename  # type: ignore[attr-defined]
        if event == "call":
            called.append([place, frame.f_code.co_name])  # type: ignore[attr-defined]
        elif event == "c_call" and not place.startswith("<frozen importlib"):
            name: str = function.__name__  # type: ignore[attr-defined]
            called.append([str(getattr(function, "__module__", "")), name])
            if name in _STATS:
                stats.append(function.__qualname__)  # type: ignore[attr-defined]

    compiled = compile(code, "<watched>", "exec")
    sys.addaudithook(hear)
    sys.setprofile(see)
    try:
        exec(compiled, {"__name__": "__main__"})  # noqa: S102 - what it is for
    finally:
        sys.setprofile(None)
        on = False
        imported = sorted(set(sys.modules) - before)
        import json

        seen = {"imported": imported, "opened": opened, "listed": listed, "stats": stats, "called": called}
        with open(file, "w", encoding="utf-8") as out:  # noqa: PTH123 - pathlib may be one of the things looked for
            json.dump(seen, out)


if __name__ == "__main__":
    _main()
