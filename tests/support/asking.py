"""All that the statistics say of a database, to compare it with another's or with what it was."""

from __future__ import annotations

from collections.abc import Collection
from itertools import product
from typing import Any

import psycopg

from census.store.connect import engine
from census.store.statistics import STATISTICS, rows

# Each unit and each population once: all pairs of them would take seconds and tell no more.
_ASKED = (("endpoint", "raw"), ("host", "credible"), ("host-day", "raw"), ("observation", "credible"))


def rows_of(url: str, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query, or none for a statement that has no rows; committed."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def all_time(
    url: str, *, leave: Collection[str] = (), singles: bool = True
) -> dict[tuple[str, str, str], list[tuple[Any, ...]]]:
    """Every statistic over all scans, in every unit, but for those to leave out; `singles` as `Statistic` says it."""
    made = engine(url)
    with made.connect() as connection:
        told = {
            (name, unit, population): rows(connection, name, unit=unit, population=population).rows
            for name, (unit, population) in product(STATISTICS, _ASKED)
            if name not in leave and (singles or unit not in STATISTICS[name].singles)
        }
    made.dispose()
    return told
