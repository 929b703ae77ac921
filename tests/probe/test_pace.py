from __future__ import annotations

import asyncio
import time

import pytest

from census.probe.pace import Pace, clock, network_of


def moments(pace_of: tuple[float, float], networks: list[str]) -> list[float]:
    async def run() -> list[float]:
        pace = Pace(*pace_of)
        seen: list[float] = []

        async def one(network: str) -> None:
            await pace.connection(network)
            seen.append(time.monotonic())

        await asyncio.gather(*(one(network) for network in networks))
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


def test_nothing_is_opened_without_a_rate_nor_after_the_lease_has_ended() -> None:
    async def run() -> tuple[list[float], float]:
        pace = Pace(0, 1e6)
        opened: list[float] = []

        async def ask(number: int) -> None:
            await pace.connection(str(number))
            opened.append(clock())

        asking = [asyncio.create_task(ask(number)) for number in range(200)]
        await asyncio.sleep(0.2)
        assert opened == []
        until = clock() + 0.3
        pace.grant(100, until)
        await asyncio.sleep(0.8)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        return opened, until

    opened, until = asyncio.run(run())
    assert 0 < len(opened) <= 32
    assert max(opened) < until + 0.05


def test_a_rate_that_is_set_anew_does_not_forget_what_was_opened() -> None:
    async def run() -> int:
        pace = Pace(50, 1e6)
        opened = 0

        async def ask(number: int) -> None:
            nonlocal opened
            await pace.connection(str(number))
            opened += 1

        asking = [asyncio.create_task(ask(number)) for number in range(500)]
        began = clock()
        while clock() < began + 1:
            pace.grant(50 if pace.rate < 50 else 49)
            await asyncio.sleep(0.001)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        return opened

    assert 5 < asyncio.run(run()) <= 52


def test_after_a_pause_one_network_is_still_asked_at_its_own_rate() -> None:
    async def run() -> list[float]:
        pace = Pace(0, 20)
        opened: list[float] = []

        async def ask() -> None:
            await pace.connection("127.0.0")
            opened.append(time.monotonic())

        asking = [asyncio.create_task(ask()) for _ in range(6)]
        await asyncio.sleep(0.6)  # the slots of all of them pass meanwhile
        pace.grant(1000)
        await asyncio.gather(*asking)
        return opened

    opened = asyncio.run(run())
    assert opened[-1] - opened[0] >= 4 / 20 - 0.02


def test_who_need_not_wait_gets_the_right_at_once() -> None:
    async def run() -> None:
        asked = Pace(1000, 1e6).connection("127.0.0")
        with pytest.raises(StopIteration):
            asked.send(None)  # it would give the loop a turn here if it waited

    asyncio.run(run())


def test_one_that_gives_up_waiting_holds_nobody_back() -> None:
    async def run() -> float:
        pace = Pace(10, 1e6)
        await pace.connection("0")
        first, second = (asyncio.create_task(pace.connection(str(number))) for number in (1, 2))
        await asyncio.sleep(0.02)
        first.cancel()
        began = time.monotonic()
        await second
        return time.monotonic() - began

    assert asyncio.run(run()) < 5


def test_the_networks_of_addresses() -> None:
    assert network_of("127.1.2.3") == "127.1.2"
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:3::1")
    assert network_of("2001:db8:1::1") != network_of("2001:db8:2::1")
