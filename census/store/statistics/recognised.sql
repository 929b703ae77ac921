-- How many of the recognised units (served, locked, empty) have each value of a dimension: software, or version (value
-- is the software, detail its version). A unit counts once for each value and once in `of`.
create function stats.recognised(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (value text, detail text, count bigint, of bigint)
language sql stable parallel safe
begin atomic
    with held as (
        select
            s.carrier, w.name as software, case dimension when 'version' then w.version end as detail,
            case unit when 'observation' then sum(s.observations)::bigint end as observations,
            case unit when 'host-day' then range_agg(s.days) end as days
        from stats.seen(scan, since, until, unit, population) s
        left join software w on w.id = s.software_id
        group by 1, 2, 3
    ),
    units as (
        select
            case unit when 'observation' then sum(observations)::bigint end as observations,
            case unit when 'host-day' then range_agg(days) end as days
        from held
        group by carrier
    ),
    whole as materialized (
        select sum(weight)::bigint as of from units u cross join lateral stats.weight(unit, u.observations, u.days)
    ),
    counted as (
        select
            held.software as value, held.detail, sum(weight)::bigint as count
        from held
        cross join lateral stats.weight(unit, held.observations, held.days)
        group by 1, 2
    )
    select value, detail, count, of from counted cross join whole;
end;
