"""Every misbehaviour ends in its outcome, in time, without a fault of ours, and disturbs nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass

import pytest

from census import metrics
from census.facts import Observation, Target
from census.probe.look import Prober
from census.probe.pace import Pace
from census.probe.transport import Manners, tls_context
from tests.hostile.corpus import CORPUS
from tests.support.wire import Wire, listen

_AT_ONCE = 30
_DEADLINE = 5.0
_SLACK = 10.0  # seconds that a loaded machine may take more; what hangs takes for ever


@dataclass(frozen=True)
class Met:
    seen: Observation
    wire: Wire
    seconds: float


@pytest.fixture(scope="module")
def looks() -> dict[str, Met]:
    """All of them, looked at by one prober."""
    return asyncio.run(_look_at_all())


async def _look_at_all() -> dict[str, Met]:
    pace = Pace(5000, 5000)
    prober = Prober(Manners("census/test", None, lambda _: True, 3.0, _DEADLINE), pace, tls_context())
    room = asyncio.Semaphore(_AT_ONCE)
    met: dict[str, Met] = {}

    async def look(name: str) -> None:
        each = CORPUS[name]
        async with room, listen(each.make(), tls=each.context) as wire:
            began = time.monotonic()
            seen = await prober.look(Target("127.0.0.1", wire.port, tls=each.tls), "127.0.0.1")
            met[name] = Met(seen, wire, time.monotonic() - began)

    before = metrics.unexpected_errors()
    await asyncio.gather(*map(look, CORPUS))
    assert metrics.unexpected_errors() == before
    with contextlib.suppress(asyncio.CancelledError):
        await pace.close()
    return met


@pytest.mark.parametrize("name", CORPUS)
def test_it_ends_in_its_outcome(name: str, looks: dict[str, Met]) -> None:
    met, expected = looks[name], CORPUS[name]
    assert met.seen.outcome is expected.outcome
    assert met.seconds < _DEADLINE + _SLACK
    assert met.wire.most_at_once <= 1
    if expected.names is not None:
        assert tuple(model.name for model in met.seen.models) == expected.names
        assert met.seen.cut == expected.cut
