-- Whether units have models loaded at the moment of asking (Ollama's /api/ps and its like), of the units with a model:
-- yes if any did in any observation, else no if any told that it had none, else unknown. loaded is how many models
-- were loaded on average, over those observations of these units that tell. Large scans ask only some Ollamas what they
-- have loaded, drawn by lot, and the others are unknown: the share to publish is yes of yes and no. Always these rows.
create function stats.running(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    running text,
    count bigint, of bigint, share double precision, low double precision, high double precision,
    loaded double precision)
language sql stable parallel safe
begin atomic
    with collapsed as (
        -- The observations are brought down to sightings before anything is joined.
        select
            o.sighting_id,
            case unit when 'host-day' then (o.observed_at at time zone 'UTC')::date end as day,
            case unit when 'observation' then sign(o.running) end as apart,
            count(*) as observations, max(o.running) as most, sum(o.running) as loaded, count(o.running) as told
        from observation o
        where stats.asked(unit, population)
            and o.sighting_id is not null
            and (running.scan is null or o.scan_id = running.scan)
            and (since is null or o.observed_at >= since)
            and (until is null or o.observed_at < until)
        group by 1, 2, 3
    ),
    units as (
        select
            case unit when 'observation' then sum(c.observations) else 1 end as count,
            max(c.most) as most, sum(c.loaded) as loaded, sum(c.told) as told
        from collapsed c
        join sighting s on s.id = c.sighting_id
        join inventory i on i.id = s.inventory_id and i.size > 0
        join endpoint e on e.id = s.endpoint_id
        where population = 'raw' or stats.credible(e.verdict)
        group by case unit when 'endpoint' then e.id else e.host_id end, c.day, c.apart
    ),
    counted as (
        select
            n.place, n.state, coalesce(sum(u.count) filter (where u.state = n.state), 0)::bigint as count,
            coalesce(sum(u.count), 0)::bigint as of,
            sum(u.loaded) filter (where u.state = n.state)
                / nullif(sum(u.told) filter (where u.state = n.state), 0) as loaded
        from (values (1, 'yes'), (2, 'no'), (3, 'unknown')) n (place, state)
        left join (
            select
                units.*, case when most > 0 then 'yes' when most = 0 then 'no' else 'unknown' end as state
            from units
        ) u on true
        group by n.place, n.state
    )
    select c.state, c.count, c.of, w.share, w.low, w.high, c.loaded::double precision
    from counted c, lateral stats.wilson(c.count, c.of, unit) w
    order by c.place;
end;

create view stats.running as select * from stats.running();
