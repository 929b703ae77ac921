"""Every column of every table and view says what it means, in the database itself."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from census.store import meanings


@pytest.mark.parametrize("schema", ["public", "stats", "export"])
def test_no_column_lacks_a_meaning(village: Connection, schema: str) -> None:
    found = [each for each in meanings.described(village, schema) if each.table != "alembic_version"]
    assert len({each.table for each in found}) > 5
    assert [f"{each.table}.{each.column}" for each in found if not each.meaning] == []
    assert [each.table for each in found if not each.about] == []


def test_a_unit_is_told_apart_from_the_meaning(village: Connection) -> None:
    found = {(each.table, each.column): each for each in meanings.described(village, "export")}
    latency = found["observations", "latency_ms"]
    assert (latency.type, latency.unit) == ("real", "milliseconds")
    assert latency.meaning == "From connecting to the first answer"


def test_nothing_is_said_of_columns_that_are_not_there(village: Connection) -> None:
    there = {(s, each.table, each.column) for s in ("stats", "export") for each in meanings.described(village, s)}
    said = {
        (schema, view, column)
        for schema in ("stats", "export")
        for view, sentences in meanings._book()[schema].items()
        for column in sentences
    }
    assert said - there == set()
