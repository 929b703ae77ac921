"""What a report asks: its statistics in their order, and the scans, the window and the population that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

UNIT = "host"
POPULATIONS = ("credible", "raw")


@dataclass(frozen=True, slots=True)
class Asked:
    """One scan or (None) all of them, the window [since, until) of observations, and with decoys or without."""

    scan: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    population: str = "credible"

    @property
    def other(self) -> str:
        """The other population."""
        return POPULATIONS[self.population == "credible"]

    def of(self, population: str) -> Asked:
        """The same of a population."""
        return Asked(self.scan, self.since, self.until, population)

    def arguments(self) -> dict[str, Any]:
        """As `census.store.statistics.rows` takes it."""
        return {
            "scan": self.scan, "since": self.since, "until": self.until, "unit": UNIT, "population": self.population,
        }  # fmt: skip

    def sql(self, function: str, options: Mapping[str, bool]) -> str:
        """The query that gives the rows of a statistic; what has its default is left out."""
        said = [] if self.scan is None else [f"scan => {self.scan:d}"]
        for name, moment in (("since", self.since), ("until", self.until)):
            if moment is not None:
                said.append(f"{name} => '{moment.isoformat(sep=' ')}'")
        if self.population != POPULATIONS[0]:
            said.append(f"population => '{self.population}'")
        said += [f"{name} => {str(value).lower()}" for name, value in options.items()]
        return f"select * from stats.{function}({', '.join(said)});"  # noqa: S608  shown, not run


@dataclass(frozen=True, slots=True)
class Question:
    """One section of a report: its name, the statistic with its options, the heading, and what shares are of."""

    name: str
    title: str
    of: str = "hosts with a model"
    statistic: str = ""
    options: Mapping[str, bool] = field(default_factory=dict)

    @property
    def asks(self) -> str:
        """The name of the statistic."""
        return self.statistic or self.name

    @property
    def command(self) -> str:
        """What `census stats` takes for it."""
        return " ".join((self.asks, *(f"--{name}" for name, on in self.options.items() if on)))


RECOGNISED = "recognised hosts"
QUESTIONS = (
    Question("funnel", "From targets to inference servers", "targets"),
    Question("countries", "Where they are", RECOGNISED),
    Question("networks", "Whose networks they are in", RECOGNISED),
    Question("concentration", "How concentrated they are", "hosts (families: of those with a model)"),
    Question("families", "Whose models they serve"),
    Question("weekly-ranks", "Families over time"),
    Question("co-deployment", "Families on the same host", "hosts with several families"),
    Question("tool-calling", "Tool calling"),
    Question("tool-calling-by-family", "Tool calling by family", "hosts with the family"),
    Question("tool-calling-by-country", "Tool calling by country", "hosts with a model in the country"),
    Question("inventory", "Models on a host", "hosts with a list that could be read"),
    Question("parameter-sizes", "Sizes of models"),
    Question("quantization", "Quantization"),
    Question("software", "Server software", RECOGNISED),
    Question("versions", "Versions of the software", RECOGNISED, "software", {"versions": True}),
    Question("growth", "Hosts from week to week", RECOGNISED),
    Question("persistence", "How often a host was seen"),
    Question("survival", "How long hosts stay", RECOGNISED),
    Question("decoys", "Decoys"),
)
# Asked of the other population too, so that a figure with decoys stands beside the one without.
BESIDE = ("countries", "families", "tool-calling")
