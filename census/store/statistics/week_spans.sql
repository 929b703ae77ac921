-- In which weeks each unit (endpoint, or host) was seen with which list of models: a row for each sighting, weeks by
-- their number (week 0 began on Monday, 2000-01-03, UTC). inventory_id and its size are null where it was locked.
create function stats.week_spans(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    carrier bigint, inventory_id bigint, size integer, weeks int4multirange)
language sql stable parallel safe
begin atomic
    select case unit when 'endpoint' then s.endpoint_id else s.host_id end, s.inventory_id, s.size, s.weeks
    from stats.sighted(population) s
    where stats.asked(unit, population)
        and scan is null and since is null and until is null
    union all
    select case unit when 'endpoint' then s.endpoint_id else s.host_id end, s.inventory_id, s.size, o.weeks
    from (
        select one.sighting_id, range_agg(int4range(one.week, one.week, '[]')) as weeks
        from (
            select distinct sighting_id, ((observed_at at time zone 'UTC')::date - date '2000-01-03') / 7 as week
            from observation
            where stats.asked(unit, population)
                and not (scan is null and since is null and until is null)
                and sighting_id is not null
                and (scan is null or scan_id = scan)
                and (since is null or observed_at >= since)
                and (until is null or observed_at < until)
        ) one
        group by one.sighting_id
    ) o
    join sighting s on s.id = o.sighting_id
    left join endpoint e on e.id = s.endpoint_id and population <> 'raw' and not stats.credible(e.verdict)
    -- Said once more, so that this half is left out where all time is asked for.
    where not (scan is null and since is null and until is null)
        and (population = 'raw' or e.id is null);
end;
