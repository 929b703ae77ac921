"""The tables of advisories and of what they say of each version, for every version that occurs."""

from __future__ import annotations

from typing import Any

from psycopg import Cursor
from sqlalchemy import Connection, delete, insert, select

from census import advisories
from census.store import shared


def renew(connection: Connection) -> None:
    """Put in the advisories of this program, and judge every version that the database has by them."""
    connection.execute(delete(shared.judgement))
    connection.execute(delete(shared.advisory))
    told = [
        {"id": each.id, "software": each.software, "about": each.about, "ranges": dict(each.ranges)}
        for each in advisories.advisories()
    ]
    connection.execute(insert(shared.advisory), told)
    known = connection.execute(select(shared.software.c.id, shared.software.c.name, shared.software.c.version)).all()
    if rows := [row for number, name, version in known for row in _rows(number, name, version)]:
        columns = ("software_id", "advisory_id", "affected")
        connection.execute(insert(shared.judgement), [dict(zip(columns, row, strict=True)) for row in rows])


def add(cursor: Cursor[Any], number: int, name: str, version: str | None) -> None:
    """Judge one version, the row `number` of the table software, inside the caller's transaction."""
    cursor.executemany(
        "insert into judgement (software_id, advisory_id, affected) values (%s, %s, %s) on conflict do nothing",
        _rows(number, name, version),
    )


def _rows(number: int, name: str, version: str | None) -> list[tuple[int, str, int]]:
    return [(number, advisory, int(word)) for advisory, word in advisories.judged(name, version).items()]
