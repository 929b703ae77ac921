"""Six hosts in three scans, small enough that every statistic of them can be worked out on paper.

Day 1 has the first scan, day 2 the second (morning) and the third (evening).

    host        endpoint  day 1            day 2, morning    day 2, evening
    .1  US      11434     llama, 0.5.0     llama, 0.6.0      llama (other digest) and our own, 0.6.0
                8000                       qwen, vLLM
    .2  CN      11434     llama, qwen      llama, qwen, r1   llama, qwen
    .3  CN      11434     llama, qwen      llama, qwen                                         a decoy
    .4  nowhere 11434     locked           locked
    .5  US      11434     empty, vLLM      timed out
    .6  DE      11434     our own          our own                                             of no known family
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, update
from sqlalchemy.dialects.postgresql.ranges import MultiRange, Range

from census.facts import Outcome, Tools
from census.store import shared, tables
from tests.support.inventories import UNDESCRIBED, describe

DAY_1 = datetime(2026, 11, 1, 10, tzinfo=UTC)
DAY_2 = datetime(2026, 11, 2, 10, tzinfo=UTC)
EVENING = datetime(2026, 11, 2, 20, tzinfo=UTC)
TIMES = (DAY_1, DAY_2, EVENING)

LLAMA, OTHER_LLAMA, QWEN, R1, OWN = range(1, 6)  # in the order of _MODELS
_FAMILIES = (("Llama", "Meta", "US"), ("Qwen", "Alibaba", "CN"), ("DeepSeek", "DeepSeek", "CN"))
_MODELS = (
    ("llama3:8b", "Llama", "llama", Tools.YES),
    ("llama3:8b", "Llama", "llama", Tools.YES),
    ("qwen2:7b", "Qwen", "qwen2", Tools.NO),
    ("r1:7b", "DeepSeek", "qwen2", Tools.UNKNOWN),
    ("our-own:latest", None, None, Tools.UNKNOWN),
)
_DERIVED = (False, True, None, True, None)  # the other Llama is somebody's rework; of qwen2:7b nothing is known
_SOFTWARE = (("Ollama", "0.5.0"), ("Ollama", "0.6.0"), ("vLLM", "0.8.0"))
# Invented weaknesses, and what each says of the software above; None is not told, and so unknown.
_ADVISORIES = (
    ("A-1", "Ollama", (2, 0, None)),
    ("A-2", "Ollama", (0, None, None)),
    ("A-3", "vLLM", (None, None, 2)),
    ("A-4", "llama.cpp", (None, None, None)),
)
_PLACES = (("US", "Virginia"), ("CN", "Beijing"), ("DE", "Bavaria"), (None, None))
_HOSTS = (1, 2, 2, 4, 1, 3)  # their places
_ENDPOINTS = ((1, 11434, 0), (1, 8000, 0), (2, 11434, 0), (3, 11434, 2), (4, 11434, 0), (5, 11434, 0), (6, 11434, 1))


@dataclass(frozen=True)
class Seen:
    """One endpoint with one inventory and one software, in some of the scans; no models is locked."""

    endpoint: int
    models: Sequence[int] | None
    software: int | None
    scans: Sequence[int]


_SEEN = (
    Seen(1, (LLAMA,), 1, (1,)),
    Seen(1, (LLAMA,), 2, (2,)),
    Seen(1, (OTHER_LLAMA, OWN), 2, (3,)),
    Seen(2, (QWEN,), 3, (2,)),
    Seen(3, (LLAMA, QWEN), 1, (1, 3)),
    Seen(3, (LLAMA, QWEN, R1), 1, (2,)),
    Seen(4, (LLAMA, QWEN), 1, (1, 2)),
    Seen(5, None, None, (1, 2)),
    Seen(6, (), 3, (1,)),
    Seen(7, (OWN,), 2, (1, 2)),
)
# What became of targets that are no endpoints in the first scan; None is not asked yet.
_REST = (
    Outcome.REFUSED, Outcome.TIMED_OUT, Outcome.NOT_HTTP, Outcome.TOO_SLOW, Outcome.OTHER, Outcome.MISREAD,
    Outcome.OPTED_OUT, None,
)  # fmt: skip


def settle(connection: Connection) -> None:
    """Fill a fresh database with the village; all numbers of rows count from 1 in the order above."""
    for began in TIMES:
        _scan(connection, began)
    _insert(connection, shared.family, [{"name": n, "developer": d, "origin": o} for n, d, o in _FAMILIES])
    _insert(connection, shared.model, [_model(number) for number in range(1, len(_MODELS) + 1)])
    _insert(connection, shared.software, [{"name": name, "version": version} for name, version in _SOFTWARE])
    _advise(connection)
    _insert(connection, shared.place, [{"country": country, "region": region} for country, region in _PLACES])
    _insert(connection, shared.network, [{"asn": 64496, "organization": "Example Net"}])
    hosts = [{"address": f"127.0.0.{n}", "place_id": place, "network_id": 1} for n, place in enumerate(_HOSTS, 1)]
    _insert(connection, tables.host, hosts)
    _insert(connection, tables.endpoint, [_endpoint(*each) for each in _ENDPOINTS])
    inventories = sorted({seen.models for seen in _SEEN if seen.models is not None}, key=tuple)
    _insert(connection, shared.inventory, [_inventory(models) for models in inventories])
    describe(connection)
    for number, seen in enumerate(_SEEN, 1):
        inventory = None if seen.models is None else inventories.index(seen.models) + 1
        _insert(connection, tables.sighting, [_sighting(seen, inventory)])
        _insert(connection, tables.observation, [_observation(seen, number, scan) for scan in seen.scans])
    failed = {"scan_id": 2, "endpoint_id": 6, "observed_at": DAY_2, "outcome": Outcome.TIMED_OUT.value}
    _insert(connection, tables.observation, [failed])
    for scan in (1, 2, 3):
        _chunk(connection, scan)


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    connection.execute(insert(table), rows)


def _advise(connection: Connection) -> None:
    """Put invented advisories in the place of the real ones."""
    connection.execute(delete(shared.advisory))
    told = [{"id": name, "software": software, "about": "", "ranges": {}} for name, software, _ in _ADVISORIES]
    _insert(connection, shared.advisory, told)
    said = [
        {"software_id": number, "advisory_id": name, "affected": word}
        for name, _, words in _ADVISORIES
        for number, word in enumerate(words, 1)
        if word is not None
    ]
    _insert(connection, shared.judgement, said)


def _scan(connection: Connection, began: datetime) -> None:
    row = {
        "reference": "IRB 1", "basis": "written permission", "contact": "mailto:scans@example.edu",
        "valid_from": date(2026, 11, 1), "valid_until": date(2026, 12, 31), "authorization_hash": "0" * 64,
        "settings": {}, "lists": {}, "places": [], "seed": 1, "version": "0.1.0", "targets": 0, "began": began,
    }  # fmt: skip
    _insert(connection, tables.scan, [row])


def _model(number: int) -> dict[str, Any]:
    name, family, architecture, tools = _MODELS[number - 1]
    digest = hashlib.sha256(bytes([number]))
    return {
        "hash": digest.digest(), "digest": digest.hexdigest(), "name": name, "family": family,
        "derived": _DERIVED[number - 1], "architecture": architecture, "tools": tools.value,
        "capabilities": ["tools"] if tools is Tools.YES else None,
    }  # fmt: skip


def _endpoint(host: int, port: int, verdict: int) -> dict[str, Any]:
    return {"host_id": host, "port": port, "verdict": verdict, "signals": ["canary"] if verdict == 2 else []}


def _inventory(models: Sequence[int]) -> dict[str, Any]:
    listed = [_MODELS[number - 1] for number in models]
    families = {family for _, family, _, _ in listed if family is not None}
    return {
        "hash": hashlib.sha256(bytes(models)).digest(), "models": list(models), "size": len(models), "cut": False,
        "families": sorted(families), "architectures": sorted({each[2] for each in listed if each[2] is not None}),
        "origins": sorted({origin for name, _, origin in _FAMILIES if name in families}),
        "quantizations": [],
        "capabilities": ["tools"] if any(each[3] is Tools.YES for each in listed) else [],
        "unplaced": any(each[1] is None for each in listed),
        "tools": max((each[3].value for each in listed), default=0), **UNDESCRIBED,
    }  # fmt: skip


def _sighting(seen: Seen, inventory: int | None) -> dict[str, Any]:
    times = [TIMES[scan - 1] for scan in seen.scans]
    spans = [Range(day, day + timedelta(days=1)) for day in sorted({time.date() for time in times})]
    return {
        "endpoint_id": seen.endpoint, "inventory_id": inventory, "software_id": seen.software,
        "first_seen": min(times), "last_seen": max(times), "observations": len(times), "days": MultiRange(spans),
    }  # fmt: skip


def _outcome(seen: Seen) -> Outcome:
    if seen.models is None:
        return Outcome.LOCKED
    return Outcome.SERVED if seen.models else Outcome.EMPTY


def _observation(seen: Seen, sighting: int, scan: int) -> dict[str, Any]:
    return {
        "scan_id": scan, "endpoint_id": seen.endpoint, "sighting_id": sighting, "observed_at": TIMES[scan - 1],
        "outcome": _outcome(seen).value, "latency_ms": 12.5,
    }  # fmt: skip


def _chunk(connection: Connection, scan: int) -> None:
    """Every target of a scan; the first one's also has a name without address, its last is not asked yet."""
    known = [(seen.endpoint, _outcome(seen)) for seen in _SEEN if scan in seen.scans]
    if scan == 2:
        known.append((6, Outcome.TIMED_OUT))
    targets: list[tuple[str | None, int, str | None, Outcome | None]] = [
        (f"127.0.0.{_ENDPOINTS[endpoint - 1][0]}", _ENDPOINTS[endpoint - 1][1], None, outcome)
        for endpoint, outcome in known
    ]
    if scan == 1:
        targets.append((None, 11434, "gone.example.edu", Outcome.UNRESOLVED))
        targets += [(f"127.0.1.{n}", 11434, None, outcome) for n, outcome in enumerate(_REST, 1)]
    outcomes = bytes(outcome or 0 for *_, outcome in targets)
    row = {
        "scan_id": scan, "number": 0, "addresses": [each[0] for each in targets],
        "ports": [each[1] for each in targets], "names": [each[2] for each in targets] if scan == 1 else None,
        "outcomes": outcomes, "counts": [outcomes.count(outcome) for outcome in Outcome], "done": 0 not in outcomes,
    }  # fmt: skip
    _insert(connection, tables.chunk, [row])
    connection.execute(update(tables.scan).where(tables.scan.c.id == scan).values(targets=len(targets)))
