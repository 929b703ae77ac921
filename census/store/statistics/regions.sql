-- Regions (states, provinces) by the units in them, of all that were recognised (served, locked, empty). country is
-- the ISO 3166 code and region the name by the place database of the scan; null where that knows none. The last four
-- columns are the same count as a share of the units of that country.
create function stats.regions(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    country text, region text,
    count bigint, of bigint, share double precision, low double precision, high double precision,
    of_country bigint, country_share double precision, country_share_low double precision, country_share_high double
    precision)
language sql stable parallel safe
begin atomic
    with counted as (
        select p.country, p.region, sum(f.units)::bigint as count
        from (
            select d.place_id, sum(d.units) as units
            from stats.placed(scan, since, until, unit, population) d
            group by d.place_id
        ) f
        left join place p on p.id = f.place_id
        group by p.country, p.region
    ),
    whole as (
        select
            c.country, c.region, c.count,
            sum(c.count) over ()::bigint as of,
            sum(c.count) over (partition by c.country)::bigint as of_country
        from counted c
    )
    select
        t.country, t.region, t.count, t.of, w.share, w.low, w.high,
        t.of_country, inside.share, inside.low, inside.high
    from whole t,
        lateral stats.wilson(t.count, t.of, unit) w,
        lateral stats.wilson(t.count, t.of_country, unit) inside
    order by t.count desc, t.country collate "C", t.region collate "C";
end;

create view stats.regions as select * from stats.regions();
