-- Digests of models with all their names, by the hosts that list one of each, of the hosts with a model, without
-- decoys.
with held as (
    select distinct s.HOST as host, i.digest
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
),
named as (
    select digest, list_sort(list(distinct model)) as names from 'data/inventories.parquet' group by digest
),
counted as (
    select digest, count(*) as count, (select count(distinct host) from held) as of
    from held
    where digest is not null
    group by digest
)
select digest, names, count, of, count / of as share, low(count, of) as low, high(count, of) as high
from counted join named using (digest)
order by count desc, digest;
