"""How fast: new connections a second over all, into one network, and after pauses, for one worker process.

asyncio-throttle polls once for every waiter, and spends a second's budget in one burst when asked for a second.
One producer that waits for it, with a period of some milliseconds, is smooth and costs next to nothing.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque

from asyncio_throttle.throttler import Throttler

from census.probe.networks import Attempt, Networks, network_of, written_network
from census.probe.pauses import Pauses

__all__ = ["Pace", "network_of", "written_network"]

_SHORT = 0.01  # seconds; the longest burst that the overall rate allows


class Pace:
    """Hands out the right to open a connection; `rate` and `per_network` are connections a second."""

    def __init__(self, rate: float, per_network: float) -> None:
        burst = max(1, math.floor(rate * _SHORT))
        period = burst / rate
        self._throttler = Throttler(rate_limit=burst, period=period, retry_interval=min(0.01, period / 10))
        self._networks = Networks(per_network)
        self._pauses = Pauses()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._wake = asyncio.Event()
        self._producer: asyncio.Task[None] | None = None

    async def connection(self, network: str) -> None:
        """Wait until one more connection into `network` may be opened."""
        await self.network(network)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._wake.set()
        if self._producer is None:
            self._producer = asyncio.create_task(self._produce())
        await turn

    async def network(self, network: str) -> None:
        """Wait for `network` alone; the caller holds the right of the overall rate."""
        delay = self._networks.reserve(network) - time.monotonic()
        if delay > 0:
            await asyncio.sleep(delay)

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
            async with self._throttler:
                turn = self._waiting.popleft()
                if not turn.done():  # a waiter that was cancelled gives its turn back only in part: rates are ceilings
                    turn.set_result(None)
