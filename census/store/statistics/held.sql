-- What was seen with a list that could be read: of each sighting its inventory, or by the dimension software the
-- version of software, if it served a model.
create function stats.held(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (carrier bigint, member bigint, observations bigint, days datemultirange, day_count integer)
language sql stable parallel safe
begin atomic
    select s.carrier, s.inventory_id, s.observations, s.days, s.day_count
    from stats.seen(scan, since, until, unit, population) s
    where dimension = 'inventory' and s.inventory_id is not null
    union all
    -- The empty lists are one or two, and an index knows them; all others are better not looked at.
    select s.carrier, s.software_id, s.observations, s.days, s.day_count
    from stats.seen(scan, since, until, unit, population) s
    where dimension = 'software' and s.inventory_id is not null
        and s.inventory_id not in (select i.id from inventory i where i.size = 0);
end;
