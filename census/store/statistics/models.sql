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
    select
        row_number() over (order by t.count desc, t.value collate "C"),
        t.value, t.count, t.of, w.share, w.low, w.high
    from stats.tally('model', scan, since, until, unit, population) t,
        lateral stats.wilson(t.count, t.of, unit) w
    order by 1;
end;

create view stats.models as select * from stats.models();
