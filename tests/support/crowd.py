"""Many small Ollama servers on loopback, each in a network of its own, that remember when each was connected to."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.wire import page

PAGES = {
    "/api/tags": page({"models": [{"name": "qwen2.5:7b", "model": "qwen2.5:7b", "size": 1, "digest": "b" * 64}]}),
    "/api/version": page({"version": "0.33.0"}),
    "/api/ps": page({"models": []}),
}
MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 18\r\n\r\n404 page not found"


@dataclass
class Crowd:
    """Addresses with a server on `port`; `contacts` are times (of the wall clock) and addresses, in their order."""

    port: int
    addresses: list[str]
    contacts: list[tuple[float, str]] = field(default_factory=list)

    def targets(self, silent: int = 0) -> list[str]:
        """A list: the servers, and as many targets in the same networks that refuse."""
        refused = (
            f"{address.rpartition('.')[0]}.{100 + turn}:{self.port}"
            for turn in range(1 + silent // len(self.addresses))
            for address in self.addresses
        )
        return [f"{address}:{self.port}" for address in self.addresses] + [next(refused) for _ in range(silent)]

    def wait_for(self, contacts: int) -> None:
        """Until so many contacts were made."""
        end = time.monotonic() + 60
        while len(self.contacts) < contacts:
            assert time.monotonic() < end, f"{len(self.contacts)} contacts in a minute"
            time.sleep(0.02)

    def times(self) -> Counter[str]:
        """How often each was connected to."""
        return Counter(address for _, address in self.contacts)

    def last(self) -> dict[str, float]:
        """When each was last connected to."""
        return {address: at for at, address in self.contacts}

    def most_in(self, seconds: float) -> int:
        """The most contacts in any such span of time."""
        moments = sorted(at for at, _ in self.contacts)
        first = most = 0
        for number, moment in enumerate(moments):
            while moments[first] <= moment - seconds:
                first += 1
            most = max(most, number - first + 1)
        return most


@contextlib.contextmanager
def crowd(count: int, slow: float = 0.0) -> Iterator[Crowd]:
    """`count` servers, served by a thread; `slow` is seconds before each answer."""
    there: Crowd | None = None
    ready, loop = threading.Event(), asyncio.new_event_loop()
    ended = asyncio.Event()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert there is not None
        there.contacts.append((time.time(), writer.get_extra_info("sockname")[0]))
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if b"ontent-" in head:
                    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
                    await reader.readexactly(int(length.partition(b":")[2]))
                await asyncio.sleep(slow)
                writer.write(PAGES.get(head.split(b" ")[1].decode(), MISSING))
                await writer.drain()
        writer.close()

    async def serve() -> None:
        nonlocal there
        addresses = [f"127.{20 + number // 200}.{number % 200}.1" for number in range(count)]
        async with contextlib.AsyncExitStack() as stack:
            first = await stack.enter_async_context(await asyncio.start_server(meet, addresses[0], 0))
            port = first.sockets[0].getsockname()[1]
            for address in addresses[1:]:
                await stack.enter_async_context(await asyncio.start_server(meet, address, port, backlog=500))
            there = Crowd(port, addresses)
            ready.set()
            await ended.wait()

    def run() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(serve())
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(20)
    assert there is not None
    try:
        yield there
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
