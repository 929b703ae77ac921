-- In which weeks each unit (endpoint, or host) was seen with which list of models: a row for each sighting, weeks by
-- their number (week 0 began on Monday, 2000-01-03, UTC). inventory_id is null where it was locked.
create function stats.week_spans(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    carrier bigint, inventory_id bigint, weeks int4multirange)
language sql stable parallel safe
begin atomic
    select case unit when 'endpoint' then e.id else e.host_id end, s.inventory_id, s.weeks
    from sighting s
    join endpoint e on e.id = s.endpoint_id
    where stats.asked(unit, population)
        and scan is null and since is null and until is null
        and (population = 'raw' or stats.credible(e.verdict))
    union all
    select case unit when 'endpoint' then e.id else e.host_id end, s.inventory_id, o.weeks
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
    join endpoint e on e.id = s.endpoint_id
    where population = 'raw' or stats.credible(e.verdict);
end;
