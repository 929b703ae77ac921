-- Digests of models by the units that list one of each, of the units with a model, with all names under which the
-- database knows it: more than one name is an alias, and no fault. Models without a digest have no row.
create function stats.digests(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    digest text, names text[],
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    with counted as materialized (
        select i.key, i.count, i.of from stats.instances('digest', scan, since, until, unit, population) i
    ),
    named as materialized (
        select min(m.id) as key, m.digest, array_agg(distinct m.name collate "C") as names
        from model m
        where m.digest is not null
        group by m.digest
    )
    select n.digest, n.names, c.count, c.of, w.share, w.low, w.high
    from counted c join named n using (key) cross join lateral stats.wilson(c.count, c.of, unit) w
    order by c.count desc, n.digest collate "C";
end;

create view stats.digests as select * from stats.digests();
