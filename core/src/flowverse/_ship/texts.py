"""Where a Python file holds text and not code, and which of its strings are more than text. Pure.

Strings and comments are told apart character by character. `tokenize` and `ast` know them too, but what they say of the
parts of a formatted string differs from one version of Python to the next. This says the same everywhere, of a file
that is known to be valid.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from flowverse.model import PACKAGE

__all__ = ["Strings", "Text", "texts_of"]

_PREFIXES = frozenset({"b", "br", "f", "fr", "r", "rb", "rf", "rt", "t", "tr", "u"})
_QUOTE = "\"\"\"|'''|\"|'"
_STEP = re.compile(rf"(?P<prefix>\w*)(?P<quote>{_QUOTE})|\w+|(?P<comment>#[^\r\n]*)|[()\[\]{{}}:]")
_ESCAPE = re.compile(r"\\(?:N\{[^}]*\}|x\w\w|u\w{4}|U\w{8}|[0-7]{1,3}|.)", re.DOTALL)
_BOUNDARY = re.compile(rf"\\[^\W_](?={PACKAGE}(?!\w))")  # of a regular expression, in a raw string


@dataclass(frozen=True, kw_only=True)
class Text:
    """A comment, a string, or the part of a formatted string between two fields.

    `at` is where it begins in the file, `content` what is there, with as many spaces in place of escapes.
    """

    at: int
    content: str
    comment: bool = False


def texts_of(source: str) -> list[Text]:
    """All texts of a valid file."""
    scanner = _Scanner(source)
    scanner.code(0)
    return scanner.texts


class _Scanner:
    """Each method goes on from a place, keeps the texts that it finds, and says where its part of the file ends."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.texts: list[Text] = []

    def code(self, at: int, *, field: bool = False) -> int:
        """Read code to the end of the file, or to that of a field of a formatted string."""
        depth = 0
        while (found := _STEP.search(self._source, at)) is not None:
            at = found.end()
            step = found.group()
            if found["quote"]:
                prefix = found["prefix"].lower()
                at = self._string(at, prefix if prefix in _PREFIXES else "", found["quote"])
            elif found["comment"]:
                self.texts.append(Text(at=found.start(), content=step, comment=True))
            elif field and not depth and step in "}:":
                return self._literal(at, "}", spec=True, raw=False) if step == ":" else at
            elif step in "([{":
                depth += 1
            elif step in ")]}":
                depth -= 1
        return len(self._source)

    def _string(self, at: int, prefix: str, quote: str) -> int:
        raw = "r" in prefix
        if "f" in prefix or "t" in prefix:
            return self._literal(at, quote, spec=False, raw=raw)
        step = re.compile(rf"\\.|{quote}", re.DOTALL)
        end = next(found for found in step.finditer(self._source, at) if found.group() == quote)
        self._keep(at, end.start(), raw=raw)
        return end.end()

    def _literal(self, at: int, closing: str, *, spec: bool, raw: bool) -> int:
        """Read what is outside of the fields, to the closing quote; or a format, to the brace that closes its field."""
        named = "" if raw else r"\\N\{[^}]*\}|"
        doubled = "" if spec else r"\{\{|\}\}|"
        step = re.compile(rf"{named}\\[^{{}}]|{doubled}(?P<field>\{{)|(?P<end>{re.escape(closing)})", re.DOTALL)
        begin = at
        while (found := step.search(self._source, at)) is not None:
            at = found.end()
            if found["end"] or found["field"]:
                self._keep(begin, found.start(), raw=raw)
            if found["end"]:
                return at
            if found["field"]:
                begin = at = self.code(at, field=True)
        return len(self._source)

    def _keep(self, begin: int, end: int, *, raw: bool) -> None:
        escape = _BOUNDARY if raw else _ESCAPE
        content = escape.sub(lambda found: " " * len(found.group()), self._source[begin:end])
        self.texts.append(Text(at=begin, content=content))


class Strings:
    """The strings of a program that Python, or its readers, take for more than text.

    `code` are annotations, which are read where the program's own names are known; `results` names that are given to
    `__import__` for its answer, which is the first part of the name; `prose` what only documents. Formatted strings are
    not looked into.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.code: list[ast.expr] = []
        self.results: list[ast.expr] = []
        self.prose: list[ast.expr] = []
        unused = set()
        for node in _outside_of_formatted(tree):
            if isinstance(node, ast.Expr):
                unused.add(node.value)
                self.prose += [node.value] if isinstance(node.value, ast.Constant) else []
            elif isinstance(node, (ast.AnnAssign, ast.arg)) and node.annotation is not None:
                self.code += _forward(node.annotation)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.returns is not None:
                self.code += _forward(node.returns)
            elif isinstance(node, ast.Call) and node not in unused:
                self.results += _imported(node)


def _outside_of_formatted(tree: ast.Module) -> Iterator[ast.AST]:
    """All nodes, outer ones first."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        yield node
        todo += [] if isinstance(node, ast.JoinedStr) else ast.iter_child_nodes(node)


def _forward(annotation: ast.expr) -> Iterator[ast.expr]:
    """The strings in an annotation that stand for types."""
    if isinstance(annotation, ast.Constant):
        yield annotation
        return
    parts = [part for part in ast.iter_child_nodes(annotation) if isinstance(part, ast.expr)]
    if isinstance(annotation, ast.Subscript):
        name = getattr(annotation.value, "attr", getattr(annotation.value, "id", ""))
        if name == "Literal":
            return
        if name == "Annotated" and isinstance(annotation.slice, ast.Tuple):
            parts = annotation.slice.elts[:1]
    for part in parts:
        yield from _forward(part)


def _imported(call: ast.Call) -> list[ast.expr]:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if name != "__import__" or len(call.args) > 3 or "fromlist" in keywords:
        return []
    return [*call.args[:1], *(value for key, value in keywords.items() if key == "name")]
