-- Countries by the hosts in them, of all that were recognised, without decoys.
with hosts as (
    select HOST as host, any_value(country) as country
    from 'data/sightings.parquet'
    where decoy <> 'decoy'
    group by HOST
),
counted as (
    select country, count(*) as count, (select count(*) from hosts) as of from hosts group by country
)
select
    row_number() over (order by count desc, country nulls last) as rank, country, count, of,
    count / of as share, low(count, of) as low, high(count, of) as high
from counted
order by rank;
