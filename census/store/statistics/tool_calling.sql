-- Whether units advertise tool calling, of the units with a model: yes if any of its models does, else unknown if of
-- any it is not known, else no. Always these three rows.
create function stats.tool_calling(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    advertised text,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    with units as (
        -- Units with one list are counted by its highest mark (2 yes, 1 unknown) at once, the others one by one.
        select max(l.tools) as tools, case when l.alone then sum(l.count) else min(l.count) end as count
        from stats.listed(scan, since, until, unit, population) l
        group by l.alone, case when l.alone then l.tools else l.id end
    ),
    counted as (
        select
            coalesce(sum(u.count), 0)::bigint as of,
            coalesce(sum(u.count) filter (where u.tools = 2), 0)::bigint as yes,
            coalesce(sum(u.count) filter (where u.tools = 1), 0)::bigint as unknown
        from units u
    )
    select a.advertised, a.count, c.of, w.share, w.low, w.high
    from counted c,
        lateral (
            values (1, 'yes', c.yes), (2, 'no', c.of - c.yes - c.unknown), (3, 'unknown', c.unknown)
        ) a (place, advertised, count),
        lateral stats.wilson(a.count, c.of, unit) w
    order by a.place;
end;

create view stats.tool_calling as select * from stats.tool_calling();
