"""Dropping what a census need not keep for ever: old single observations, and which addresses old scans asked.

Sightings and chunks keep their counts, so statistics over all time stay what they are, but for those that read single
observations.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from psycopg import Connection

from census.errors import UseError

# The funnel counts what the observations of served, credible endpoints were; their number stays with the scan.
_DROP: Final = """
    with gone as (
        delete from observation where observed_at < %s returning scan_id, endpoint_id, outcome
    ), counted as (
        select gone.scan_id, count(*) as number
        from gone
        join outcome on outcome.id = gone.outcome and outcome.word = 'served'
        join endpoint on endpoint.id = gone.endpoint_id
        where stats.credible(endpoint.verdict)
        group by gone.scan_id
    ), kept as (
        update scan set pruned_credible = pruned_credible + counted.number
        from counted where scan.id = counted.scan_id
    )
    select count(*) from gone
"""
# Rows with their share of the indexes.
_OBSERVATIONS: Final = """
    select old, (pg_total_relation_size('observation') * old / greatest(whole, 1))::bigint
    from (select count(*) filter (where observed_at < %s) as old, count(*) as whole from observation) counted
"""

# Ports and outcomes stay, so that there is still a row for each target; an unfinished scan has yet to ask its own.
_OLD: Final = """
    scan.id = chunk.scan_id and scan.ended < %s
    and (names is not null or cardinality(array_remove(addresses, null)) > 0)
"""
_TARGETS: Final = f"""
    select coalesce(sum(cardinality(ports)), 0)::bigint,
        coalesce(sum(pg_column_size(addresses) + coalesce(pg_column_size(names), 0)), 0)::bigint
    from chunk, scan where {_OLD}
"""  # noqa: S608  a text of this module
_FORGET: Final = f"""
    update chunk set addresses = array_fill(null::inet, array[cardinality(ports)]), names = null
    from scan where {_OLD}
"""  # noqa: S608  a text of this module

_NOTE: Final = "insert into pruning (before, observations, targets) values (%s, %s, %s)"
_INCOMPLETE: Final = """
    select max(before) from pruning
    where observations > 0
      and case when %(scan)s::bigint is null then coalesce(%(since)s::timestamptz < before, true)
          else (select began < before from scan where id = %(scan)s) end
"""


class FutureError(UseError):
    """The date up to which is pruned lies in the future."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went, or would go: observations, targets without their addresses, bytes (about) that are free for new rows.

    `unfinished` are the scans that began before and keep their addresses, because they can still be resumed.
    """

    observations: int
    observation_bytes: int
    targets: int
    target_bytes: int
    unfinished: tuple[int, ...]


def prune(connection: Connection[Any], before: datetime, *, targets: bool, dry_run: bool = False) -> Pruned:
    """Drop the observations older than `before`, and with `targets` the addresses that scans ended before then asked.

    Wholly or not at all; `dry_run` only counts. The connection is in autocommit, for the space is made free after.
    """
    if before > datetime.now(UTC):
        raise FutureError(f"{before:%Y-%m-%d %H:%M} has not come yet: name a day that is over")
    with connection.transaction():
        told = _counted(connection, before, targets=targets)
        if not dry_run and (told.observations or told.targets):
            connection.execute(_DROP, (before,))
            if targets:
                connection.execute(_FORGET, (before,))
            connection.execute(_NOTE, (before, told.observations, told.targets))
    if not dry_run:
        connection.execute("vacuum (analyze) observation, chunk")
    return told


def incomplete(
    connection: Connection[Any],
    scan: int | None,
    since: datetime | None,
    until: datetime | None,
    *,
    singles: bool = False,
) -> datetime | None:
    """The moment before which single observations are gone, if a question reaches before it.

    All time needs none of them, but for what reads them over all time too (`singles`).
    """
    if scan is None and since is None and until is None and not singles:
        return None
    row = connection.execute(_INCOMPLETE, {"scan": scan, "since": since}).fetchone()
    return row[0] if row else None


def _counted(connection: Connection[Any], before: datetime, *, targets: bool) -> Pruned:
    observations = connection.execute(_OBSERVATIONS, (before,)).fetchone()
    addresses = connection.execute(_TARGETS, (before,)).fetchone() if targets else (0, 0)
    assert observations is not None
    assert addresses is not None
    unfinished = connection.execute("select id from scan where ended is null and began < %s order by id", (before,))
    kept = tuple(number for (number,) in unfinished.fetchall()) if targets else ()
    return Pruned(observations[0], observations[1], addresses[0], addresses[1], kept)
