-- How many of the recognised units (served, locked, empty) have each value of a dimension: software, or version (value
-- is the software, detail its version). A unit counts once for each value and once in `of`.
create function stats.recognised(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (value text, detail text, count bigint, of bigint)
language sql stable parallel safe
begin atomic
    with named as materialized (
        -- One number stands for all versions of a software, for words are dear to compare.
        select
            w.id, w.name, w.version,
            case dimension when 'version' then w.id else min(w.id) over (partition by w.name) end as value
        from software w
    ),
    held as (
        -- Sorted before they are gathered: to hash so many costs more.
        select
            s.carrier, s.value,
            case unit when 'observation' then sum(s.observations)::bigint end as observations,
            case unit when 'host-day' then range_agg(s.days) end as days
        from (
            select s.carrier, n.value, s.observations, s.days
            from stats.seen(scan, since, until, unit, population) s
            left join named n on n.id = s.software_id
            order by 1, 2
        ) s
        group by s.carrier, s.value
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
        select held.value, sum(weight)::bigint as count
        from held
        cross join lateral stats.weight(unit, held.observations, held.days)
        group by 1
    )
    select n.name, case dimension when 'version' then n.version end, c.count, whole.of
    from counted c
    left join named n on n.id = c.value
    cross join whole;
end;
