"""What a scan with details stores of a resident, without a socket: the kinds ask, the simulated server answers."""

from __future__ import annotations

import functools
import json
import zlib
from datetime import datetime
from typing import Final

from census import kinds
from census.demo.answers import answer
from census.demo.population import Resident
from census.exchanges import CANARY_PATH, Exchange, Exchanges, Question
from census.facts import Observation, Reading, Target
from census.kinds.kind import Kind, Wishes
from census.probe.pace import network_of

_REMEMBERED: Final = 20_000  # readings; most residents are at the next scan what they were
_NO_SUCH_PATH: Final = "/0123456789abcdef"


def observe(resident: Resident, at: datetime) -> Observation:
    """The observation of a resident at a moment, as the prober would make it of the same answers."""
    target = Target(resident.address, resident.port)
    if not resident.outcome.recognised:
        return Observation(target, resident.outcome, at, resident.address, connections=1)
    kind, reading, requests = _interview(resident)
    return Observation(
        target=target,
        outcome=reading.outcome,
        observed_at=at,
        address=resident.address,
        software=None if kind is None else kind.name,
        version=reading.version,
        models=reading.models,
        cut=reading.cut,
        running=reading.running,
        relay=reading.relay,
        imprint=reading.imprint,
        signals=reading.signals,
        latency_ms=_latency(resident, at),
        requests=requests,
        connections=1,
    )


def _latency(resident: Resident, at: datetime) -> float:
    """Milliseconds: the way to its network, the same at all times, and some waiting."""
    way = zlib.crc32(network_of(resident.address).encode()) % 150_000 / 1000 + 2
    return way * (1 + zlib.crc32(f"{resident.endpoint} {at}".encode()) % 1000 / 5000)


@functools.lru_cache(_REMEMBERED)
def _interview(resident: Resident) -> tuple[Kind | None, Reading, int]:
    """The kind that takes the resident, what it read, and how many questions that took."""
    asked = Exchanges()
    kind = _recognised(resident, asked)
    while kind is not None and (question := kind.ask(asked, Wishes(details=True))) is not None:
        asked.add(_exchange(resident, question))
        kind = _kind(asked)
    reading = Reading(kinds.unrecognised(asked)) if kind is None else kind.read(asked)
    return kind, reading, len(asked)


def _recognised(resident: Resident, asked: Exchanges) -> Kind | None:
    for question in kinds.opening(resident.port):
        asked.add(_exchange(resident, question))
        if (kind := _kind(asked)) is not None:
            return kind
    if (further := kinds.confirm(asked)) is not None:
        asked.add(_exchange(resident, further))
    return _kind(asked)


def _kind(asked: Exchanges) -> Kind | None:
    found = kinds.recognise(asked)
    return None if found is None else found[0]


def _exchange(resident: Resident, question: Question) -> Exchange:
    path = _NO_SUCH_PATH if question.path == CANARY_PATH else question.path
    body = b"" if question.model is None else json.dumps({"model": question.model}).encode()
    told = answer(resident, question.method, path.partition("?")[0], body)
    lines = told.render(close=False).partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Exchange(Question(question.method, path, question.model), told.status, headers, told.body)
