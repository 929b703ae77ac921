-- Exact sets of capabilities by the hosts that list a model with just this set, of the hosts with a model, without
-- decoys; united counts the hosts whose models' capabilities, put together, are just this set.
with listed as (
    select s.HOST as host, i.capabilities
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
),
united as (
    select
        host, list_sort(list_distinct(flatten(list(capabilities) filter (where capabilities is not null))))
            as capabilities
    from listed
    group by host
),
sets as (
    select capabilities, count(distinct host) as count, 0 as united
    from listed
    where capabilities is not null
    group by capabilities
    union all
    select capabilities, case when capabilities is null then count(*) else 0 end, count(*)
    from united
    group by capabilities
),
counted as (
    select
        capabilities, sum(count)::bigint as count, (select count(*) from united) as of, sum(united)::bigint as united
    from sets
    group by capabilities
)
select capabilities, count, of, count / of as share, low(count, of) as low, high(count, of) as high, united
from counted
order by capabilities is null, count desc, united desc, capabilities;
