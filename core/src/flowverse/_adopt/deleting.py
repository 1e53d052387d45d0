"""Deleting calls from a Python file, with what only they needed, and nothing else of it. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator

from flowverse._adopt.source import KNOWN, Source
from flowverse._calls import Unparsable, parse

__all__ = ["without"]

_ALONE = re.compile(r"[ \t\f]*[\w.]+(?:[ \t]+as[ \t]+\w+)?[ \t]*,?[ \t]*(?:#.*)?[\r\n]*")
_BLANK = re.compile(r"[ \t]*[\r\n]+")
_LITERAL = (ast.List, ast.Tuple, ast.Dict, ast.Constant, ast.Name, ast.Starred, ast.BinOp, ast.Add, ast.expr_context)


def without(source: Source, calls: Collection[ast.Call], used_elsewhere: Callable[[str], bool]) -> bytes | None:
    """The file without these calls, which must stand alone; None if it would not mean the same but for them.

    With a call goes its import, and the list that it names, where nothing else uses them. `used_elsewhere` tells
    whether a name of the file is used by another file. The source is of no use afterwards.
    """
    removal = _Removal(source, calls, used_elsewhere)
    lines = removal.written()
    content = "".join(lines).encode(source.encoding)
    try:
        fresh = parse(content)
        removal.apply()
        return content if ast.dump(fresh) == ast.dump(source.file.tree) else None
    except (RecursionError, Unparsable):
        return None


class _Removal:
    """What goes: whole statements, and names of imports that have others."""

    def __init__(self, source: Source, calls: Collection[ast.Call], used_elsewhere: Callable[[str], bool]) -> None:
        self._source, self._elsewhere = source, used_elsewhere
        self._gone: set[ast.stmt] = set()
        self._names: dict[ast.Import | ast.ImportFrom, set[ast.alias]] = {}
        self._inside: set[ast.AST] = set()
        self._exported = self._names_in_all()
        for call in calls:
            self._remove(source.statement(call))
        todo = sorted({node.id for node in self._inside if isinstance(node, ast.Name)})
        while todo:
            name = todo.pop()
            for statement in self._only_for_what_goes(name):
                self._remove(statement)
                todo += [node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id != name]
        for node in self._inside:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self._forget_import(node.id)

    def _remove(self, statement: ast.stmt) -> None:
        self._gone.add(statement)
        self._inside.update(ast.walk(statement))

    # --- what is used by nothing else ---------------------------------------------------------------------------------

    def _only_for_what_goes(self, name: str) -> list[ast.stmt]:
        """The assignments of a name that nothing uses but what goes; none if there is any other use."""
        uses = [node for node in self._source.names(name) if node not in self._inside]
        statements = [self._source.parent[node] for node in uses]
        if not all(self._assigns(statement, name) for statement in statements) or not statements:
            return []
        if name in self._exported or any(True for _ in self._mentions(name)):
            return []
        at_top = any(isinstance(self._source.scope(node), ast.Module) for node in uses)
        if at_top and self._elsewhere(name):
            return []
        return [statement for statement in statements if isinstance(statement, ast.stmt)]

    def _assigns(self, node: ast.AST, name: str) -> bool:
        """Whether it is a simple assignment of a name, at the level of a module or a function, of something literal."""
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            return False
        (target, *more) = targets
        simple = not more and isinstance(target, ast.Name) and target.id == name
        literal = all(isinstance(part, _LITERAL) for part in ast.walk(value))
        return (
            simple and literal and not isinstance(self._source.scope(node), ast.ClassDef) and self._source.alone(node)
        )

    def _mentions(self, name: str) -> Iterator[ast.AST]:
        """Other ways to mean a name than by writing it: attributes, arguments, imports, definitions, `global`."""
        for node in self._source.nodes:
            if node in self._inside or isinstance(node, (ast.Name, ast.Constant, ast.keyword)):
                continue
            for _, value in ast.iter_fields(node):
                if value == name or (isinstance(value, list) and name in value):
                    yield node

    def _names_in_all(self) -> set[object]:
        """The names that the file exports, as far as `__all__` is written down."""
        found: set[object] = set()
        for name in self._source.names("__all__"):
            statement = self._source.statement(name)
            found |= {node.value for node in ast.walk(statement) if isinstance(node, ast.Constant)}
        return found

    def _forget_import(self, name: str) -> None:
        """Let the imports of a name go, if it is of a known package and nothing uses it any more."""
        if name in self._exported or any(node not in self._inside for node in self._source.names(name)):
            return
        for node in self._source.nodes:
            if not isinstance(node, (ast.Import, ast.ImportFrom)):
                continue
            for alias in node.names:
                if self._binds(node, alias, name):
                    self._names.setdefault(node, set()).add(alias)

    def _binds(self, node: ast.Import | ast.ImportFrom, alias: ast.alias, name: str) -> bool:
        """Whether an import is there for the calls, and binds a name."""
        module = alias.name if isinstance(node, ast.Import) else node.module or ""
        top, _, below = module.partition(".")
        if isinstance(node, ast.ImportFrom):
            return not node.level and top in KNOWN and name == (alias.asname or alias.name)
        # `import aiflows.utils` may be there for what it does.
        return top in KNOWN and below.partition(".")[0] in ("", "flow_verse") and name == (alias.asname or top)

    # --- the text -----------------------------------------------------------------------------------------------------

    def written(self) -> list[str]:
        """The lines that stay."""
        source = self._source
        lines: list[str | None] = list(source.lines)
        for node, aliases in list(self._names.items()):
            if len(aliases) == len(node.names):
                del self._names[node]
                if source.alone(node):
                    self._remove(node)
            elif not self._shorten(node, aliases, lines):
                del self._names[node]
        for owner, block in source.blocks():
            gone = [statement for statement in block if statement in self._gone]
            for statement in gone:
                first, start, last, end = source.span(statement)
                kept = None
                if gone == block and statement is block[0] and not isinstance(owner, ast.Module):
                    kept = source.lines[first][:start] + "pass" + source.lines[last][end:]
                lines[first : last + 1] = [kept, *[None] * (last - first)]
        return _without_gaps(lines)

    def _shorten(
        self, node: ast.Import | ast.ImportFrom, aliases: Collection[ast.alias], lines: list[str | None]
    ) -> bool:
        """Take names out of an import; whether that could be done without a comment of others going too."""
        spans = [self._source.span(alias) for alias in node.names]
        own = [span for alias, span in zip(node.names, spans, strict=True) if alias in aliases]
        if node.lineno == node.end_lineno:
            line = node.lineno - 1
            kept = [span for span in spans if span not in own]
            text = self._source.lines[line]
            names = ", ".join(text[start:end] for _, start, _, end in kept)
            lines[line] = text[: spans[0][1]] + names + text[spans[-1][3] :]
            return True
        if not all(first == last and _ALONE.fullmatch(self._source.lines[first]) for first, _, last, _ in own):
            return False
        for first, *_ in own:
            lines[first] = None
        return True

    def apply(self) -> None:
        """Do to the tree what was done to the text."""
        for owner, block in self._source.blocks():
            kept = [statement for statement in block if statement not in self._gone]
            if len(kept) < len(block):
                block[:] = kept or ([] if isinstance(owner, ast.Module) else [ast.Pass()])
        for node, aliases in self._names.items():
            node.names = [alias for alias in node.names if alias not in aliases]


def _without_gaps(lines: list[str | None]) -> list[str]:
    """The lines that are left; of the blank ones around what went, as many as the largest of their groups had."""
    out: list[str] = []
    at = 0
    while at < len(lines):
        end = at
        while end < len(lines) and _is_gap(lines[end]):
            end += 1
        run = lines[at:end]
        if None not in run:
            out += [line for line in lines[at : max(end, at + 1)] if line is not None]
            at = max(end, at + 1)
            continue
        groups: list[list[str]] = [[]]
        for line in run:
            if line is None:
                groups.append([])
            else:
                groups[-1].append(line)
        before = next((line for line in reversed(out)), "")
        opens = at == 0 or before.partition("#")[0].rstrip().endswith(":")
        kept: list[str] = max(groups, key=len)
        if opens or end == len(lines):
            kept = groups[0] if opens else groups[-1]
        out += kept
        at = end
    return out


def _is_gap(line: str | None) -> bool:
    return line is None or _BLANK.fullmatch(line) is not None
