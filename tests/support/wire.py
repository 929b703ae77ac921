"""Real listeners on loopback that say exactly what a test wants, byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Wire:
    """A listener and what reached it."""

    port: int
    connections: int = 0
    requests: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)  # of connections, on the monotonic clock
    asked_at: list[float] = field(default_factory=list)  # of the requests that `answers` takes
    open_now: int = 0
    most_at_once: int = 0


@contextlib.asynccontextmanager
async def listen(
    handler: Handler, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[Wire]:
    """Serve `handler` on a port, a free one if none is named; counts connections."""
    tasks: set[asyncio.Task[Any]] = set()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        wire.connections += 1
        wire.arrivals.append(time.monotonic())
        wire.open_now += 1
        wire.most_at_once = max(wire.most_at_once, wire.open_now)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await handler(reader, writer)
        wire.open_now -= 1
        writer.close()
        tasks.discard(task)

    wire = Wire(0)
    handler_wires[handler] = wire
    server = await asyncio.start_server(meet, address, port, ssl=tls)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        del handler_wires[handler]


async def until(holds: Callable[[], object]) -> None:
    """Wait for something that other tasks, threads or processes bring about; pytest's own limit is the deadline."""
    while not holds():  # noqa: ASYNC110  what is waited for sets no event
        await asyncio.sleep(0.02)


handler_wires: dict[Handler, Wire] = {}


def answers(pages: dict[str, bytes], missing: bytes | None = None) -> Handler:
    """A small keep-alive HTTP server: the raw answer for each path, `missing` for all others."""
    other = missing if missing is not None else answer(404, b"404 page not found", "text/plain")

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = handler_wires[handler]
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ")
            headers = {key.lower(): value for key, _, value in (line.partition(": ") for line in head[1:] if line)}
            wire.asked_at.append(time.monotonic())
            wire.requests.append((method, path))
            wire.headers.append(headers)
            wire.bodies.append(await reader.readexactly(int(headers.get("content-length", 0))))
            said = pages.get(path, other)
            writer.write(said)
            await writer.drain()
            if b"connection: close" in said.lower() or said.startswith(b"HTTP/1.0"):
                return

    return handler


def answer(status: int, body: bytes, kind: str = "application/json", *extra: str) -> bytes:
    """A whole HTTP answer."""
    head = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *extra]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def page(value: object, status: int = 200, *extra: str) -> bytes:
    """A JSON answer."""
    return answer(status, json.dumps(value).encode(), "application/json; charset=utf-8", *extra)


def raw(*parts: bytes | float, reset: bool = False) -> Handler:
    """Sends bytes and sleeps (numbers: seconds) in order once something was asked, then closes, or resets."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        for part in parts:
            if isinstance(part, bytes):
                writer.write(part)
                await writer.drain()
            else:
                await asyncio.sleep(part)
        if reset:
            writer.transport.abort()

    return handler
