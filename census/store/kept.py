"""Results of statistics that took long, kept in the database for as long as nothing that they rest on is written.

Every transaction that writes what a statistic reads notes its number in the table `change`: a trigger on each of those
tables does it, whoever writes. A result is kept with the snapshot in which it was computed, or an earlier one. It holds
as long as every change that is to be seen was to be seen in that snapshot, and no clock is asked. Notes of changes are
dropped up to the last one before which every transaction has ended; a snapshot in which it had not ended holds no more.
"""

from __future__ import annotations

import contextlib
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from census.store.connect import DatabaseError

# What takes less is computed again as fast as it is looked up, and small censuses are written into all the time.
LONG: Final = 0.2  # seconds
MOST: Final = 16_000_000  # characters of one result

# Who has written in this very transaction sees what nobody else does, so its results are not kept.
_LOOK = text("""
    select
        asked.snapshot,
        asked.server,
        pg_current_xact_id_if_assigned() is null
            and not pg_is_in_recovery()
            and has_table_privilege('kept', 'insert') as may_keep,
        (
            select k.result
            from kept k
            where k.statistic = :statistic and k.arguments = :arguments and (k.top is null or k.top = :top)
                and k.server = asked.server
                and pg_snapshot_xmin(k.snapshot::pg_snapshot)::text::bigint
                    > (select coalesce(min(c.xact), 0) from change c)
                and not exists (
                    select from change c
                    where c.xact >= pg_snapshot_xmin(k.snapshot::pg_snapshot)::text::bigint
                        and not pg_visible_in_snapshot(c.xact::text::xid8, k.snapshot::pg_snapshot))
            order by k.top nulls first
            limit 1
        ) as result
    from (
        select
            pg_current_snapshot()::text as snapshot,
            (select system_identifier from pg_control_system()) as server
    ) asked
""")

_KEEP = text("""
    insert into kept (statistic, arguments, top, server, snapshot, result, seconds)
    values (:statistic, :arguments, :top, :server, :snapshot, :result, :seconds)
    on conflict (statistic, arguments, top) do update set
        server = excluded.server, snapshot = excluded.snapshot, result = excluded.result, seconds = excluded.seconds,
        kept_at = now()
""")

# Each by itself, so that of several programs none waits for another.
_TIDY = (
    # Of another server, from which this database was copied by hand.
    text("delete from change where xact >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint"),
    text("""
        delete from change
        where xact < (select max(xact) from change where xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
    """),
    text("delete from kept where kept_at < now() - interval '30 days'"),
)


class Question(NamedTuple):
    """What is asked: a function of the schema `stats`, its arguments as JSON, and how many rows; None for all."""

    statistic: str
    arguments: str
    top: int | None


class Looked(NamedTuple):
    """What was found: the result, None where there is none that holds; and as of when one may be kept, if it may."""

    result: str | None
    snapshot: str
    server: int
    may_keep: bool


def look(connection: Connection, question: Question) -> Looked:
    """The kept result of a question, if it still holds; it may have more rows than were asked for."""
    found = connection.execute(_LOOK, question._asdict()).one()
    return Looked(found.result, found.snapshot, found.server, found.may_keep)


def keep(engine: Engine, question: Question, looked: Looked, result: str, seconds: float) -> None:
    """Keep a result that was computed after `look`, if it is worth it and this user may; never fails."""
    if not looked.may_keep or seconds < LONG or len(result) > MOST:
        return
    values = {"server": looked.server, "snapshot": looked.snapshot, "result": result, "seconds": seconds}
    # To have to compute it again is all that is lost.
    with (
        contextlib.suppress(SQLAlchemyError, DatabaseError),
        engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
    ):
        for statement in _TIDY:
            connection.execute(statement)
        connection.execute(_KEEP, {**question._asdict(), **values})


def forget(connection: Connection) -> None:
    """Drop every kept result: statistics may be defined otherwise now."""
    connection.execute(text("delete from kept"))
