"""What is new, gone or changed from one scan to another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection

from census.store import differences
from census.store.connect import engine
from tests.report.population import GEMMA, LLAMA, QWEN, Population


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    made = engine(database_url)
    with made.connect() as connection:
        yield connection
    made.dispose()


@pytest.fixture
def scans(connection: Connection) -> tuple[int, int]:
    population = Population(connection)
    first, second = population.scan("monday"), population.scan("tuesday")
    for address in ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.6", "127.0.0.7"):
        population.seen(first, address, [LLAMA, QWEN])
    population.seen(second, "127.0.0.1", [LLAMA, QWEN])
    population.seen(second, "127.0.0.2", [LLAMA, QWEN], version="0.10.0")
    population.seen(second, "127.0.0.3", [LLAMA, GEMMA])
    population.failed(second, "127.0.0.4")
    population.seen(second, "127.0.0.5", [LLAMA])
    population.seen(second, "127.0.0.6", [])
    return first, second


def said(connection: Connection, scans: tuple[int, int]) -> dict[str, dict[str, Any]]:
    found = differences.between(connection, *scans).result
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    return {row["address"]: row for row in rows}


def test_every_endpoint_is_in_one_sort(connection: Connection, scans: tuple[int, int]) -> None:
    found = differences.between(connection, *scans)
    assert found.counts == {"new": 1, "gone": 1, "changed": 3, "same": 1, "not asked": 1}
    assert [(row[0], row[1][-1]) for row in found.result.rows] == [
        ("new", "5"), ("gone", "4"), ("changed", "2"), ("changed", "3"), ("changed", "6"),
    ]  # fmt: skip


def test_a_change_says_from_what_to_what(connection: Connection, scans: tuple[int, int]) -> None:
    rows = said(connection, scans)
    assert (rows["127.0.0.2"]["version_before"], rows["127.0.0.2"]["version_after"]) == ("0.9.0", "0.10.0")
    assert rows["127.0.0.2"]["models_added"] is None
    assert (rows["127.0.0.3"]["models_added"], rows["127.0.0.3"]["models_removed"]) == ([GEMMA.name], [QWEN.name])
    assert (rows["127.0.0.6"]["outcome_before"], rows["127.0.0.6"]["outcome_after"]) == ("served", "empty")
    assert rows["127.0.0.6"]["models_removed"] == [LLAMA.name, QWEN.name]
    assert (rows["127.0.0.4"]["outcome_after"], rows["127.0.0.4"]["version_after"]) == ("timed_out", None)
    assert (rows["127.0.0.5"]["outcome_before"], rows["127.0.0.5"]["models_added"]) == (None, None)


def test_the_other_way_round_new_is_gone(connection: Connection, scans: tuple[int, int]) -> None:
    counts = differences.between(connection, *reversed(scans)).counts
    assert counts == {"new": 2, "changed": 3, "same": 1, "not asked": 1}


def test_the_same_name_with_another_digest_is_an_update(connection: Connection) -> None:
    population = Population(connection)
    first, second = population.scan(), population.scan()
    population.seen(first, "127.0.0.1", [LLAMA])
    connection.exec_driver_sql("update model set digest = 'older', hash = 'older'")
    connection.exec_driver_sql("update inventory set hash = 'older'")
    population.seen(second, "127.0.0.1", [LLAMA])
    assert said(connection, (first, second))["127.0.0.1"]["models_updated"] == [LLAMA.name]
