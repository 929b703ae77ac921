"""What servers told of models whose answers are alike wherever they are: kept for the next scans, and other workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from psycopg import Connection, Cursor

from census.facts import Observation, Saying

_LATEST: Final = 200_000  # that a worker begins with: as many models as it remembers, told by a few hosts each

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

_NEWER: Final = """
select * from (
    select saying.id, host(host.address), digest, rules, said
    from saying join endpoint on endpoint.id = endpoint_id join host on host.id = host_id
    where saying.id > %s and verdict = 0 order by saying.id desc limit %s
) latest order by id
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


def newer(connection: Connection[Any], since: int) -> list[tuple[int, str, Saying]]:
    """What credible endpoints told after the saying `since`: its number, the address, and the saying."""
    rows = connection.execute(_NEWER, (since, _LATEST)).fetchall()
    return [(number, address, Saying(digest, rules, said)) for number, address, digest, rules, said in rows]
