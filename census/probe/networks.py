"""When each network may be connected to again, and which of them are asked more slowly because they fail.

A network that answered and then fails in a row, longer than chance explains by the share of its attempts that were
answered, is asked at half its rate, and half again, down to an eighth; each answer brings a tenth of the slowness
back. One that never answered is dark, not overloaded: it keeps its rate, or scans of empty networks would not end.
"""

from __future__ import annotations

import ipaddress
import logging
import time

from census import metrics

log = logging.getLogger(__name__)

_FORGET = 10_000  # networks remembered before the idle ones are dropped
_IDLE = 30.0  # seconds after which a network is idle: longer than a target takes
_SLOWEST = 8.0  # a scan must end, so a network takes at most so many times as long
_RECOVERY = 0.9  # of the slowness, that is left after one answer
_UNLIKELY = 0.001  # chance of a row of failures below which it is no chance
_ROW = 256  # failures of a row that are told apart by their addresses


class _Network:
    """The state of one network; `failing` are the addresses that failed since the last answer."""

    __slots__ = ("answered", "failing", "next", "slowness", "started")

    def __init__(self) -> None:
        self.next = 0.0
        self.started = 0
        self.answered = 0
        self.slowness = 1.0
        self.failing: set[str] = set()

    def chance(self) -> float:
        """How likely so many addresses in a row fail, if as many answer as did among the attempts before."""
        before = self.started - len(self.failing) + 1  # those still under way count as not answered
        share = min(self.answered / max(before, 1), 0.99)
        return float((1 - share) ** len(self.failing))


class Networks:
    """The networks of one worker, by the key of `network_of`; `rate` is new connections a second into each."""

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate
        self._networks: dict[str, _Network] = {}
        self._limit = _FORGET

    def ready(self, network: str) -> float:
        """When the next connection into `network` may be opened, on the monotonic clock; 0 for at once."""
        known = self._networks.get(network)
        return known.next if known is not None else 0.0

    def reserve(self, network: str) -> float:
        """Take the next slot of `network` and give its time on the monotonic clock."""
        now = time.monotonic()
        state = self._state(network, now)
        slot = max(now, state.next)
        state.next = slot + self._gap * state.slowness
        state.started += 1
        return slot

    def slowness(self, network: str) -> float:
        """How many times as long a network rests between two connections as the scope demands: 1 to 8."""
        known = self._networks.get(network)
        return known.slowness if known is not None else 1.0

    def answered(self, network: str) -> None:
        """Note that an attempt was answered, be it by a refusal."""
        state = self._state(network, time.monotonic())
        state.answered += 1
        state.failing.clear()
        state.slowness = max(1.0, state.slowness * _RECOVERY)

    def failed(self, network: str, address: str) -> None:
        """Note that an attempt was met by silence, by no way, or by a reset; an address counts once in a row."""
        state = self._state(network, time.monotonic())
        if len(state.failing) < _ROW:
            state.failing.add(address)
        if state.chance() < _UNLIKELY:
            state.failing.clear()
            self.slow_down(network, "failures")

    def slow_down(self, network: str, reason: str) -> None:
        """Halve the rate of a network, down to an eighth; `reason` is `failures` or `retry_after`, for the metric."""
        now = time.monotonic()
        state = self._state(network, now)
        if state.slowness < _SLOWEST:
            state.slowness = min(_SLOWEST, state.slowness * 2)
            metrics.SLOWDOWNS.labels(reason).inc()
            log.info("%s is asked %g times as slowly (%s)", written_network(network), state.slowness, reason)
        state.next = max(state.next, now + self._gap * state.slowness)

    def _state(self, network: str, now: float) -> _Network:
        state = self._networks.get(network)
        if state is None:
            if len(self._networks) >= self._limit:
                self._networks = {name: each for name, each in self._networks.items() if each.next > now - _IDLE}
                self._limit = max(_FORGET, 2 * len(self._networks))  # or each new one would look through all
            state = self._networks[network] = _Network()
        return state


def network_of(address: str) -> str:
    """The network whose rate counts for `address`: its /24, or its /48 for IPv6."""
    if ":" not in address:
        return address.rpartition(".")[0]
    return ipaddress.IPv6Address(address).exploded[:14]


def written_network(network: str) -> str:
    """A network of `network_of` as people write it: 192.0.2.0/24, 2001:db8::/48; another key as it is."""
    if ":" in network:
        return str(ipaddress.IPv6Network(f"{network}::/48"))
    return f"{network}.0/24" if network.count(".") == 2 and network[-1].isdigit() else network  # noqa: PLR2004  three numbers
