-- What was seen, as `seen` has it, of those that listed a model.
create function stats.served(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    carrier bigint, host_id bigint, endpoint_id bigint, sighting_id bigint, inventory_id bigint, software_id bigint,
    size integer, observations integer, days datemultirange, day_count integer)
language sql stable parallel safe
begin atomic
    select
        s.carrier, s.host_id, s.endpoint_id, s.sighting_id, s.inventory_id, s.software_id, s.size,
        s.observations, s.days, s.day_count
    from stats.seen(scan, since, until, unit, population) s
    where s.size > 0;
end;
