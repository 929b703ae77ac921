-- Architectures, as servers report them, by the hosts that list a model of them, of the hosts with a model, without
-- decoys.
with held as (
    select distinct s.HOST as host, i.architecture
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
),
whole as (
    select count(distinct host) as of, count(distinct host) filter (where architecture is not null) as told from held
),
counted as (
    select architecture, count(*) as count, whole.of
    from held cross join whole
    where architecture is not null
    group by architecture, whole.of
    union all
    select null, of - told, of from whole where of > told
)
select
    case when architecture is not null then row_number() over ranking end as rank,
    architecture, count, of, count / of as share, low(count, of) as low, high(count, of) as high
from counted
window ranking as (order by architecture is null, count desc, architecture)
order by architecture is null, count desc, architecture;
