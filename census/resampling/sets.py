"""What the draws are made from: rows of a function of the schema stats, and the units that can be drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, DateTime, Text, bindparam, func, select
from sqlalchemy.types import TypeEngine

UNITS: Final = ("host", "endpoint")  # days and observations of one host are no further draws

_TYPES: Final[Mapping[str, TypeEngine[Any]]] = {
    "scan": BigInteger(),
    "since": DateTime(timezone=True),
    "until": DateTime(timezone=True),
}


def ask(connection: Connection, function: str, columns: Sequence[str], asked: Mapping[str, Any]) -> Iterable[Any]:
    """The rows of a function of the schema stats; `asked` are its arguments in their order, by name."""
    given = [bindparam(name, value, _TYPES.get(name, Text())) for name, value in asked.items()]
    table = getattr(func.stats, function)(*given).table_valued(*columns, name="asked")
    return connection.execute(select(*table.c))
