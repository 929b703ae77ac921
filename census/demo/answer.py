"""One HTTP answer, and how each web server writes it: its header lines, in its order and its spelling."""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Final, Self


class Dialect(enum.Enum):
    """Header lines of a web server; `{extra}` is where the lines of one answer come, `{length}` how long it is.

    A line with something that an answer does not have is left out.
    """

    GIN = ("Content-Type: {type}", "{extra}", "Date: {date}", "{length}")
    HTTPLIB = ("Server: llama.cpp", "Access-Control-Allow-Origin: ", "Content-Type: {type}", "{length}")
    UVICORN = ("date: {date}", "server: uvicorn", "{length}", "content-type: {type}", "{extra}", "vary: Origin")
    UVICORN_GUARD = ("date: {date}", "server: uvicorn", "{length}", "content-type: {type}")  # an outer layer's answer
    LITELLM = (
        "date: {date}",
        "{length}",
        "content-type: {type}",
        "vary: Origin",
        "x-frame-options: DENY",
        "content-security-policy: frame-ancestors 'none'",
        "x-content-type-options: nosniff",
    )
    PYTHON = (
        "Server: BaseHTTP/0.6 Python/3.11.7",
        "Date: {date}",
        "Content-type: {type}",
        "Access-Control-Allow-Origin: *",
        "Access-Control-Allow-Methods: *",
        "Access-Control-Allow-Headers: *",
    )
    NGINX = ("Server: nginx/1.24.0 (Ubuntu)", "Date: {date}", "Content-Type: {type}", "{length}", "{extra}")

    @property
    def hangs_up(self) -> bool:
        """Whether it speaks HTTP/1.0: it closes after each answer, whose end that is."""
        return self is Dialect.PYTHON

    @property
    def small(self) -> bool:
        """Whether it writes header names in small letters."""
        return self in (Dialect.UVICORN, Dialect.UVICORN_GUARD, Dialect.LITELLM)


_SMALL_CLOSE: Final = (Dialect.UVICORN, Dialect.UVICORN_GUARD)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `kind` is its media type, None for none; `extra` are header lines of its own."""

    dialect: Dialect
    status: int
    kind: str | None
    body: bytes
    extra: tuple[str, ...] = ()
    chunked: bool = False

    def told_in(self, dialect: Dialect) -> Self:
        """The same answer from another web server."""
        return dataclasses.replace(self, dialect=dialect)

    def render(self, *, close: bool) -> bytes:
        """The answer as bytes; `close` if the connection is closed behind it."""
        version = "1.0" if self.dialect.hangs_up else "1.1"
        lines = [f"HTTP/{version} {self.status} {HTTPStatus(self.status).phrase}"]
        for line in self.dialect.value:
            lines += self._lines(line)
        if not self.dialect.hangs_up:
            lines += self._connection(close=close)
        return "\r\n".join([*lines, "", ""]).encode() + self._payload()

    def _lines(self, line: str) -> list[str]:
        if line == "{extra}":
            return list(self.extra)
        if line == "{length}":
            if self.chunked:
                return []
            return [f"{'content-length' if self.dialect.small else 'Content-Length'}: {len(self.body)}"]
        if "{type}" in line and self.kind is None:
            return []
        return [line.format(type=self.kind, date=formatdate(usegmt=True))]

    def _connection(self, *, close: bool) -> list[str]:
        lines = []
        if close:
            lines.append("connection: close" if self.dialect in _SMALL_CLOSE else "Connection: close")
        elif self.dialect is Dialect.NGINX:
            lines.append("Connection: keep-alive")
        if self.chunked:
            lines.append("Transfer-Encoding: chunked")
        return lines

    def _payload(self) -> bytes:
        if not self.chunked:
            return self.body
        half = len(self.body) // 2 or 1  # two chunks, so that a client must put them together
        parts = (self.body[:half], self.body[half:])
        return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts if part) + b"0\r\n\r\n"
