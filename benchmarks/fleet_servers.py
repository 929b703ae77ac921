"""A fleet like the Internet on loopback: every address of 127.0.0.0/8 behaves by its number, behind a few sockets.

60 % of the targets are inference servers of all releases and kinds that the demo simulates, each answer 50 ms late;
one Ollama in three lists a model that nobody else has, so that a larger fleet has more models, as the Internet has.
15 % refuse, 15 % are silent, and the rest is what else a scan meets: web pages, other protocols, servers that are
slow or talk garbage. One socket on 0.0.0.0 stands for all addresses of a port: who was called is asked of each
connection. `fleet.py` starts this; a line says when it listens, and at the end of standard input another counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import re
import resource
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import cast

import uvloop

from census.demo.answers import answer
from census.demo.behaviour import Behaviour
from census.demo.connection import Connection
from census.demo.population import Resident, generate
from census.exchanges import is_canary

LATENCY = 0.05  # seconds from a question to its answer
REFUSED, SILENT = 4343, 4344  # ports: nobody listens at the first, the queue of the second is full
_OF_A_NETWORK = 200  # addresses of a /24 that are used
_FIRST = 20  # 127.20.0.0 is where the fleet begins
_PROCESSES = 2
_KINDS = 3_000  # residents of the demo that the fleet's are copies of
_SEED = 7
_SHARES = (("live", 12), ("refused", 3), ("silent", 3), ("other", 2))  # of twenty targets
_GROUPS = tuple(group for group, share in _SHARES for _ in range(share))
_LIST = "/api/tags"
_CANARY = "/0123456789abcdef"
_OWN = 3  # of so many live targets one has a model that nobody else has: 60,000 for 175,000 hosts in the study
_DIGEST = re.compile(rb'(?<="digest":")[0-9a-f]{64}(?=")')
_BACKLOG = 4096


def _residents() -> dict[str, list[Resident]]:
    """What the live and the others are copies of."""
    away = (Behaviour.REFUSED, Behaviour.SILENT)
    found = [each for each in generate(_SEED, _KINDS).residents if each.behaviour not in away]
    return {
        "live": [each for each in found if each.outcome.recognised],
        "other": [each for each in found if not each.outcome.recognised],
    }


_RESIDENTS = _residents()


def group(number: int) -> str:
    """What the target of a number is: live, refused, silent or other."""
    return _GROUPS[number % len(_GROUPS)]


def _place(number: int) -> int:
    """Which server of its group a live or other target is a copy of."""
    return (number * 2_654_435_761 >> 8) % len(_RESIDENTS[group(number)])


def _resident(number: int) -> Resident:
    return _RESIDENTS[group(number)][_place(number)]


def target(number: int) -> tuple[str, int]:
    """Address and port."""
    network, last = divmod(number, _OF_A_NETWORK)
    address = f"127.{_FIRST + network // 256}.{network % 256}.{1 + last}"
    ports = {"refused": REFUSED, "silent": SILENT}
    return address, ports.get(group(number)) or _resident(number).port


def _number(address: str) -> int:
    _, second, third, last = map(int, address.split("."))
    return ((second - _FIRST) * 256 + third) * _OF_A_NETWORK + last - 1


# --- the servers


class _Unseen:
    """Keeps no record of what the others were asked."""

    def opened(self, resident: Resident, connection: Connection) -> None:
        """A connection was taken."""

    def asked(self, resident: Resident, method: str, path: str, user_agent: str) -> None:
        """A request was read."""

    def closed(self, resident: Resident, connection: Connection) -> None:
        """The connection is gone."""


class _Live(asyncio.Protocol):
    """Answers late, out of answers that were made once."""

    def __init__(self, number: int, transport: asyncio.Transport, counted: Counter[str]) -> None:
        self._number = number
        self._place = _place(number)
        self._transport = transport
        self._counted = counted
        self._unread = b""

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while self._taken():
            self._counted["requests"] += 1

    def _taken(self) -> bool:
        """Whether a whole request was there, whose answer is now on its way."""
        head, end, rest = self._unread.partition(b"\r\n\r\n")
        lower = head.lower()
        length = int(lower.partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
        if not end or len(rest) < length:
            return False
        method, path, *_ = head.decode("latin-1").split(" ", 2)
        close = b"connection: close" in lower
        self._unread = rest[length:]
        path = _CANARY if is_canary(path) else path.partition("?")[0]
        told, over = _answered(self._place, method, path, rest[:length], close)
        if path == _LIST:
            told = self._own(told)
        asyncio.get_running_loop().call_later(LATENCY, self._tell, told, over)
        return True

    def _own(self, listed: bytes) -> bytes:
        """The list as this target has it: with a digest of its own in the place of the first, if it is one of those."""
        if self._number % _OWN:
            return listed
        return _DIGEST.sub(hashlib.sha256(b"%d" % self._number).hexdigest().encode(), listed, count=1)

    def _tell(self, told: bytes, close: bool) -> None:
        if not self._transport.is_closing():
            self._transport.write(told)
            if close:
                self._transport.close()


@lru_cache(1 << 15)
def _answered(place: int, method: str, path: str, body: bytes, close: bool) -> tuple[bytes, bool]:
    told = answer(_RESIDENTS["live"][place], method, path, body)
    return told.render(close=close), close or told.dialect.hangs_up


class _Door(asyncio.Protocol):
    """Takes a connection, and hands it to whoever lives at the address that was called."""

    def __init__(self, counted: Counter[str]) -> None:
        self._counted = counted

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        found = cast("asyncio.Transport", transport)
        address, port = found.get_extra_info("sockname")
        number = _number(address)
        if target(number)[1] != port:
            found.abort()
        elif group(number) == "live":
            self._counted["connections"] += 1
            found.set_protocol(_Live(number, found, self._counted))
        else:
            other = Connection(_resident(number), _Unseen())
            found.set_protocol(other)
            other.connection_made(found)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    counted: Counter[str] = Counter()
    began = time.process_time()
    for port in {each.port for residents in _RESIDENTS.values() for each in residents}:
        await loop.create_server(lambda: _Door(counted), "0.0.0.0", port, backlog=_BACKLOG, reuse_port=True)  # noqa: S104  all of 127.0.0.0/8
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    counted["milliseconds"] = round((time.process_time() - began) * 1e3)
    print(json.dumps(counted), flush=True)


# --- for who starts them


@contextmanager
def serving() -> Iterator[Counter[str]]:
    """The fleet, served; what is given holds at the end how often live targets were connected to and asked.

    And the milliseconds of a processor that serving took.
    """
    counted: Counter[str] = Counter()
    with ExitStack() as stack:
        stack.enter_context(_silence())
        processes = [stack.enter_context(_process()) for _ in range(_PROCESSES)]
        yield counted
        for process in processes:
            counted.update(json.loads(process.communicate()[0]))


@contextmanager
def _process() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as made:  # noqa: S603  this script
        assert made.stdout is not None
        try:
            assert made.stdout.readline() == "ready\n", "the fleet could not be served"
            yield made
        finally:
            made.kill()


@contextmanager
def _silence() -> Iterator[None]:
    """A socket whose queue is full: Linux drops what else comes, as a firewall would."""
    with socket.socket() as listener, socket.socket() as first:
        listener.bind(("0.0.0.0", SILENT))  # noqa: S104  all of 127.0.0.0/8
        listener.listen(0)
        first.connect(("127.0.0.1", SILENT))  # takes the one place in the queue
        yield


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(_serve())
