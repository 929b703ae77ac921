-- What was seen: a row for each sighting (one endpoint with one inventory and one software) of the scan, of the
-- window [since, until), or of all time, with how many observations it stands for. Everything else reads this.
-- carrier is what is counted once: the endpoint for the unit endpoint, else the host; days (UTC) and their number come
-- only for the unit host-day. Failed attempts are no observations. inventory_id, and size, the number of its models, are
-- null where the endpoint was locked.
create function stats.seen(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    carrier bigint, host_id bigint, endpoint_id bigint, sighting_id bigint, inventory_id bigint, software_id bigint,
    size integer, observations integer, days datemultirange, day_count integer)
language sql stable parallel safe
begin atomic
    -- All time: the counters of the sightings, so that no observation is read.
    select
        case unit when 'endpoint' then s.endpoint_id else s.host_id end,
        s.host_id, s.endpoint_id, s.id, s.inventory_id, s.software_id, s.size,
        s.observations,
        case unit when 'host-day' then s.days end,
        s.day_count
    from stats.sighted(population) s
    where stats.asked(unit, population)
        and scan is null and since is null and until is null
    union all
    -- A scan or a window: its observations, brought down to sightings before anything is joined.
    select
        case unit when 'endpoint' then s.endpoint_id else s.host_id end,
        s.host_id, s.endpoint_id, s.id, s.inventory_id, s.software_id, s.size,
        o.observations,
        o.days,
        (select sum(upper(span) - lower(span))::integer from unnest(o.days) span)
    from (
        select
            sighting_id,
            count(*)::integer as observations,
            case unit when 'host-day' then range_agg(daterange(day, day, '[]')) end as days
        from observation, lateral (select (observed_at at time zone 'UTC')::date as day) utc
        where stats.asked(unit, population)
            and not (scan is null and since is null and until is null)
            and sighting_id is not null
            and (scan is null or scan_id = scan)
            and (since is null or observed_at >= since)
            and (until is null or observed_at < until)
        group by sighting_id
    ) o
    join sighting s on s.id = o.sighting_id
    left join endpoint e on e.id = s.endpoint_id and population <> 'raw' and not stats.credible(e.verdict)
    -- Said once more, so that this half is left out where all time is asked for.
    where not (scan is null and since is null and until is null)
        and (population = 'raw' or e.id is null);
end;
