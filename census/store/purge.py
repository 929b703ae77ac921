"""Deletes what is stored of hosts that opted out: rows, models that nobody else lists, and their places in chunks.

What was deleted stays a target of its scans, as a count: its outcome becomes `opted_out`, and its address and name
become null. So every scan keeps its number of targets, and its counts agree with the rows that are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, Cursor

from census.facts import Outcome
from census.store import exclusions
from census.store.claims import counts
from census.targets.addresses import Network

_PURGED = """
create temporary table purged (network cidr, name text) on commit drop;
create temporary table purged_endpoint (id bigint primary key) on commit drop;
create temporary table purged_inventory (id bigint primary key) on commit drop
"""

_ENDPOINTS = """
insert into purged_endpoint
select endpoint.id from endpoint join host on host.id = endpoint.host_id
where exists (select from purged where host.address <<= purged.network or {names})
"""

_INVENTORIES = """
with listed as (
    select inventory_id from sighting where endpoint_id in (select id from purged_endpoint)
    union
    select listed_id from endpoint where id in (select id from purged_endpoint)
), theirs as (
    select array_agg(distinct member) as models from inventory, unnest(models) member where id in (select * from listed)
)
insert into purged_inventory
select id from inventory, theirs where inventory.models && theirs.models
"""

# A list of models, and a model's name, may tell whose they are: what nobody else has goes too, also lists that an
# endpoint once had together and that no row names any more.
_DELETIONS = (
    "delete from observation where endpoint_id in (select id from purged_endpoint)",
    "delete from sighting where endpoint_id in (select id from purged_endpoint)",
    """with gone as (delete from endpoint where id in (select id from purged_endpoint) returning host_id)
       delete from host where id in (select host_id from gone)
       and not exists (select from endpoint where endpoint.host_id = host.id
                       and endpoint.id not in (select id from purged_endpoint))""",
    """with gone as (delete from inventory where id in (select id from purged_inventory)
           and not exists (select from sighting where sighting.inventory_id = inventory.id)
           and not exists (select from endpoint where endpoint.listed_id = inventory.id) returning id, models)
       delete from model where id in (select unnest(models) from gone)
       and id not in (select unnest(models) from inventory where id not in (select id from gone))""",
    # Results hold names, too. Nobody keeps one until this is committed, and then those from before do not hold. What
    # was asked names nobody.
    "lock table kept in exclusive mode",
    "update kept set snapshot = null, result = null where result is not null",
)

# `%` in front of the name: an opted-out name covers those below it.
_NAMED = "lower({name}) = purged.name or lower({name}) like '%%.' || purged.name"

_PLACES = """
select chunk.scan_id, chunk.number, array_agg(target.place)
from chunk, unnest(chunk.addresses, chunk.names) with ordinality as target (address, name, place)
where chunk.done = %s and exists (select from purged where target.address <<= purged.network or {names})
group by chunk.scan_id, chunk.number order by 1, 2
"""

_CLEARED = """
update chunk set outcomes = %(outcomes)s, counts = %(counts)s, done = %(done)s,
    addresses = array(select case when place = any(%(places)s) then null else each end
                      from unnest(addresses) with ordinality as t (each, place) order by place),
    names = case when names is null then null else
            array(select case when place = any(%(places)s) then null else each end
                  from unnest(names) with ordinality as t (each, place) order by place) end
where scan_id = %(scan)s and number = %(number)s
"""


@dataclass(frozen=True, slots=True)
class Purged:
    """How many endpoints a purge deleted, and how many targets of scans it made unknown."""

    endpoints: int
    targets: int


def enter_and_purge(
    connection: Connection[Any], entries: Sequence[Network | str], note: str | None, added_by: str
) -> tuple[int, Purged]:
    """Enter opt-outs and delete what is stored of them; gives how many are new, and what is gone.

    Rows, and the chunks that workers may hold, go in the transaction that enters the opt-outs: no batch is under way
    in it, and none follows that does not know of them. No worker touches the chunks that are done.
    """
    with connection.transaction(), connection.cursor() as cursor:
        new = exclusions.enter(cursor, entries, note, added_by)
        cursor.execute("lock table chunk in share row exclusive mode")  # a worker's sign of life might deadlock with us
        _prepare(cursor, entries)
        endpoints, opened = _rows(cursor), _targets(cursor, done=False)
    with connection.transaction(), connection.cursor() as cursor:
        _prepare(cursor, entries)
        return new, Purged(endpoints, opened + _targets(cursor, done=True))


def _prepare(cursor: Cursor[Any], entries: Sequence[Network | str]) -> None:
    """Say, for this transaction, whose rows are to go."""
    cursor.execute(_PURGED)
    with cursor.copy("copy purged (network, name) from stdin") as copy:
        for entry in entries:
            copy.write_row((None, entry) if isinstance(entry, str) else (str(entry), None))


def _rows(cursor: Cursor[Any]) -> int:
    """Delete endpoints and all that hangs on them; gives how many endpoints."""
    cursor.execute(_ENDPOINTS.format(names=_NAMED.format(name="endpoint.name")), ())
    gone = cursor.rowcount
    cursor.execute(_INVENTORIES)
    for deletion in _DELETIONS:
        cursor.execute(deletion)
    return gone


def _targets(cursor: Cursor[Any], *, done: bool) -> int:
    """Make targets of the chunks that are done, or of the others, unknown; gives how many."""
    found = cursor.execute(_PLACES.format(names=_NAMED.format(name="target.name")), (done,)).fetchall()
    for scan, number, places in found:
        row = cursor.execute(
            "select outcomes from chunk where scan_id = %s and number = %s for update", (scan, number)
        ).fetchone()
        assert row is not None
        outcomes = bytearray(row[0])
        for place in places:
            outcomes[place - 1] = Outcome.OPTED_OUT
        cursor.execute(
            _CLEARED,
            {
                "scan": scan, "number": number, "places": places, "outcomes": bytes(outcomes),
                "counts": counts(bytes(outcomes)), "done": 0 not in outcomes,
            },
        )  # fmt: skip
    return sum(len(places) for _, _, places in found)
