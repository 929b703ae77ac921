-- How many bits a weight has, by the hosts that list such a model, of the hosts with a model, without decoys.
with held as (
    select distinct s.HOST as host, bits(i.quantization) as bits
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
),
whole as (
    select count(distinct host) as of, count(distinct host) filter (where bits is not null) as told from held
),
counted as (
    select bits, count(*) as count, whole.of from held cross join whole where bits is not null group by bits, whole.of
    union all
    select null, of - told, of from whole where of > told
)
select bits, count, of, count / of as share, low(count, of) as low, high(count, of) as high
from counted
order by bits nulls last;
