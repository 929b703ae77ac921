from __future__ import annotations

import asyncio

import pytest
import uvloop

from census.probe.limit import Limit


def now() -> float:
    return asyncio.get_running_loop().time()


def test_what_takes_longer_is_ended() -> None:
    async def run() -> None:
        with pytest.raises(TimeoutError), Limit(now() + 0.02):
            await asyncio.sleep(30)
        await asyncio.sleep(0.01)  # nothing is left over that would end it now
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    uvloop.run(run())


def test_a_time_that_is_put_off_ends_it_then_and_not_before() -> None:
    async def wait(first: float, then: float) -> None:
        with Limit(first) as limit:
            limit.move(then)
            await asyncio.sleep(30)

    async def run() -> None:
        began = now()
        with pytest.raises(TimeoutError):
            await wait(began + 0.02, began + 0.2)
        assert now() - began > 0.19

    uvloop.run(run())


def test_what_ends_in_time_is_left_alone() -> None:
    async def run() -> str:
        with Limit(now() + 0.5):
            await asyncio.sleep(0)
        await asyncio.sleep(0.6)
        return "done"

    assert uvloop.run(run()) == "done"


def test_an_error_of_its_own_comes_out_as_it_is() -> None:
    async def run() -> None:
        with Limit(now() + 30):
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        uvloop.run(run())


def test_who_is_cancelled_from_outside_stays_cancelled() -> None:
    async def waits(begun: asyncio.Event) -> None:
        with Limit(now() + 30):
            begun.set()
            await asyncio.sleep(30)

    async def run() -> None:
        begun = asyncio.Event()
        task = asyncio.create_task(waits(begun))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    uvloop.run(run())


def test_who_is_cancelled_from_outside_at_the_same_moment_stays_cancelled() -> None:
    async def waits() -> None:
        with Limit(now()):
            await asyncio.sleep(30)

    async def run() -> None:
        task = asyncio.create_task(waits())
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
