"""The order of asking: lanes of one address each, let go network by network as the pace allows.

A lane holds the targets of one address that are asked one after another; `per_host` lanes of one address may run
side by side. Of all networks in a chunk the one that has rested longest goes next, so neighbours stay far apart.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from census.facts import Target
from census.probe.pace import network_of

Lane = list[tuple[int, Target]]


def network_key(target: Target) -> str:
    """The network whose pace counts for a target; a name not yet resolved is a network of its own."""
    return network_of(target.address) if target.address is not None else target.name or ""


def lanes(targets: Iterable[tuple[int, Target]], per_host: int) -> dict[str, deque[Lane]]:
    """Lanes by network, in the order in which their first targets come; numbers are places in the chunk."""
    hosts: dict[str, list[Lane]] = {}
    networks: dict[str, deque[Lane]] = {}
    dealt: dict[str, int] = {}
    for number, target in targets:
        host = target.address or target.name or ""
        row = hosts.setdefault(host, [])
        if len(row) < per_host:
            row.append([])
            networks.setdefault(network_key(target), deque()).append(row[-1])
        place = dealt.get(host, 0)
        row[place % per_host].append((number, target))
        dealt[host] = place + 1
    return networks


def in_turn(networks: dict[str, deque[Lane]], ready: Callable[[str], float]) -> Iterator[tuple[float, str, Lane]]:
    """Lanes with the time at which each may begin, the network that is ready first at each step.

    `ready` gives the time on the monotonic clock at which a network's next connection may be opened; it is asked
    again when a network's turn has come, for lanes that reconnect move it.
    """
    heap = [(ready(network), place, network) for place, network in enumerate(networks)]
    heapq.heapify(heap)
    while heap:
        at, place, network = heapq.heappop(heap)
        now_at = ready(network)
        if now_at > at:
            heapq.heappush(heap, (now_at, place, network))
            continue
        waiting = networks[network]
        yield at, network, waiting.popleft()
        if waiting:
            heapq.heappush(heap, (ready(network), place, network))
