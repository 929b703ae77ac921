from __future__ import annotations

import asyncio
import time

import pytest

from census.probe.pace import Pace, network_of


def moments(pace_of: tuple[float, float], networks: list[str]) -> list[float]:
    async def run() -> list[float]:
        pace = Pace(*pace_of)
        seen: list[float] = []

        async def one(network: str) -> None:
            await pace.connection(network)
            seen.append(time.monotonic())

        await asyncio.gather(*(one(network) for network in networks))
        await pace.close()
        return seen

    return asyncio.run(run())


@pytest.mark.parametrize("rate", [50.0, 150.0, 1000.0])
def test_the_overall_rate_is_never_exceeded(rate: float) -> None:
    seen = moments((rate, 1e6), [str(number) for number in range(int(rate / 3))])
    # Any window of a tenth of a second holds a tenth of the rate, and at most one short burst more.
    window, burst = 0.1, max(1, int(rate * 0.01))
    for start in seen:
        assert sum(start <= moment < start + window for moment in seen) <= rate * window + 2 * burst


def test_one_network_is_asked_at_its_own_rate() -> None:
    seen = moments((1000, 20), ["127.0.0"] * 6)
    assert seen[-1] - seen[0] >= 5 / 20 - 0.02


def test_networks_do_not_wait_for_each_other() -> None:
    seen = moments((10_000, 1), [str(number) for number in range(100)])
    assert seen[-1] - seen[0] < 0.5


def test_the_networks_of_addresses() -> None:
    assert network_of("127.1.2.3") == "127.1.2"
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:3::1")
    assert network_of("2001:db8:1::1") != network_of("2001:db8:2::1")
