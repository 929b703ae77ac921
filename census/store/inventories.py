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
    "placed",
)

# What models of one family have together, in the bits that inventory.placed tells of; no family has the number null.
_CODE: Final = """coalesce(number, 0) * 16 + bit_or(
                case derived when true then 8 when false then 4 else 0 end
                + case tools when 2 then 2 when 1 then 1 else 0 end)"""

# The families of the models that `of` has.
PLACED: Final = f"""
            array(
                select {_CODE}
                from unnest(of.models) listed
                    join model on model.id = listed left join family on family.name = model.family
                group by number
                order by 1
            )"""  # noqa: S608  a text of this module

# A row for the inventory `of`, from its models as the table model has them; sorted as Python sorts. Each is looked up
# once, which takes longer than all else.
OF_MODELS: Final = f"""
    with its as materialized (
        select
            family, architecture, model.origin, quantization, capabilities, tools, model.name, digest, traits, derived,
            number
        from unnest(of.models) listed join model on model.id = listed left join family on family.name = model.family
    )
    select
        coalesce(array_agg(distinct family collate "C") filter (where family is not null), '{{}}') as families,
        coalesce(array_agg(distinct architecture collate "C") filter (where architecture is not null), '{{}}')
            as architectures,
        coalesce(array_agg(distinct origin collate "C") filter (where origin is not null), '{{}}') as origins,
        coalesce(array_agg(distinct quantization collate "C") filter (where quantization is not null), '{{}}')
            as quantizations,
        array(select distinct word collate "C" from its cross join unnest(capabilities) word order by 1)
            as capabilities,
        coalesce(bool_or(family is null), false) as unplaced,
        coalesce(max(tools), 0)::smallint as tools,
        count(distinct name)::integer as names,
        count(distinct coalesce('d' || digest, 'n' || name))::integer as instances,
        coalesce(bit_or(traits), 0) as traits,
        array(select {_CODE} from its group by number order by 1) as placed
    from its
"""  # noqa: S608  a text of this module

# Only what hangs on lineage; written as joins over all, which is many times faster than a look for each inventory.
_RENEW: Final = f"""
    with told as (
        select
            i.id,
            coalesce(array_agg(distinct m.family collate "C") filter (where m.family is not null), '{{}}') as families,
            coalesce(array_agg(distinct m.origin collate "C") filter (where m.origin is not null), '{{}}') as origins,
            bool_or(m.family is null) as unplaced
        from inventory i cross join unnest(i.models) listed join model m on m.id = listed
        group by i.id
    ),
    coded as (
        select i.id, {_CODE} as code
        from (select id, models from inventory) i cross join unnest(i.models) listed
            join model on model.id = listed left join family on family.name = model.family
        group by i.id, number
    ),
    placed as (
        select id, array_agg(code order by code) as placed from coded group by id
    )
    update inventory i
    set families = told.families, origins = told.origins, unplaced = told.unplaced, placed = placed.placed
    from told join placed using (id)
    where told.id = i.id
      and (i.families, i.origins, i.unplaced, i.placed)
        is distinct from (told.families, told.origins, told.unplaced, placed.placed)
"""  # noqa: S608  a text of this module


def renew(connection: Connection[Any]) -> int:
    """Bring what lineage says of inventories in line with their models; gives how many changed."""
    return connection.execute(_RENEW).rowcount
