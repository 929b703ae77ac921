-- What models are said to do, by the hosts that list one which is said to, of the hosts with a model, without decoys;
-- unknown counts the hosts that list none, but one of which the server does not tell.
with listed as (
    select s.HOST as host, i.capabilities
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
),
hosts as (
    select host, bool_or(capabilities is null) as untold, bool_or(capabilities is not null) as told
    from listed
    group by host
),
whole as (
    select
        count(*) as of, count(*) filter (where untold) as untold, count(*) filter (where not told) as silent from hosts
),
held as (
    select distinct host, unnest(capabilities) as capability from listed
),
counted as (
    select h.capability, count(*) as count, count(*) filter (where hosts.untold) as untold
    from held h join hosts using (host)
    group by h.capability
    union all
    select null, silent, null from whole where silent > 0
)
select
    capability, count, of, count / of as share, low(count, of) as low, high(count, of) as high,
    whole.untold - counted.untold as unknown
from counted cross join whole
order by capability is null, count desc, capability;
