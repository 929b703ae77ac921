-- Quantizations by the hosts that list a model of them, of the hosts with a model, without decoys.
with held as (
    select distinct s.HOST as host, i.quantization
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
),
whole as (
    select count(distinct host) as of, count(distinct host) filter (where quantization is not null) as told from held
),
counted as (
    select quantization, count(*) as count, whole.of
    from held cross join whole
    where quantization is not null
    group by quantization, whole.of
    union all
    select null, of - told, of from whole where of > told
)
select
    quantization, count, of, count / of as share, low(count, of) as low, high(count, of) as high,
    bits(quantization) as bits
from counted
order by quantization is null, count desc, quantization;
