"""Histories of hosts, drawn at random or made by hand: kept in plain Python to count from, and written as rows."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.dialects.postgresql.ranges import MultiRange, Range

from census.facts import Outcome, Tools
from census.store import shared, tables
from tests.support.inventories import UNDESCRIBED, describe


@dataclass(frozen=True)
class Listed:
    """A model as a server lists it."""

    name: str
    digest: str | None = None
    family: str | None = None
    origin: str | None = None
    architecture: str | None = None
    quantization: str | None = None
    parameters: int | None = None
    capabilities: tuple[str, ...] | None = None
    remote: bool | None = None
    derived: bool | None = None


@dataclass(frozen=True)
class Look:
    """One look at one endpoint; `models` is None unless a list was read, `software` None unless it was recognised."""

    scan: int
    endpoint: int
    at: datetime
    outcome: Outcome
    models: tuple[Listed, ...] | None = None
    software: tuple[str, str | None] | None = None
    running: int | None = None


@dataclass
class World:
    """Everything there is: hosts as (country, region, asn, organization), endpoints as (host, port, verdict, tls)."""

    hosts: list[tuple[str | None, str | None, int | None, str | None]] = field(default_factory=list)
    endpoints: list[tuple[int, int, int, bool]] = field(default_factory=list)
    scans: list[datetime] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)

    def host(self, look: Look) -> int:
        return self.endpoints[look.endpoint][0]

    def asked(
        self,
        *,
        scan: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        population: str = "credible",
        unit: str = "",
    ) -> list[Look]:
        """The looks that a question is about, failed ones included; `unit` is for whoever groups them."""
        del unit
        return [
            look
            for look in self.looks
            if scan in {None, look.scan}
            and (since is None or look.at >= since)
            and (until is None or look.at < until)
            and (population == "raw" or self.endpoints[look.endpoint][2] < 2)
        ]

    def write(self, connection: Connection) -> None:
        """Write it all as the scanner would leave it; numbers of rows count from 1 in the order of the lists."""
        _Rows(self, connection).write()


class _Rows:
    """A world on its way into the tables."""

    def __init__(self, world: World, connection: Connection) -> None:
        self.world = world
        self.connection = connection

    def write(self) -> None:
        world = self.world
        places = _distinct((country, region) for country, region, _, _ in world.hosts)
        networks = _distinct((asn, organization) for _, _, asn, organization in world.hosts)
        self.insert(tables.scan, [_scan(began) for began in world.scans])
        self.insert(shared.place, [{"country": country, "region": region} for country, region in places])
        self.insert(shared.network, [{"asn": asn, "organization": name} for asn, name in networks])
        self.insert(tables.host, [
            {
                "address": f"127.0.{number // 250}.{number % 250 + 1}",
                "place_id": places.index(each[:2]) + 1, "network_id": networks.index(each[2:]) + 1,
            }
            for number, each in enumerate(world.hosts)
        ])  # fmt: skip
        self.insert(tables.endpoint, [
            {
                "host_id": host + 1, "port": port, "verdict": verdict, "signals": ["canary"] if verdict == 2 else [],
                "certificate": "ab" * 32 if tls else None,
            }
            for host, port, verdict, tls in world.endpoints
        ])  # fmt: skip
        self._write_looks()

    def _write_looks(self) -> None:
        looks = self.world.looks
        inventories = _distinct(look.models for look in looks if look.models is not None)
        models = _distinct(model for listed in inventories for model in listed)
        software = _distinct(look.software for look in looks if look.software is not None)
        families = _distinct((model.family, model.origin) for model in models if model.family is not None)
        self.insert(shared.family, [{"name": n, "developer": f"Makers of {n}", "origin": o} for n, o in families])
        self.insert(shared.model, [_model(model) for model in models])
        self.insert(shared.software, [{"name": name, "version": version} for name, version in software])
        self.insert(shared.inventory, [_inventory(listed, models) for listed in inventories])
        describe(self.connection)
        sightings = _distinct((look.endpoint, look.models, look.software) for look in looks if look.outcome.recognised)
        self.insert(tables.sighting, [
            {
                "endpoint_id": endpoint + 1, "inventory_id": None if listed is None else inventories.index(listed) + 1,
                "software_id": None if run is None else software.index(run) + 1,
                **_counters([each for each in looks if _sighting(each) == (endpoint, listed, run)]),
            }
            for endpoint, listed, run in sightings
        ])  # fmt: skip
        self.insert(tables.observation, [
            {
                "scan_id": look.scan, "endpoint_id": look.endpoint + 1, "observed_at": look.at,
                "sighting_id": sightings.index(_sighting(look)) + 1 if look.outcome.recognised else None,
                "outcome": int(look.outcome), "running": look.running,
            }
            for look in looks
        ])  # fmt: skip

    def insert(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            self.connection.execute(insert(table), rows)


def _distinct(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


def _sighting(look: Look) -> tuple[Any, ...]:
    return (look.endpoint, look.models, look.software) if look.outcome.recognised else ()


def _counters(looks: Sequence[Look]) -> dict[str, Any]:
    times = [look.at for look in looks]
    days = [Range(day, day + timedelta(days=1)) for day in sorted({time.date() for time in times})]
    loaded = [look.running for look in looks if look.running is not None]
    return {
        "first_seen": min(times), "last_seen": max(times), "observations": len(times), "days": MultiRange(days),
        "running_told": len(loaded), "running_yes": sum(each > 0 for each in loaded), "running_sum": sum(loaded),
    }  # fmt: skip


def _scan(began: datetime) -> dict[str, Any]:
    return {
        "reference": "IRB 1", "basis": "written permission", "contact": "mailto:scans@example.edu",
        "valid_from": date(2026, 1, 1), "valid_until": date(2026, 12, 31), "authorization_hash": "0" * 64,
        "settings": {}, "lists": {}, "places": [], "seed": 1, "version": "0.1.0", "targets": 0, "began": began,
    }  # fmt: skip


def tools_of(model: Listed) -> Tools:
    if model.capabilities is None:
        return Tools.UNKNOWN
    return Tools.YES if "tools" in model.capabilities else Tools.NO


def _model(model: Listed) -> dict[str, Any]:
    return {
        "hash": hashlib.sha256(repr(model).encode()).digest(), "name": model.name, "digest": model.digest,
        "family": model.family, "origin": model.origin, "architecture": model.architecture,
        "quantization": model.quantization, "parameters": model.parameters, "remote": model.remote,
        "derived": model.derived,
        "capabilities": None if model.capabilities is None else list(model.capabilities), "tools": int(tools_of(model)),
    }  # fmt: skip


def _inventory(listed: Sequence[Listed], models: Sequence[Listed]) -> dict[str, Any]:
    def known(values: Iterable[str | None]) -> list[str]:
        return sorted({value for value in values if value is not None})

    return {
        "hash": hashlib.sha256(repr(listed).encode()).digest(), "size": len(listed), "cut": False,
        "models": sorted(models.index(model) + 1 for model in listed), "families": known(m.family for m in listed),
        "architectures": known(m.architecture for m in listed), "origins": known(m.origin for m in listed),
        "quantizations": known(m.quantization for m in listed),
        "capabilities": known(word for m in listed for word in m.capabilities or ()),
        "unplaced": any(m.family is None for m in listed), "tools": int(max(map(tools_of, listed), default=Tools.NO)),
        **UNDESCRIBED,
    }  # fmt: skip


_B = 1_000_000_000
_CHAT, _TOOLS, _EMBEDS = ("completion",), ("completion", "tools"), ("embedding",)
MODELS = (
    Listed("llama3.1:8b", "a1", "Llama", "US", "llama", "Q4_K_M", 8 * _B, _TOOLS, False, False),
    # The same under a name.
    Listed("my-helper:latest", "a1", None, None, "llama", "Q4_K_M", 8 * _B, _TOOLS, False, True),
    Listed("llama3.1:8b", "a3", "Llama", "US", "llama", "Q8_0", 8 * _B, _TOOLS, False),  # another under the same name
    Listed("llama3.2:3b", "a2", "Llama", "US", "llama", "Q4_K_M", 4 * _B - 1, None, False),
    Listed("qwen2.5:7b", "b1", "Qwen", "CN", "qwen2", "Q4_K_M", 4 * _B, _TOOLS, False),
    Listed("qwen2.5:0.5b", "b2", "Qwen", "CN", "qwen2", "Q8_0", _B // 2, _CHAT, False, False),
    Listed("Qwen/Qwen2-72B", None, "Qwen", "CN", None, "BF16", 72 * _B, None, None),
    Listed(
        "deepseek-r1:7b", "c1", "DeepSeek", "CN", "qwen2", "IQ4_XS", 8 * _B - 1, ("completion", "thinking"), False, True
    ),
    Listed("nomic-embed-text:latest", "d1", "Nomic", "US", "nomic-bert", "F16", 137_000_000, _EMBEDS, False),
    Listed("dolphin-uncensored:8b", "e1", "Llama", "US", "llama", "Q5_K_M", 15 * _B, _CHAT, False, True),
    Listed("gpt-oss:120b-cloud", "f1", "OpenAI", "US", "gptoss", "MXFP4", 120 * _B, None, True),
    Listed("our-own:latest"),
    Listed("our-own:latest", quantization="odd", parameters=34 * _B, capabilities=()),
)
START = datetime(2026, 9, 2, 10, tzinfo=UTC)
SCANS = tuple(START + timedelta(hours=each) for each in (0, 8, 120, 250, 600, 800, 816))
_PLACES = (("US", "Virginia"), ("US", "Ohio"), ("CN", "Beijing"), ("DE", None), (None, None))
_NETWORKS = ((64496, "Example Net"), (64496, "Example Network"), (64497, "Other"), (64498, "Third"), (None, None))
_SOFTWARE = (("Ollama", "0.5.0"), ("Ollama", "0.6.0"), ("Ollama", "0.9.0"), ("vLLM", "0.8.0"), ("Ollama", None))
_FAILURES = (Outcome.TIMED_OUT, Outcome.REFUSED, Outcome.OTHER, Outcome.OPTED_OUT)


def draw(seed: int, hosts: int = 40) -> World:
    """Some hosts with one to three endpoints in seven scans: they fail, go, come back, upgrade, and change lists."""
    chance = random.Random(seed)
    world = World(scans=list(SCANS))
    for host in range(hosts):
        world.hosts.append((*chance.choice(_PLACES), *chance.choice(_NETWORKS)))
        for port in (11434, 8000, 8080)[: chance.choice((1, 1, 1, 2, 3))]:
            verdict, tls = chance.choice((0, 0, 0, 1, 2)), chance.random() < 0.2
            world.endpoints.append((host, port, verdict, tls))
            world.looks += _life(chance, len(world.endpoints) - 1)
    world.looks.sort(key=lambda look: (look.at, look.endpoint))
    return world


def _life(chance: random.Random, endpoint: int) -> list[Look]:
    looks: list[Look] = []
    first, last = chance.choice((1, 1, 1, 2, 4, 6)), chance.choice((1, 3, 5, 7, 7, 7))
    listed, software = _list(chance), chance.choice(_SOFTWARE)
    for scan in range(first, len(SCANS) + 1):
        at = SCANS[scan - 1] + timedelta(seconds=endpoint)
        if looks and (scan > max(first, last) or chance.random() < 0.2):
            looks.append(Look(scan, endpoint, at, chance.choice(_FAILURES)))
            continue
        listed = listed if chance.random() < 0.6 else _list(chance)
        software = software if chance.random() < 0.7 else chance.choice(_SOFTWARE)
        if listed is None:
            locked = software if chance.random() < 0.5 else None
            looks.append(Look(scan, endpoint, at, Outcome.LOCKED, None, locked))
        else:
            outcome = Outcome.SERVED if listed else Outcome.EMPTY
            looks.append(Look(scan, endpoint, at, outcome, listed, software, chance.choice((None, 0, 0, 1, 3))))
    return looks


def _list(chance: random.Random) -> tuple[Listed, ...] | None:
    """A list of models, seldom an empty one or, locked, none."""
    if chance.random() < 0.1:
        return None
    return tuple(chance.sample(MODELS, chance.choice((0, 1, 1, 2, 2, 3, 5))))


def served(endpoint: int, models: tuple[Listed, ...], scan: int = 1, **more: Any) -> Look:
    """A look that found a list of models, for histories made by hand."""
    at = more.pop("at", SCANS[scan - 1])
    return Look(scan, endpoint, at, Outcome.SERVED if models else Outcome.EMPTY, models, **more)
