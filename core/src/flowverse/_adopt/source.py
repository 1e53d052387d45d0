"""One Python file with calls: which of them are meant, what each asks for, and which stand alone. Pure."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from flowverse._calls import CALL, Call, PythonFile, Unread

__all__ = ["KNOWN", "Found", "Source", "Undecodable"]

KNOWN = frozenset({"aiflows", "flows", "flowverse"})
"""The packages whose `sync_dependencies` is meant."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
"""What Python takes for a line: a form feed, at which `str.splitlines` splits, is a blank."""
_REST = re.compile(r"[ \t\f]*(?:#.*)?[\r\n]*")
_BLOCKS = ("body", "orelse", "finalbody")

Span = tuple[int, int, int, int]
"""First line, its first character, last line, the character after its last one; all from 0."""


class Undecodable(Exception):
    """A file that is not in the encoding that it declares, or that would not be the same when it is written again."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A call that is meant, or may be (`unsure`). `stays` says as a clause why it cannot be deleted; None if it can."""

    call: Call
    stays: str | None
    unsure: bool = False


class Source:
    """A parsed file, with what its tree does not say: parents, blocks, scopes, and where in the text a node is.

    Raises `_calls.Unparsable` and `Undecodable`.
    """

    def __init__(self, content: bytes) -> None:
        self.file = PythonFile(content)
        try:
            self.encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
            text = content.decode(self.encoding)
            if text.encode(self.encoding) != content:
                raise Undecodable
        except (SyntaxError, UnicodeError):
            raise Undecodable from None
        self.lines: list[str] = _LINE.findall(text)
        self.nodes = list(ast.walk(self.file.tree))
        self.parent = {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}
        self.block = {statement: block for _, block in self.blocks() for statement in block}

    def blocks(self) -> Iterator[tuple[ast.AST, list[ast.stmt]]]:
        """Every list of statements, with what it belongs to."""
        for node in self.nodes:
            for name in _BLOCKS:
                block = getattr(node, name, None)
                if isinstance(block, list):  # the body of a lambda is none
                    yield node, block

    def span(self, node: ast.stmt | ast.alias) -> Span:
        """Where in the text a node is."""
        end_line, end = node.end_lineno or node.lineno, node.end_col_offset or 0
        return (
            node.lineno - 1,
            self._characters(node.lineno, node.col_offset),
            end_line - 1,
            self._characters(end_line, end),
        )

    def _characters(self, line: int, bytes: int) -> int:
        return len(self.lines[line - 1].encode()[:bytes].decode())

    def alone(self, statement: ast.stmt) -> bool:
        """Whether nothing but blanks and a comment shares the lines of a statement."""
        line, start, end_line, end = self.span(statement)
        continued = line > 0 and self.lines[line - 1].rstrip("\r\n").endswith("\\")
        before, after = self.lines[line][:start], self.lines[end_line][end:]
        return not continued and not before.strip() and _REST.fullmatch(after) is not None

    def scope(self, node: ast.AST) -> ast.AST:
        """The module, class or function that a node is in."""
        node = self.parent[node]
        while not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            node = self.parent[node]
        return node

    def found(self) -> list[Found]:
        """The calls that are meant, or may be."""
        found = []
        for call in self.file.each():
            known = self._known(call.node.func)
            readable = bool(call.items) and not any(isinstance(item, Unread) for item in call.items)
            if known is False and not readable:
                continue  # somebody else's function of that name
            unsure = f"it is not certain that this is the {CALL} of aiFlows"
            found.append(Found(call=call, stays=self._stays(call.node) if known else unsure, unsure=not known))
        return found

    def _stays(self, call: ast.Call) -> str | None:
        statement = self.parent[call]
        if not isinstance(statement, ast.Expr):
            return "what it returns is used"
        if any(isinstance(node, ast.NamedExpr) for node in ast.walk(call)):
            return "it binds a name on the way"
        if not self.alone(statement):
            return "it shares its line with other statements"
        unsettled = self._unsettled(call)
        return f"{unsettled!r} is bound in several places" if unsettled is not None else None

    # --- names --------------------------------------------------------------------------------------------------------

    def _unsettled(self, call: ast.Call) -> str | None:
        """A name of the arguments that may stand for something else than what was read: another branch bound it."""
        block = self.block.get(self.statement(call))
        todo, seen = [node for node in ast.walk(call) if node is not call.func], set()
        while todo:
            node = todo.pop()
            if not isinstance(node, ast.Name) or node.id in seen:
                continue
            seen.add(node.id)
            bindings = self._bindings(node)
            if len(bindings) > 1 and any(self.block.get(self.statement(other)) is not block for other in bindings):
                return node.id
            for other in bindings:
                todo += ast.walk(self.statement(other))
        return None

    def _bindings(self, name: ast.Name) -> list[ast.Name]:
        """Where a name is bound in the innermost scope that binds it."""
        stores = [node for node in self.names(name.id) if not isinstance(node.ctx, ast.Load)]
        scope = first = self.scope(name)
        while True:
            here = [node for node in stores if self.scope(node) is scope]
            if here and (scope is first or not isinstance(scope, ast.ClassDef)):
                return here
            if isinstance(scope, ast.Module):
                return []
            scope = self.scope(scope)

    def statement(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that a node is in."""
        while not isinstance(node, ast.stmt):
            node = self.parent[node]
        return node

    def names(self, id: str) -> list[ast.Name]:
        """Every use of a name in the file."""
        return [node for node in self.nodes if isinstance(node, ast.Name) and node.id == id]

    def _known(self, function: ast.expr) -> bool | None:
        """Whether a function is that of a known package; None where it cannot be said."""
        base = function
        while isinstance(base, ast.Attribute):
            base = base.value
        if not isinstance(base, ast.Name):
            return None
        origins = self._origins(base.id, depth=3)
        if not origins or None in origins:
            return None
        known = {origin in KNOWN for origin in origins}
        return known.pop() if len(known) == 1 else None

    def _origins(self, name: str, depth: int) -> set[str | None]:
        """The packages that a name may come from: "" for this file or one beside it, None for what is not known."""
        found: set[str | None] = set()
        for node in self.nodes:
            if isinstance(node, ast.Import):
                bound = [alias for alias in node.names if name == (alias.asname or alias.name.partition(".")[0])]
                found |= {alias.name.partition(".")[0] for alias in bound}
            elif isinstance(node, ast.ImportFrom):
                top = "" if node.level else (node.module or "").partition(".")[0]
                found |= {top for alias in node.names if name == (alias.asname or alias.name)}
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == name:
                found.add("")
            elif isinstance(node, ast.arg) and node.arg == name:
                found.add(None)
            elif isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load):
                found |= self._origins_of(node, depth)
        return found

    def _origins_of(self, target: ast.Name, depth: int) -> set[str | None]:
        """The packages that a name may come from where it is assigned."""
        statement = self.parent[target]
        value = statement.value if isinstance(statement, ast.Assign) else None
        while isinstance(value, ast.Attribute):
            value = value.value
        return self._origins(value.id, depth - 1) if isinstance(value, ast.Name) and depth else {None}
