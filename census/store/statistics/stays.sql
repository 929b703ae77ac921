-- Sightings with the first and the last time at which they were seen in the scan, in the window [since, until), or in
-- all time. Failed attempts are none; inventory_id is null where the endpoint was locked.
create function stats.stays(
    scan bigint, since timestamptz, until timestamptz, population text)
returns table (
    endpoint_id bigint, host_id bigint, inventory_id bigint, software_id bigint, first_seen timestamptz, last_seen
    timestamptz, observations integer)
language sql stable parallel safe
begin atomic
    select s.endpoint_id, s.host_id, s.inventory_id, s.software_id, s.first_seen, s.last_seen, s.observations
    from stats.sighted(population) s
    where scan is null and since is null and until is null
    union all
    select s.endpoint_id, s.host_id, s.inventory_id, s.software_id, o.first_seen, o.last_seen, o.observations
    from (
        select
            sighting_id, min(observed_at) as first_seen, max(observed_at) as last_seen, count(*)::integer as observations
        from observation
        where not (scan is null and since is null and until is null)
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
