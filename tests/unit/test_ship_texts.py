"""What of a Python file is text: the same on every version of Python, also what only newer ones can parse."""

from __future__ import annotations

import io
import tokenize
from pathlib import Path

import pytest
from flowverse._ship.texts import texts_of

HERE = Path(__file__)


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("x = 1", []),
        ("x = 'a' # b", ["a", "# b"]),
        ("x = ''", [""]),
        ("x = '''a'b''' + \"'\"", ["a'b", "'"]),
        ("x = r'\\'a'", ["\\'a"]),
        ("x = '\\'a\\\\'; y = 'b'", ["  a  ", "b"]),
        ("x = f'a{b}c{{d}}e'", ["a", "c{{d}}e"]),
        ("x = f'{a}'", ["", ""]),
        ("x = f'{a!r:>{b}}c'", ["", ">", "", "c"]),
        ("x = f'{a:%H:%M}b'", ["", "%H:%M", "b"]),
        ("x = f'{a[1:2]}{ {1: 2}[1] }{(lambda: 1)()}b'", ["", "", "", "b"]),
        ("x = f'{a=}{b != c}d'", ["", "", "d"]),
        ("x = f'\\N{BULLET}{a}'", [" " * 10, ""]),
        ("x = rf'\\N{a}'", ["\\N", ""]),
        ("x = f'{'a'}'", ["", "a", ""]),
        ("x = f'{f'{f'{1}a'}b'}c'", ["", "", "", "a", "b", "c"]),
        ("x = f'{a['b']:{'c'}}d'", ["", "b", "", "c", "", "d"]),
        ("x = f'{\n  a  # }' b\n}c'", ["", "# }' b", "c"]),
        ("x = f'''{a}'{'''b'''}'c'''", ["", "'", "b", "'c"]),
        ("x = t'a{b}' Rb'c' F\"d{e}\"", ["a", "", "c", "d", ""]),
        ("x = notaprefix", []),
        ("x = y if'a'else'b'", ["a", "b"]),
    ],
)
def test_strings_comments_and_the_parts_of_formatted_strings(source: str, texts: list[str]) -> None:
    """In the order in which they end; escapes are spaces."""
    assert sorted(text.content for text in texts_of(source)) == sorted(texts)
    for text in texts_of(source):
        part = source[text.at : text.at + len(text.content)]
        assert len(part) == len(text.content)
        assert all(two in {one, " "} for one, two in zip(part, text.content, strict=True))


@pytest.mark.parametrize("path", sorted(HERE.parent.glob("test_ship*.py")), ids=lambda path: path.name)
def test_python_agrees(path: Path) -> None:
    """What it takes for strings and comments is text, and what it takes for code is not."""
    source = path.read_text(encoding="utf-8")
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    texts = [(text.at, text.at + len(text.content)) for text in texts_of(source)]
    is_text = bytearray(len(source) + 1)
    for begin, end in texts:
        is_text[begin:end] = b"\1" * (end - begin)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        begin, end = (starts[line - 1] + column for line, column in (token.start, token.end))
        if token.type in (tokenize.NAME, tokenize.NUMBER, tokenize.OP):
            assert not any(is_text[begin:end]), token
        elif token.type == tokenize.COMMENT:
            assert (begin, end) in texts, token
        elif token.type == tokenize.STRING and "f" not in token.string.partition(token.string[-1])[0].lower():
            assert any(begin < first <= last < end for first, last in texts), token
