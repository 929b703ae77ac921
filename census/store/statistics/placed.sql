-- Where those are that were recognised (served, locked, empty): place_id and network_id of a host, and how many units
-- are there. Pairs come more than once: nearly every host has one of its own, so to group by them would be for nothing.
create function stats.placed(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    place_id bigint, network_id bigint, units bigint)
language sql stable parallel safe
begin atomic
    with lacking as materialized (
        -- All time: an endpoint counts if it is credible and has a sighting, and what is in it does not matter. The few
        -- that do not are told by indexes, and the hosts that have no other left out.
        select e.id, e.host_id
        from endpoint e
        where stats.ever(scan, since, until, unit) and population <> 'raw' and not stats.credible(e.verdict)
        union
        -- Merging brings endpoints that others never recognised; whoever has a list has a sighting.
        select e.id, e.host_id
        from endpoint e
        where stats.ever(scan, since, until, unit) and e.listed_id is null
            and not exists (select from sighting s where s.endpoint_id = e.id)
    ),
    without as materialized (
        select its.host_id
        from (select l.host_id, count(*) as endpoints from lacking l group by l.host_id) its
        where its.endpoints = (select count(*) from endpoint e where e.host_id = its.host_id)
    )
    select h.place_id, h.network_id, 1::bigint
    from host h
    left join without w on w.host_id = h.id
    where stats.asked(unit, population) and stats.ever(scan, since, until, unit) and unit = 'host' and w.host_id is null
    union all
    select h.place_id, h.network_id, 1
    from endpoint e
    join host h on h.id = e.host_id
    left join lacking l on l.id = e.id
    where stats.ever(scan, since, until, unit) and unit = 'endpoint' and l.id is null
    union all
    select h.place_id, h.network_id, case unit when 'endpoint' then its.endpoints else w.weight end
    from (
        select
            s.host_id,
            case unit when 'endpoint' then count(distinct s.endpoint_id) end as endpoints,
            case unit when 'observation' then sum(s.observations)::bigint end as observations,
            case unit when 'host-day' then range_agg(s.days) end as days
        from stats.seen(scan, since, until, unit, population) s
        where not stats.ever(scan, since, until, unit)
        group by s.host_id
    ) its
    join host h on h.id = its.host_id
    cross join lateral stats.weight(unit, its.observations, its.days) w;
end;
