-- How many of the units with a model have each value of a dimension: family, architecture or origin. A unit counts once
-- for each value that it has and once in `of`; units that have none (no model of a known family) are the row with the
-- null value.
create function stats.tally(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (value text, count bigint, of bigint)
language sql stable parallel safe
begin atomic
    with units as materialized (
        select l.id, l.alone, l.count, l.members
        from stats.values_listed(dimension, scan, since, until, unit, population) l
    ),
    whole as materialized (
        select
            coalesce(sum(t.count), 0)::bigint as of,
            coalesce(sum(t.count) filter (where t.silent), 0)::bigint as without
        from (
            select u.count, u.members = '{}' as silent from units u where u.alone
            union all
            select min(u.count), bool_and(u.members = '{}') from units u where not u.alone group by u.id
        ) t
    )
    select t.value, t.count, w.of
    from (
        -- The usual unit has one list, in which each value stands once, so that it is enough to count each.
        select its.value, sum(its.count)::bigint as count
        from (
            select one.value, sum(one.count) as count
            from (
                select unnest(u.members) as value, u.count::double precision as count from units u where u.alone
            ) one
            group by one.value
            union all
            select several.value, sum(several.count)
            from (
                select distinct u.id, u.count, unnest(u.members) as value from units u where not u.alone
            ) several
            group by several.value
        ) its
        group by its.value
    ) t
    cross join whole w
    union all
    select null, w.without, w.of from whole w where w.without > 0;
end;
