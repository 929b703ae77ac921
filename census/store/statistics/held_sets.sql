-- What units had, together: each distinct set of inventories that could be read (served, empty), or by the dimension
-- software of versions of software that served a model, and how many units had just that set. Members are sorted;
-- alone tells that there is one of them, in a way in which the planner of queries can expect it.
create function stats.held_sets(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (alone boolean, members bigint[], count bigint)
language sql stable parallel safe
begin atomic
    with several as materialized (
        select s.host_id
        from stats.several(population) s
        where dimension = 'inventory' and stats.ever(scan, since, until, unit) and unit = 'host'
    ),
    held as materialized (
        select h.carrier, h.member
        from stats.held(dimension, scan, since, until, unit, population) h
        where stats.asked(unit, population) and unit in ('host', 'endpoint')
        union all
        select e.host_id, e.listed_id
        from endpoint e
        where e.host_id in (select s.host_id from several s)
            and e.listed_id is not null
            and (population = 'raw' or stats.credible(e.verdict))
    ),
    -- Most units have one member; gathering those of all units would sort all that was seen.
    carriers as materialized (
        select carrier, min(member) as first, max(member) as last from held group by carrier
    )
    -- Over all time a table tells what most units had, and its statistics how many lists to expect.
    select true, array[e.listed_id], count(*)
    from endpoint e
    where dimension = 'inventory' and stats.ever(scan, since, until, unit)
        and e.listed_id is not null
        and (population = 'raw' or stats.credible(e.verdict))
        and (unit = 'endpoint' or e.host_id not in (select s.host_id from several s))
    group by e.listed_id
    union all
    select true, array[c.first], count(*)
    from carriers c
    where c.first = c.last
    group by c.first
    union all
    select false, several.members, count(*)
    from (
        select array_agg(distinct h.member) as members
        from held h join carriers c on c.carrier = h.carrier
        where c.first < c.last
        group by h.carrier
    ) several
    group by several.members
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
