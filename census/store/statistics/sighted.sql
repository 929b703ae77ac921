-- The sightings of all time, of endpoints that are credible, or with the population raw of all: what `seen`, `stays`
-- and `week_spans` tell of all time. Several processes can read it together, which `seen` does not allow.
create function stats.sighted(population text)
returns table (
    id bigint, host_id bigint, endpoint_id bigint, inventory_id bigint, software_id bigint, size integer,
    observations integer, days datemultirange, day_count integer, weeks int4multirange, first_seen timestamptz,
    last_seen timestamptz)
language sql stable parallel safe
begin atomic
    select
        s.id, s.host_id, s.endpoint_id, s.inventory_id, s.software_id, s.size, s.observations, s.days, s.day_count,
        s.weeks, s.first_seen, s.last_seen
    from sighting s
    -- The few endpoints that are not credible are in an index; to find all the others in their table costs far more.
    left join endpoint e on e.id = s.endpoint_id and population <> 'raw' and not stats.credible(e.verdict)
    where population = 'raw' or e.id is null;
end;
