"""The order of asking: lanes of one address each, let go network by network as the pace allows.

A lane holds the targets of one address that are asked one after another; `per_host` lanes of one address may run
side by side. Of all networks in a chunk the one that has rested longest goes next, so neighbours stay far apart.
"""

from __future__ import annotations

import asyncio
import heapq
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from census.facts import Target
from census.probe.pace import network_of

Lane = list[tuple[int, Target]]


def network_key(target: Target) -> str:
    """The network whose pace counts for a target; a name not yet resolved is a network of its own."""
    return network_of(target.address) if target.address is not None else target.name or ""


class Feed:
    """The lanes of a chunk, let go one after another, the network that is ready first at each step.

    `targets` are all of a chunk, `places` those of them that are to be asked. Lanes are dealt when the first of their
    network is let go: lanes for each target of a chunk at once take more than the targets.
    """

    def __init__(self, targets: Sequence[Target], places: Iterable[int], per_host: int) -> None:
        self._targets = targets
        self._per_host = per_host
        self._untouched: dict[str, array[int]] = {}  # the places in networks that nobody was asked in yet
        self._begun: dict[str, list[Lane]] = {}  # what is left of the others; taken from the end
        for place in places:
            self._untouched.setdefault(network_key(targets[place]), array("I")).append(place)

    def in_turn(self, ready: Callable[[str], float]) -> Iterator[tuple[float, str, Lane]]:
        """Each lane with its network and the time at which it may begin.

        `ready` gives the time on the monotonic clock at which a network's next connection may be opened; it is asked
        again when a network's turn has come, for lanes that reconnect move it.
        """
        heap = [(ready(network), order, network) for order, network in enumerate(self._untouched)]
        heapq.heapify(heap)
        while heap:
            at, order, network = heapq.heappop(heap)
            if network not in self._untouched and network not in self._begun:
                continue
            now_at = ready(network)
            if now_at > at:
                heapq.heappush(heap, (now_at, order, network))
                continue
            yield at, network, self._next(network)
            if network in self._begun:
                heapq.heappush(heap, (ready(network), order, network))

    def _next(self, network: str) -> Lane:
        places = self._untouched.pop(network, None)
        if places is not None:
            self._begun[network] = _lanes(((place, self._targets[place]) for place in places), self._per_host)
        left = self._begun[network]
        lane = left.pop()
        if not left:
            del self._begun[network]
        return lane

    def spare(self, least: int) -> list[int]:
        """Take out half of the networks that nobody was asked in yet, if they have at least so many targets.

        Gives the places of their targets. Networks stay whole, for the pace of each is kept by one worker.
        """
        names = list(self._untouched)
        taken = names[(len(names) + 1) // 2 :]
        places = sorted(place for name in taken for place in self._untouched[name])
        if len(places) < least:
            return []
        for name in taken:
            del self._untouched[name]
        return places


def _lanes(targets: Iterable[tuple[int, Target]], per_host: int) -> list[Lane]:
    """The lanes of one network, the one whose first target comes first at the end; numbers are places in the chunk."""
    hosts: dict[str, list[Lane]] = {}
    dealt: list[Lane] = []
    for place, target in targets:
        row = hosts.setdefault(target.address or target.name or "", [])
        if len(row) < per_host:
            lane = [(place, target)]
            row.append(lane)
            dealt.append(lane)
        else:
            row[sum(map(len, row)) % per_host].append((place, target))
    dealt.reverse()
    return dealt


class Turns:
    """At most so many connections to one address at a time, whatever names it has in the list."""

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._taken: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # in their order: hardly anybody ever waits

    async def take(self, address: str) -> None:
        """Wait for one of the places of `address`, to be given back by `leave`; cancelled, it has taken none."""
        taken = self._taken.get(address, 0)
        if taken < self._per_host:  # then nobody waits, for who leaves hands the place on
            self._taken[address] = taken + 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(address, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # it had just been handed over
                self.leave(address)
            raise

    def leave(self, address: str) -> None:
        """Give a place of `address` back: to who has waited for one longest, if anybody has."""
        row = self._waiting.get(address)
        while row:
            place = row.popleft()
            if not row:
                del self._waiting[address]
            if not place.done():
                place.set_result(None)
                return
        taken = self._taken.pop(address)
        if taken > 1:
            self._taken[address] = taken - 1
