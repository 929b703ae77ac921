"""What each column of the views says: written once in meanings.toml, and carried by the database as comments."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

_COLUMNS = text("""
    select n.nspname, c.relname, obj_description(c.oid), a.attname, format_type(a.atttypid, a.atttypmod),
        col_description(c.oid, a.attnum)
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname = :schema and c.relkind in ('r', 'v')
    order by n.nspname, c.relname, a.attnum
""")


@dataclass(frozen=True, slots=True)
class Described:
    """A column as the database describes it; `unit` is what its numbers are of, empty where there is none."""

    schema: str
    table: str
    about: str
    column: str
    type: str
    unit: str
    meaning: str


def described(connection: Connection, schema: str) -> list[Described]:
    """Every column of the tables and views of a schema, in their order, with comments as the database has them."""
    found = []
    for space, table, about, column, kind, comment in connection.execute(_COLUMNS, {"schema": schema}):
        meaning, _, unit = (comment or "").partition(" [")
        found.append(Described(space, table, about or "", column, kind, unit.removesuffix("]"), meaning))
    return found


def meaning(schema: str, view: str, column: str) -> str | None:
    """The sentence of meanings.toml for a column of a view, None where there is none."""
    book = _book()
    own: dict[str, str] = book[schema].get(view, {})
    common: dict[str, str] = book["shared" if schema == "stats" else "row"]
    return own.get(column, common.get(column))


def comments(views: Iterable[tuple[str, str, str]]) -> str:
    """The SQL that comments on columns, given as schema, view and column; columns that nothing is said of are left."""
    lines = []
    for schema, view, column in views:
        said = meaning(schema, view, column)
        if said is not None:
            quoted = said.replace("'", "''")
            lines.append(f'comment on column {schema}."{view}"."{column}" is \'{quoted}\';')
    return "\n".join(lines)


def source() -> str:
    """The text of meanings.toml, for the digest of what an upgrade brings."""
    return _PATH.read_text(encoding="utf-8")


_PATH = Path(__file__).with_suffix(".toml")


@functools.cache
def _book() -> dict[str, Any]:
    return tomllib.loads(source())
