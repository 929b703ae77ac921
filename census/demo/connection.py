"""One connection to a resident: reads requests off the wire and answers them, or misbehaves as its behaviour says."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Callable
from typing import Final, Protocol, cast

from census.demo.answer import Answer, Dialect
from census.demo.answers import answer
from census.demo.behaviour import Behaviour
from census.demo.population import Resident

_SSH_BANNER: Final = b"SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13.5\r\n"
_LIST_BEGINS: Final = b'{"models":[{"name":"llama3.2:3b","model":"llama3.2:3b"},'
_LIST_GOES_ON: Final = b'{"name":"llama3.2:3b","model":"llama3.2:3b"},' * 1000
_CHUNKED: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
)
_PROMISED: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 100000\r\n\r\n"
_DRIP_SECONDS: Final = 0.4
_HEAD_LIMIT: Final = 65536
_BAD_REQUEST: Final = Answer(Dialect.GIN, 400, "text/plain; charset=utf-8", b"400 Bad Request")


class Log(Protocol):
    """Who is told what was asked."""

    def opened(self, resident: Resident, connection: Connection) -> None:
        """A connection was taken."""

    def asked(self, resident: Resident, method: str, path: str, user_agent: str) -> None:
        """A request was read; `path` is with its query."""

    def closed(self, resident: Resident, connection: Connection) -> None:
        """The connection is gone."""


class Connection(asyncio.Protocol):
    """The server's side of one connection to `resident`."""

    def __init__(self, resident: Resident, log: Log) -> None:
        self._resident = resident
        self._log = log
        self._received = b""
        self._writable = True
        self._over = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection; some residents speak, or reset it, before they are asked."""
        self._transport = cast("asyncio.Transport", transport)
        self._log.opened(self._resident, self)
        match self._resident.behaviour:
            case Behaviour.SSH:
                self._transport.write(_SSH_BANNER)
            case Behaviour.NOISE:
                # Not for the sake of secrecy: the same address makes the same noise.
                noise = random.Random(self._resident.endpoint).randbytes(64)  # noqa: S311  noise
                self._transport.write(b"\x00\xff" + noise + b"\r\n\r\n")
            case Behaviour.RESET:
                self.reset()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        """Note that it is gone."""
        self._over = True
        self._log.closed(self._resident, self)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete, in order."""
        self._received += data
        while not self._over and (request := self._request()) is not None:
            self._respond(*request)

    def reset(self) -> None:
        """Break the connection off as a crashed host does."""
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def pause_writing(self) -> None:
        """The other side reads more slowly than we write."""
        self._writable = False

    def resume_writing(self) -> None:
        """The other side has read."""
        self._writable = True
        if self._resident.behaviour is Behaviour.ENDLESS:
            self._pour()

    def _request(self) -> tuple[str, str, bytes, bool] | None:
        """Method, path with query, body, and whether to close afterwards; None until a request is complete."""
        head, ended, rest = self._received.partition(b"\r\n\r\n")
        if not ended:
            if len(head) > _HEAD_LIMIT:
                self._refuse()
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        words = first.split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = headers.get("content-length", "0")
        if len(words) != 3 or not length.isdigit():  # noqa: PLR2004  method, path, version
            self._refuse()
            return None
        if len(rest) < int(length):
            return None
        self._received = rest[int(length) :]
        close = words[2] == "HTTP/1.0" or headers.get("connection", "").lower() == "close"
        self._log.asked(self._resident, words[0], words[1], headers.get("user-agent", ""))
        return words[0], words[1], rest[: int(length)], close

    def _refuse(self) -> None:
        if self._resident.behaviour not in _MISBEHAVIOURS:
            self._transport.write(_BAD_REQUEST.render(close=True))
        self._close()

    def _close(self) -> None:
        self._over = True
        self._transport.close()

    def _respond(self, method: str, path: str, body: bytes, close: bool) -> None:
        misbehaviour = _MISBEHAVIOURS.get(self._resident.behaviour)
        if misbehaviour is not None:
            misbehaviour(self)
            return
        told = answer(self._resident, method, path.partition("?")[0], body)
        close = close or told.dialect.hangs_up
        self._transport.write(told.render(close=close))
        if close:
            self._close()

    def _stay_mute(self) -> None:
        """Say nothing, and keep the connection."""

    def _cut(self) -> None:
        self._transport.write(_PROMISED + _LIST_BEGINS)
        # Not at once: the beginning must have left before the reset overtakes it.
        asyncio.get_running_loop().call_later(0.05, self.reset)

    def _drip(self) -> None:
        self._transport.write(_PROMISED)
        self._drop(0)

    def _drop(self, position: int) -> None:
        if not self._over:
            self._transport.write(_LIST_BEGINS[position % len(_LIST_BEGINS) :][:1])
            asyncio.get_running_loop().call_later(_DRIP_SECONDS, self._drop, position + 1)

    def _flood(self) -> None:
        self._transport.write(_CHUNKED + _chunk(_LIST_BEGINS))
        self._pour()

    def _pour(self) -> None:
        # uvloop tells a lost connection only when we have returned, but knows it at once.
        while self._writable and not self._over and not self._transport.is_closing():
            self._transport.write(_chunk(_LIST_GOES_ON))


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


# What some do when asked, in place of an answer.
_MISBEHAVIOURS: Final[dict[Behaviour, Callable[[Connection], None]]] = {
    Behaviour.SSH: Connection._close,  # noqa: SLF001  the table of this very class
    Behaviour.NOISE: Connection._stay_mute,  # noqa: SLF001  likewise
    Behaviour.MUTE: Connection._stay_mute,  # noqa: SLF001  likewise
    Behaviour.RESET: Connection._stay_mute,  # noqa: SLF001  likewise
    Behaviour.HANG_UP: Connection._close,  # noqa: SLF001  likewise
    Behaviour.CUT: Connection._cut,  # noqa: SLF001  likewise
    Behaviour.DRIP: Connection._drip,  # noqa: SLF001  likewise
    Behaviour.ENDLESS: Connection._flood,  # noqa: SLF001  likewise
}
