-- The hosts that were recognised (served, locked, empty), with how many units each stands for.
create function stats.placed(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    host_id bigint, units bigint)
language sql stable parallel safe
begin atomic
    -- All time: whoever was ever seen has a sighting, and what is in it does not matter.
    select e.host_id, case unit when 'endpoint' then count(*) else 1 end
    from endpoint e
    where stats.asked(unit, population) and stats.ever(scan, since, until, unit)
        and (population = 'raw' or stats.credible(e.verdict))
        and exists (select from sighting s where s.endpoint_id = e.id)
    group by e.host_id
    union all
    select h.host_id, case unit when 'endpoint' then h.endpoints else w.weight end
    from (
        select
            s.host_id,
            case unit when 'endpoint' then count(distinct s.endpoint_id) end as endpoints,
            case unit when 'observation' then sum(s.observations)::bigint end as observations,
            case unit when 'host-day' then range_agg(s.days) end as days
        from stats.seen(scan, since, until, unit, population) s
        where not stats.ever(scan, since, until, unit)
        group by s.host_id
    ) h
    cross join lateral stats.weight(unit, h.observations, h.days) w;
end;
