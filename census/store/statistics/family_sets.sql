-- The sets of families (or of architectures) that units with a model hold, and how many units hold just that set;
-- members stand in the order of the alphabet. The empty set is of units whose models are all of unknown family.
create function stats.family_sets(
    scan bigint, since timestamptz, until timestamptz, unit text, population text, by text)
returns table (members text[], count bigint)
language sql stable parallel safe
begin atomic
    with sets as (
        select row_number() over () as id, h.inventories, h.count
        from stats.holdings(scan, since, until, unit, population) h
        where stats.one_of('by', by, array['family', 'architecture'])
    ),
    united as (
        select
            s.count,
            coalesce(array_agg(distinct member collate "C") filter (where member is not null), '{}') as members
        from sets s
        cross join unnest(s.inventories) listed
        join inventory i on i.id = listed and i.size > 0
        left join unnest(case by when 'architecture' then i.architectures else i.families end) member on true
        group by s.id, s.count
    )
    select u.members, sum(u.count)::bigint from united u group by u.members;
end;
