"""Serves a population on loopback from one process, and keeps a record of everything it was asked."""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, Self

from census.demo.behaviour import Behaviour
from census.demo.connection import Connection
from census.demo.population import Population, Resident
from census.errors import FailedError

_SPARE_FILES: Final = 2048  # for connections, and what the process has open anyway
_BACKLOG: Final = 64


class DemoError(FailedError):
    """The neighbourhood cannot be served; the sentence says why and what helps."""


@dataclass(slots=True)
class Record:
    """What the neighbourhood was asked.

    `requests` counts by (endpoint, method, path with query), `connections` by endpoint; `most_at_once` is the largest
    number of connections that an address had at the same time; `user_agents` counts the requests of each.
    An endpoint is `address:port`. Connections to the silent and the refusing are not seen.
    """

    requests: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    connections: Counter[str] = field(default_factory=Counter)
    most_at_once: dict[str, int] = field(default_factory=dict)
    user_agents: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Any]:
        """The record as JSON can hold it; `from_json` reads it again."""
        return {
            "requests": [[*asked, count] for asked, count in self.requests.items()],
            "connections": self.connections,
            "most_at_once": self.most_at_once,
            "user_agents": self.user_agents,
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """The record that `to_json` made this of."""
        return cls(
            Counter({(endpoint, method, path): count for endpoint, method, path, count in document["requests"]}),
            Counter(document["connections"]),
            document["most_at_once"],
            Counter(document["user_agents"]),
        )


class Servers:
    """All residents of a population, listening. `record` has what they were asked since the start."""

    def __init__(self, population: Population) -> None:
        self.record = Record()
        self._population = population
        self._servers: list[asyncio.Server] = []
        self._plugs: list[socket.socket] = []  # both ends of what keeps the silent ones silent
        self._open: dict[str, set[Connection]] = {}

    @property
    def requests(self) -> Counter[tuple[str, str, str]]:
        """Requests by endpoint, method and path."""
        return self.record.requests

    @property
    def connections(self) -> Counter[str]:
        """Connections by endpoint."""
        return self.record.connections

    async def start(self) -> None:
        """Listen everywhere. Raises DemoError when an address is in use or too few files may be open."""
        listening = [each for each in self._population.residents if each.behaviour is not Behaviour.REFUSED]
        _allow_files(2 * len(listening) + _SPARE_FILES)
        try:
            for resident in listening:
                await self._listen(resident)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close every socket and connection."""
        for server in self._servers:
            server.close()
        for connections in self._open.values():
            for connection in list(connections):
                connection.reset()
        for plug in self._plugs:
            plug.close()
        self._servers.clear()
        self._plugs.clear()
        await asyncio.sleep(0)  # so that the loop sees off what was closed

    async def _listen(self, resident: Resident) -> None:
        sock = _bound(resident)
        if resident.behaviour is Behaviour.SILENT:
            self._silence(sock)
            return
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(resident, self), sock=sock, backlog=_BACKLOG
        )
        self._servers.append(server)

    def _silence(self, listener: socket.socket) -> None:
        """Fill the queue of one connection that nobody takes: the kernel then drops whoever else knocks."""
        listener.listen(0)
        knock = socket.create_connection(listener.getsockname(), timeout=1)
        self._plugs += [listener, knock]

    def opened(self, resident: Resident, connection: Connection) -> None:
        """Note a connection."""
        self.record.connections[resident.endpoint] += 1
        at_once = self._open.setdefault(resident.address, set())
        at_once.add(connection)
        most = self.record.most_at_once
        most[resident.address] = max(most.get(resident.address, 0), len(at_once))

    def asked(self, resident: Resident, method: str, path: str, user_agent: str) -> None:
        """Note a request."""
        self.record.requests[resident.endpoint, method, path] += 1
        self.record.user_agents[user_agent] += 1

    def closed(self, resident: Resident, connection: Connection) -> None:
        """Note that a connection is gone."""
        self._open[resident.address].discard(connection)


def _bound(resident: Resident) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((resident.address, resident.port))
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise DemoError(
                f"{resident.address} cannot be listened on: this system has only 127.0.0.1; run the demo on Linux"
            ) from None
        reason = error.strerror or str(error)
        raise DemoError(f"{resident.endpoint} cannot be listened on ({reason}); take another --seed") from None
    sock.setblocking(False)
    return sock


def _allow_files(wanted: int) -> None:
    """Raise this process's soft limit of open files to `wanted`, if it is lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted or soft == resource.RLIM_INFINITY:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise DemoError(
            f"{wanted} files must be open at once and the system allows {hard}; "
            f"raise the limit (ulimit -Hn {wanted}, as root) or ask for fewer --endpoints"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
