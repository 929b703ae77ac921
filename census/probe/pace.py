"""How fast: new connections a second over all, and into one network, for one worker process.

asyncio-throttle polls once for every waiter, and spends a second's budget in one burst when asked for a second.
One producer that waits for it, with a period of some milliseconds, is smooth and costs next to nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import time
from collections import deque

from asyncio_throttle.throttler import Throttler

_SHORT = 0.01  # seconds; the longest burst that the overall rate allows
_FORGET = 10_000  # networks remembered before the idle ones are dropped


def clock() -> float:
    """Seconds by the clock of leases, which goes on while the machine sleeps, where the system has such a one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Pace:
    """Hands out the right to open a connection; `rate` and `per_network` are connections a second.

    The rate can be set anew at any time, none included, and for a while only: who leases it must have it renewed.
    """

    def __init__(self, rate: float, per_network: float) -> None:
        self.rate = 0.0
        self._until = math.inf
        self._granted = asyncio.Event()
        self._throttler = Throttler(rate_limit=1)
        self._gap = 1 / per_network
        self._next: dict[str, float] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._wake = asyncio.Event()
        self._producer: asyncio.Task[None] | None = None
        self.grant(rate)

    def grant(self, rate: float, until: float = math.inf) -> None:
        """Set the rate, 0 for none, up to a time on `clock()`; what was opened before still counts."""
        if rate != self.rate and rate > 0:
            burst = max(1, math.floor(rate * _SHORT))
            self._throttler.rate_limit, self._throttler.period = burst, burst / rate
            self._throttler.retry_interval = min(0.01, self._throttler.period / 10)
        self.rate, self._until = rate, until
        if self._open:
            self._granted.set()

    async def connection(self, network: str) -> None:
        """Wait until one more connection into `network` may be opened."""
        while True:
            await self._opened()
            delay = self.reserve(network) - time.monotonic()
            if delay > 0:
                await asyncio.sleep(delay)
            if self._open:  # a slot that passed during a pause is void, or all would go into the network at once
                break
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._wake.set()
        if self._producer is None:
            self._producer = asyncio.create_task(self._produce())
        await turn

    async def _opened(self) -> None:
        while not self._open:
            self._granted.clear()
            await self._granted.wait()

    @property
    def _open(self) -> bool:
        return self.rate > 0 and clock() < self._until

    def ready(self, network: str) -> float:
        """When the next connection into `network` may be opened, on the monotonic clock; 0 for at once."""
        return self._next.get(network, 0.0)

    def reserve(self, network: str) -> float:
        """Take the next slot of `network` and give its time on the monotonic clock."""
        now = time.monotonic()
        slot = max(now, self._next.get(network, 0.0))
        if len(self._next) > _FORGET:
            self._next = {name: at for name, at in self._next.items() if at > now}
        self._next[network] = slot + self._gap
        return slot

    async def close(self) -> None:
        """Stop the producer; nobody may be waiting any more."""
        if self._producer is not None:
            self._producer.cancel()
            await asyncio.gather(self._producer, return_exceptions=True)

    async def _produce(self) -> None:
        while True:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            await self._opened()
            async with self._throttler:
                if not self._open:  # the lease may have ended in between, or the process have been asleep
                    continue
                turn = self._waiting.popleft()
                if not turn.done():  # a waiter that was cancelled gives its turn back only in part: rates are ceilings
                    turn.set_result(None)


def network_of(address: str) -> str:
    """The network whose rate counts for `address`: its /24, or its /48 for IPv6."""
    if ":" not in address:
        return address.rpartition(".")[0]
    return ipaddress.IPv6Address(address).exploded[:14]
