"""Misbehaviours of connections and of TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Final

from census.facts import Outcome
from tests.hostile.misbehaviour import (
    HTML,
    JSON,
    LIST,
    NAMED,
    NOT_FOUND,
    OK,
    Misbehaviour,
    always,
    drips,
    reset,
    says,
    server_context,
    serves,
)
from tests.support.wire import Handler, answer, answers, page

LENGTH = f"Content-Length: {len(LIST)}\r\n\r\n".encode()
ALERT = b"\x15\x03\x03\x00\x02\x02\x16"


async def never_reads(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.sleep(60)


async def closes_on_accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def resets_on_accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    reset(writer)


async def half_closes_at_once(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write_eof()
    await asyncio.sleep(60)


def fresh(function: Handler) -> Callable[[], Handler]:
    """A handler of its own for each listener, as wires are told apart by it."""

    def make() -> Handler:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await function(reader, writer)

        return handler

    return make


def closes_in_silence() -> Handler:
    """Answers one question of each connection as if more could follow, and is gone."""
    pages = {b"/api/tags ": page({"models": [{"name": "m", "model": "m"}]}), b"/api/version ": page({"version": "0.5"})}

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        said = next((body for path, body in pages.items() if path in head), NOT_FOUND)
        writer.write(said.replace(b" X\r\n", b" X\r\nConnection: keep-alive\r\nKeep-Alive: timeout=600\r\n", 1))

    return handler


def answers_every_other() -> Handler:
    """Hangs up on the second question of each connection instead of answering."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(200, LIST) if b"/api/tags " in head else NOT_FOUND)
        await reader.readuntil(b"\r\n\r\n")
        reset(writer)

    return handler


def tls_that_goes_so_far(answered: int, *, stalls: bool) -> Callable[[], Handler]:
    """A TLS server that sends only the first bytes of its side of the handshake."""

    def make() -> Handler:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
            speaker = server_context().wrap_bio(came, goes, server_side=True)
            came.write(await reader.read(4096))
            try:
                speaker.do_handshake()
            except ssl.SSLWantReadError:
                writer.write(goes.read()[:answered])
                await writer.drain()
            if stalls:
                await asyncio.sleep(60)

        return handler

    return make


def tls_then_garbage() -> Handler:
    """Finishes the handshake and then sends bytes that are no TLS records."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        speaker = server_context().wrap_bio(came, goes, server_side=True)
        while True:
            try:
                speaker.do_handshake()
                break
            except ssl.SSLWantReadError:
                writer.write(goes.read())
                came.write(await reader.read(4096))
        writer.write(goes.read() + b"no record of TLS at all" * 10)
        await writer.drain()

    return handler


PLAIN_TO_TLS = answer(400, b"Client sent an HTTP request to an HTTPS server.\n", "text/plain")
HTTPS: Final = True

CONNECTIONS: Final[dict[str, Misbehaviour]] = {
    "never answers": Misbehaviour(says(60.0), Outcome.TOO_SLOW),
    "never reads what it is asked": Misbehaviour(fresh(never_reads), Outcome.TOO_SLOW),
    "closes when it has accepted": Misbehaviour(fresh(closes_on_accept), Outcome.BROKEN_OFF),
    "resets when it has accepted": Misbehaviour(fresh(resets_on_accept), Outcome.BROKEN_OFF),
    "closes when it was asked": Misbehaviour(says(), Outcome.BROKEN_OFF),
    "resets when it was asked": Misbehaviour(says(end="reset"), Outcome.BROKEN_OFF),
    "closes in the status line": Misbehaviour(says(b"HTTP/1.1 2"), Outcome.BROKEN_OFF),
    "resets in the status line": Misbehaviour(says(b"HTTP/1.1 2", 0.1, end="reset"), Outcome.BROKEN_OFF),
    "closes in a header": Misbehaviour(says(OK + b"Content-Ty"), Outcome.BROKEN_OFF),
    "resets in a header": Misbehaviour(says(OK + b"Content-Ty", 0.1, end="reset"), Outcome.BROKEN_OFF),
    "closes in the body": Misbehaviour(says(OK + JSON + LENGTH + LIST[:50]), Outcome.BROKEN_OFF),
    "resets in the body": Misbehaviour(says(OK + JSON + LENGTH + LIST[:50], 0.1, end="reset"), Outcome.BROKEN_OFF),
    "closes its half before it was asked": Misbehaviour(fresh(half_closes_at_once), Outcome.BROKEN_OFF),
    "sends one byte a second of a header": Misbehaviour(drips(OK + HTML), Outcome.TOO_SLOW),
    "sends one byte a second of a body": Misbehaviour(
        says(OK + HTML + b"\r\n", *[each for _ in range(60) for each in (b"x", 1.0)]), Outcome.TOO_SLOW
    ),
    "says keep-alive and closes after each answer": Misbehaviour(closes_in_silence, Outcome.SERVED, ("m",)),
    "hangs up on every second question": Misbehaviour(answers_every_other, Outcome.SERVED, NAMED),
    "says close and stays": Misbehaviour(
        lambda: answers({"/api/tags": page({"models": []}, 200, "Connection: close")}), Outcome.EMPTY, ()
    ),
}

TLS: Final[dict[str, Misbehaviour]] = {
    "answers a TLS greeting with garbage": Misbehaviour(
        lambda: _after_hello(b"\xde\xad\xbe\xef" * 50), Outcome.TLS_FAILED, tls=HTTPS
    ),
    "answers a TLS greeting with an alert": Misbehaviour(lambda: _after_hello(ALERT), Outcome.TLS_FAILED, tls=HTTPS),
    "answers a TLS greeting with plain HTTP": Misbehaviour(
        lambda: _after_hello(NOT_FOUND), Outcome.TLS_FAILED, tls=HTTPS
    ),
    "never answers a TLS greeting": Misbehaviour(lambda: _after_hello(60.0), Outcome.TOO_SLOW, tls=HTTPS),
    "stalls within its TLS handshake": Misbehaviour(
        tls_that_goes_so_far(120, stalls=True), Outcome.TOO_SLOW, tls=HTTPS
    ),
    "closes within its TLS handshake": Misbehaviour(
        tls_that_goes_so_far(120, stalls=False), Outcome.TLS_FAILED, tls=HTTPS
    ),
    "speaks TLS and then garbage": Misbehaviour(tls_then_garbage, Outcome.BROKEN_OFF, tls=HTTPS),
    "speaks TLS and closes without an answer": Misbehaviour(
        says(), Outcome.BROKEN_OFF, tls=HTTPS, context=server_context()
    ),
    "speaks TLS and never answers": Misbehaviour(says(60.0), Outcome.TOO_SLOW, tls=HTTPS, context=server_context()),
    "answers plain HTTP with a TLS alert": Misbehaviour(says(ALERT), Outcome.NOT_HTTP),
    "asks for TLS and does not speak it": Misbehaviour(lambda: _after_hello(PLAIN_TO_TLS), Outcome.TLS_FAILED),
    "speaks TLS and asks for TLS again": Misbehaviour(
        always(PLAIN_TO_TLS), Outcome.OTHER, tls=HTTPS, context=server_context()
    ),
    "asks for TLS where the list says http": Misbehaviour(serves({}, PLAIN_TO_TLS), Outcome.OTHER, tls=False),
}


def _after_hello(part: bytes | float) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        if isinstance(part, bytes):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.2)
        else:
            await asyncio.sleep(part)

    return handler
