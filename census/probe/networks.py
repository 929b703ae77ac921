"""When each network may be connected to again, and which of them are asked more slowly because they fail.

A network that answered and then fails in a row, longer than chance explains by the share of addresses that answered
before, is asked at half its rate, and half again, down to an eighth; each answer brings a tenth of the slowness back.
One that never answered is dark, not overloaded: it keeps its rate, or scans of empty networks would not end.

Attempts are judged in the order in which they began. Silence takes seconds and an answer does not, so in the order of
their ends the last attempts of any network would be a long row of failures.
"""

from __future__ import annotations

import ipaddress
import logging
import time

from census import metrics

log = logging.getLogger(__name__)

_FORGET = 4_000  # networks and their addresses remembered, before those of the idle ones are dropped; a chunk has 2,500
_MORE = 4  # and then a quarter more than are left: twice as many would be what a long scan has and a short one has not
_IDLE = 20.0  # seconds after which a network is idle: longer than a target takes
_SLOWEST = 8.0  # a scan must end, so a network takes at most so many times as long
_RECOVERY = 0.9  # of the slowness, that is left after one answer
_UNLIKELY = 0.0001  # chance of a row of failures below which it is no chance
_ENOUGH = 4  # answers from which a share of answers is told
_ADDRESSES = 1024  # of one network that are remembered: all of a /24, some of a /48


class Attempt:
    """One look at a target as its network's course sees it; `answered` is None while it is not known."""

    __slots__ = ("answered", "course", "network")

    def __init__(self, network: str, course: _Course) -> None:
        self.network = network
        self.course = course
        self.answered: bool | None = None


class _Course:
    """Attempts of one sort in the order in which they began, with the row of failures at its end."""

    __slots__ = ("answers", "before", "open", "row")

    def __init__(self) -> None:
        self.open: list[Attempt] = []  # an empty deque is ten times as large
        self.before = 0  # attempts before the row
        self.answers = 0  # those of them that were answered
        self.row = 0

    def failing(self) -> bool:
        """Take in what is known by now; says whether so long a row is no chance any more."""
        while self.open and self.open[0].answered is not None:
            if self.open.pop(0).answered:
                self.before, self.answers, self.row = self.before + self.row + 1, self.answers + 1, 0
            else:
                self.row += 1
        if self.row == 0 or self.answers < _ENOUGH:
            return False
        share = self.answers / (self.before + 1)
        return (1 - share) ** self.row < _UNLIKELY

    def begin_row(self) -> None:
        """Count the row that was acted upon among the attempts before, so that only a further one tells more."""
        self.before, self.row = self.before + self.row, 0


class _Network:
    """The state of one network.

    Addresses that are asked for the first time and those that have answered before are judged apart; further
    attempts at an address that never answered tell nothing new.
    """

    __slots__ = ("again", "first", "met", "next", "slowness")

    def __init__(self) -> None:
        self.next = 0.0
        self.slowness = 1.0
        self.met: dict[int, bool] = {}  # by `_short`, whether an address ever answered
        self.first = _Course()
        self.again = _Course()


class Networks:
    """The networks of one worker, by the key of `network_of`; `rate` is new connections a second into each."""

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate
        self._networks: dict[str, _Network] = {}
        self._remembered = 0  # networks and addresses
        self._limit = _FORGET

    def ready(self, network: str) -> float:
        """When the next connection into `network` may be opened, on the monotonic clock; 0 for at once."""
        known = self._networks.get(network)
        return known.next if known is not None else 0.0

    def reserve(self, network: str) -> float:
        """Take the next slot of `network` and give its time on the monotonic clock."""
        now = time.monotonic()
        state = self._state(network)
        slot = max(now, state.next)
        state.next = slot + self._gap * state.slowness
        return slot

    def slowness(self, network: str) -> float:
        """How many times as long a network rests between two connections as the scope demands: 1 to 8."""
        known = self._networks.get(network)
        return known.slowness if known is not None else 1.0

    def begin(self, address: str) -> Attempt | None:
        """An attempt at an address, to be told to `end`; None if it can tell nothing of its network."""
        network = network_of(address)
        state = self._state(network)
        short = _short(address)
        answered = state.met.get(short)
        if answered is False or (answered is None and len(state.met) >= _ADDRESSES):
            return None
        if answered is None:
            state.met[short] = False
            self._remembered += 1
        course = state.first if answered is None else state.again
        attempt = Attempt(network, course)
        course.open.append(attempt)
        return attempt

    def end(self, address: str, attempt: Attempt | None, *, answered: bool) -> None:
        """Note what became of an attempt: an answer, be it a refusal; or silence, no way, or a reset. Once for each."""
        state = self._state(network_of(address) if attempt is None else attempt.network)
        if answered:
            short = _short(address)
            if short in state.met:
                state.met[short] = True
            state.slowness = max(1.0, state.slowness * _RECOVERY)
        if attempt is None or attempt.answered is not None:
            return
        attempt.answered = answered
        if attempt.course.failing():
            attempt.course.begin_row()
            self.slow_down(attempt.network, "failures")

    def slow_down(self, network: str, reason: str) -> None:
        """Halve the rate of a network, down to an eighth; `reason` is `failures` or `retry_after`, for the metric."""
        now = time.monotonic()
        state = self._state(network)
        if state.slowness < _SLOWEST:
            state.slowness = min(_SLOWEST, state.slowness * 2)
            metrics.SLOWDOWNS.labels(reason).inc()
            log.info("%s is asked %g times as slowly (%s)", written_network(network), state.slowness, reason)
        state.next = max(state.next, now + self._gap * state.slowness)

    def _state(self, network: str) -> _Network:
        state = self._networks.get(network)
        if state is None:
            if self._remembered >= self._limit:
                busy = time.monotonic() - _IDLE
                self._networks = {name: each for name, each in self._networks.items() if each.next > busy}
                self._remembered = len(self._networks) + sum(len(each.met) for each in self._networks.values())
                # Some more than are left, or each new one would look through all of them.
                self._limit = max(_FORGET, self._remembered + self._remembered // _MORE)
            state = self._networks[network] = _Network()
            self._remembered += 1
        return state


def network_of(address: str) -> str:
    """The network whose rate counts for `address`: its /24, or its /48 for IPv6."""
    if ":" not in address:
        return address.rpartition(".")[0]
    return ipaddress.IPv6Address(address).exploded[:14]


def _short(address: str) -> int:
    """An address within its network: the last number of IPv4, which Python has anyway, or a salted hash.

    The text itself would outlive its chunk, at twice the room of all else that is remembered of an address.
    """
    return hash(address) if ":" in address else int(address.rpartition(".")[2])


def written_network(network: str) -> str:
    """A network of `network_of` as people write it: 192.0.2.0/24, 2001:db8::/48; another key as it is."""
    if ":" in network:
        return str(ipaddress.IPv6Network(f"{network}::/48"))
    return f"{network}.0/24" if network.count(".") == 2 and network[-1].isdigit() else network  # noqa: PLR2004  three numbers
