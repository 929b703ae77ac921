-- When each unit (endpoint, or host) was there: first and last seen as recognised, how often it was (confirmed), and
-- how often it was asked in vain before it was first seen, between, and after it was last seen; gone_at is the first
-- attempt in vain after the last sight of it, null while there is none. Not contacting it (opted out, out of scope) is
-- no attempt. All within the scan, the window, or all time; before an endpoint was first recognised no attempt at it
-- is on record.
create function stats.presence(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    carrier bigint, host_id bigint, first_seen timestamptz, last_seen timestamptz, confirmed bigint,
    missed_before bigint, missed_between bigint, missed_after bigint, gone_at timestamptz)
language sql stable parallel safe
begin atomic
    with confirmed as materialized (
        -- Sorted before they are gathered: to hash so many costs more.
        select
            s.carrier, min(s.host_id) as host_id,
            min(s.first_seen) as first_seen, max(s.last_seen) as last_seen, sum(s.observations)::bigint as confirmed
        from (
            select
                case unit when 'endpoint' then t.endpoint_id else t.host_id end as carrier, t.host_id,
                t.first_seen, t.last_seen, t.observations
            from stats.stays(scan, since, until, population) t
            where stats.asked(unit, population)
            order by 1
        ) s
        group by s.carrier
    ),
    failed as materialized (
        -- Of a host those at its credible endpoints count; an endpoint that is not credible finds no match below.
        select case unit when 'endpoint' then f.endpoint_id else e.host_id end as carrier, f.observed_at
        from stats.in_vain(scan, since, until) f
        left join endpoint e on e.id = f.endpoint_id and unit <> 'endpoint'
            and (population = 'raw' or stats.credible(e.verdict))
        order by 1
    ),
    missed as (
        select
            c.carrier,
            count(*) filter (where f.observed_at < c.first_seen) as missed_before,
            count(*) filter (where f.observed_at between c.first_seen and c.last_seen) as missed_between,
            count(*) filter (where f.observed_at > c.last_seen) as missed_after,
            min(f.observed_at) filter (where f.observed_at > c.last_seen) as gone_at
        from failed f join confirmed c using (carrier)
        group by c.carrier
    )
    select
        c.carrier, c.host_id, c.first_seen, c.last_seen, c.confirmed,
        coalesce(m.missed_before, 0), coalesce(m.missed_between, 0), coalesce(m.missed_after, 0), m.gone_at
    from confirmed c left join missed m using (carrier);
end;
