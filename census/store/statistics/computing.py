"""A statistic as the database computes it now, and its result kept for who asks next."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast

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


def answer(
    connection: Connection, question: kept.Question, looked: kept.Looked, *, renewed: bool = False
) -> tuple[list[int], list[tuple[Any, ...]]]:
    """The numbers of the columns' types in Postgres, and the rows, which are kept as `kept.keep` says."""
    began = time.perf_counter()
    types, rows = _compute(connection, question)
    told = json.dumps({"types": types, "rows": rows})
    kept.keep(connection.engine, question, looked, told, time.perf_counter() - began, renewed=renewed)
    return types, rows


def _compute(connection: Connection, question: kept.Question) -> tuple[list[int], list[tuple[Any, ...]]]:
    asked, names = json.loads(question.arguments)
    values = [bindparam(name, _value(name, value), TYPES[name]) for name, value in asked.items()]
    call: Function[Any] = getattr(func.stats, question.statistic)(*values)
    table = call.table_valued(*names, name="asked")
    found = connection.execute(select(*table.c).limit(question.top))
    cursor = cast(CursorResult[Any], found).cursor
    assert cursor is not None
    types = [cast(int, each[1]) for each in cursor.description or ()]
    return types, [tuple(map(_plain, row)) for row in found]


def _value(name: str, value: Any) -> Any:
    """What stood for it in Python before it was JSON."""
    return datetime.fromisoformat(value) if name in {"since", "until"} and value is not None else value


def _plain(value: Any) -> Any:
    """Days as text, which every format can hold."""
    return value.isoformat() if isinstance(value, date) else value
