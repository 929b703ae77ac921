-- What was seen with a list that could be read: of each sighting its inventory, or by the dimension software the
-- version of software, if it served a model.
create function stats.held(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (carrier bigint, member bigint, observations integer, days datemultirange, day_count integer)
language sql stable parallel safe
begin atomic
    select s.carrier, s.inventory_id, s.observations, s.days, s.day_count
    from stats.seen(scan, since, until, unit, population) s
    where dimension = 'inventory' and s.inventory_id is not null
    union all
    select s.carrier, s.software_id, s.observations, s.days, s.day_count
    from stats.served(scan, since, until, unit, population) s
    where dimension = 'software';
end;
