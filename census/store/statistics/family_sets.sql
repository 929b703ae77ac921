-- The sets of families (or of architectures) that units with a model hold, in alphabetical order, and how many units
-- hold just that set; the empty set is of units whose models are all of unknown family.
create function stats.family_sets(
    scan bigint, since timestamptz, until timestamptz, unit text, population text, by text)
returns table (members text[], count bigint)
language sql stable parallel safe
begin atomic
    with described as (
        select l.id, l.alone, l.count, case by when 'architecture' then l.architectures else l.families end as members
        from stats.listed(scan, since, until, unit, population) l
        where stats.one_of('by', by, array['family', 'architecture'])
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
