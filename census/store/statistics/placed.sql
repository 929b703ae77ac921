-- The hosts that were recognised (served, locked, empty), with how many units each stands for.
create function stats.placed(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    host_id bigint, units bigint)
language sql stable parallel safe
begin atomic
    select h.host_id, case unit when 'endpoint' then h.endpoints else w.weight end
    from (
        select
            s.host_id,
            case unit when 'endpoint' then count(distinct s.endpoint_id) end as endpoints,
            case unit when 'observation' then sum(s.observations)::bigint end as observations,
            case unit when 'host-day' then range_agg(s.days) end as days
        from stats.seen(scan, since, until, unit, population) s
        group by s.host_id
    ) h
    cross join lateral stats.weight(unit, h.observations, h.days) w;
end;
