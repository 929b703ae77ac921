"""A statistic as the database computes it now, and its result kept for who asks next."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, cast

import msgspec
from psycopg.postgres import types as known
from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    CursorResult,
    DateTime,
    Function,
    Text,
    bindparam,
    func,
    select,
)

from census.store import kept
from census.store.connect import BINARY

# Of all arguments that a statistic may have.
TYPES: Mapping[str, Any] = {
    "scan": BigInteger,
    "since": DateTime(timezone=True),
    "until": DateTime(timezone=True),
    "unit": Text,
    "population": Text,
    "by": Text,
    "versions": Boolean,
}

_DATE: Final = known["date"].oid


class _Told(msgspec.Struct):
    """A result as it is kept: the numbers of the columns' types in Postgres, and the rows."""

    types: list[int]
    rows: list[tuple[Any, ...]]


_TOLD: Final = msgspec.json.Decoder(_Told)


def told(kept_result: str) -> tuple[list[int], list[tuple[Any, ...]]]:
    """What `answer` gave when this was kept."""
    found = _TOLD.decode(kept_result)
    return found.types, found.rows


def answer(
    connection: Connection, question: kept.Question, looked: kept.Looked, *, renewed: bool = False
) -> tuple[list[int], list[tuple[Any, ...]]]:
    """The numbers of the columns' types in Postgres, and the rows, which are kept as `kept.keep` says."""
    began = time.perf_counter()
    types, rows = _compute(connection, question)
    result = msgspec.json.encode(_Told(types, rows)).decode()
    kept.keep(connection.engine, question, looked, result, time.perf_counter() - began, renewed=renewed)
    return types, rows


def _compute(connection: Connection, question: kept.Question) -> tuple[list[int], list[tuple[Any, ...]]]:
    asked, names = json.loads(question.arguments)
    values = [bindparam(name, _value(name, value), TYPES[name]) for name, value in asked.items()]
    call: Function[Any] = getattr(func.stats, question.statistic)(*values)
    table = call.table_valued(*names, name="asked")
    found = connection.execute(select(*table.c).limit(question.top), execution_options={BINARY: True})
    with cast(CursorResult[Any], found) as result:
        cursor = result.cursor
        assert cursor is not None
        types = [cast(int, each[1]) for each in cursor.description or ()]
        # By the driver itself, for there may be 60,000 rows.
        rows = cast(list[tuple[Any, ...]], cursor.fetchall())
    return types, [tuple(map(_plain, row)) for row in rows] if _DATE in types else rows


def _value(name: str, value: Any) -> Any:
    """What stood for it in Python before it was JSON."""
    return datetime.fromisoformat(value) if name in {"since", "until"} and value is not None else value


def _plain(value: Any) -> Any:
    """Days as text, which every format can hold."""
    return value.isoformat() if isinstance(value, date) else value
