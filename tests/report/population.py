"""Small populations of hosts, written into the tables as the scanner would leave them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.dialects.postgresql.ranges import MultiRange, Range

from census.facts import Outcome, Tools, Verdict
from census.store import shared, tables
from tests.support.inventories import UNDESCRIBED, describe

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
ORIGINS = {
    "Llama": ("Meta", "US"),
    "Qwen": ("Alibaba", "CN"),
    "Gemma": ("Google", "US"),
    "Mistral": ("Mistral AI", "FR"),
}


@dataclass(frozen=True)
class Listed:
    """A model as some endpoint lists it."""

    name: str
    family: str | None = None
    tools: Tools = Tools.UNKNOWN
    capabilities: Sequence[str] | None = None


@dataclass
class Population:
    """Writes scans and what was seen in them over one connection."""

    connection: Connection
    targets: dict[int, list[tuple[str | None, int, str | None, Outcome]]] = field(default_factory=dict)

    def scan(self, name: str | None = None, *, ended: bool = True, targets: int = 0) -> int:
        """A scan without observations; gives its number."""
        return self._insert(
            tables.scan,
            name=name, reference="IRB 1", basis="written permission", contact="mailto:scans@example.edu",
            valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31), authorization_hash="0" * 64,
            settings={}, lists=[], places=[], seed=1, version="0.1.0", targets=targets, began=NOW,
            ended=NOW if ended else None,
        )  # fmt: skip

    def chunk(self, scan: int, targets: Sequence[tuple[str | None, int, str | None, Outcome | None]]) -> None:
        """The targets of a scan as address, port, name and outcome."""
        outcomes = bytes(int(outcome or 0) for *_, outcome in targets)
        self.connection.execute(
            insert(tables.chunk).values(
                scan_id=scan, number=0, addresses=[each[0] for each in targets], ports=[each[1] for each in targets],
                names=[each[2] for each in targets], outcomes=outcomes, done=0 not in outcomes,
                counts=[outcomes.count(outcome) for outcome in Outcome],
            )
        )  # fmt: skip

    def seen(
        self,
        scan: int,
        address: str,
        models: Sequence[Listed] = (),
        *,
        port: int = 11434,
        country: str | None = "DE",
        software: str = "Ollama",
        version: str | None = "0.9.0",
        verdict: Verdict = Verdict.CREDIBLE,
        name: str | None = None,
        certificate: str | None = None,
        at: datetime = NOW,
    ) -> None:
        """One endpoint that was recognised in a scan, with what it listed."""
        place = self._find(shared.place, country=country, region=None, city=None)
        host = self._find(tables.host, keys=("address",), address=address, place_id=place)
        endpoint = self._find(
            tables.endpoint, keys=("host_id", "port"), host_id=host, port=port, name=name, verdict=int(verdict),
            signals=[], certificate=certificate,
        )  # fmt: skip
        sighting = self._find(
            tables.sighting, keys=("endpoint_id", "inventory_id", "software_id"),
            endpoint_id=endpoint, inventory_id=self.inventory(models),
            software_id=self._find(shared.software, name=software, version=version), first_seen=at, last_seen=at,
            observations=1, days=MultiRange([Range(at.date(), date.fromordinal(at.date().toordinal() + 1))]),
        )  # fmt: skip
        outcome = Outcome.SERVED if models else Outcome.EMPTY
        self._observed(
            scan_id=scan, endpoint_id=endpoint, sighting_id=sighting, observed_at=at, outcome=int(outcome),
            latency_ms=12.5,
        )  # fmt: skip

    def failed(self, scan: int, address: str, outcome: Outcome = Outcome.TIMED_OUT) -> None:
        """An attempt at an endpoint, known before, that brought nothing."""
        known = select(tables.endpoint.c.id).join(tables.host).where(tables.host.c.address == address)
        endpoint = self.connection.scalars(known).one()
        self._observed(scan_id=scan, endpoint_id=endpoint, observed_at=NOW, outcome=int(outcome))

    def _observed(self, **values: Any) -> None:
        self.connection.execute(insert(tables.observation).values(**values))

    def inventory(self, models: Sequence[Listed]) -> int:
        """An inventory of these models, made once."""
        numbers = sorted({self._model(model) for model in models})
        families = {model.family for model in models if model.family}
        number = self._find(
            shared.inventory, keys=("hash",), hash=hashlib.sha256(repr(numbers).encode()).digest(), models=numbers,
            size=len(numbers), cut=False, families=sorted(families), architectures=[],
            origins=sorted({ORIGINS[family][1] for family in families if family in ORIGINS}), quantizations=[],
            capabilities=sorted({word for model in models for word in model.capabilities or ()}),
            unplaced=any(model.family is None for model in models),
            tools=int(max((model.tools for model in models), default=Tools.NO)), **UNDESCRIBED,
        )  # fmt: skip
        describe(self.connection)
        return number

    def _model(self, model: Listed) -> int:
        developer, origin = ORIGINS.get(model.family or "", (None, None))
        if model.family is not None:
            self._family(model.family, developer, origin)
        return self._find(
            shared.model, keys=("hash",), hash=hashlib.sha256(repr(model).encode()).digest(), name=model.name,
            digest=hashlib.sha256(model.name.encode()).hexdigest(), family=model.family, developer=developer,
            origin=origin, tools=int(model.tools),
            capabilities=None if model.capabilities is None else list(model.capabilities),
        )  # fmt: skip

    def _family(self, name: str, developer: str | None, origin: str | None) -> None:
        family = shared.family
        if self.connection.scalar(select(family.c.name).where(family.c.name == name)) is None:
            self.connection.execute(insert(family).values(name=name, developer=developer, origin=origin))

    def _find(self, table: Table, keys: Sequence[str] | None = None, **values: Any) -> int:
        same = [table.c[key].is_not_distinct_from(values[key]) for key in keys or values]
        found = self.connection.scalar(select(table.c.id).where(*same))
        return self._insert(table, **values) if found is None else int(found)

    def _insert(self, table: Table, **values: Any) -> int:
        made = self.connection.execute(insert(table).values(**values).returning(table.c.id))
        return int(made.scalar_one())


LLAMA = Listed("llama3.1:8b", "Llama", Tools.YES, ("completion", "tools"))
QWEN = Listed("qwen2.5:7b", "Qwen", Tools.YES, ("completion", "tools"))
GEMMA = Listed("gemma2:9b", "Gemma", Tools.NO, ("completion",))
ODD = Listed("our-own:latest")


def neighbourhood(connection: Connection) -> int:
    """Ten hosts in one scan: five with two families (three Llama with Qwen), one decoy, one empty; gives the scan."""
    population = Population(connection)
    scan = population.scan("first", targets=12)
    sets = [[LLAMA, QWEN]] * 3 + [[LLAMA, GEMMA], [QWEN, GEMMA], [LLAMA], [GEMMA], [ODD], []]
    countries = ["US", "CN", "CN", "DE", "SG", "US", None, "FR", "US"]
    for number, (models, country) in enumerate(zip(sets, countries, strict=True), 1):
        population.seen(scan, f"127.0.0.{number}", models, country=country)
    population.seen(scan, "127.0.0.10", [LLAMA, QWEN], country="US", verdict=Verdict.DECOY)
    served = [(f"127.0.0.{number}", 11434, None, Outcome.SERVED) for number in (*range(1, 9), 10)]
    silent = [("127.0.0.11", 11434, None, Outcome.REFUSED), (None, 11434, "llm.example.edu", Outcome.UNRESOLVED)]
    population.chunk(scan, [*served, ("127.0.0.9", 11434, None, Outcome.EMPTY), *silent])
    return scan
