"""What goes over the wire, as values: a call that came, the answer to it, and the line that the log keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

Origin = Literal["hub", "files"]
"""Which of the two servers was asked: the Hub, or the store that it redirects to for LFS content."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request, parsed once."""

    origin: Origin
    method: str
    target: str
    """Path and query as they came, still escaped."""
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes = b""

    @property
    def segments(self) -> list[str]:
        """The path cut at its slashes, and only then unescaped: an escaped slash is part of a name."""
        return [unquote(part) for part in urlsplit(self.target).path.split("/")[1:]]

    @property
    def path(self) -> str:
        """The unescaped path."""
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> str:
        """The query as it came."""
        return urlsplit(self.target).query

    def parameter(self, name: str) -> str:
        """Return a query parameter, or an empty string."""
        return parse_qs(self.query).get(name, [""])[0]

    @property
    def token(self) -> str | None:
        """The bearer token that came with the request."""
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        return value if kind.lower() == "bearer" and value else None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole response; its `Content-Length` is that of the body, also where the body is not sent (HEAD)."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def head(self) -> bytes:
        """Return the status line and the headers, ready to be sent."""
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Unknown"
        headers = {"Content-Length": str(len(self.body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
        # A header carries Latin-1 and no line ends, whatever a repository calls its files.
        text = "".join(re.sub(r"[\r\n]", " ", line) + "\r\n" for line in lines)
        return f"{text}\r\n".encode("latin-1", "replace")


@dataclass(frozen=True, kw_only=True)
class Request:
    """One line of the log. It says whether a token came, never which."""

    number: int
    origin: Origin
    method: str
    path: str
    query: str
    status: int | None
    """None as long as it is not answered, and for good if the connection was cut instead."""
    range: str | None
    authorized: bool
    user_agent: str
    connection: int
    """The number of the connection that it came over, counted from 1."""


def json_answer(value: object, headers: Mapping[str, str] | None = None, *, status: int = 200) -> Answer:
    """Return an answer that carries JSON."""
    content_type = {"Content-Type": "application/json; charset=utf-8"}
    return Answer(status=status, headers={**content_type, **(headers or {})}, body=json.dumps(value).encode())


def problem(status: int, message: str, code: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an error as the Hub words it: in two headers, and in the body."""
    error = {**({"X-Error-Code": code} if code else {}), "X-Error-Message": message, **(headers or {})}
    return json_answer({"error": message}, error, status=status)


def ranged(call: Call, answer: Answer) -> Answer:
    """Return the part of a body that the call's `Range` asks for: one range; more of them are ignored."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", call.headers.get("range", ""))
    size = len(answer.body)
    if call.method != "GET" or match is None or not any(match.groups()):
        return answer
    first, last = match.groups()
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if start >= size or start > end:
        return problem(416, "Range not satisfiable", headers={"Content-Range": f"bytes */{size}"})
    headers = {**answer.headers, "Content-Range": f"bytes {start}-{end}/{size}"}
    return Answer(status=206, headers=headers, body=answer.body[start : end + 1])


def log_line(request: Request) -> str:
    """Return a request as one line of a log file."""
    return json.dumps(asdict(request)) + "\n"


def read_log(path: Path) -> list[Request]:
    """Read what a Hub, perhaps of another process, wrote to its log file; a line not yet whole is left out."""
    lines: Iterable[str] = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else ()
    return [Request(**json.loads(line)) for line in lines if line.endswith("\n")]
