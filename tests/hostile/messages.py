"""Misbehaviours of HTTP itself: status lines, headers, framing, answers that nobody asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from census.facts import Outcome
from tests.hostile.misbehaviour import (
    CHUNKED,
    HTML,
    JSON,
    LIST,
    NAMED,
    NOT_FOUND,
    OK,
    Misbehaviour,
    always,
    drips,
    endless,
    ollama,
    says,
)
from tests.support.wire import Handler, answer, page

LENGTH = f"Content-Length: {len(LIST)}\r\n\r\n".encode()
TAGS = OK + JSON + LENGTH + LIST
FAKE_VERSION = page({"version": "6.6.6"})


def chunks(body: bytes, size: int) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces) + b"0\r\n\r\n"


def moved(location: bytes) -> bytes:
    return b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"


def before_it_was_asked() -> Handler:
    """Sends its list when it has accepted, and closes when it has been asked."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(TAGS)
        await reader.readuntil(b"\r\n\r\n")

    return handler


def answers_again(extra: bytes, pause: float) -> Callable[[], Handler]:
    """Sends with each answer, in one piece or a little later, one more that nobody asked for."""

    def make() -> Handler:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                said = {b"GET /api/tags": TAGS, b"GET /api/version": page({"version": "0.33.0"})}
                fitting = next((each for start, each in said.items() if head.startswith(start)), NOT_FOUND)
                if pause:
                    writer.write(fitting)
                    await asyncio.sleep(pause)
                    writer.write(extra)
                else:
                    writer.write(fitting + extra)
                await writer.drain()

        return handler

    return make


HEADS: Final[dict[str, Misbehaviour]] = {
    "speaks HTTP/0.9": Misbehaviour(says(b"<html>hello</html>"), Outcome.NOT_HTTP),
    "sends a preface of HTTP/2": Misbehaviour(
        says(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"), Outcome.NOT_HTTP
    ),
    "says HTTP/2 in its status line": Misbehaviour(says(b"HTTP/2 200\r\nContent-Length: 0\r\n\r\n"), Outcome.NOT_HTTP),
    "has a status line without a status": Misbehaviour(says(b"HTTP/1.1\r\n\r\n"), Outcome.NOT_HTTP),
    "has a negative status": Misbehaviour(says(b"HTTP/1.1 -200 OK\r\n\r\n"), Outcome.NOT_HTTP),
    "has a status of four digits": Misbehaviour(says(b"HTTP/1.1 2000 OK\r\n\r\n"), Outcome.NOT_HTTP),
    "has the status 999": Misbehaviour(always(answer(999, b"no", "text/html")), Outcome.OTHER),
    "leaves out the reason": Misbehaviour(ollama(TAGS.replace(b" OK", b"", 1)), Outcome.SERVED, NAMED),
    "has a reason of a megabyte": Misbehaviour(says(b"HTTP/1.1 200 " + b"x" * 2**20 + b"\r\n\r\n"), Outcome.NOT_HTTP),
    "has terminal escapes in its reason and headers": Misbehaviour(
        always(b"HTTP/1.1 404 \x1b[31mred\r\nServer: \x1b]0;owned\x07\r\nContent-Length: 0\r\n\r\n"), Outcome.OTHER
    ),
    "sends ten thousand headers": Misbehaviour(
        says(OK + b"".join(b"X-%d: y\r\n" % number for number in range(10_000)) + b"\r\n"), Outcome.NOT_HTTP
    ),
    "sends headers without end": Misbehaviour(endless(OK, b"X: y\r\n" * 1000), Outcome.NOT_HTTP),
    "sends one header without end": Misbehaviour(endless(OK + b"X: ", b"y" * 60_000), Outcome.NOT_HTTP),
    "sends a hundred headers of 60 kB": Misbehaviour(
        says(OK, *[b"X-%d: " % number + b"y" * 60_000 + b"\r\n" for number in range(100)], b"\r\n", end="stay"),
        Outcome.NOT_HTTP,
    ),
    "folds a header over a thousand lines": Misbehaviour(
        always(OK + b"X: y\r\n" + b" folded\r\n" * 1000 + b"Content-Length: 0\r\n\r\n"), Outcome.OTHER
    ),
    "has NUL in a header": Misbehaviour(says(OK + b"X: a\0b\r\n\r\n"), Outcome.NOT_HTTP),
    "has a header without a name": Misbehaviour(says(OK + b": x\r\n\r\n"), Outcome.NOT_HTTP),
    "sets a hundred cookies": Misbehaviour(
        ollama(OK + b"Set-Cookie: a=b; Path=/\r\n" * 100 + JSON + LENGTH + LIST), Outcome.SERVED, NAMED
    ),
    "sends status 100 without end": Misbehaviour(
        endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), Outcome.NOT_HTTP
    ),
    "sends status 103 ten times a second": Misbehaviour(
        endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.1), Outcome.TOO_SLOW
    ),
    "sends status 100 before its answer": Misbehaviour(
        ollama(b"HTTP/1.1 100 Continue\r\n\r\n" + TAGS), Outcome.SERVED, NAMED
    ),
    "has status 000": Misbehaviour(always(b"HTTP/1.1 000 Nothing\r\nContent-Length: 2\r\n\r\n{}"), Outcome.OTHER),
    "upgrades to something else": Misbehaviour(
        always(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + b"x" * 5000),
        Outcome.OTHER,
    ),
    "redirects to itself": Misbehaviour(always(moved(b"/v1/models")), Outcome.OTHER),
    "redirects to another scheme": Misbehaviour(always(moved(b"file:///etc/passwd")), Outcome.OTHER),
    "redirects to where control characters are": Misbehaviour(always(moved(b"/\x01\x1b[2Jx")), Outcome.OTHER),
}

FRAMING: Final[dict[str, Misbehaviour]] = {
    "announces more than it sends": Misbehaviour(
        says(OK + JSON + b"Content-Length: 900000\r\n\r\n" + LIST, end="stay"), Outcome.TOO_SLOW
    ),
    "announces less than it sends": Misbehaviour(
        ollama(OK + JSON + b"Content-Length: 30\r\n\r\n" + LIST), Outcome.NOT_HTTP
    ),
    "announces a negative length": Misbehaviour(says(OK + b"Content-Length: -5\r\n\r\n" + LIST), Outcome.NOT_HTTP),
    "announces two lengths": Misbehaviour(
        says(OK + JSON + b"Content-Length: 5\r\nContent-Length: 500\r\n\r\n" + LIST), Outcome.NOT_HTTP
    ),
    "announces a length of thirty digits": Misbehaviour(
        says(OK + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n"), Outcome.NOT_HTTP
    ),
    "announces an exabyte and sends it": Misbehaviour(
        endless(OK + JSON + b"Content-Length: 1000000000000000000\r\n\r\n", b'{"models":[' + b"1," * 30_000),
        Outcome.MISREAD,
    ),
    "announces a length and chunks": Misbehaviour(
        says(OK + JSON + b"Content-Length: 5\r\n" + CHUNKED + chunks(LIST, 100)), Outcome.NOT_HTTP
    ),
    "sends its list in chunks of a byte": Misbehaviour(
        ollama(OK + JSON + CHUNKED + chunks(LIST, 1)), Outcome.SERVED, NAMED
    ),
    "has a chunk size that is no number": Misbehaviour(says(OK + CHUNKED + b"zz\r\nno\r\n"), Outcome.NOT_HTTP),
    "has a negative chunk size": Misbehaviour(says(OK + CHUNKED + b"-5\r\nabcde\r\n"), Outcome.NOT_HTTP),
    "has a chunk size of twenty digits": Misbehaviour(
        says(OK + CHUNKED + b"F" * 20 + b"\r\nabc\r\n"), Outcome.NOT_HTTP
    ),
    "has a chunk extension without end": Misbehaviour(endless(OK + CHUNKED + b"5;", b"x" * 60_000), Outcome.NOT_HTTP),
    "sends trailers without end": Misbehaviour(
        endless(OK + JSON + CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: y\r\n" * 1000), Outcome.NOT_HTTP
    ),
    "sends a hundred trailers of 60 kB": Misbehaviour(
        says(
            OK + JSON + CHUNKED + b"2\r\n{}\r\n0\r\n",
            *[b"X-%d: " % number + b"y" * 60_000 + b"\r\n" for number in range(100)],
            end="stay",
        ),
        Outcome.NOT_HTTP,
    ),
    "closes in a chunk": Misbehaviour(says(OK + JSON + CHUNKED + b"ff\r\n" + LIST[:100]), Outcome.BROKEN_OFF),
    "never sends the last chunk": Misbehaviour(
        says(OK + JSON + CHUNKED + chunks(LIST, 50)[:-5], end="stay"), Outcome.TOO_SLOW
    ),
    "sends a list without end": Misbehaviour(
        endless(OK + JSON + b"\r\n" + b'{"models":[', b"1," * 30_000), Outcome.MISREAD
    ),
    "sends a page without end, in chunks": Misbehaviour(
        endless(OK + HTML + CHUNKED, b"ffff\r\n" + b"x" * 65535 + b"\r\n"), Outcome.OTHER
    ),
    "answers before it was asked": Misbehaviour(before_it_was_asked, Outcome.SERVED, NAMED),
    "answers twice at once": Misbehaviour(answers_again(FAKE_VERSION, 0.0), Outcome.SERVED, NAMED),
    "answers again after a moment, so that all is shifted": Misbehaviour(
        answers_again(FAKE_VERSION, 1.0), Outcome.OTHER
    ),
    "floods with further answers": Misbehaviour(
        answers_again(b"HTTP/1.1 204 No Content\r\n\r\n" * 5000, 0.0), Outcome.SERVED, NAMED
    ),
    "sends its answer a byte at a time, quickly": Misbehaviour(drips(NOT_FOUND, 0.001), Outcome.TOO_SLOW),
}
