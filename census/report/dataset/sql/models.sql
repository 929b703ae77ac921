-- Models by the hosts that list one of that name, of the hosts with a model, without decoys.
with held as (
    select distinct s.HOST as host, i.model
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
),
counted as (
    select model, count(*) as count, (select count(distinct host) from held) as of from held group by model
)
select
    row_number() over (order by count desc, model) as rank, model,
    count, of, count / of as share, low(count, of) as low, high(count, of) as high
from counted
order by rank;
