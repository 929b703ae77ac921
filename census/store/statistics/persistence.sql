-- How often units were seen: in one observation, in 2 to 10, 11 to 100, or more than 100, of the units with a model;
-- and how many of all those observations are theirs. Only observations with a model count, not attempts that failed.
-- The units host-day and observation count the host-days and observations of the hosts in each band. Always these four
-- rows.
create function stats.persistence(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    seen text, count bigint, share double precision, observations bigint, observation_share double precision,
    of bigint, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    with carriers as (
        select
            s.carrier,
            sum(s.observations)::bigint as observations,
            case unit when 'host-day' then range_agg(s.days) end as days
        from (
            -- Sorted before they are gathered: to hash so many costs more.
            select v.carrier, v.observations, v.days
            from stats.served(scan, since, until, unit, population) v
            order by v.carrier
        ) s
        group by s.carrier
    ),
    bands (place, seen, least, most) as (
        values (1, '1', 1, 1), (2, '2-10', 2, 10), (3, '11-100', 11, 100), (4, '>100', 101, null)
    ),
    counted as (
        select width_bucket(c.observations, array[2, 11, 101]::bigint[]) + 1 as place,
            sum(w.weight)::bigint as count, sum(c.observations)::bigint as observations
        from carriers c cross join lateral stats.weight(unit, c.observations, c.days) w
        group by 1
    ),
    whole as (
        select
            b.place, b.seen, coalesce(c.count, 0) as count, coalesce(c.observations, 0) as observations,
            coalesce(sum(c.count) over (), 0)::bigint as of, sum(c.observations) over () as of_observations
        from bands b left join counted c using (place)
    )
    select t.seen, t.count, w.share, t.observations, (t.observations / t.of_observations)::double precision,
        t.of, w.low, w.high
    from whole t, lateral stats.wilson(t.count, t.of, unit) w
    order by t.place;
end;

create view stats.persistence as select * from stats.persistence();
