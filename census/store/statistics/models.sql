-- Models by the units that list one of that name, of the units with a model. Names are as servers send them, tags
-- included; equal names may hide different weights. Of equal counts the first in the alphabet has the higher rank.
create function stats.models(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    rank bigint, model text,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    with units as materialized (
        select l.id, l.alone, l.count, l.models, l.alone and l.names = cardinality(l.models) as plain
        from stats.listed(scan, since, until, unit, population) l
    ),
    whole as materialized (
        select coalesce(sum(t.count), 0)::bigint as of
        from (
            select u.count from units u where u.alone
            union all
            select min(u.count) from units u where not u.alone group by u.id
        ) t
    ),
    names as materialized (
        -- As a whole, or they are fetched one by one, as if few models were listed.
        select m.id, m.name from model m
    ),
    named as (
        select m.name, its.count
        from (
            -- Where no two models of a list have one name, as is usual, it is enough to count each.
            select u.model, sum(u.count)::bigint as count
            from (select unnest(models) as model, count::double precision as count from units where plain) u
            group by u.model
        ) its
        join names m on m.id = its.model
        union all
        select its.name, its.count
        from (
            select distinct u.id, u.count, m.name
            from units u cross join unnest(u.models) model join names m on m.id = model
            where not u.plain
        ) its
    ),
    counted as materialized (
        select n.name, sum(n.count)::bigint as count from named n group by n.name
    )
    select
        row_number() over (order by c.count desc, c.name collate "C"),
        c.name, c.count, whole.of, w.share, w.low, w.high
    from counted c cross join whole cross join lateral stats.wilson(c.count, whole.of, unit) w
    order by c.count desc, c.name collate "C";
end;

create view stats.models as select * from stats.models();
