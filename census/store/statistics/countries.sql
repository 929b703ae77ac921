-- Countries by the units in them, of all that were recognised (served, locked, empty). country is the ISO 3166 code
-- of the address by the place database of the scan; null where that knows none: that row is ranked like the others, by
-- its count. Of equal counts the first in the alphabet has the higher rank.
create function stats.countries(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    rank bigint, country text,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    with counted as (
        select p.country, sum(f.units)::bigint as count
        from (
            select d.place_id, sum(d.units) as units
            from stats.placed(scan, since, until, unit, population) d
            group by d.place_id
        ) f
        left join place p on p.id = f.place_id
        group by p.country
    ),
    whole as (
        select c.country, c.count, sum(c.count) over ()::bigint as of from counted c
    )
    select
        row_number() over (order by t.count desc, t.country collate "C"),
        t.country, t.count, t.of, w.share, w.low, w.high
    from whole t, lateral stats.wilson(t.count, t.of, unit) w
    order by 1;
end;

create view stats.countries as select * from stats.countries();
