-- Model instances, one for each model (digest, else name) on each host, without decoys. Of a digest that is described
-- in several ways the first in the alphabet stands. There is no interval, for the models of one host depend on another.
with keys as (
    select inventory, coalesce('digest ' || digest, 'name ' || model) as key, * exclude (inventory)
    from 'data/inventories.parquet'
),
described as (
    select
        key, min(family) as family, min(origin) as origin, min(architecture) as architecture,
        min(quantization) as quantization, min(parameters) / 1e9 as billions
    from keys
    group by key
),
instances as (
    select distinct s.HOST as host, k.key
    from 'data/sightings.parquet' s
    join keys k using (inventory)
    where s.decoy <> 'decoy'
),
told as (
    select
        d.*, bits(quantization)::varchar as bits,
        case
            when billions < 1 then '<1B'
            when billions < 4 then '1-3B'
            when billions < 8 then '4-7B'
            when billions < 15 then '8-14B'
            when billions < 35 then '15-34B'
            when billions < 80 then '35-79B'
            when billions >= 80 then '>=80B'
        end as parameters
    from instances join described d using (key)
),
valued as (
    select unnest([
        {'place': 1, 'dimension': 'family', 'value': family}, {'place': 2, 'dimension': 'origin', 'value': origin},
        {'place': 3, 'dimension': 'architecture', 'value': architecture},
        {'place': 4, 'dimension': 'quantization', 'value': quantization},
        {'place': 5, 'dimension': 'bits', 'value': bits}, {'place': 6, 'dimension': 'parameters', 'value': parameters}
    ], recursive := true)
    from told
),
counted as (
    select place, dimension, value, count(*) as count, (select count(*) from instances) as of
    from valued
    group by place, dimension, value
)
select dimension, value, count, of, count / of as share, null as low, null as high
from counted
order by place, value is null, count desc, value;
