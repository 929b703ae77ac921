"""Results of statistics that took long, kept in the database for as long as nothing that they rest on is written.

Every transaction that writes what a statistic reads notes its number in the table `change`: a trigger on each of those
tables does it, whoever writes. A result is kept with the snapshot in which it was computed, or an earlier one. It holds
as long as every change that is to be seen was to be seen in that snapshot, and no clock is asked. Notes of changes are
dropped up to the last one before which every transaction has ended; a snapshot in which it had not ended holds no more.

A result that holds no more goes, and its question stays for as long as somebody asks it now and then: what a scan ended
is asked once more when the scan is done (`census.report.renewal`).
"""

from __future__ import annotations

import contextlib
import json
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from census.store.connect import DatabaseError

# What takes less is computed again as fast as it is looked up, and small censuses are written into all the time.
LONG: Final = 0.2  # seconds
MOST: Final = 16_000_000  # characters of one result
NOTES: Final = 1_000  # notes of changes before those of transactions that ended long ago are dropped
DAYS: Final = 30  # for which a question stays that nobody asks; longer where scans are rarer

_HOLDS = """
    k.server = (select system_identifier from pg_control_system())
    and pg_snapshot_xmin(k.snapshot::pg_snapshot)::text::bigint > (select coalesce(min(c.xact), 0) from change c)
    and not exists (
        select from change c
        where c.xact >= pg_snapshot_xmin(k.snapshot::pg_snapshot)::text::bigint
            and not pg_visible_in_snapshot(c.xact::text::xid8, k.snapshot::pg_snapshot))
"""

# Who asks each day or week keeps a question alive; where scans are rare, who asked since the one before the last.
_WANTED = """
    k.asked_at > least(
        now() - make_interval(days => :days),
        (select s.ended from scan s where s.ended is not null order by s.ended desc offset 1 limit 1))
"""

# Who has written in this very transaction sees what nobody else does, so its results are not kept.
_LOOK = text(f"""
    select
        pg_current_snapshot()::text as snapshot,
        pg_current_xact_id_if_assigned() is null
            and not pg_is_in_recovery()
            and has_table_privilege('kept', 'insert') as may_keep,
        found.result,
        coalesce(found.asked_at < now() - interval '1 day', false) as unnoted
    from (values (0)) as one
    left join lateral (
        select k.result, k.asked_at
        from kept k
        where k.statistic = :statistic and k.arguments = :arguments and (k.top is null or k.top = :top) and {_HOLDS}
        order by k.top nulls first
        limit 1
    ) as found on true
""")  # noqa: S608  a text of this module

# Whoever asked holds what it has read until its transaction ends, and waits for us: so nobody else is waited for.
# A purge takes the lock, too: either it sees the new row, or its change is seen here.
_BEGIN = (
    text("set local lock_timeout = '1s'"),
    text("set local statement_timeout = '10s'"),
    text("set local synchronous_commit = off"),  # if the server falls, it is done again
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

_STALE = text(f"""
    update kept k set snapshot = null, result = null where k.result is not null and not ({_HOLDS})
""")  # noqa: S608  likewise

_UNWANTED = text(f"delete from kept k where k.result is null and not ({_WANTED})")  # noqa: S608  likewise

_KEEP = text(f"""
    insert into kept (statistic, arguments, top, server, snapshot, result, seconds, latest)
    select k.statistic, k.arguments, k.top, k.server, k.snapshot, k.result, k.seconds, k.latest
    from (
        select
            cast(:statistic as text) as statistic, cast(:arguments as text) as arguments, cast(:top as integer) as top,
            (select system_identifier from pg_control_system()) as server, cast(:snapshot as text) as snapshot,
            cast(:result as text) as result, cast(:seconds as double precision) as seconds,
            coalesce((cast(:arguments as jsonb) #>> '{{0,scan}}')::bigint = (select max(s.id) from scan s), false)
                as latest
    ) k
    where {_HOLDS}
    on conflict (statistic, arguments, top) do update set
        server = excluded.server, snapshot = excluded.snapshot, result = excluded.result, seconds = excluded.seconds,
        kept_at = now(), latest = kept.latest or excluded.latest, asked = kept.asked + cast(:asked as integer),
        asked_at = case when cast(:asked as integer) > 0 then now() else kept.asked_at end
""")  # noqa: S608  likewise

_NOTE = text("""
    update kept set asked_at = now()
    where statistic = :statistic and arguments = :arguments and (top is null or top = :top)
""")

# A window that moves with the clock is never asked again, and one scan of many hardly: who asks twice means it.
_DUE = text(f"""
    select k.statistic, k.arguments, k.top, k.seconds
    from kept k
    where (k.result is null or not ({_HOLDS})) and {_WANTED}
        and (k.latest or k.asked > 1
            or k.arguments::jsonb -> 0 @> '{{"scan": null, "since": null, "until": null}}')
    order by k.seconds desc
""")  # noqa: S608  likewise

_LAST = text("select max(id) from scan")

_LEFT_BEHIND = text("""
    delete from kept
    where latest and (arguments::jsonb #>> '{0,scan}')::bigint <> :last
    returning statistic, arguments, top, server, seconds, asked, asked_at
""")

_MOVED = text("""
    insert into kept (statistic, arguments, top, server, seconds, asked, asked_at, latest)
    values (:statistic, :arguments, :top, :server, :seconds, :asked, :asked_at, true)
    on conflict (statistic, arguments, top) do update set
        asked_at = greatest(kept.asked_at, excluded.asked_at), latest = true
""")


class Question(NamedTuple):
    """What is asked: a function of the schema `stats`, its arguments and columns as JSON, how many rows (None: all)."""

    statistic: str
    arguments: str
    top: int | None


class Looked(NamedTuple):
    """What was found: the result, None where there is none that holds; and as of when one may be kept, if it may.

    `unnoted` says that it was found and that the last note of somebody who asked is older than a day.
    """

    result: str | None
    snapshot: str
    may_keep: bool
    unnoted: bool


class Due(NamedTuple):
    """A question whose result holds no more, and the seconds that it took."""

    question: Question
    seconds: float


def look(connection: Connection, question: Question) -> Looked:
    """The kept result of a question, if it still holds; it may have more rows than were asked for."""
    found = connection.execute(_LOOK, question._asdict()).one()
    return Looked(found.result, found.snapshot, found.may_keep, found.unnoted)


def note(engine: Engine, question: Question, looked: Looked) -> None:
    """Note that somebody was given a kept result, once a day and if this user may; never fails."""
    if not looked.may_keep or not looked.unnoted:
        return
    with contextlib.suppress(SQLAlchemyError, DatabaseError), engine.begin() as connection:
        for statement in _BEGIN:
            connection.execute(statement)
        connection.execute(_NOTE, question._asdict())


def keep(
    engine: Engine, question: Question, looked: Looked, result: str, seconds: float, *, renewed: bool = False
) -> None:
    """Keep a result that was computed after `look`, if it is worth it, holds, and this user may; never fails.

    One that is `renewed` was asked for by nobody just now, and worth it before.
    """
    if not looked.may_keep or len(result) > MOST or (seconds < LONG and not renewed):
        return
    # To have to compute it again is all that is lost.
    with contextlib.suppress(SQLAlchemyError, DatabaseError), engine.begin() as connection:
        for statement in (*_BEGIN, _FOREIGN, _STALE):
            connection.execute(statement)
        connection.execute(_UNWANTED, {"days": DAYS})
        connection.execute(_OLD, {"notes": NOTES})
        told = {"snapshot": looked.snapshot, "result": result, "seconds": seconds, "asked": 0 if renewed else 1}
        connection.execute(_KEEP, {**question._asdict(), **told})


def due(connection: Connection) -> list[Due]:
    """The questions that somebody has asked lately and whose results hold no more, those that take longest first.

    Those of a window, or of a scan that was not the last one, are due only if they were computed more than once.
    """
    return [Due(Question(*row[:3]), row.seconds) for row in connection.execute(_DUE, {"days": DAYS})]


def move_on(engine: Engine) -> None:
    """Ask of the scan that is the last one now what was asked of the one that was."""
    with engine.begin() as connection:
        for statement in _BEGIN:
            connection.execute(statement)
        last = connection.scalar(_LAST)
        for row in connection.execute(_LEFT_BEHIND, {"last": last}).all():
            asked, columns = json.loads(row.arguments)
            arguments = json.dumps([{**asked, "scan": last}, columns])
            connection.execute(_MOVED, {**row._asdict(), "arguments": arguments})


def forget(connection: Connection) -> None:
    """Drop every kept result, and those that are being computed: statistics may be defined otherwise now."""
    connection.execute(text("update kept set snapshot = null, result = null where result is not null"))
    connection.execute(text("insert into change values (pg_current_xact_id()::text::bigint) on conflict do nothing"))
