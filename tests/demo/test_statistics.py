"""What a scan of a simulated neighbourhood says is what the neighbourhood was generated from."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from census.demo import Neighbourhood, launch, truth
from census.demo.population import Population
from tests.support.program import census, last_json
from tests.support.seeds import own_seed

ENDPOINTS = 300
# Whoever answers must be in time also where servers, program and other tests share a processor.
PATIENT = ("--rate", "100", "--timeout", "3", "--deadline", "8")
STATISTICS = {
    "countries": truth.countries,
    "software": truth.software,
    "families": truth.families,
    "architectures": truth.architectures,
    "origins": truth.origins,
    "co-deployment": truth.co_deployment,
    "tool-calling": truth.tool_calling,
    "derivatives": truth.derivatives,
    "inventory": truth.inventory,
    "models": truth.models,
    "decoys": truth.decoys,
}
# Intervals and order are held by the tests of the statistics themselves.
LEFT_OUT = {
    "low", "high", "share", "rank", "jaccard_low", "jaccard_high", "lift_low", "lift_high", "log_odds", "log_odds_low",
    "log_odds_high",
}  # fmt: skip


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_statistic_of_a_scan_equals_what_was_generated(number: int, database_url: str, tmp_path: Path) -> None:
    with launch(own_seed(50 + number), ENDPOINTS) as neighbourhood:
        summary = scan(neighbourhood.population, database_url, tmp_path)
        assert_that_nobody_was_hurt(neighbourhood, summary)
    population = neighbourhood.population
    assert summary["outcomes"] == truth.outcomes(population)
    assert summary["targets"] == ENDPOINTS

    def told(name: str, *options: str) -> list[dict[str, Any]]:
        done = census("stats", name, "--format", "json", *options, folder=tmp_path, url=database_url)
        assert done.returncode == 0, done.stderr
        rows: list[dict[str, Any]] = json.loads(done.stdout)
        return rows

    assert told("funnel") == truth.funnel(population)
    for name, expected in STATISTICS.items():
        for unit, credible in (("host", True), ("endpoint", False)):
            options = ("--unit", unit, "--population", "credible" if credible else "raw")
            assert comparable(told(name, *options)) == comparable(expected(population, unit, credible=credible)), name
    assert_that_every_endpoint_is_right(population, database_url, tmp_path)


def scan(population: Population, url: str, folder: Path) -> dict[str, Any]:
    targets, scope, places = folder / "targets.txt", folder / "scope.toml", folder / "places.mmdb"
    targets.write_text("\n".join(population.targets()))
    scope.write_text(population.scope_toml(datetime.now(UTC).date()))
    population.write_places(places)
    done = census(
        "scan", targets, "--scope", scope, "--geoip", places, "--workers", "1", "--json", *PATIENT,
        folder=folder, url=url,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    summary: dict[str, Any] = last_json(done)
    return summary


def assert_that_nobody_was_hurt(neighbourhood: Neighbourhood, summary: dict[str, Any]) -> None:
    record = neighbourhood.record()
    asked = {(method, path) for _, method, path in record.requests}
    assert {method for method, _ in asked} == {"GET", "POST"}
    assert {path for method, path in asked if method == "POST"} == {"/api/show"}
    assert all(times == 1 for (_, method, _), times in record.requests.items() if method == "GET")
    assert max(record.most_at_once.values()) == 1
    assert sum(record.requests.values()) <= summary["requests"]
    assert all("census" in agent and "mailto:" in agent for agent in record.user_agents)


def comparable(rows: list[dict[str, Any]]) -> Counter[str]:
    def text(row: dict[str, Any]) -> str:
        kept = {key: value for key, value in sorted(row.items()) if key not in LEFT_OUT}
        return json.dumps({key: round(value, 9) if isinstance(value, float) else value for key, value in kept.items()})

    return Counter(map(text, rows))


def assert_that_every_endpoint_is_right(population: Population, url: str, folder: Path) -> None:
    def exported(what: str) -> list[dict[str, Any]]:
        done = census("export", what, "--addresses", folder=folder, url=url)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    outcomes = {(row["address"], row["port"]): row["outcome"] for row in exported("targets")}
    assert outcomes == {(each.address, each.port): each.outcome.word for each in population.residents}
    known = [each for each in population.residents if each.outcome.recognised]
    assert {
        (row["address"], row["port"]): (
            row["software"], row["version"], row["country"], row["asn"], row["decoy"], tuple(row["signals"])
        )
        for row in exported("endpoints")
    } == {
        (each.address, each.port): (
            each.software, each.version, each.country, each.asn, each.verdict.word, each.signals
        )
        for each in known
    }  # fmt: skip
    columns = ("address", "port", "model", "digest", "family", "architecture", "tools")
    models = [*exported("models")]
    assert Counter(tuple(row[column] for column in columns) for row in models) == Counter(
        (each.address, each.port, held.name, held.digest, held.entry.family, held.architecture, held.tools.word)
        for each in known for held in each.models
    )  # fmt: skip
    sources = {(each.address, each.port, held.name): held.tools_source for each in known for held in each.models}
    for row in models:
        source = sources[row["address"], row["port"], row["model"]]
        assert row["tools_source"] == source or (row["tools_source"], row["recalled"]) == ("digest", True)
        assert row["recalled"] <= (source in ("show", "template"))
