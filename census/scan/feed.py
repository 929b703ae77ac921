"""The order of asking: lanes of one address each, let go network by network as the pace allows.

A lane holds the targets of one address that are asked one after another; `per_host` lanes of one address may run
side by side. Of all networks in a chunk the one that has rested longest goes next, so neighbours stay far apart.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterable, Iterator

from census.facts import Target
from census.probe.pace import network_of

Lane = list[tuple[int, Target]]


def network_key(target: Target) -> str:
    """The network whose pace counts for a target; a name not yet resolved is a network of its own."""
    return network_of(target.address) if target.address is not None else target.name or ""


def lanes(targets: Iterable[tuple[int, Target]], per_host: int) -> dict[str, list[Lane]]:
    """Lanes by network, in the order in which their first targets come; numbers are places in the chunk."""
    hosts: dict[str, list[Lane]] = {}
    networks: dict[str, list[Lane]] = {}
    for number, target in targets:
        row = hosts.setdefault(target.address or target.name or "", [])
        dealt = sum(map(len, row))
        if len(row) < per_host:
            row.append([])
            networks.setdefault(network_key(target), []).append(row[-1])
        row[dealt % per_host].append((number, target))
    return networks


class Feed:
    """The lanes of a chunk, let go one after another, the network that is ready first at each step."""

    def __init__(self, networks: dict[str, list[Lane]]) -> None:
        # Taken from the end. Most networks of a chunk have one lane, and a queue of one is eight times as large as a
        # list.
        for waiting in networks.values():
            waiting.reverse()
        self._networks = networks
        self._untouched = dict.fromkeys(networks)

    def in_turn(self, ready: Callable[[str], float]) -> Iterator[tuple[float, str, Lane]]:
        """Each lane with its network and the time at which it may begin.

        `ready` gives the time on the monotonic clock at which a network's next connection may be opened; it is asked
        again when a network's turn has come, for lanes that reconnect move it.
        """
        heap = [(ready(network), place, network) for place, network in enumerate(self._networks)]
        heapq.heapify(heap)
        while heap:
            at, place, network = heapq.heappop(heap)
            waiting = self._networks.get(network)
            if waiting is None:
                continue
            now_at = ready(network)
            if now_at > at:
                heapq.heappush(heap, (now_at, place, network))
                continue
            self._untouched.pop(network, None)
            yield at, network, waiting.pop()
            if waiting:
                heapq.heappush(heap, (ready(network), place, network))

    def spare(self, least: int) -> list[int]:
        """Take out half of the networks that nobody was asked in yet, if they have at least so many targets.

        Gives the places of their targets. Networks stay whole, for the pace of each is kept by one worker.
        """
        names = list(self._untouched)
        taken = names[(len(names) + 1) // 2 :]
        places = sorted(place for name in taken for lane in self._networks[name] for place, _ in lane)
        if len(places) < least:
            return []
        for name in taken:
            del self._networks[name], self._untouched[name]
        return places


class Turns:
    """At most so many connections to one address at a time, whatever names it has in the list."""

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._busy: dict[str, tuple[asyncio.Semaphore, int]] = {}

    async def take(self, address: str) -> None:
        """Wait for one of the places of `address`, to be given back by `leave`; cancelled, it has taken none."""
        semaphore, users = self._busy.get(address, (None, 0))
        semaphore = semaphore or asyncio.Semaphore(self._per_host)
        self._busy[address] = (semaphore, users + 1)
        try:
            await semaphore.acquire()
        except BaseException:
            self._forget(address)
            raise

    def leave(self, address: str) -> None:
        """Give a place of `address` back."""
        self._busy[address][0].release()
        self._forget(address)

    def _forget(self, address: str) -> None:
        semaphore, users = self._busy.pop(address)
        if users > 1:
            self._busy[address] = (semaphore, users - 1)
