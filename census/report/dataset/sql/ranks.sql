-- The rank of each family when observations, hosts, endpoints or host-days are counted, without decoys; volatility is
-- the highest minus the lowest of these ranks, deviation their standard deviation.
with families as (
    select distinct inventory, family from 'data/inventories.parquet' where family is not null
),
held as (
    select s.HOST as host, s.port, s.observations, s.days, f.family
    from 'data/sightings.parquet' s
    join families f using (inventory)
    where s.decoy <> 'decoy'
),
on_days as (
    select family, count(distinct (host, day)) as days from (select family, host, unnest(days) as day from held)
    group by family
),
counted as (
    select
        family, sum(observations) as observations, count(distinct host) as hosts,
        count(distinct (host, port)) as endpoints
    from held
    group by family
),
ranked as (
    select
        family,
        row_number() over (order by observations desc, family) as by_observation,
        row_number() over (order by hosts desc, family) as by_host,
        row_number() over (order by endpoints desc, family) as by_endpoint,
        row_number() over (order by days desc, family) as by_host_day
    from counted join on_days using (family)
)
select
    *, greatest(by_observation, by_host, by_endpoint, by_host_day)
        - least(by_observation, by_host, by_endpoint, by_host_day) as volatility,
    list_aggregate([by_observation, by_host, by_endpoint, by_host_day], 'stddev_pop') as deviation
from ranked
order by by_host;
