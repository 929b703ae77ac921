-- How many models units list (distinct names over all endpoints of a host in the time asked for), of the units whose
-- list could be read (served, empty). Always these six rows; models is 0, 1, 2-3, 4-9, 10-19 or >=20.
create function stats.inventory(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    models text,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    with lists as materialized (
        -- Units with one list are counted by its names at once; of the others the models are needed.
        select
            h.alone, case when h.alone then h.names else h.id end as key,
            case when h.alone then sum(h.count) else min(h.count) end as count,
            case when not h.alone then h.models end as models
        from stats.holdings(scan, since, until, unit, population) h
        group by h.alone, 2, 4
    ),
    sizes as materialized (
        select its.names, sum(its.count) as count
        from (
            select l.key as names, l.count from lists l where l.alone
            union all
            select count(distinct m.name), min(l.count)
            from lists l left join unnest(l.models) member on true left join model m on m.id = member
            where not l.alone
            group by l.key
        ) its
        group by its.names
    ),
    bands (place, models, least, most) as (
        values
            (1, '0', 0, 0), (2, '1', 1, 1), (3, '2-3', 2, 3), (4, '4-9', 4, 9), (5, '10-19', 10, 19),
            (6, '>=20', 20, null)
    ),
    counted as (
        select b.place, b.models, coalesce(sum(s.count), 0)::bigint as count
        from bands b
        left join sizes s on s.names >= b.least and (b.most is null or s.names <= b.most)
        group by b.place, b.models
    ),
    whole as (
        select place, models, count, sum(count) over ()::bigint as of from counted
    )
    select c.models, c.count, c.of, w.share, w.low, w.high
    from whole c, lateral stats.wilson(c.count, c.of, unit) w
    order by c.place;
end;

create view stats.inventory as select * from stats.inventory();
