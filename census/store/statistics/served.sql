-- What was seen, as `seen` has it, of those that listed a model.
create function stats.served(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    carrier bigint, host_id bigint, endpoint_id bigint, sighting_id bigint, inventory_id bigint, software_id bigint,
    observations bigint, days datemultirange, day_count integer)
language sql stable parallel safe
begin atomic
    -- The empty lists are one or two, and an index knows them; all others are better not looked at.
    select
        s.carrier, s.host_id, s.endpoint_id, s.sighting_id, s.inventory_id, s.software_id, s.observations, s.days,
        s.day_count
    from stats.seen(scan, since, until, unit, population) s
    where s.inventory_id is not null and s.inventory_id not in (select i.id from inventory i where i.size = 0);
end;
