-- Whether hosts advertise tool calling with a model of a family, of the hosts that list a model of it, without decoys;
-- unknown counts those of which none does, but one of which the server does not tell.
with held as (
    select s.HOST as host, i.family, max(list_position(['no', 'unknown', 'yes'], i.tools)) as most
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
    group by s.HOST, i.family
),
counted as (
    select
        family, count(*) filter (where most = 3) as count, count(*) as of,
        count(*) filter (where most = 2) as unknown
    from held
    group by family
)
select family, count, of, count / of as share, low(count, of) as low, high(count, of) as high, unknown
from counted
order by family is null, of desc, family;
