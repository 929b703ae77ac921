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
NOTES: Final = 1_000  # notes of changes before those of transactions that ended long ago are dropped

_HOLDS = """
    k.server = (select system_identifier from pg_control_system())
    and pg_snapshot_xmin(k.snapshot::pg_snapshot)::text::bigint > (select coalesce(min(c.xact), 0) from change c)
    and not exists (
        select from change c
        where c.xact >= pg_snapshot_xmin(k.snapshot::pg_snapshot)::text::bigint
            and not pg_visible_in_snapshot(c.xact::text::xid8, k.snapshot::pg_snapshot))
"""

# Who has written in this very transaction sees what nobody else does, so its results are not kept.
_LOOK = text(f"""
    select
        pg_current_snapshot()::text as snapshot,
        pg_current_xact_id_if_assigned() is null
            and not pg_is_in_recovery()
            and has_table_privilege('kept', 'insert') as may_keep,
        (
            select k.result
            from kept k
            where k.statistic = :statistic and k.arguments = :arguments and (k.top is null or k.top = :top) and {_HOLDS}
            order by k.top nulls first
            limit 1
        ) as result
""")  # noqa: S608  a text of this module

# Whoever asked holds what it has read until its transaction ends, and waits for us: so nobody else is waited for.
# A purge takes the lock, too: either it sees the new row, or its change is seen here.
_BEGIN = (
    text("set local lock_timeout = '1s'"),
    text("set local statement_timeout = '10s'"),
    text("lock table kept in row exclusive mode"),
)

# Of another server, from which this database was copied by hand.
_FOREIGN = text("delete from change where xact >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint")

# Only when there are many: until then results hold that were asked for while others on this server wrote.
_OLD = text("""
    delete from change
    where (select count(*) from change) > :notes
        and xact < (select max(xact) from change where xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
""")

_STALE = text(f"delete from kept k where not ({_HOLDS})")  # noqa: S608  likewise

_KEEP = text(f"""
    insert into kept (statistic, arguments, top, server, snapshot, result, seconds)
    select k.statistic, k.arguments, k.top, k.server, k.snapshot, k.result, k.seconds
    from (
        select
            cast(:statistic as text) as statistic, cast(:arguments as text) as arguments, cast(:top as integer) as top,
            (select system_identifier from pg_control_system()) as server, cast(:snapshot as text) as snapshot,
            cast(:result as text) as result, cast(:seconds as double precision) as seconds
    ) k
    where {_HOLDS}
    on conflict (statistic, arguments, top) do update set
        server = excluded.server, snapshot = excluded.snapshot, result = excluded.result, seconds = excluded.seconds,
        kept_at = now()
""")  # noqa: S608  likewise


class Question(NamedTuple):
    """What is asked: a function of the schema `stats`, its arguments and columns as JSON, how many rows (None: all)."""

    statistic: str
    arguments: str
    top: int | None


class Looked(NamedTuple):
    """What was found: the result, None where there is none that holds; and as of when one may be kept, if it may."""

    result: str | None
    snapshot: str
    may_keep: bool


def look(connection: Connection, question: Question) -> Looked:
    """The kept result of a question, if it still holds; it may have more rows than were asked for."""
    found = connection.execute(_LOOK, question._asdict()).one()
    return Looked(found.result, found.snapshot, found.may_keep)


def keep(engine: Engine, question: Question, looked: Looked, result: str, seconds: float) -> None:
    """Keep a result that was computed after `look`, if it is worth it, holds, and this user may; never fails."""
    if not looked.may_keep or seconds < LONG or len(result) > MOST:
        return
    # To have to compute it again is all that is lost.
    with contextlib.suppress(SQLAlchemyError, DatabaseError), engine.begin() as connection:
        for statement in (*_BEGIN, _FOREIGN, _STALE):
            connection.execute(statement)
        connection.execute(_OLD, {"notes": NOTES})
        connection.execute(
            _KEEP, {**question._asdict(), "snapshot": looked.snapshot, "result": result, "seconds": seconds}
        )


def forget(connection: Connection) -> None:
    """Drop every kept result, and those that are being computed: statistics may be defined otherwise now."""
    connection.execute(text("delete from kept"))
    connection.execute(text("insert into change values (pg_current_xact_id()::text::bigint) on conflict do nothing"))
