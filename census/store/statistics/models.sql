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
    with counted as materialized (
        select i.key, i.count, i.of from stats.instances('name', scan, since, until, unit, population) i
    ),
    names as materialized (
        -- As a whole, or they are fetched one by one, as if few models were listed.
        select m.id, m.name from model m
    )
    select
        row_number() over (order by c.count desc, n.name collate "C"),
        n.name, c.count, c.of, w.share, w.low, w.high
    from counted c join names n on n.id = c.key cross join lateral stats.wilson(c.count, c.of, unit) w
    order by c.count desc, n.name collate "C";
end;

create view stats.models as select * from stats.models();
