"""Moving flow modules below an application's own package: their names for each other, rewritten. Pure.

Modules import each other as `flow_modules.<owner>.<name>`. In a wheel that puts them at `my_app._vendor` that name has
to become `my_app._vendor.<owner>.<name>`, wherever it is a name: in import statements, in strings (`importlib`), and in
the class targets of YAML files. docs/vendoring.md says why that is done to the text, when the wheel is built.

Only the text of names changes, never a line's number. What Python would read is told by its own parser, so a name in a
comment is as good as any other, and `flow_modules` as a variable stays what it is. The same input gives the same bytes
on every version of Python that can parse it.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from flowverse._calls import Unparsable, parse
from flowverse.model import PACKAGE

__all__ = ["Moved", "Mover", "Unmovable"]

_PYTHON = (".py", ".pyi")
_YAML = (".yaml", ".yml")
_OTHER_NAMES = (".cfg", ".ini", ".json", ".toml")
_WORD = PACKAGE.encode()


class Unmovable(Exception):
    """A Python file whose names cannot be told from its text. `why` is a clause."""

    def __init__(self, why: str, line: int) -> None:
        super().__init__(why, line)
        self.why, self.line = why, line


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A file as it is shipped, and the lines that mention `flow_modules` in a way that stays as it is."""

    content: bytes
    left: tuple[int, ...] = ()


class Mover:
    """Rewrites files. `modules` are the shipped ones as `owner.name` (of imports), `into` the package's dotted name."""

    def __init__(self, modules: Collection[str], into: str) -> None:
        self._into = into
        known = "|".join(re.escape(name) for name in sorted(modules, key=lambda name: (-len(name), name)))
        # Only names of modules that are there: "flow_modules.yaml" and the like are somebody else's words.
        self._known = rf"(?<![\w.]){PACKAGE}(?=\.(?:{known})(?!\w))"
        self._other = rf"(?<![\w.]){PACKAGE}(?!\.(?:{known})(?!\w))(?!\w)"

    def move(self, path: str, content: bytes) -> Moved:
        """Rewrite one file of a module. Raises `Unmovable`."""
        if _WORD not in content:
            return Moved(content=content)
        if path.endswith(_PYTHON):
            return self._python(content)
        if path.endswith(_YAML):
            return self._yaml(content)
        if path.endswith(_OTHER_NAMES):
            return Moved(content=content, left=tuple(_lines_of(self._known, content)))
        return Moved(content=content)

    def _yaml(self, content: bytes) -> Moved:
        # Bytes, because whatever the encoding, the names are ASCII; what is no ASCII beside them is part of a word.
        known, other = (
            pattern.replace(r"(?<![\w.])", r"(?<![\w.\x80-\xff])").replace(r"(?!\w)", r"(?![\w\x80-\xff])").encode()
            for pattern in (self._known, self._other)
        )
        left = [
            number
            for number, line in enumerate(content.splitlines(), 1)
            if re.search(other, line) and not line.lstrip().startswith(b"#")
        ]
        return Moved(content=re.sub(known, self._into.encode(), content), left=tuple(left))

    def _python(self, content: bytes) -> Moved:
        try:
            tree = parse(content)
            encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
            source = _Source(content.decode(encoding))
        except Unparsable as error:
            raise Unmovable(error.why, error.line) from None
        except (SyntaxError, UnicodeDecodeError, LookupError):
            raise Unmovable("its encoding cannot be read", 1) from None
        edits: dict[int, tuple[int, str]] = {}
        imports: list[tuple[int, int]] = []
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                imports.append(source.span(node))
                edits.update(self._statement(source, node))
        code = {source.span(node)[0] for node in _outside_of_strings(tree) if isinstance(node, ast.Name)}
        formats = [source.span(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
        left = []
        for match in re.finditer(self._known, source.text):
            at = match.start()
            if at in code or _inside(at, imports):
                continue
            if any(start <= at < end and _in_braces(source.text[start:at]) for start, end in formats):
                # The variable `flow_modules` stays; a string in an expression in a string cannot be told for sure.
                left += [source.line(at)] if source.text[at - 1] in "'\"" else []
            else:
                edits[at] = (match.end(), self._into)
        left += [line for line, text in _texts(tree, source) if re.search(self._other, text)]
        return Moved(content=source.edited(edits).encode(encoding), left=tuple(sorted(set(left))))

    def _statement(self, source: _Source, node: ast.Import | ast.ImportFrom) -> Iterator[tuple[int, tuple[int, str]]]:
        """Name the changes of one import statement, by where they begin."""
        if isinstance(node, ast.ImportFrom):
            if node.level == 0 and (node.module == PACKAGE or (node.module or "").startswith(f"{PACKAGE}.")):
                start, end = source.span(node)
                match = re.compile(rf"from(?:\s|\\\r?\n)+({PACKAGE})(?!\w)").match(source.text, start, end)
                if match is None:
                    raise Unmovable("an import is written in a way that is not understood", node.lineno)
                yield match.start(1), (match.end(1), self._into)
            return
        for alias in node.names:
            if alias.name != PACKAGE and not alias.name.startswith(f"{PACKAGE}."):
                continue
            start, end = source.span(alias)
            if not source.text.startswith(alias.name, start):
                raise Unmovable("an import is written in a way that is not understood", alias.lineno)
            name = f"{self._into}{alias.name.removeprefix(PACKAGE)}"
            if alias.asname is not None:
                yield start, (start + len(alias.name), name)
                continue
            # `import flow_modules.a.b` binds `flow_modules`, which the code below goes on from.
            both = [name, self._into] if name != self._into else [name]
            yield start, (end, ", ".join(f"{each} as {PACKAGE}" for each in both))


class _Source:
    """The text of a Python file, and where the parser's positions are in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]
        # A byte order mark is no column of the first line.
        self._starts[0] = len(text) - len(text.lstrip("\ufeff")) if text.startswith("\ufeff") else 0

    def _index(self, line: int, column: int) -> int:
        """The place of a line (from 1) and a column in bytes of UTF-8 (from 0)."""
        start = self._starts[line - 1]
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        return start + len(self.text[start:end].encode()[:column].decode(errors="ignore"))

    def span(self, node: ast.stmt | ast.expr | ast.alias) -> tuple[int, int]:
        """Where a node begins and ends."""
        assert node.end_lineno is not None  # noqa: S101 - the parser always says it
        assert node.end_col_offset is not None  # noqa: S101
        return self._index(node.lineno, node.col_offset), self._index(node.end_lineno, node.end_col_offset)

    def line(self, at: int) -> int:
        """The line of a place, from 1."""
        return sum(1 for start in self._starts if start <= at) or 1

    def edited(self, edits: dict[int, tuple[int, str]]) -> str:
        """The text with parts replaced: by where each begins, where it ends and what comes there."""
        parts, done = [], 0
        for start, (end, text) in sorted(edits.items()):
            parts += [self.text[done:start], text]
            done = end
        return "".join([*parts, self.text[done:]])


def _outside_of_strings(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those in braces of formatted strings, whose positions are wrong before Python 3.12."""
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, ast.JoinedStr):
            todo += ast.iter_child_nodes(node)


def _in_braces(before: str) -> bool:
    """Whether what follows the beginning of a formatted string is an expression."""
    plain = before.replace("{{", "").replace("}}", "")
    return plain.count("{") > plain.count("}")


def _inside(at: int, spans: Collection[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in spans)


def _texts(tree: ast.Module, source: _Source) -> Iterator[tuple[int, str]]:
    """The strings of a program, with their lines, but for those that only document."""
    documenting = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in _outside_of_strings(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documenting:
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            start, end = source.span(node)
            yield node.lineno, source.text[start:end]


def _lines_of(pattern: str, content: bytes) -> Iterator[int]:
    for number, line in enumerate(content.splitlines(), 1):
        if re.search(pattern.encode(), line):
            yield number
