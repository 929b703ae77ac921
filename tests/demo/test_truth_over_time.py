"""Every statistic of the scans of a history is what the history was made from: three seeds, all units, with decoys
and without, one scan, a window that begins and ends in the middle of scans, and all time."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Connection

from census.demo import truth
from census.demo.estimators import wilson
from census.demo.history import History
from census.demo.load import load
from census.demo.sights import Findings
from census.demo.truths import TRUTHS
from census.store.connect import engine
from census.store.embedded import Embedded
from census.store.statistics import STATISTICS, rows

SEEDS = (5, 29, 101)
SCANS = range(1, 15)
ENDPOINTS = 160
STEP = timedelta(hours=17)  # some days have two scans, and some scans go on past midnight
FRIDAY = datetime(2026, 9, 4, 20, 40, tzinfo=UTC)
EARLY = FRIDAY + 3 * STEP + timedelta(minutes=10)
LATE = FRIDAY + 9 * STEP + timedelta(minutes=12)
UNITS = ("host", "endpoint", "host-day", "observation")
SELECTED: tuple[dict[str, Any], ...] = ({}, {"scan": 6}, {"since": EARLY, "until": LATE}, {"since": EARLY})
# What is said of units, populations and selections is said by each seed about another part of their combinations.
QUESTIONS = list(product(UNITS, ("credible", "raw"), SELECTED))
# Promised to scripts, and without a truth here.
WITHOUT_TRUTH: set[str] = set()
PROMISED = {
    "funnel", "countries", "regions", "networks", "software", "families", "architectures", "origins", "co-deployment",
    "tool-calling", "capabilities", "quantization", "parameter-sizes", "inventory", "models", "derivatives",
    "persistence", "ranks", "concentration", "exposure", "decoys", "digests", "unseen",
}  # fmt: skip


@dataclass(frozen=True)
class Town:
    """A history whose scans are all in a database."""

    number: int
    findings: Findings
    connection: Connection


@pytest.fixture(scope="module", params=SEEDS)
def town(
    request: pytest.FixtureRequest, server: Embedded, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    name = f"town_{uuid.uuid4().hex}"
    url = server.create_database(name, template)
    history = History(request.param, ENDPOINTS, FRIDAY, STEP)
    load(url, history, SCANS, tmp_path_factory.mktemp("town"))
    made = engine(url)
    with made.connect() as connection:
        yield Town(SEEDS.index(request.param), Findings(history, SCANS), connection)
    made.dispose()
    server.drop_database(name)


@pytest.mark.parametrize("name", [name for name in TRUTHS if name in STATISTICS])
def test_the_database_says_what_the_history_was(town: Town, name: str) -> None:
    for unit, population, selected in QUESTIONS[town.number :: len(SEEDS)]:
        told = answer(town.connection, name, unit=unit, population=population, **selected)
        expected = TRUTHS[name](town.findings.select(**selected), unit, credible=population == "credible")
        asked = f"{name} by {unit}, {population}, {selected}"
        columns = {column for row in expected for column in row}
        assert comparable(told, columns) == comparable(expected, columns), asked
        if name != "model-instances":
            assert_that_shares_are_right(told, independent=unit in ("host", "endpoint"))


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("software", {"versions": True}, truth.versions),
        ("co-deployment", {"triples": True}, truth.triples),
    ],
)
def test_what_options_ask_for_is_what_the_history_was(
    town: Town, name: str, options: dict[str, Any], expected: Any
) -> None:
    for unit, selected in product(UNITS, SELECTED):
        told = answer(town.connection, name, unit=unit, **options, **selected)
        right = expected(town.findings.select(**selected), unit)
        assert comparable(told, set(right[0])) == comparable(right, set(right[0]))


def test_pairs_of_architectures_are_what_the_history_was(town: Town) -> None:
    for unit in UNITS:
        told = answer(town.connection, "co-deployment", unit=unit, by="architecture")
        right = truth.co_deployment(town.findings.select(), unit, by="architecture")
        told = [{"a": row.pop("a"), "b": row.pop("b"), **row} for row in told]
        assert comparable(told, set(right[0])) == comparable(right, set(right[0]))


def test_the_promised_statistics_without_a_truth_are_known() -> None:
    assert PROMISED - TRUTHS.keys() == WITHOUT_TRUTH


def test_the_history_has_what_the_statistics_are_about(town: Town) -> None:
    sights = town.findings.select().sights
    failures = town.findings.select().failures
    versions = {(each.resident.endpoint, each.resident.version) for each in sights}
    endpoints = {each.resident.endpoint for each in sights}
    assert len(failures) > 50
    assert len(versions) > len(endpoints) + 10
    assert {each.resident.outcome.word for each in sights} == {"served", "empty", "locked"}
    assert any(len(names) > 1 for names in town.findings.select().names.values())
    days = Counter((each.resident.endpoint, each.at.date()) for each in sights)
    assert {1, 2} <= set(days.values())


def answer(connection: Connection, name: str, **options: Any) -> list[dict[str, Any]]:
    result = rows(connection, name, **options)
    return [dict(zip(result.columns, row, strict=True)) for row in result.rows]


def comparable(told: Sequence[dict[str, Any]], columns: set[str]) -> Counter[str]:
    """The rows as texts, in whatever order; a column that a row has not is a fault of the test."""
    return Counter(json.dumps([(column, plain(row[column])) for column in sorted(columns)]) for row in told)


def plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.9g}")
    return str(value) if isinstance(value, date) else value


def assert_that_shares_are_right(told: Sequence[dict[str, Any]], *, independent: bool) -> None:
    for row in told:
        if "share" in row and row.get("of"):
            assert row["share"] == pytest.approx(row["count"] / row["of"])
            if independent:
                assert (row["low"], row["high"]) == pytest.approx(wilson(row["count"], row["of"]), abs=1e-12)
