-- How many of the units with a model have each value of a dimension, which is one of those of `value_sets`. A unit
-- counts once for each value that it has and once in `of`; units that have none (no model of a known family) are the row
-- with the null value.
create function stats.tally(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (value text, count bigint, of bigint)
language sql stable parallel safe
begin atomic
    with sets as materialized (
        select s.members, s.count from stats.value_sets(dimension, scan, since, until, unit, population) s
    ),
    whole as materialized (
        select
            coalesce(sum(s.count), 0)::bigint as of,
            coalesce(sum(s.count) filter (where s.members = '{}'), 0)::bigint as without
        from sets s
    )
    select t.value, t.count, w.of
    from (
        select s.value, sum(s.count)::bigint as count
        from (select unnest(members) as value, count::double precision as count from sets) s
        group by s.value
    ) t
    cross join whole w
    union all
    select null, w.without, w.of from whole w where w.without > 0;
end;
