"""What a misbehaviour is, and the small pieces that they are made of."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from census.facts import Outcome
from tests.support.wire import Handler, answer, answers, page

MODEL: dict[str, Any] = {
    "name": "llama3.2:3b",
    "model": "llama3.2:3b",
    "modified_at": "2026-01-01T00:00:00Z",
    "size": 2019393189,
    "digest": "a" * 64,
    "details": {"format": "gguf", "family": "llama", "parameter_size": "3.2B", "quantization_level": "Q4_K_M"},
    "capabilities": ["completion", "tools"],
}
NAMED = ("llama3.2:3b",)
LIST = json.dumps({"models": [MODEL]}).encode()
OK = b"HTTP/1.1 200 OK\r\n"
JSON = b"Content-Type: application/json\r\n"
HTML = b"Content-Type: text/html\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
NOT_FOUND = answer(404, b"404 page not found", "text/plain")


@dataclass(frozen=True)
class Misbehaviour:
    """One thing a server may do: `make` gives its listener's handler, `outcome` is what the target must end in.

    `tls` is what the target list says (None: neither http nor https), `context` makes the listener speak TLS itself;
    `names` are the models that must be read, None where that is not told; `cut` whether more were listed.
    """

    make: Callable[[], Handler]
    outcome: Outcome
    names: tuple[str, ...] | None = None
    cut: bool = False
    tls: bool | None = None
    context: ssl.SSLContext | None = None


def server_context() -> ssl.SSLContext:
    """A TLS server's context with the certificate of the tests."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(__file__).parents[1] / "support" / "self-signed.pem")
    return context


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with RST, whatever was read."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def says(*parts: bytes | float, end: str = "close") -> Callable[[], Handler]:
    """Waits for a whole question, then sends bytes and sleeps (numbers: seconds); closes, resets or stays silent."""

    def make() -> Handler:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            for part in parts:
                if isinstance(part, bytes):
                    writer.write(part)
                    await writer.drain()
                else:
                    await asyncio.sleep(part)
            if end == "reset":
                reset(writer)
            elif end == "stay":
                await asyncio.sleep(60)

        return handler

    return make


def endless(begin: bytes, piece: bytes, pause: float = 0.0) -> Callable[[], Handler]:
    """Sends `begin` once something was asked, and then `piece` for ever, with a pause in between."""

    def make() -> Handler:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(begin)
            while True:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)

        return handler

    return make


def drips(data: bytes, pause: float = 1.0) -> Callable[[], Handler]:
    """One byte after each pause."""
    return says(*(part for byte in data for part in (bytes([byte]), pause)), end="stay")


def serves(pages: dict[str, bytes], missing: bytes = NOT_FOUND) -> Callable[[], Handler]:
    """A keep-alive server with these answers."""
    return lambda: answers(pages, missing)


def always(said: bytes) -> Callable[[], Handler]:
    """A keep-alive server with one answer to everything."""
    return serves({}, said)


def ollama(tags: bytes, **more: bytes) -> Callable[[], Handler]:
    """A server with Ollama's paths: the raw answer for /api/tags, and others by their last word."""
    rest = {f"/api/{word}": said for word, said in more.items()}
    return serves({"/api/tags": tags, "/api/version": page({"version": "0.33.0"}), **rest})


def listed(body: bytes | Iterable[Any], *headers: str) -> Callable[[], Handler]:
    """An Ollama whose list is this body, or a list of these entries."""
    whole = body if isinstance(body, bytes) else json.dumps({"models": list(body)}).encode()
    return ollama(answer(200, whole, "application/json", *headers))


def entry(name: Any, **more: Any) -> dict[str, Any]:
    """A model as Ollama lists it, with this name."""
    return {**MODEL, "name": name, "model": name, **more}
