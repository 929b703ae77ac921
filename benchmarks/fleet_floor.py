"""The floor of `fleet.py`: connects to every target of a list, asks three questions, and reads nothing of the answers.

    python benchmarks/fleet_floor.py LIST RATE CONNECT DEADLINE

Nothing but uvloop and httptools; new connections a second, and seconds for connecting and for all of a target. It
takes no more of a target than census does of an answer: a server that never ends would have it measure how fast the
machine is while nobody else wants it.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from pathlib import Path
from typing import cast

import httptools
import uvloop

_PATHS = ("/api/tags", "/api/version", "/0123456789abcdef")
_MOST = 2 * 1024 * 1024  # bytes of a target's answers
_TICK = 0.01  # seconds between two handfuls of new connections


class _Bare(asyncio.Protocol):
    """Asks one question after another, and counts the ends of answers."""

    def __init__(self, done: asyncio.Future[None], host: str) -> None:
        self._done = done
        self._left = iter(_PATHS)
        self._host = host
        self._room = _MOST

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.on_message_complete()

    def data_received(self, data: bytes) -> None:
        self._room -= len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._room = -1
        if self._room < 0:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        if not self._done.done():
            self._done.set_result(None)

    def on_message_complete(self) -> None:
        path = next(self._left, None)
        if path is None:
            self._transport.abort()
            return
        self._parser = httptools.HttpResponseParser(self)
        self._transport.write(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode())


async def _ask(line: str, connect: float, deadline: float) -> None:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    address, _, port = line.partition(":")
    try:
        async with asyncio.timeout(connect) as limit:
            transport, _ = await loop.create_connection(lambda: _Bare(done, line), address, int(port))
            limit.reschedule(loop.time() + deadline)
            try:
                await done
            finally:
                transport.abort()
    except OSError:
        pass  # refused, reset, or one of the time-outs


async def _all(listed: Path, rate: int, connect: float, deadline: float) -> None:
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        with listed.open(encoding="ascii") as lines:
            for number, line in enumerate(lines):
                early = began + number / rate - time.monotonic()
                if early > _TICK:
                    await asyncio.sleep(early)
                group.create_task(_ask(line.strip(), connect, deadline))


if __name__ == "__main__":
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    uvloop.run(_all(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
