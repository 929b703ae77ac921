-- Server software by the hosts that run it, of all that were recognised, without decoys.
with held as (
    select distinct HOST as host, software from 'data/sightings.parquet' where decoy <> 'decoy'
),
counted as (
    select software, count(*) as count, (select count(distinct host) from held) as of
    from held
    group by software
)
select software, count, of, count / of as share, low(count, of) as low, high(count, of) as high
from counted
order by count desc, software nulls last;
