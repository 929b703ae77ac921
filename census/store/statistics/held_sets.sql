-- What units had, together: each distinct set of inventories that could be read (served, empty), or by the dimension
-- software of versions of software that served a model, and how many units had just that set.
create function stats.held_sets(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (members bigint[], count bigint)
language sql stable parallel safe
begin atomic
    select carriers.members, count(*)
    from (
        select array_agg(distinct h.member) as members
        from stats.held(dimension, scan, since, until, unit, population) h
        where stats.asked(unit, population) and unit in ('host', 'endpoint')
        group by h.carrier
    ) carriers
    group by carriers.members
    union all
    select array[h.member], sum(h.observations)::bigint
    from stats.held(dimension, scan, since, until, unit, population) h
    where unit = 'observation'
    group by h.member
    union all
    select d.members, d.count
    from stats.held_on_days(dimension, scan, since, until, population) d
    where unit = 'host-day';
end;
