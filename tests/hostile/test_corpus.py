"""Every misbehaviour ends in its outcome, in time, without a fault of ours, and disturbs nobody else."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import pytest

from census import metrics
from census.facts import Observation, Outcome, Target
from census.probe.look import Prober
from census.probe.pace import Pace
from census.probe.transport import Manners, tls_context
from tests.hostile.corpus import CORPUS
from tests.support.wire import Wire, listen

_AT_ONCE = 30
_SOON = 2.0  # the deadline, in seconds, of what never comes to an end
_LATE = 60.0  # of what does, so that a loaded machine makes none of it too slow
_SLACK = 20.0  # seconds that a loaded machine may take more; what hangs takes for ever


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
    soon, late = (
        Prober(Manners("census/test", None, lambda _: True, 30.0, deadline), pace, tls_context())
        for deadline in (_SOON, _LATE)
    )
    room = asyncio.Semaphore(_AT_ONCE)
    met: dict[str, Met] = {}

    async def look(name: str) -> None:
        each = CORPUS[name]
        async with room, listen(each.make(), tls=each.context) as wire:
            began = time.monotonic()
            prober = soon if each.outcome is Outcome.TOO_SLOW else late
            seen = await prober.look(Target("127.0.0.1", wire.port, tls=each.tls), "127.0.0.1")
            met[name] = Met(seen, wire, time.monotonic() - began)

    before = metrics.unexpected_errors()
    await asyncio.gather(*map(look, CORPUS))
    assert metrics.unexpected_errors() == before
    return met


@pytest.mark.parametrize("name", CORPUS)
def test_it_ends_in_its_outcome(name: str, looks: dict[str, Met]) -> None:
    met, expected = looks[name], CORPUS[name]
    assert met.seen.outcome is expected.outcome
    assert met.seconds < (_SOON if expected.outcome is Outcome.TOO_SLOW else _LATE) + _SLACK
    assert met.wire.connections <= met.seen.connections
    if expected.names is not None:
        assert tuple(model.name for model in met.seen.models) == expected.names
        assert met.seen.cut == expected.cut
