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
        -- All time: the counters of the sightings, so that no observation is read; but host-days are not in them.
        select
            s.endpoint_id, s.host_id, s.size, null::date as day,
            case when s.running_yes > 0 then 1 when s.running_told > 0 then 0 end as most, s.observations,
            s.running_sum as loaded, s.running_told as told
        from sighting s
        where running.scan is null and since is null and until is null and unit in ('host', 'endpoint')
        union all
        select
            s.endpoint_id, s.host_id, s.size, null, apart.most, apart.observations, apart.loaded, apart.told
        from sighting s
        cross join lateral (
            values
                (1, s.running_yes, s.running_sum, s.running_yes),
                (0, s.running_told - s.running_yes, 0, s.running_told - s.running_yes),
                (null, s.observations - s.running_told, 0, 0)
        ) apart (most, observations, loaded, told)
        where running.scan is null and since is null and until is null and unit = 'observation'
            and apart.observations > 0
        union all
        -- Else the observations, brought down to sightings before anything is joined.
        select s.endpoint_id, s.host_id, s.size, o.day, o.most, o.observations, o.loaded, o.told
        from (
            select
                sighting_id,
                case unit when 'host-day' then (observed_at at time zone 'UTC')::date end as day,
                max(observation.running) as most, count(*) as observations, sum(observation.running) as loaded,
                count(observation.running) as told
            from observation
            where not (running.scan is null and since is null and until is null and unit <> 'host-day')
                and sighting_id is not null
                and (running.scan is null or scan_id = running.scan)
                and (since is null or observed_at >= since)
                and (until is null or observed_at < until)
            group by 1, 2, case unit when 'observation' then sign(observation.running) end
        ) o
        join sighting s on s.id = o.sighting_id
    ),
    units as (
        select
            case unit when 'observation' then sum(c.observations) else 1 end as count,
            max(c.most) as most, sum(c.loaded) as loaded, sum(c.told) as told
        from (
            -- Sorted before they are gathered: to hash so many costs more.
            select
                case unit when 'observation' then null when 'endpoint' then c.endpoint_id else c.host_id end as carrier,
                c.day, c.most, c.observations, c.loaded, c.told
            from collapsed c
            left join endpoint e on e.id = c.endpoint_id and population <> 'raw' and not stats.credible(e.verdict)
            where c.size > 0 and stats.asked(unit, population) and (population = 'raw' or e.id is null)
            order by carrier, c.day
        ) c
        group by c.carrier, c.day, case unit when 'observation' then sign(c.most) end
    ),
    summed as materialized (
        select
            case when u.most > 0 then 'yes' when u.most = 0 then 'no' else 'unknown' end as state,
            sum(u.count)::bigint as count, sum(u.loaded) as loaded, sum(u.told) as told
        from units u
        group by 1
    ),
    counted as (
        select
            n.place, n.state, coalesce(s.count, 0) as count, coalesce(sum(s.count) over (), 0)::bigint as of,
            s.loaded / nullif(s.told, 0) as loaded
        from (values (1, 'yes'), (2, 'no'), (3, 'unknown')) n (place, state)
        left join summed s on s.state = n.state
    )
    select c.state, c.count, c.of, w.share, w.low, w.high, c.loaded::double precision
    from counted c, lateral stats.wilson(c.count, c.of, unit) w
    order by c.place;
end;

create view stats.running as select * from stats.running();
