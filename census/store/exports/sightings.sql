-- One row for each endpoint with one list of models and one software, over all the time it stayed so. inventory is the
-- list, whose models export.inventories has; models is how many those are, null when it was locked, and recalled of how
-- many of them others with the same digest told, not it. days are those (UTC) on which it was seen; first_turn and
-- last_turn tell in which order the sightings of an endpoint began and ended, where days are too coarse for that.
create view export.sightings as
with turns as (
    select moments.id, min(moments.turn) as first_turn, max(moments.turn) as last_turn
    from (
        select t.id, dense_rank() over (partition by t.endpoint_id order by at) as turn
        from sighting t cross join lateral (values (t.first_seen), (t.last_seen)) moment (at)
    ) moments
    group by moments.id
)
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
    t.first_turn,
    t.last_turn,
    array(
        select (lower(span) + since)::text
        from unnest(s.days) span cross join generate_series(0, upper(span) - lower(span) - 1) since
        order by 1
    ) as days,
    s.observations,
    p.country,
    p.region,
    stats.verdict_word(e.verdict) as decoy
from sighting s
join turns t on t.id = s.id
join endpoint e on e.id = s.endpoint_id
join host h on h.id = e.host_id
left join place p on p.id = h.place_id
left join inventory i on i.id = s.inventory_id
left join software w on w.id = s.software_id;
