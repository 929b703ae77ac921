"""What an endpoint ever listed, all its inventories together, as one inventory that `endpoint.listed_id` names.

Statistics over all time read it in the place of the sightings, unless `endpoint.listed_stale` says that these must be
asked. The writer sets that with each new sighting; what is stale is made anew when a scan ends and by every upgrade.
"""

from __future__ import annotations

from typing import Any, Final

from psycopg import Connection, Cursor

from census.store.inventories import PLACED

# An endpoint that invents new models for every scan would else cost more with each; so long a history stays stale.
_MOST: Final = 2_000

# In the order in which writers take them, so that they and this never wait for each other for ever.
_ALONE: Final = "lock table inventory, endpoint, sighting in share row exclusive mode"

_TEMPORARY: Final = """
create temporary table if not exists united (endpoint_id bigint, hash bytea, models bigint[], cut boolean)
on commit delete rows
"""

# Null where it was always locked.
_ALIKE: Final = """
update endpoint set listed_id = its.one, listed_stale = false
from (
    select endpoint.id, min(inventory_id) as one
    from endpoint left join sighting on sighting.endpoint_id = endpoint.id
    where listed_stale
    group by endpoint.id
    having min(inventory_id) is not distinct from max(inventory_id)
) its
where endpoint.id = its.id
"""

# The hash is that of census.store.identity.inventory_hash.
_UNITED: Final = """
with listed as materialized (
    select distinct sighting.endpoint_id, inventory_id
    from endpoint join sighting on sighting.endpoint_id = endpoint.id
    where listed_stale and inventory_id is not null
), bounded as materialized (
    select endpoint_id, bool_or(cut) as cut
    from listed join inventory on inventory.id = inventory_id
    group by endpoint_id
    having sum(cardinality(models)) <= %(most)s
), members as (
    select distinct endpoint_id, bounded.cut, unnest(models) as member
    from bounded join listed using (endpoint_id) join inventory on inventory.id = inventory_id
)
insert into united (endpoint_id, hash, models, cut)
select
    endpoint_id, sha256(string_agg(model.hash, '' order by model.hash) || case when cut then 'cut' else '' end::bytea),
    array_agg(model.id order by model.id), cut
from members join model on model.id = member
group by endpoint_id, cut
"""

_INVENTORIES: Final = f"""
insert into inventory (
    hash, models, size, cut, families, architectures, origins, quantizations, capabilities, unplaced, tools, names,
    instances, traits, placed)
select
    of.hash, of.models, cardinality(of.models), of.cut,
    coalesce(array_agg(distinct family collate "C") filter (where family is not null), '{{}}'),
    coalesce(array_agg(distinct architecture collate "C") filter (where architecture is not null), '{{}}'),
    coalesce(array_agg(distinct origin collate "C") filter (where origin is not null), '{{}}'),
    coalesce(array_agg(distinct quantization collate "C") filter (where quantization is not null), '{{}}'),
    coalesce(array_agg(distinct word collate "C") filter (where word is not null), '{{}}'),
    bool_or(family is null), max(tools), count(distinct name),
    count(distinct coalesce('d' || digest, 'n' || name)), bit_or(traits),{PLACED}
from (select distinct on (hash) * from united) of
cross join unnest(of.models) member
join model on model.id = member
left join unnest(model.capabilities) word on true
where not exists (select from inventory old where old.hash = of.hash)
group by of.hash, of.models, of.cut
order by of.hash
on conflict (hash) do nothing
"""  # noqa: S608  a text of this module

_NAMED: Final = """
update endpoint set listed_id = inventory.id, listed_stale = false
from united join inventory using (hash)
where endpoint.id = united.endpoint_id
"""

_FORGET: Final = "update endpoint set listed_id = null, listed_stale = true where id = any (%s) and not listed_stale"


def fill(connection: Connection[Any]) -> None:
    """Name the inventory of every endpoint whose name for it is stale, in the caller's transaction."""
    connection.execute(_ALONE)
    connection.execute(_TEMPORARY)
    connection.execute(_ALIKE)
    connection.execute(_UNITED, {"most": _MOST})
    connection.execute(_INVENTORIES)
    connection.execute(_NAMED)
    connection.execute("delete from united")


def forget(cursor: Cursor[Any], endpoints: list[int]) -> None:
    """Endpoints that have a new sighting: what they ever listed is no longer told by one inventory.

    After the sightings were inserted, and in a statement of its own: the insert waits while `fill` is at work.
    """
    if endpoints:
        cursor.execute(_FORGET, (endpoints,))
