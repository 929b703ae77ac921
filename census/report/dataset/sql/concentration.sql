-- How concentrated hosts are in countries and networks (of all recognised) and in families (of those with a model),
-- without decoys. What is not known is left out of the measures; `unknown` is its share.
with hosts as (
    select HOST as host, any_value(country) as country, any_value(asn) as asn
    from 'data/endpoints.parquet'
    where decoy <> 'decoy'
    group by HOST
),
listed as (
    select distinct s.HOST as host, i.family
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
),
counted as (
    select 1 as place, 'country' as dimension, country as value, count(*) as count from hosts group by country
    union all
    select 2, 'asn', asn::varchar, count(*) from hosts group by asn
    union all
    select 3, 'family', family, count(*) from listed where family is not null group by family
    union all
    select 3, 'family', null, count(*) from (select host from listed group by host having count(family) = 0)
),
ordered as (
    select *, row_number() over (partition by dimension, value is null order by count) as number from counted
),
summed as (
    select
        place, dimension, sum(count) as units, count(value) as categories,
        sum(count) filter (where value is not null) as known,
        sum(count * count) filter (where value is not null) as squares,
        sum(count * number) filter (where value is not null) as weighted
    from ordered
    group by place, dimension
)
select
    dimension, squares / (known * known) as hhi, known * known / squares as effective_number,
    2 * weighted / (nullif(categories, 0) * known) - (categories + 1) / nullif(categories, 0) as gini, categories,
    (units - coalesce(known, 0)) / units as unknown
from summed
order by place;
