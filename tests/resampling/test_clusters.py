"""Intervals over networks rest on the very counts that the statistics give, and say when they cannot be had."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from census.resampling import chance, clusters
from census.resampling.sets import ask
from census.store import statistics
from census.store.connect import engine
from tests.store.statistics.history import MODELS as LISTED
from tests.store.statistics.history import SCANS, World, draw, served
from tests.support.program import census

ASKED: tuple[dict[str, Any], ...] = (
    {"unit": "host"},
    {"unit": "endpoint", "population": "raw"},
    {"unit": "host", "scan": 4},
    {"unit": "endpoint", "since": SCANS[1], "until": SCANS[5]},
)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    made = engine(database_url)
    with made.connect() as connection:
        draw(5, hosts=60).write(connection)
        yield connection
    made.dispose()


def by_network(connection: Connection, name: str, result: statistics.Result, by: str, asked: dict[str, Any]) -> Any:
    dimension, columns = clusters._DIMENSIONS[name]
    dimension = by if name in ("families", "co-deployment") else dimension
    columns = tuple(by if column == "family" else column for column in columns)
    columns += ("c",) if "c" in result.columns else ()
    everything = {"scan": None, "since": None, "until": None, "population": "credible", **asked}
    given = {"dimension": dimension}
    given |= {key: everything[key] for key in ("scan", "since", "until", "unit", "population")}
    sets = ask(connection, "sets_in_networks", ("network", "members", "count"), given)
    return columns, clusters._by_network(sets, len(columns))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        *((name, {}) for name in clusters.CLUSTERED),
        ("families", {"by": "architecture"}),
        ("co-deployment", {"by": "architecture"}),
        ("co-deployment", {"triples": True}),
    ],
)
def test_over_all_networks_the_counts_are_those_of_the_statistic(
    connection: Connection, name: str, options: dict[str, Any]
) -> None:
    for asked in ASKED:
        result = statistics.rows(connection, name, **asked, **options)
        columns, networks = by_network(connection, name, result, options.get("by", "family"), asked)
        rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
        told = {tuple(row[column] for column in columns): row["count"] for row in rows if row["count"]}
        told = {value: count for value, count in told.items() if None not in value}
        assert told, asked
        assert sum((counts for counts, _ in networks), start=networks[0][0].__class__()) == told, asked
        assert sum(of for _, of in networks) == rows[0]["of"], asked


def test_low_and_high_are_replaced_and_nothing_else(connection: Connection) -> None:
    plain = statistics.rows(connection, "families")
    drawn = clusters.clustered(connection, plain, name="families", draws=200, seed=1)
    assert drawn.columns == plain.columns
    low, high = plain.columns.index("low"), plain.columns.index("high")
    for before, after in zip(plain.rows, drawn.rows, strict=True):
        assert [each for at, each in enumerate(before) if at not in (low, high)] == [
            each for at, each in enumerate(after) if at not in (low, high)
        ]
        if after[plain.columns.index("family")] is not None:
            assert after[low] <= after[plain.columns.index("share")] <= after[high]
            assert (after[low], after[high]) != (before[low], before[high])


def test_one_network_alone_gives_no_interval(database_url: str) -> None:
    world = World(hosts=[("US", None, 64496, "One")] * 5, scans=[SCANS[0]])
    world.endpoints = [(host, 11434, 0, False) for host in range(5)]
    world.looks = [served(endpoint, (LISTED[0],), software=("Ollama", None)) for endpoint in range(5)]
    made = engine(database_url)
    with made.connect() as connection:
        world.write(connection)
        result = clusters.clustered(
            connection, statistics.rows(connection, "families"), name="families", draws=50, seed=1
        )
    made.dispose()
    assert [row[-2:] for row in result.rows] == [(None, None)]


@pytest.mark.parametrize(
    ("name", "unit"), [("survival", "host"), ("families", "host-day"), ("families", "observation")]
)
def test_what_has_no_networks_says_what_has(name: str, unit: str) -> None:
    with pytest.raises(clusters.ClusterError, match="--cluster"):
        clusters.check(name, unit)


def test_the_null_model_stands_beside_the_pairs(connection: Connection) -> None:
    pairs = statistics.rows(connection, "co-deployment")
    beside = chance.with_chance(connection, pairs, draws=100, seed=1)
    assert beside.columns == (*pairs.columns, "expected", "expected_low", "expected_high", "z", "p")
    held = statistics.rows(connection, "families")
    counts = {row[1]: row[4] for row in held.rows}
    whole = held.rows[0][5]
    for row in beside.rows:
        told = dict(zip(beside.columns, row, strict=True))
        assert told["expected_low"] <= told["expected"] <= told["expected_high"]
        assert 0 < told["expected"] <= min(counts[told["a"]], counts[told["b"]])
        assert 0 < told["p"] <= 1
    # Units with many families hold more pairs than independence over all units would give.
    independent = sum(counts[a] * counts[b] / whole for a, b in combinations(sorted(set(counts) - {None}), 2))
    assert sum(row[beside.columns.index("expected")] for row in beside.rows) > 0.5 * independent


@pytest.mark.parametrize(
    ("name", "unit", "triples"), [("families", "host", False), ("co-deployment", "host-day", False),
                                  ("co-deployment", "host", True)],
)  # fmt: skip
def test_what_has_no_null_model_says_what_has(name: str, unit: str, triples: bool) -> None:
    with pytest.raises(chance.ChanceError, match="null model"):
        chance.check(name, unit, triples=triples)


def test_the_program_draws_the_same_for_the_same_seed(database_url: str, tmp_path: Path) -> None:
    made = engine(database_url)
    with made.begin() as connection:
        draw(5, hosts=60).write(connection)
    made.dispose()

    def told(*options: str) -> Any:
        done = census("stats", "co-deployment", "--format", "json", *options, folder=tmp_path, url=database_url)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert told("--cluster", "asn") == told("--cluster", "asn", "--seed", "1")
    assert told("--cluster", "asn") != told("--cluster", "asn", "--seed", "2")
    chances = told("--null-model", "--draws", "40")
    assert chances == told("--null-model", "--draws", "40", "--seed", "1")
    assert {"expected", "z", "p"} <= chances[0].keys()
    both = census("stats", "co-deployment", "--cluster", "asn", "--null-model", folder=tmp_path, url=database_url)
    assert both.returncode == 2
    assert "one after the other" in both.stderr
