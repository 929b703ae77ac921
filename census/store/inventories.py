"""What an inventory keeps of its models so that statistics need not look at each: made and renewed by SQL alone."""

from __future__ import annotations

from typing import Any, Final

from psycopg import Connection

SETS: Final = (
    "families",
    "architectures",
    "origins",
    "quantizations",
    "capabilities",
    "unplaced",
    "tools",
    "names",
    "instances",
    "traits",
)

# A row for the inventory `of`, from its models as the table model has them; sorted as Python sorts.
OF_MODELS: Final = """
    select
        coalesce(array_agg(distinct family collate "C") filter (where family is not null), '{}') as families,
        coalesce(array_agg(distinct architecture collate "C") filter (where architecture is not null), '{}')
            as architectures,
        coalesce(array_agg(distinct origin collate "C") filter (where origin is not null), '{}') as origins,
        coalesce(array_agg(distinct quantization collate "C") filter (where quantization is not null), '{}')
            as quantizations,
        array(
            select distinct word collate "C"
            from unnest(of.models) listed join model on model.id = listed cross join unnest(model.capabilities) word
            order by 1
        ) as capabilities,
        coalesce(bool_or(family is null), false) as unplaced,
        coalesce(max(tools), 0)::smallint as tools,
        count(distinct name)::integer as names,
        count(distinct coalesce('d' || digest, 'n' || name))::integer as instances,
        coalesce(bit_or(traits), 0) as traits
    from unnest(of.models) listed join model on model.id = listed
"""

# Only what lineage decides; written as joins over all, which is many times faster than a look for each inventory.
_RENEW: Final = """
    with told as (
        select
            i.id,
            coalesce(array_agg(distinct m.family collate "C") filter (where m.family is not null), '{}') as families,
            coalesce(array_agg(distinct m.origin collate "C") filter (where m.origin is not null), '{}') as origins,
            bool_or(m.family is null) as unplaced
        from inventory i cross join unnest(i.models) listed join model m on m.id = listed
        group by i.id
    )
    update inventory i set families = told.families, origins = told.origins, unplaced = told.unplaced
    from told
    where told.id = i.id
      and (i.families, i.origins, i.unplaced) is distinct from (told.families, told.origins, told.unplaced)
"""


def renew(connection: Connection[Any]) -> int:
    """Bring what lineage says of inventories in line with their models; gives how many changed."""
    return connection.execute(_RENEW).rowcount
