-- The sets of families (or of architectures) that units with a model hold, in alphabetical order, and how many units
-- hold just that set; the empty set is of units whose models are all of unknown family.
create function stats.family_sets(
    scan bigint, since timestamptz, until timestamptz, unit text, population text, by text)
returns table (members text[], count bigint)
language sql stable parallel safe
begin atomic
    with sets as materialized (
        select row_number() over () as id, h.inventories, h.count
        from stats.holdings(scan, since, until, unit, population) h
        where stats.one_of('by', by, array['family', 'architecture'])
    ),
    described as (
        select
            s.id, s.count, cardinality(s.inventories) = 1 as alone,
            case by when 'architecture' then i.architectures else i.families end as members
        from sets s
        cross join unnest(s.inventories) listed
        join inventory i on i.id = listed
        where i.size > 0
    ),
    united as (
        -- The usual unit has one inventory, whose members are sorted and distinct as they are stored.
        select d.members, d.count from described d where d.alone
        union all
        select coalesce(array_agg(distinct member collate "C") filter (where member is not null), '{}'), d.count
        from described d
        left join unnest(d.members) member on true
        where not d.alone
        group by d.id, d.count
    )
    select u.members, sum(u.count)::bigint from united u group by u.members;
end;
