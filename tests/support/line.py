"""A line to the database that a test can cut or freeze: a TCP port in front of the server's socket."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit


class Line:
    """`url` leads over the line, and has a password in it that must be seen nowhere."""

    def __init__(self, url: str, address: str = "127.0.0.1") -> None:
        self._address = address
        parts = urlsplit(url)
        given = parse_qs(parts.query)
        self._socket = f"{given['host'][0]}/.s.PGSQL.{given['port'][0]}"
        self._database = parts.path
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._flows.set()
        self._refuses = False
        self._ended = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._ready = threading.Event()
        self.port = 0
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    @property
    def url(self) -> str:
        return f"postgresql://census:hunter2@{self._address}:{self.port}{self._database}?sslmode=disable&gssencmode=disable"

    def freeze(self) -> None:
        """Nothing passes any more, and nobody is told: as when a network is gone."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def cut(self) -> None:
        """All connections break, and new ones are closed at once: as when the server is down."""

        def do() -> None:
            self._refuses = True
            for writer in list(self._writers):
                writer.transport.abort()

        self._loop.call_soon_threadsafe(do)

    def mend(self) -> None:
        """All is well again."""

        def do() -> None:
            self._refuses = False
            self._flows.set()

        self._loop.call_soon_threadsafe(do)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._meet, self._address, 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._ended.wait()
        server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        self._flows.set()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.05)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        to_reader, to_writer = await asyncio.open_unix_connection(self._socket)
        self._writers |= {writer, to_writer}
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._pass(reader, to_writer), self._pass(to_reader, writer))
        self._writers -= {writer, to_writer}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await self._flows.wait()
            writer.write(data)
            await writer.drain()
        writer.close()


@contextlib.contextmanager
def line_to(url: str, address: str = "127.0.0.1") -> Iterator[Line]:
    line = Line(url, address)
    try:
        yield line
    finally:
        line.close()
