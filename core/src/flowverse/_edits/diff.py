"""Unified diffs in git's form, of bytes: what `git apply` takes and a person reads. Pure."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flowverse._digest import git_blob_id
from flowverse._edits.texts import Opcode, is_text, lines_of, opcodes

__all__ = ["FileDiff", "FileVersion", "file_diff", "hunks", "quoted"]

_CONTEXT = 3
_NO_BLOB = "0" * 40
_NO_END = b"\\ No newline at end of file\n"
_BINARY_LINE = 52


@dataclass(frozen=True, kw_only=True)
class FileVersion:
    """A file's content, and whether it can be executed, which is all that git keeps of a mode."""

    content: bytes
    executable: bool = False

    @property
    def mode(self) -> str:
        """Git's word for it."""
        return "100755" if self.executable else "100644"


@dataclass(frozen=True, kw_only=True)
class FileDiff:
    """One file's difference: the text of it, and how many lines came and went (None where it is no text)."""

    path: str
    text: bytes
    added: int | None
    deleted: int | None


def file_diff(
    path: str, old: FileVersion | None, new: FileVersion | None, *, binary: bool, prefix: str = ""
) -> FileDiff:
    """The difference of one file; None where there is no such file.

    With `binary`, the content of what is no text is in it, and ids are whole, as `git diff --binary` writes it;
    without, only that it differs. `prefix` is put before the path, with `/` at its end.
    """
    name = prefix + path
    head = [f"diff --git {quoted(f'a/{name}')} {quoted(f'b/{name}')}\n", *_modes(old, new)]
    before, after = old.content if old else b"", new.content if new else b""
    digits = 40 if binary else 7
    blobs = (git_blob_id(before) if old else _NO_BLOB, git_blob_id(after) if new else _NO_BLOB)
    ids = "..".join(blob[:digits] for blob in blobs)
    same_mode = f" {old.mode}" if old and new and old.mode == new.mode else ""
    if before != after or old is None or new is None:
        head.append(f"index {ids}{same_mode}\n")
    if before == after:
        return FileDiff(path=path, text="".join(head).encode(), added=0, deleted=0)
    sides = (quoted(f"a/{name}") if old else "/dev/null", quoted(f"b/{name}") if new else "/dev/null")
    if not (is_text(before) and is_text(after)):
        body = _literal(after) if binary else f"Binary files {sides[0]} and {sides[1]} differ\n".encode()
        return FileDiff(path=path, text="".join(head).encode() + body, added=None, deleted=None)
    # A name with a space is followed by a tab, so that programs see where it ends.
    tab = "\t" if " " in name else ""
    head += [f"--- {sides[0]}{tab if old else ''}\n", f"+++ {sides[1]}{tab if new else ''}\n"]
    lines = list(hunks(lines_of(before), lines_of(after)))
    return FileDiff(
        path=path,
        text="".join(head).encode() + b"".join(lines),
        added=sum(line.startswith(b"+") for line in lines),
        deleted=sum(line.startswith(b"-") for line in lines),
    )


def _modes(old: FileVersion | None, new: FileVersion | None) -> list[str]:
    if old is None:
        return [f"new file mode {new.mode}\n"] if new is not None else []
    if new is None:
        return [f"deleted file mode {old.mode}\n"]
    return [] if old.mode == new.mode else [f"old mode {old.mode}\n", f"new mode {new.mode}\n"]


def hunks(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[bytes]:
    """The lines of a unified diff below its two file names."""
    for group in _groups(list(opcodes(old, new))):
        (_, a, _, c, _), (_, _, b, _, d) = group[0], group[-1]
        yield f"@@ -{_range(a, b)} +{_range(c, d)} @@\n".encode()
        for kind, i, j, k, m in group:
            if kind == "equal":
                yield from _marked(b" ", old[i:j])
            else:
                yield from _marked(b"-", old[i:j])
                yield from _marked(b"+", new[k:m])


def _groups(codes: list[Opcode]) -> Iterator[list[Opcode]]:
    """Changes with a few lines around them; those that are near each other together."""
    if codes[0][0] == "equal":
        _, a, b, c, d = codes[0]
        codes[0] = ("equal", max(a, b - _CONTEXT), b, max(c, d - _CONTEXT), d)
    if codes[-1][0] == "equal":
        _, a, b, c, d = codes[-1]
        codes[-1] = ("equal", a, min(b, a + _CONTEXT), c, min(d, c + _CONTEXT))
    group: list[Opcode] = []
    for kind, a, b, c, d in codes:
        if kind == "equal" and b - a > 2 * _CONTEXT:
            yield [*group, ("equal", a, a + _CONTEXT, c, c + _CONTEXT)]
            group = [("equal", b - _CONTEXT, b, d - _CONTEXT, d)]
        else:
            group.append((kind, a, b, c, d))
    yield group


def _range(start: int, stop: int) -> str:
    """Lines from 1; an empty range names the line before it."""
    length = stop - start
    first = start + 1 if length else start
    return str(first) if length == 1 else f"{first},{length}"


def _marked(mark: bytes, lines: Sequence[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield mark + line if line.endswith(b"\n") else mark + line + b"\n" + _NO_END


def _literal(content: bytes) -> bytes:
    """A whole binary file, as git writes it: deflated, 52 bytes a line, each line with its length as a letter."""
    packed = zlib.compress(content, 9)
    lines = [b"GIT binary patch\n", f"literal {len(content)}\n".encode()]
    for start in range(0, len(packed), _BINARY_LINE):
        chunk = packed[start : start + _BINARY_LINE]
        letter = chr(ord("A") + len(chunk) - 1) if len(chunk) <= 26 else chr(ord("a") + len(chunk) - 27)
        lines.append(letter.encode() + base64.b85encode(chunk, pad=True) + b"\n")
    return b"".join([*lines, b"\n"])


def quoted(name: str) -> str:
    """A name as git writes it: in quotes where it has a quote, or a character that is not printed."""
    if '"' not in name and "\\" not in name and name.isprintable():
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else _octal(c) for c in escaped) + '"'


def _octal(character: str) -> str:
    """The bytes of a character in a name, also of one that is none."""
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape"))
