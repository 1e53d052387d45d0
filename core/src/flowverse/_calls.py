"""The calls of `sync_dependencies` in one Python file, read from its text and never run. Pure.

What is written down is read: a list or a tuple of dictionaries, sums of them, and names that are bound to such a thing
in the file. Everything else is told as an `Unread`, with its line.
"""

from __future__ import annotations

import ast
import threading
import warnings
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from flowverse.model import DEFAULT_REVISION

__all__ = ["CALL", "Call", "Entry", "PythonFile", "Unparsable", "Unread", "parse"]

CALL = "sync_dependencies"

_LARGEST = 128 * 1024
"""Bytes of a file that is still parsed: 300 kB of nothing but nesting end a process of Python 3.10."""
_STEPS = 20_000
"""Entries and changes looked at in one file: names of lists of names can stand for more than there are atoms."""
_HOPS = 16

_PARSING = threading.Lock()  # warnings.catch_warnings is not safe with threads
_SCOPES = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_CHANGES = frozenset(
    {"append", "clear", "extend", "insert", "pop", "remove", "reverse", "setdefault", "sort", "update"}
)
_PATH_WORDS = frozenset({"__file__", "abspath", "cwd", "dirname", "expanduser", "getcwd", "Path", "path", "realpath"})

Point = tuple[int, int]
"""A line (from 1) and a column (from 0)."""
Place = tuple[ast.AST, Point]
"""Where a name is used or bound: the scope (a module, a class or a function) and the point."""


class Unparsable(Exception):
    """A file that Python cannot parse, here and now. `why` is a clause."""

    def __init__(self, why: str, line: int) -> None:
        super().__init__(why, line)
        self.why, self.line = why, line


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One wish as it is written: `revision` is None where it is computed, and `path` tells whether of a path.

    `overwrite` is None where it is computed.
    """

    url: str
    revision: str | None
    path: bool
    line: int
    overwrite: bool | None = False


@dataclass(frozen=True, kw_only=True)
class Unread:
    """Something that would have to be run to know what it is. `what` is a clause."""

    what: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call: where it is in the tree, all that it asks for, and its `all_overwrite` (None where it is computed)."""

    node: ast.Call
    items: tuple[Entry | Unread, ...]
    overwrite: bool | None


def parse(content: bytes) -> ast.Module:
    """Parse a file in the encoding that it declares. Raises `Unparsable`; what Python would warn about is dropped."""
    if len(content) > _LARGEST:
        raise Unparsable(f"it is larger than {_LARGEST // 1024} KiB", 1)
    try:
        with _PARSING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(content)
    except (SyntaxError, ValueError, LookupError) as error:  # also null bytes and unknown codecs
        raise Unparsable(getattr(error, "msg", str(error)), getattr(error, "lineno", None) or 1) from None
    except (RecursionError, MemoryError):
        raise Unparsable("it is nested too deeply", 1) from None


class PythonFile:
    """A parsed file: what its calls ask for, and whether it may be only a script."""

    def __init__(self, content: bytes) -> None:
        self.tree = parse(content)
        self._outer: dict[ast.AST, ast.AST] = {}
        self._bound: defaultdict[tuple[ast.AST, str], list[tuple[Point, ast.expr | None]]] = defaultdict(list)
        self._changed: defaultdict[str, list[Place]] = defaultdict(list)
        self._values: dict[ast.AST, ast.expr] = {}
        self._not_bound: set[ast.AST] = set()
        self._names = {CALL}
        self._calls: list[tuple[ast.Call, Place]] = []
        self._steps = _STEPS
        self._unread: list[Unread] = []
        self._walk()

    @property
    def calls(self) -> bool:
        """Whether there is any call."""
        return bool(self._calls)

    @property
    def guarded(self) -> bool:
        """Whether it does something only if it is run: `if __name__ == "__main__"` at its top level."""
        return any(isinstance(node, ast.If) and _is_main(node.test) for node in self.tree.body)

    @property
    def has_class(self) -> bool:
        """Whether it defines a class that others can import."""
        return any(isinstance(scope, ast.ClassDef) and outer is self.tree for scope, outer in self._outer.items())

    def asked(self) -> tuple[Entry | Unread, ...]:
        """Everything that the calls ask for, by line."""
        return tuple(sorted((item for call in self.each() for item in call.items), key=lambda item: item.line))

    def each(self) -> Iterator[Call]:
        """Every call by itself."""
        for node, place in self._calls:
            named = {keyword.arg: keyword.value for keyword in node.keywords}
            items = list(self._items(node.args[0] if node.args else named.get("dependencies", node), place))
            if self._steps < 0:
                items.append(Unread(what="there is too much of it", line=node.lineno))
            items += self._unread
            self._unread = []
            flag = node.args[1] if len(node.args) > 1 else named.get("all_overwrite", ast.Constant(value=False))
            computed = None in named or any(isinstance(written, ast.Starred) for written in node.args)
            overwrite = None if computed else _truth(self._follow(flag, place)[0])
            yield Call(node=node, items=tuple(items), overwrite=overwrite)
            if self._steps < 0:
                break

    # --- reading the tree: a stack and not a recursion, a hostile file is nested deeper than Python may recur ---------

    def _walk(self) -> None:
        stack: list[tuple[ast.AST, ast.AST]] = [(self.tree, self.tree)]
        calls: list[tuple[ast.Call, Place]] = []
        while stack:
            node, scope = stack.pop()
            if isinstance(node, ast.Call):
                calls.append((node, (scope, _point(node))))
            self._note_value(node)
            self._note_name(node, scope)
            if isinstance(node, _SCOPES) and node is not self.tree:
                self._outer[node] = scope
                scope = node
            stack += [(child, scope) for child in ast.iter_child_nodes(node)][::-1]
        for bindings in self._bound.values():
            bindings.sort(key=lambda binding: binding[0])
        self._calls = [(call, place) for call, place in calls if self._is_it(call.func)]

    def _is_it(self, node: ast.expr) -> bool:
        return (isinstance(node, ast.Name) and node.id in self._names) or (
            isinstance(node, ast.Attribute) and node.attr == CALL
        )

    def _note_value(self, node: ast.AST) -> None:
        """Note what is assigned to the names below a node."""
        if isinstance(node, ast.Assign):
            self._values.update(dict.fromkeys(node.targets, node.value))
            if self._is_it(node.value):
                self._names.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            self._values[node.target] = node.value
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
            self._not_bound.add(node.target)

    def _note_name(self, node: ast.AST, scope: ast.AST) -> None:
        """Note what a node binds, or changes."""
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in self._not_bound:
            self._bound[scope, node.id].append((_point(node), self._values.get(node)))
        elif isinstance(node, ast.arg):
            self._bound[scope, node.arg].append((_point(node), None))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                self._bound[scope, alias.asname or alias.name].append((_point(node), None))
                if alias.name == CALL:
                    self._names.add(alias.asname or alias.name)
        changed: ast.expr | None = None
        if isinstance(node, ast.AugAssign):
            changed = node.target
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES:
            changed = node.func.value
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            changed = node.value
        while isinstance(changed, ast.Subscript):
            changed = changed.value
        if isinstance(changed, ast.Name):
            self._changed[changed.id].append((scope, _point(changed)))

    # --- what an expression stands for --------------------------------------------------------------------------------

    def _items(self, argument: ast.expr, place: Place) -> Iterator[Entry | Unread]:
        """Read an argument: the lists that it stands for, and their entries."""
        stack = [(argument, place, False)]
        while stack and self._steps >= 0:
            written, place, in_list = stack.pop()
            self._steps -= 1
            node, place = self._follow(written, place)
            if in_list and isinstance(written, ast.Starred):
                stack.append((written.value, place, False))
            elif in_list:
                yield self._entry(node, place) or Unread(
                    what="an entry is not a literal with a url", line=written.lineno
                )
            elif isinstance(node, (ast.List, ast.Tuple)):
                stack += [(item, place, True) for item in reversed(node.elts)]
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                stack += [(node.right, place, False), (node.left, place, False)]
            else:
                yield Unread(what=f"the argument of {CALL} is not a literal list", line=written.lineno)

    def _entry(self, node: ast.expr, place: Place) -> Entry | None:
        if not isinstance(node, ast.Dict):
            return None
        fields: dict[object, ast.expr] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            name = self._follow(key, place)[0] if key is not None else None
            if not isinstance(name, ast.Constant):
                return None
            fields[name.value] = self._follow(value, place)[0]
        url = _text(fields.get("url"))
        if url is None:
            return None
        written = fields.get("revision", ast.Constant(DEFAULT_REVISION))
        words = {getattr(part, "attr", None) or getattr(part, "id", None) for part in ast.walk(written)}
        return Entry(
            url=url,
            revision=_text(written),
            path=bool(words & _PATH_WORDS),
            line=node.lineno,
            overwrite=_truth(fields.get("overwrite", ast.Constant(value=False))),
        )

    def _follow(self, node: ast.expr, place: Place) -> tuple[ast.expr, Place]:
        """Replace a name by what it is bound to, and notice where that is changed before it is used."""
        for _ in range(_HOPS):
            if isinstance(node, ast.NamedExpr):
                node = node.value
                continue
            found = self._lookup(node.id, place) if isinstance(node, ast.Name) else None
            if found is None or not isinstance(node, ast.Name):
                break
            value, bound = found
            self._notice_changes(node.id, bound, place)
            node, place = value, bound
        return node, place

    def _lookup(self, name: str, place: Place) -> tuple[ast.expr, Place] | None:
        """Find the last binding before a place in the innermost scope that has one; None if its value is not known."""
        scope = self._scope(name, place[0])
        if scope is None:
            return None
        bindings = self._bound[scope, name]
        index = bisect_left(bindings, place[1], key=lambda binding: binding[0])
        point, value = bindings[index - 1]  # the last of all where a function uses what is bound below it
        return None if value is None else (value, (scope, point))

    def _scope(self, name: str, start: ast.AST) -> ast.AST | None:
        """Find the scope that a name is bound in, seen from another. A class is seen only from directly inside it."""
        scope: ast.AST | None = start
        while scope is not None:
            if (scope, name) in self._bound and (scope is start or not isinstance(scope, ast.ClassDef)):
                return scope
            scope = self._outer.get(scope)
        return None

    def _notice_changes(self, name: str, bound: Place, used: Place) -> None:
        changes = self._changed.get(name, ())
        self._steps -= len(changes)
        for scope, point in changes:
            before = point < used[1] or scope is not used[0]
            if before and point > bound[1] and self._scope(name, scope) is bound[0]:
                self._unread.append(Unread(what=f"{name!r} is changed after it is written down", line=point[0]))


def _point(node: ast.AST) -> Point:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _truth(node: ast.expr) -> bool | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, bool) else None


def _is_main(test: ast.expr) -> bool:
    """Tell whether a condition has `__name__ == "__main__"` in it, either way round."""
    for node in ast.walk(test):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq):
            sides = [node.left, node.comparators[0]]
            if any(_text(side) == "__main__" for side in sides):
                return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
    return False
