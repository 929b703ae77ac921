-- One row for each endpoint with one list of models and one software, over all the time it stayed so. inventory is the
-- list, whose models export.inventories has; models is how many those are, null when it was locked, and recalled of how
-- many of them others with the same digest told, not it.
create view export.sightings as
select
    host(h.address) as address,
    e.port,
    s.inventory_id as inventory,
    i.size as models,
    coalesce(cardinality(s.recalled), 0) as recalled,
    w.name as software,
    w.version,
    s.first_seen,
    s.last_seen,
    s.observations,
    p.country,
    stats.verdict_word(e.verdict) as decoy
from sighting s
join endpoint e on e.id = s.endpoint_id
join host h on h.id = e.host_id
left join place p on p.id = h.place_id
left join inventory i on i.id = s.inventory_id
left join software w on w.id = s.software_id;
