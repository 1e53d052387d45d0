"""The flow modules of the benchmark: made from their ids alone, the same on every machine.

A world is a layered graph of so many modules: five layers, each module asks for three of the next. Its size is in the
owner's name, so a Hub need not be told what it serves: `w40a/Mod0` is the first module of the world of 40.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from functools import cache

__all__ = ["FILES", "contents", "dependencies", "known", "module_id", "roots", "world"]

FILES = 12
"""How many files a module has."""
_LAYERS, _FAN = 5, 3
_OWNERS = "abcdefg"
_ID = re.compile(rf"w(\d+)([{_OWNERS}])/Mod(\d+)")
_WORDS = [
    "the",
    "model",
    "answers",
    "with",
    "a",
    "list",
    "of",
    "steps",
    "that",
    "a",
    "flow",
    "can",
    "check",
    "before",
    "it",
    "goes",
    "on",
    "and",
    "every",
    "step",
    "names",
    "its",
    "input",
    "tool",
    "result",
    "prompt",
    "message",
    "human",
    "assistant",
    "system",
    "memory",
    "key",
    "value",
    "plan",
    "critic",
    "judge",
    "code",
    "test",
    "run",
    "file",
]


def module_id(size: int, number: int) -> str:
    """The id of a module of the world of so many."""
    return f"w{size}{_OWNERS[number % len(_OWNERS)]}/Mod{number}"


def known(id: str) -> tuple[int, int] | None:
    """The world's size and the module's number, or None if there is no such module."""
    match = _ID.fullmatch(id)
    if match is None:
        return None
    size, number = int(match[1]), int(match[3])
    return (size, number) if number < size and module_id(size, number) == id else None


def world(size: int) -> list[str]:
    """The ids of all modules of a world."""
    return [module_id(size, number) for number in range(size)]


def roots(size: int) -> list[str]:
    """The modules of the first layer, which nothing asks for; all others are reached from them."""
    return [module_id(size, number) for number in range(_per_layer(size))]


def dependencies(size: int, number: int) -> list[str]:
    """What a module asks for: three of the next layer."""
    per = _per_layer(size)
    first = (number // per + 1) * per
    below = min(per, size - first)
    if below <= 0:
        return []
    places = {(number % per * _FAN + step) % below for step in range(_FAN)}
    return [module_id(size, first + place) for place in sorted(places)]


def contents(size: int, number: int, version: int = 0) -> Mapping[str, bytes]:
    """The files of a module, by path. A further version differs in three of them."""
    name = f"Mod{number}"
    owner = module_id(size, number).partition("/")[0]
    asked = dependencies(size, number)
    texts = {
        ".gitattributes": "".join(f"*.{kind} filter=lfs diff=lfs merge=lfs -text\n" for kind in _LARGE),
        "LICENSE": _filler("licence", 1100, ""),
        "README.md": f"---\nlicense: mit\n---\n# {name}\n\n{_part(size, number, 'README', version)}",
        "__init__.py": _asking(asked) + f"from .{name} import {name}\n",
        f"{name}.py": _code(owner, name, asked) + _part(size, number, "code", version, "# "),
        f"{name}.yaml": f"name: {name}\ndescription: {name} of {owner}\n" + _part(size, number, "settings", 0, "# "),
        "demo.yaml": f"flow: {name}\n" + _part(size, number, "demo", 0, "# "),
        "run.py": _script(owner, name) + _part(size, number, "script", 0, "# "),
        "pip_requirements.txt": f"# {name} of {owner} needs nothing that Python has not\n",
        "data/examples.jsonl": _part(size, number, "examples", 0),
        "prompts/human.jinja": f"{name}: {{{{question}}}}\n" + _part(size, number, "human", 0),
        "prompts/system.jinja": f"You are {name}.\n" + _part(size, number, "system", version),
    }
    return {path: text.encode() for path, text in texts.items()}


_LARGE = (
    "7z",
    "arrow",
    "bin",
    "bz2",
    "ckpt",
    "ftz",
    "gz",
    "h5",
    "joblib",
    "npy",
    "npz",
    "onnx",
    "parquet",
    "pt",
    "zip",
)


def _per_layer(size: int) -> int:
    return -(-size // _LAYERS)


def _asking(ids: list[str]) -> str:
    """How flow modules ask for others: when they are imported."""
    if not ids:
        return ""
    wishes = "".join(f'    {{"url": "{id}", "revision": "main"}},\n' for id in ids)
    return (
        f"dependencies = [\n{wishes}]\nfrom aiflows import flow_verse\n\nflow_verse.sync_dependencies(dependencies)\n\n"
    )


def _code(owner: str, name: str, asked: list[str]) -> str:
    imports = "".join(f"from flow_modules.{id.replace('/', '.')} import {id.partition('/')[2]}\n" for id in asked)
    steps = "".join(f"\n    def step_{step}(self, data):\n        return [self, data, {step}]\n" for step in range(8))
    return f'"""{name} of {owner}."""\n\n{imports}\n\nclass {name}:\n    """A flow."""\n{steps}\n'


def _script(owner: str, name: str) -> str:
    return f"from flow_modules.{owner}.{name} import {name}\n\nif __name__ == '__main__':\n    print({name}())\n"


def _part(size: int, number: int, what: str, version: int, mark: str = "") -> str:
    """Between 1 and 20 kB of text, small texts being the most, that no other file has."""
    seed = f"{size} {number} {what} {version}"
    length = int(1000 * 20 ** random.Random(seed).random())  # noqa: S311 - sizes, not secrets
    return f"{mark}{seed}\n" + _filler(seed, length, mark)


def _filler(seed: str, length: int, mark: str) -> str:
    lines = _lines()
    start = random.Random(f"from {seed}").randrange(len(lines))  # noqa: S311
    text = "".join(f"{mark}{line}\n" for line in (lines + lines)[start : start + length // 72 + 1])
    return text[: length - 1].rpartition("\n")[0] + "\n"


@cache
def _lines() -> list[str]:
    source = random.Random("lines")  # noqa: S311
    return [" ".join(source.choices(_WORDS, k=13)) for _ in range(2000)]
