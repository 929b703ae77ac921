-- The bits of model.traits that the models of a unit have together: how many units with a model have just these.
create function stats.traits(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    traits integer, count bigint)
language sql stable parallel safe
begin atomic
    with units as materialized (
        select l.id, l.alone, l.count, l.traits from stats.listed(scan, since, until, unit, population) l
    ),
    united as (
        select u.traits, u.count from units u where u.alone
        union all
        select bit_or(u.traits), u.count from units u where not u.alone group by u.id, u.count
    )
    select u.traits, sum(u.count)::bigint from united u group by u.traits;
end;
