-- Countries of developers by the hosts that list a model from there, of the hosts with a model, without decoys.
with held as (
    select distinct s.HOST as host, i.origin
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
),
whole as (
    select count(distinct host) as of, count(distinct host) filter (where origin is not null) as told from held
),
counted as (
    select origin, count(*) as count, whole.of
    from held cross join whole
    where origin is not null
    group by origin, whole.of
    union all
    select null, of - told, of from whole where of > told
)
select
    origin, count, of, count / of as share, low(count, of) as low, high(count, of) as high
from counted
order by origin is null, count desc, origin;
