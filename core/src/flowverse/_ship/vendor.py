"""Moving flow modules below an application's own package: their names for each other, rewritten. Pure.

Modules import each other as `flow_modules.<owner>.<name>`. In a wheel that puts them at `my_app._vendor` that name has
to become `my_app._vendor.<owner>.<name>`, wherever it is a name: in import statements, in strings (`importlib`), and in
the class targets of YAML files. docs/vendoring.md says why that is done to the text, when the wheel is built.

Only the text of names changes, never a line's number. Python's own parser tells the imports, `_ship/texts.py` what is
text, so a name in a comment is as good as any other, and `flow_modules` as a variable stays what it is, also in an
annotation in quotes. The same input gives the same bytes on every version of Python that can parse it.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from flowverse._calls import Unparsable, parse
from flowverse._ship.texts import Strings, texts_of
from flowverse.model import PACKAGE

__all__ = ["Moved", "Mover", "Unmovable"]

_PYTHON = (".py", ".pyi")
_YAML = (".yaml", ".yml")
_PROSE = (".csv", ".html", ".md", ".rst", ".txt")
_WORD = PACKAGE.encode()
_LINE_END = re.compile(r"\r\n|\r|\n")
_YAML_COMMENT = re.compile(r"(?:[^'\"#]*\s)?#")  # as far as one line tells


class Unmovable(Exception):
    """A Python file whose names cannot be told from its text. `why` is a clause."""

    def __init__(self, why: str, line: int) -> None:
        super().__init__(why, line)
        self.why, self.line = why, line


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A file as it is shipped.

    `left` are the lines that mention `flow_modules` in a way that stays as it is, `missing` those that import a module
    that is not shipped: from nowhere else either, another application's would be another module.
    """

    content: bytes
    left: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()


class Mover:
    """Rewrites files. `modules` are the shipped ones as `owner.name` (of imports), `into` the package's dotted name."""

    def __init__(self, modules: Collection[str], into: str) -> None:
        self._into = into
        self._modules = frozenset(modules)
        # Only names that are there: "flow_modules.yaml" and the like are somebody else's words. That of an owner is one
        # where it ends: `import_module(".ChatFlows", "flow_modules.saibo")`.
        names = "|".join(re.escape(name) for name in sorted(modules, key=lambda name: (-len(name), name)))
        owners = "|".join(sorted({re.escape(name.partition(".")[0]) for name in modules}))
        known = rf"\.(?:(?:{names})(?!\w)|(?:{owners})(?![\w.]))"
        self._known = rf"(?<![\w.]){PACKAGE}(?={known})"
        self._other = rf"(?<![\w.]){PACKAGE}(?!{known})(?!\w)"

    def move(self, path: str, content: bytes) -> Moved:
        """Rewrite one file of a module. Raises `Unmovable`."""
        if _WORD not in content:
            return Moved(content=content)
        if path.endswith(_PYTHON):
            return self._python(content)
        if path.endswith(_YAML):
            return self._yaml(content)
        # Of prose nothing depends on names; of anything else it may: pickles, JSON, notebooks, templates.
        return Moved(content=content, left=() if path.endswith(_PROSE) else tuple(_lines_of(self._known, content)))

    def _yaml(self, content: bytes) -> Moved:
        text = content.decode("utf-8", "surrogateescape")  # whatever the encoding is, names are ASCII
        left = [
            number
            for number, line in enumerate(_LINE_END.split(text), 1)
            if any(not _YAML_COMMENT.match(line, 0, found.start()) for found in re.finditer(self._other, line))
        ]
        moved = re.sub(self._known, self._into, text)
        return Moved(content=moved.encode("utf-8", "surrogateescape"), left=tuple(left))

    def _python(self, content: bytes) -> Moved:
        try:
            tree = parse(content)
            lines = io.BytesIO(content.replace(b"\r", b"\n"))  # a line may end in what `tokenize` takes for none
            encoding, _ = tokenize.detect_encoding(lines.readline)
            source = _Source(content.decode(encoding))
            moved, left = self._rewritten(tree, source)
            if source.text.encode(encoding) == content:  # some encodings have several ways to write one text
                return Moved(content=moved.encode(encoding), left=left, missing=self._missing(tree))
        except Unparsable as error:
            raise Unmovable(error.why, error.line) from None
        except (SyntaxError, UnicodeError, LookupError):
            pass
        raise Unmovable("its encoding cannot be read, or not be written", 1)

    def _rewritten(self, tree: ast.Module, source: _Source) -> tuple[str, tuple[int, ...]]:
        """The text of a program with other names, and the lines with names that stay."""
        edits: dict[int, tuple[int, str]] = {}
        left: set[int] = set()
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                edits.update(self._statement(source, node))
        strings = Strings(tree)
        code, results, prose = (
            [source.span(node) for node in nodes] for nodes in (strings.code, strings.results, strings.prose)
        )
        for text in texts_of(source.text):
            if _inside(text.at, code):
                continue
            for found in re.finditer(self._known, text.content):
                at = text.at + found.start()
                if _inside(at, results):
                    left.add(source.line(at))
                else:
                    edits[at] = (text.at + found.end(), self._into)
            if not text.comment and not _inside(text.at, prose):
                left |= {source.line(text.at + found.start()) for found in re.finditer(self._other, text.content)}
        return source.edited(edits), tuple(sorted(left))

    def _missing(self, tree: ast.Module) -> tuple[int, ...]:
        """The lines that import modules which are not shipped; the package itself, and owners, are always there."""
        imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
        names = [(node.lineno, name.split(".")) for node in imports for name in _imported(node) if _is_below(name)]
        lines = {line for line, parts in names if len(parts) > 2 and ".".join(parts[1:3]) not in self._modules}
        return tuple(sorted(lines))

    def _statement(self, source: _Source, node: ast.Import | ast.ImportFrom) -> Iterator[tuple[int, tuple[int, str]]]:
        """Name the changes of one import statement, by where they begin."""
        if isinstance(node, ast.ImportFrom):
            if any(map(_is_below, _imported(node))):
                start, end = source.span(node)
                match = re.compile(rf"from[\s\\]+({PACKAGE})(?!\w)").match(source.text, start, end)
                if match is None:
                    raise Unmovable("an import is written in a way that is not understood", node.lineno)
                yield match.start(1), (match.end(1), self._into)
            return
        for alias in node.names:
            if not _is_below(alias.name):
                continue
            start, end = source.span(alias)
            first = start + len(PACKAGE)
            if source.text[start:first] != PACKAGE:  # Python takes other letters for these
                raise Unmovable("an import is written in a way that is not understood", alias.lineno)
            if alias.asname is not None:
                yield start, (first, self._into)
                continue
            # `import flow_modules.a.b` binds `flow_modules`, which the code below goes on from. What is between the
            # names (spaces, continued lines) stays as it is.
            both = [f"{self._into}{source.text[first:end]}", self._into] if alias.name != PACKAGE else [self._into]
            yield start, (end, ", ".join(f"{each} as {PACKAGE}" for each in both))


class _Source:
    """The text of a Python file, and where the parser's positions are in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(match.end() for match in _LINE_END.finditer(text))]

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
        return bisect_right(self._starts, at)

    def edited(self, edits: dict[int, tuple[int, str]]) -> str:
        """The text with parts replaced: by where each begins, where it ends and what comes there."""
        parts, done = [], 0
        for start, (end, text) in sorted(edits.items()):
            parts += [self.text[done:start], text]
            done = end
        return "".join([*parts, self.text[done:]])


def _is_below(name: str) -> bool:
    return f"{name}.".startswith(f"{PACKAGE}.")


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if node.module is not None and not node.level else []


def _inside(at: int, spans: Collection[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in spans)


def _lines_of(pattern: str, content: bytes) -> Iterator[int]:
    for number, line in enumerate(content.splitlines(), 1):
        if re.search(pattern.encode(), line):
            yield number
