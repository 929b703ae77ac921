-- Regions by the hosts in them, of all that were recognised, without decoys, and the same as a share of their country.
with hosts as (
    select distinct HOST as host, country, region from 'data/sightings.parquet' where decoy <> 'decoy'
),
counted as (
    select
        country, region, count(*) as count, (sum(count(*)) over ())::bigint as of,
        (sum(count(*)) over (partition by country))::bigint as of_country
    from hosts
    group by country, region
)
select
    country, region, count, of, count / of as share, low(count, of) as low, high(count, of) as high,
    of_country, count / of_country as country_share, low(count, of_country) as country_share_low,
    high(count, of_country) as country_share_high
from counted
order by count desc, country nulls last, region nulls last;
