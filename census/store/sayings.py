"""What servers told of models whose answers are alike wherever they are: kept for the next scans, and other workers."""

from __future__ import annotations

from collections.abc import Sequence
from sys import intern
from typing import Any, Final

from psycopg import Connection, Cursor

from census.facts import Observation, Saying

_ANSWERS, _NETWORKS = 100_000, 64  # that a worker takes in at once; and of each answer
_AT_ONCE: Final = 500  # rows

_TEMPORARY: Final = """
create temporary table if not exists told (
    address inet, port integer, digest text, rules text, said text
) on commit delete rows;
"""

# A host that says another thing than before takes its word back; one that repeats itself needs no new number.
_INSERT: Final = """
insert into saying (endpoint_id, digest, rules, said)
select distinct on (endpoint.id, digest, rules) endpoint.id, digest, rules, said
from told join host using (address) join endpoint on endpoint.host_id = host.id and endpoint.port = told.port
where not exists (
    select from saying as old
    where (old.endpoint_id, old.digest, old.rules, old.said) = (endpoint.id, told.digest, told.rules, told.said))
order by endpoint.id, digest, rules
on conflict (endpoint_id, digest, rules) do update set said = excluded.said
"""

# One row for each answer, and those that most gave: what a worker takes in at its start is bounded like its memory.
_NEWER: Final = """
select digest, rules, said, networks from (
    select digest, rules, said, (array_agg(distinct host(whose)))[:%(most)s] as networks, count(*) as told
    from saying join endpoint on endpoint.id = endpoint_id join host on host.id = host_id,
        lateral (select network(set_masklen(address, case family(address) when 4 then 24 else 48 end))) its (whose)
    where saying.id > %(since)s and saying.id <= %(last)s and verdict = 0
    group by digest, rules, said order by told desc limit %(limit)s
) as most order by told
"""


def prepare(cursor: Cursor[Any]) -> None:
    """Make the temporary table of this connection."""
    cursor.execute(_TEMPORARY)


def add(cursor: Cursor[Any], observations: Sequence[Observation]) -> None:
    """Store what was told in these observations, whose endpoints are stored, in the caller's transaction."""
    rows = [
        (seen.address, seen.target.port, each.digest, each.rules, each.said)
        for seen in observations
        for each in seen.told
    ]
    if rows:
        with cursor.copy("copy told (address, port, digest, rules, said) from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(_INSERT)


def newer(connection: Connection[Any], since: int) -> tuple[int, list[tuple[list[str], Saying]]]:
    """What credible endpoints told after the saying `since`: the last one's number, and each with addresses.

    Those are the first addresses of the networks (/24, IPv6: /48) in which it was told; the most told ones come last.
    """
    row = connection.execute("select coalesce(max(id), 0) from saying").fetchone()
    assert row is not None
    if row[0] <= since:
        return row[0], []
    told = {"since": since, "last": row[0], "most": _NETWORKS, "limit": _ANSWERS}
    # A few rows at a time, and each text once: all of them, as they come, take four times the room of what is kept.
    with connection.transaction(), connection.cursor(name="newer") as cursor:
        cursor.itersize = _AT_ONCE
        rows = cursor.execute(_NEWER, told)
        return row[0], [
            (networks, Saying(digest, intern(rules), intern(said))) for digest, rules, said, networks in rows
        ]
