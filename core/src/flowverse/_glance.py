"""A glance at a project: whether all of it looks as it did when it was last found in sync. One stat a file.

Every `flowverse sync` and every `hatch run` asks this first, and mostly nothing more. So it imports only what a bare
interpreter has at its start, parses nothing, and compares bytes with those of `flow_modules/.flowverse/glance`. They
never say more than that: where they differ, or are not there, somebody has to look closer (`_state.untouched`).
"""

# Not even `from __future__ import annotations`, which is a file to be read, nor pathlib, which takes as long as ten do.

import marshal
import os

from flowverse import __version__

__all__ = [
    "BYTECODE",
    "BYTECODE_FOLDER",
    "NAME",
    "PRIVATE",
    "Look",
    "Shape",
    "known",
    "look",
    "note",
    "shape_of",
    "walk",
]

NAME = "glance"
PRIVATE = ".flowverse"
_TREE = "flow_modules"
_PATCHES = "flow_patches"
_PROJECT_FILES = ("pyproject.toml", "flowverse.lock")
_TREE_FILES = ("index.json", "index.next.json", "develop.json")
BYTECODE, BYTECODE_FOLDER = (".pyc", ".pyo"), "__pycache__"
_HAS_INODES = os.name != "nt"
_KIND, _FILE = 0o170000, 0o100000
_MOST = 1 << 28
_FORMAT = 2
"""Of marshal: the newest that is the same in every Python, whatever else refers to a text."""

Shape = tuple[int, int, int, int]
"""How a file looks: its size, its times of change in nanoseconds, and which file it is.

The last is 0 on Windows, where a listing does not tell it. Elsewhere it tells a file from another that looks the same,
such as after two folders of one sync, written in one tick of the clock, have changed places.
"""
Row = tuple[str, int, int, int, int]
"""A file: its name, and its shape; a size of -1 if it is not there."""
Folder = tuple[str, list[Row]]
"""The files of one folder, by name. The folder ends with `/`, or is empty for the one that was walked."""


class Look:
    """How a project looks: its own files and those that the tree has beside modules, its patches, and its modules."""

    __slots__ = ("beside", "modules", "patches", "root", "tree")

    def __init__(self, root: str, tree: str, beside: list[Row], patches: list[Folder], modules: list[Folder]) -> None:
        self.root, self.tree = root, tree
        self.beside, self.patches, self.modules = beside, patches, modules

    def __bytes__(self) -> bytes:
        return _around(self.root, self.tree, self.beside, self.patches) + marshal.dumps(self.modules, _FORMAT)

    @property
    def record(self) -> Row:
        """How the tree's record looks."""
        return self.beside[len(_PROJECT_FILES)]

    @property
    def newest(self) -> int:
        """When, in nanoseconds, the last change was that can be seen."""
        rows = [*self.beside, *(row for _, rows in (*self.patches, *self.modules) for row in rows)]
        return max(max(row[2], row[3]) for row in rows)


def shape_of(stat: os.stat_result) -> Shape:
    """How a file looks, from its stat."""
    return (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino if _HAS_INODES else 0)


def walk(folder: str, *, but: str = "") -> list[Folder]:
    """Every file below a folder, but bytecode, which the interpreter writes and no person edits. Links are files.

    `but` is a folder in it that is passed over. Raises `OSError`.
    """
    found, todo = [], [""]
    for prefix in todo:
        rows = []
        with os.scandir(f"{folder}/{prefix}") as entries:
            for entry in entries:
                name = entry.name
                if entry.is_dir(follow_symlinks=False):
                    if name != BYTECODE_FOLDER and (name != but or prefix):
                        todo.append(f"{prefix}{name}/")
                elif not name.endswith(BYTECODE):
                    rows.append((name, *shape_of(entry.stat(follow_symlinks=False))))
        rows.sort()
        found.append((prefix, rows))
    found.sort()
    return found


def look(root: str, tree: str) -> Look | None:
    """How a project (absolute, its `flow_modules` too) looks now; None where that cannot be told from stats alone."""
    try:
        return Look(root, tree, _beside(root, tree), _patches(root), walk(tree, but=PRIVATE))
    except OSError:
        return None


def _around(root: str, tree: str, beside: list[Row], patches: list[Folder]) -> bytes:
    # Only ever compared, never loaded. What is generated names the tree as the system does, without links.
    return marshal.dumps((root, os.path.realpath(tree), beside, patches), _FORMAT)


def _beside(root: str, tree: str) -> list[Row]:
    paths = [f"{root}/{name}" for name in _PROJECT_FILES]
    return [_row(path) for path in (*paths, *(f"{tree}/{PRIVATE}/{name}" for name in _TREE_FILES))]


def _patches(root: str) -> list[Folder]:
    place = f"{root}/{_PATCHES}"
    folders = walk(place) if os.path.isdir(place) else []
    for folder, rows in folders:
        for row in rows:
            _refuse_link(f"{place}/{folder}{row[0]}")
    return folders


def _row(path: str) -> Row:
    _refuse_link(path)
    try:
        return (path, *shape_of(os.lstat(path)))
    except FileNotFoundError:
        return (path, -1, 0, 0, 0)


def _refuse_link(path: str) -> None:
    if os.path.islink(path):
        msg = "what a link leads to may change unseen"
        raise OSError(msg)


def note(seen: Look, modules: int, fingerprint: str) -> bytes:
    """What is written down of a project that was found in sync, for `known`."""
    return f"flowverse {__version__} {modules} {fingerprint}\n".encode() + bytes(seen)


def known(root: str) -> tuple[int, str] | None:
    """How many modules are in sync, and the fingerprint of that; None if it takes a closer look to tell."""
    root = os.path.abspath(root)
    for find in (_usual_tree, _named_tree):
        tree = find(root)
        said, _, before = _noted(f"{tree}/{PRIVATE}/{NAME}").partition(b"\n")
        words = said.decode("ascii", "replace").split(" ")
        if len(words) == 4 and words[:2] == ["flowverse", __version__] and words[2].isdecimal():
            return (int(words[2]), words[3]) if _looks(root, tree, before) else None
    return None


def _noted(path: str) -> bytes:
    """What was noted; nothing if that is no file of ours, such as one that would never end."""
    try:
        stat = os.lstat(path)
        if stat.st_mode & _KIND != _FILE or stat.st_size > _MOST:
            return b""
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _looks(root: str, tree: str, before: bytes) -> bool:
    """Whether a project looks as it was noted. First what is quickly seen, such as another lock."""
    try:
        around = _around(root, tree, _beside(root, tree), _patches(root))
        return before.startswith(around) and before[len(around) :] == marshal.dumps(walk(tree, but=PRIVATE), _FORMAT)
    except OSError:
        return False


def _usual_tree(root: str) -> str:
    return f"{root}/{_TREE}"


def _named_tree(root: str) -> str:
    """Where the tree may be instead. A wrong guess is harmless: what is noted there names the project it is of."""
    try:
        with open(f"{root}/pyproject.toml", "rb") as file:
            _, _, rest = file.read().partition(b"modules-dir")
    except OSError:
        return ""
    words = rest.split(b"\n", 1)[0].replace(b"'", b'"').split(b'"')
    return f"{root}/{os.fsdecode(words[1])}" if len(words) > 2 else ""
