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
    with counted as (
        -- The tally has thresholds: those under yes are under unknown too.
        select
            coalesce(max(t.of), 0) as of,
            coalesce(max(t.count) filter (where t.value = 'yes'), 0) as yes,
            coalesce(max(t.count) filter (where t.value = 'unknown'), 0) as yes_or_unknown
        from stats.tally('tools', scan, since, until, unit, population) t
    )
    select a.advertised, a.count, c.of, w.share, w.low, w.high
    from counted c,
        lateral (
            values (1, 'yes', c.yes), (2, 'no', c.of - c.yes_or_unknown), (3, 'unknown', c.yes_or_unknown - c.yes)
        ) a (place, advertised, count),
        lateral stats.wilson(a.count, c.of, unit) w
    order by a.place;
end;

create view stats.tool_calling as select * from stats.tool_calling();
