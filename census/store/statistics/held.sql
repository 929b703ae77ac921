-- What was seen with a list that could be read: of each sighting its inventory, or by the dimension software the
-- version of software, if it served a model. Over all time hosts and endpoints are here only as far as
-- endpoint.listed_id, which says the same and of which held_sets reads the rest, is stale.
create function stats.held(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (carrier bigint, member bigint, observations bigint, days datemultirange, day_count integer)
language sql stable parallel safe
begin atomic
    select case unit when 'endpoint' then e.id else e.host_id end, s.inventory_id, null::bigint, null::datemultirange, null::integer
    from endpoint e
    join sighting s on s.endpoint_id = e.id
    where dimension = 'inventory' and stats.ever(scan, since, until, unit)
        and e.listed_stale and s.inventory_id is not null
        and (population = 'raw' or stats.credible(e.verdict))
    union all
    select s.carrier, s.inventory_id, s.observations, s.days, s.day_count
    from stats.seen(scan, since, until, unit, population) s
    where dimension = 'inventory' and not stats.ever(scan, since, until, unit) and s.inventory_id is not null
    union all
    select s.carrier, s.software_id, s.observations, s.days, s.day_count
    from stats.seen(scan, since, until, unit, population) s
    join inventory i on i.id = s.inventory_id
    where dimension = 'software' and i.size > 0;
end;
