-- What units had, together: each distinct set of inventories that could be read (served, empty), or by the dimension
-- software of versions of software that served a model, and how many units had just that set. Members are sorted;
-- alone tells that there is one of them, in a way in which the planner of queries can expect it.
create function stats.held_sets(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (alone boolean, members bigint[], count bigint)
language sql stable parallel safe
begin atomic
    with carriers as materialized (
        -- Sorted before they are gathered: to hash so many costs more.
        select min(h.member) as first, max(h.member) as last, array_agg(distinct h.member) as members
        from (
            select h.carrier, h.member
            from stats.held(dimension, scan, since, until, unit, population) h
            where stats.asked(unit, population) and unit in ('host', 'endpoint')
            order by h.carrier, h.member
        ) h
        group by h.carrier
    )
    -- Most units have one member, and arrays are dear to compare.
    select true, array[c.first], count(*)
    from carriers c
    where c.first = c.last
    group by c.first
    union all
    select false, c.members, count(*)
    from carriers c
    where c.first < c.last
    group by c.members
    union all
    select true, array[h.member], sum(h.observations)::bigint
    from stats.held(dimension, scan, since, until, unit, population) h
    where unit = 'observation'
    group by h.member
    union all
    select d.alone, d.members, d.count
    from stats.held_on_days(dimension, scan, since, until, population) d
    where unit = 'host-day';
end;
