"""Where units are and how concentrated, against a history that is counted in plain Python."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import Connection

from census.facts import Tools
from census.store.statistics import rows
from tests.store.statistics.history import SCANS, Listed, World, served, tools_of
from tests.store.statistics.reckoning import advertising, agree, close, holdings, share, shared, shares, told, units


def hosts_of(world: World, options: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Place and network of each recognised unit."""
    return [world.hosts[world.host(looks[0])] for looks in units(world, options).values()]


def test_the_unknown_country_is_ranked_by_its_count(blank: Connection) -> None:
    countries = ["SE", "DE", None, None, "FR", "FR", "FR"]
    world = World(scans=[SCANS[0]], hosts=[(country, None, None, None) for country in countries])
    world.endpoints = [(host, 11434, 0, False) for host in range(len(countries))]
    world.looks = [served(host, (Listed("llama3.1:8b", "a1"),)) for host in range(len(countries))]
    world.write(blank)
    found = told(blank, "countries", {})
    assert [(row["rank"], row["country"], row["count"]) for row in found] == [
        (1, "FR", 3), (2, None, 2), (3, "DE", 1), (4, "SE", 1),
    ]  # fmt: skip


def test_regions_are_those_of_recognised_units(history: Connection, world: World) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        return shares([[each[:2]] for each in hosts_of(world, options)], options["unit"])

    agree(lambda options: shared(told(history, "regions", options), "country", "region"), reckon)


def test_a_region_is_also_a_share_of_its_country(history: Connection, world: World) -> None:
    columns = ("count", "of_country", "country_share", "country_share_low", "country_share_high")
    for unit in ("host", "observation"):
        found = {
            (row["country"], row["region"]): tuple(row[column] for column in columns)
            for row in told(history, "regions", {"unit": unit})
        }
        placed = [each[:2] for each in hosts_of(world, {"unit": unit})]
        countries = Counter(country for country, _ in placed)
        regions = Counter(placed)
        assert close(found, {key: share(count, countries[key[0]], unit) for key, count in regions.items()})


def test_tool_calling_by_country_is_of_the_units_with_a_model_there(history: Connection, world: World) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        found: dict[Any, list[Tools]] = {}
        for looks in units(world, options).values():
            if held := [tools_of(model) for look in looks for model in look.models or ()]:
                found.setdefault(world.hosts[world.host(looks[0])][0], []).append(max(held))
        return advertising(found, options["unit"])

    def ask(options: dict[str, Any]) -> Any:
        found = told(history, "tool-calling-by-country", options)
        unknown = {row["country"]: row["unknown"] for row in found}
        return {country: (*columns, unknown[country]) for country, columns in shared(found, "country").items()}

    agree(ask, reckon)


def test_networks_are_systems_whatever_their_name_was(history: Connection, world: World) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        return shares([[each[2]] for each in hosts_of(world, options)], options["unit"])

    agree(lambda options: shared(told(history, "networks", options), "asn"), reckon)


def test_a_system_has_its_most_frequent_name(history: Connection, world: World) -> None:
    for unit in ("host", "observation"):
        names = Counter(each[3] for each in hosts_of(world, {"unit": unit}) if each[2] == 64496)
        (found,) = [row["organization"] for row in told(history, "networks", {"unit": unit}) if row["asn"] == 64496]
        assert len(names) == 2
        assert found == min(names, key=lambda name: (-names[name], name))


def index(values: list[Any]) -> tuple[Any, ...]:
    """hhi, effective_number, gini (as mean difference by twice the mean), categories and share of the unknown."""
    counts = list(Counter(value for value in values if value is not None).values())
    known, n = sum(counts), len(counts)
    if not known:
        return (None, None, None, 0, 1.0 if values else None)
    hhi = sum((count / known) ** 2 for count in counts)
    gini = sum(abs(x - y) for x in counts for y in counts) / (2 * n * known)
    return hhi, 1 / hhi, gini, n, (len(values) - known) / len(values)


def test_concentration_is_that_of_countries_systems_and_families(history: Connection, world: World) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        places = hosts_of(world, options)
        families = [{model.family for model in held} - {None} or {None} for held in holdings(world, options)]
        return {
            "country": index([each[0] for each in places]),
            "asn": index([each[2] for each in places]),
            "family": index([family for each in families for family in each]),
        }

    columns = ("hhi", "effective_number", "gini", "categories", "unknown")

    def ask(options: dict[str, Any]) -> Any:
        found = told(history, "concentration", options)
        return {row["dimension"]: tuple(row[column] for column in columns) for row in found}

    agree(ask, reckon)


@pytest.mark.parametrize(("values", "expected"), [([1, 1, 2, 2], 0.0), ([1] * 7 + [2], 0.375)])
def test_the_index_of_these_tests_is_that_of_the_books(values: list[int], expected: float) -> None:
    assert index(values)[2] == pytest.approx(expected)


def test_of_places_that_nobody_knows_there_is_no_concentration(blank: Connection) -> None:
    world = World(hosts=[(None, None, None, None)] * 2, scans=[SCANS[0]])
    world.endpoints = [(0, 11434, 0, False), (1, 11434, 0, False)]
    world.looks = [served(0, (Listed("our-own"),)), served(1, (Listed("our-own"),))]
    world.write(blank)
    told = rows(blank, "concentration").rows
    assert told == [(dimension, None, None, None, 0, 1.0) for dimension in ("country", "asn", "family")]
