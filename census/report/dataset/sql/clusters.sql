-- Lists of models that are the same, to the digest, on two hosts or more, by the hosts that have them, of the hosts
-- with a model, without decoys. inventory is their name here; inventories have the names of the models.
with held as (
    select distinct HOST as host, inventory, models, country
    from 'data/sightings.parquet'
    where decoy <> 'decoy' and models > 0
),
networks as (
    select distinct HOST as host, row(asn, organization) as network from 'data/endpoints.parquet'
),
counted as (
    select
        inventory, any_value(models) as models, count(distinct host) as hosts,
        count(distinct network) as networks, count(distinct country) as countries,
        (select count(distinct host) from held) as of
    from held join networks using (host)
    group by inventory
)
select
    inventory, models, hosts, networks, countries, hosts as count, of, hosts / of as share, low(hosts, of) as low,
    high(hosts, of) as high
from counted
where hosts > 1
order by count desc, models desc, inventory;
