"""How fast: new connections a second over all, into one network, and after pauses, for one worker process.

asyncio-throttle polls once for every waiter, and spends a second's budget in one burst when asked for a second.
One waiter at a time, with a period of some milliseconds, is smooth, and who need not wait is not made to.
"""

from __future__ import annotations

import asyncio
import math
import time

from asyncio_throttle.throttler import Throttler

from census.probe.networks import Attempt, Networks, network_of, written_network
from census.probe.pauses import Pauses

__all__ = ["Pace", "network_of", "written_network"]

_SHORT = 0.01  # seconds; the longest burst that the overall rate allows
_CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def clock() -> float:
    """Seconds by the clock of leases, which goes on while the machine sleeps, where the system has such a one."""
    return time.clock_gettime(_CLOCK)


class Pace:
    """Hands out the right to open a connection; `rate` and `per_network` are connections a second.

    The rate can be set anew at any time, none included, and for a while only: who leases it must have it renewed.
    """

    def __init__(self, rate: float, per_network: float) -> None:
        self.rate = 0.0
        self._until = math.inf
        self._granted = asyncio.Event()
        self._throttler = Throttler(rate_limit=1)
        self._networks = Networks(per_network)
        self._pauses = Pauses()
        self._turn = asyncio.Lock()
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
            if not self._open:  # so that who need not wait makes no coroutine for it
                await self._opened()
            waited = await self.network(network)
            if not waited or self._open:  # a slot that passed during a pause is void, or all would go there at once
                break
        async with self._turn:
            while True:
                if not self._open:
                    await self._opened()
                async with self._throttler:
                    if self._open:  # the lease may have ended in between, or the process have been asleep
                        return

    async def network(self, network: str) -> bool:
        """Wait for `network` alone; the caller holds the right of the overall rate. Says whether it had to wait."""
        delay = self._networks.reserve(network) - time.monotonic()
        if delay <= 0:
            return False
        await asyncio.sleep(delay)
        return True

    async def _opened(self) -> None:
        while not self._open:
            self._granted.clear()
            await self._granted.wait()

    @property
    def _open(self) -> bool:
        return self.rate > 0 and clock() < self._until

    def ready(self, network: str) -> float:
        """When the next connection into `network` may be opened, on the monotonic clock; 0 for at once."""
        return self._networks.ready(network)

    def begin(self, address: str) -> Attempt | None:
        """Note that a target at this address is about to be asked; what it gives is to be told to `end`."""
        return self._networks.begin(address)

    def end(self, address: str, attempt: Attempt | None, *, answered: bool) -> None:
        """Note, once, that a target answered, be it by a refusal; or that nothing did, or that it broke off."""
        self._networks.end(address, attempt, answered=answered)

    def pause(self, address: str, seconds: float) -> None:
        """Leave an address in peace, as it asked; the first time its network is asked more slowly too."""
        if self._pauses.ask_for(address, seconds):
            self._networks.slow_down(network_of(address), "retry_after")

    def paused(self, address: str) -> float:
        """Seconds until the address may be asked again, 0 for at once."""
        return self._pauses.left(address)

    async def rested(self, address: str) -> bool:
        """Wait until the pause of an address is over; False, at once, if it asks for more than a scan waits."""
        while (wait := self._pauses.wait(address)) > 0:
            if math.isinf(wait):
                return False
            await asyncio.sleep(wait)
            await self.connection(network_of(address))  # the right that was held has grown old
        return True
