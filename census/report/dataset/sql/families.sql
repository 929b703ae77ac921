-- Families by the hosts that list a model of them, of the hosts with a model, without decoys.
with held as (
    select distinct s.HOST as host, i.family, i.developer, i.origin
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
),
whole as (
    select count(distinct host) as of, count(distinct host) filter (where family is not null) as placed from held
),
counted as (
    select family, any_value(developer) as developer, any_value(origin) as origin, count(distinct host) as count
    from held
    where family is not null
    group by family
    union all
    select null, null, null, of - placed from whole where of > placed
)
select
    case when family is not null then row_number() over (order by family is null, count desc, family) end as rank,
    family, developer, origin, count, of, count / of as share, low(count, of) as low, high(count, of) as high
from counted cross join whole
order by rank nulls last;
