-- Whether hosts advertise tool calling, of the hosts with a model in a country, without decoys; unknown counts those of
-- which none does, but one of which the server does not tell.
with held as (
    select s.HOST as host, s.country, max(list_position(['no', 'unknown', 'yes'], i.tools)) as most
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
    group by s.HOST, s.country
),
counted as (
    select
        country, count(*) filter (where most = 3) as count, count(*) as of,
        count(*) filter (where most = 2) as unknown
    from held
    group by country
)
select country, count, of, count / of as share, low(count, of) as low, high(count, of) as high, unknown
from counted
order by of desc, country nulls last;
