-- Sizes of models in parameters by the units that list one of each, of the units with a model; a unit counts once in
-- each band of its models, and in unknown if of any model the size is not known. Bands are half open: 4-7B is from 4
-- up to, but without, 8 thousand million. Always these eight rows. largest counts each unit once, in the band of its
-- largest model of known size.
create function stats.parameter_sizes(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    band text,
    count bigint, of bigint, share double precision, low double precision, high double precision,
    largest bigint)
language sql stable parallel safe
begin atomic
    with masks as materialized (
        -- A bit for each band; the eighth is unknown.
        select t.traits & 255 as bands, sum(t.count)::bigint as count
        from stats.traits(scan, since, until, unit, population) t
        group by t.traits & 255
    ),
    whole as (
        select coalesce(sum(m.count), 0)::bigint as of from masks m
    ),
    names (place, band) as (
        values (0, '<1B'), (1, '1-3B'), (2, '4-7B'), (3, '8-14B'), (4, '15-34B'), (5, '35-79B'), (6, '>=80B'),
            (7, 'unknown')
    ),
    counted as (
        select
            n.place, n.band,
            coalesce(sum(m.count) filter (where m.bands & (1 << n.place) <> 0), 0)::bigint as count,
            coalesce(sum(m.count) filter (where case
                when n.place = 7 then m.bands = 128
                else m.bands & 127 between 1 << n.place and (2 << n.place) - 1
            end), 0)::bigint as largest
        from names n left join masks m on true
        group by n.place, n.band
    )
    select c.band, c.count, whole.of, w.share, w.low, w.high, c.largest
    from counted c cross join whole cross join lateral stats.wilson(c.count, whole.of, unit) w
    order by c.place;
end;

create view stats.parameter_sizes as select * from stats.parameter_sizes();
