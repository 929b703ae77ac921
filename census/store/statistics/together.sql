-- Several models, several families, and Llama with Qwen, in figures that are easily taken for each other; each row
-- says in words what is counted and of which units. With the sixth parameter architecture it is llama and qwen2 as
-- servers report them. lift is by how much the share exceeds what the shares of all units with a model would give if
-- the two had nothing to do with each other: for the pair among units with several families it is that of
-- co-deployment. Always these rows.
create function stats.together(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible', by text default 'family')
returns table (
    figure text,
    count bigint, of bigint, share double precision, low double precision, high double precision,
    lift double precision)
language sql stable parallel safe
begin atomic
    with names as (
        select
            case by when 'architecture' then 'llama' else 'Llama' end as a,
            case by when 'architecture' then 'qwen2' else 'Qwen' end as b,
            case by when 'architecture' then 'architectures' else 'families' end as several
        where stats.one_of('by', by, array['family', 'architecture'])
    ),
    units as materialized (
        select
            l.id, l.alone, l.count, l.names, case when not l.alone then l.models end as models,
            case by when 'architecture' then l.architectures else l.families end as members
        from stats.listed(scan, since, until, unit, population) l
    ),
    flags as (
        select
            u.count, u.names > 1 as models, cardinality(u.members) > 1 as families,
            u.members @> array[n.a] as a, u.members @> array[n.b] as b
        from units u cross join names n
        where u.alone
        union all
        select
            u.count, min(m.name collate "C") <> max(m.name collate "C"),
            min(u.members[1] collate "C") <> max(u.members[cardinality(u.members)] collate "C"),
            bool_or(u.members @> array[n.a]), bool_or(u.members @> array[n.b])
        from units u
        cross join names n
        cross join unnest(u.models) number
        join model m on m.id = number
        where not u.alone
        group by u.id, u.count
    ),
    summed as materialized (
        select
            coalesce(sum(f.count), 0)::bigint as units,
            coalesce(sum(f.count) filter (where models), 0)::bigint as models,
            coalesce(sum(f.count) filter (where families), 0)::bigint as families,
            coalesce(sum(f.count) filter (where a), 0)::bigint as a,
            coalesce(sum(f.count) filter (where b), 0)::bigint as b,
            coalesce(sum(f.count) filter (where a and b), 0)::bigint as ab,
            coalesce(sum(f.count) filter (where b and models), 0)::bigint as b_models,
            coalesce(sum(f.count) filter (where b and families), 0)::bigint as b_families
        from flags f
    ),
    figures as (
        select told.*, s.a, s.b, s.units
        from summed s
        cross join names n
        cross join lateral (
            values
                (1, 'two models or more, of all with a model', s.models, s.units, null::double precision),
                (2, format('two %s or more, of all with a model', n.several), s.families, s.units, null),
                (3, format('%s and %s, of those with two %s or more', n.a, n.b, n.several),
                    s.ab, s.families, s.ab::double precision * s.units / nullif(s.a::double precision * s.b, 0)),
                (4, format('%s, of those with two %s or more', n.b, n.several), s.b_families, s.families, null),
                (5, format('%s, of those with two models or more', n.b), s.b_models, s.models, null),
                (6, format('%s, of those with %s', n.a, n.b),
                    s.ab, s.b, s.ab::double precision * s.units / nullif(s.a::double precision * s.b, 0)),
                (7, format('%s, of those with %s', n.b, n.a),
                    s.ab, s.a, s.ab::double precision * s.units / nullif(s.a::double precision * s.b, 0))
        ) told (place, figure, count, of, lift)
    )
    select f.figure, f.count, f.of, w.share, w.low, w.high, f.lift
    from figures f, lateral stats.wilson(f.count, f.of, unit) w
    order by f.place;
end;

create view stats.together as select * from stats.together();
