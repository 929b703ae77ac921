-- The sets of values of a dimension (family, architecture or quantization) that the models of units have together, in
-- alphabetical order, and how many units with a model have just that set; the empty set is of units of whose models none
-- is known.
create function stats.value_sets(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (members text[], count bigint)
language sql stable parallel safe
begin atomic
    with gathered as materialized (
        select l.id, l.alone, l.count, l.members
        from stats.values_listed(dimension, scan, since, until, unit, population) l
        where not stats.ever(scan, since, until, unit)
    ),
    described as not materialized (
        -- What is at hand over all time is read again, for that is cheaper than to lay it down.
        select l.id, l.alone, l.count, l.members
        from stats.values_listed(dimension, scan, since, until, unit, population) l
        where stats.ever(scan, since, until, unit)
        union all
        select g.id, g.alone, g.count, g.members from gathered g where not stats.ever(scan, since, until, unit)
    )
    select u.members, sum(u.count)::bigint
    from (
        -- The usual unit has one inventory, whose members are sorted and distinct as they are stored.
        select d.members, d.count from described d where d.alone
        union all
        select coalesce(array_agg(distinct member collate "C") filter (where member is not null), '{}'), d.count
        from described d left join unnest(d.members) member on true
        where not d.alone
        group by d.id, d.count
    ) u
    group by u.members;
end;
