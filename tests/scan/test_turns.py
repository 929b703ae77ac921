"""Who waits for a place at an address gets one in turn, and never are more taken than the scope allows."""

from __future__ import annotations

import asyncio

import pytest
import uvloop

from census.scan.feed import Turns

ADDRESS = "127.0.0.1"


async def after_a_moment() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize("per_host", [1, 3])
def test_no_more_places_are_taken_than_there_are_and_they_go_to_who_waited_longest(per_host: int) -> None:
    async def run() -> tuple[list[int], int]:
        turns, order, taken, most = Turns(per_host), [], 0, 0

        async def ask(number: int) -> None:
            nonlocal taken, most
            for _ in range(2):  # who comes back stands behind those that wait
                await turns.take(ADDRESS)
                order.append(number)
                taken += 1
                most = max(most, taken)
                await asyncio.sleep(0)
                taken -= 1
                turns.leave(ADDRESS)

        await asyncio.gather(*(ask(number) for number in range(12)))
        return order, most

    order, most = uvloop.run(run())
    assert order == [*range(12)] * 2
    assert most == per_host


def test_places_of_other_addresses_are_not_waited_for() -> None:
    async def run() -> None:
        turns = Turns(1)
        async with asyncio.timeout(5):
            for number in range(100):
                await turns.take(f"127.0.0.{number}")

    uvloop.run(run())


@pytest.mark.parametrize("handed_over", [False, True])
def test_who_is_cancelled_has_taken_no_place_and_the_next_one_gets_it(handed_over: bool) -> None:
    async def run() -> None:
        turns = Turns(1)
        await turns.take(ADDRESS)
        first, second = (asyncio.create_task(turns.take(ADDRESS)) for _ in range(2))
        await after_a_moment()
        if handed_over:
            turns.leave(ADDRESS)  # to the first, who is cancelled before it knows
            first.cancel()
        else:
            first.cancel()
            await after_a_moment()
            turns.leave(ADDRESS)
        async with asyncio.timeout(5):
            await second
        assert first.cancelled()
        turns.leave(ADDRESS)
        async with asyncio.timeout(5):
            await turns.take(ADDRESS)

    uvloop.run(run())
