-- How often hosts with a model were seen, and how many of all observations are theirs, without decoys.
with hosts as (
    select HOST as host, sum(observations)::bigint as observations
    from 'data/sightings.parquet'
    where decoy <> 'decoy' and models > 0
    group by HOST
),
bands (place, seen, least, most) as (
    values (1, '1', 1, 1), (2, '2-10', 2, 10), (3, '11-100', 11, 100), (4, '>100', 101, 1000000000)
),
counted as (
    select
        place, seen, count(host) as count, coalesce(sum(observations), 0)::bigint as observations,
        (select count(*) from hosts) as of, (select sum(observations)::bigint from hosts) as of_observations
    from bands left join hosts on observations between least and most
    group by place, seen
)
select
    seen, count, count / nullif(of, 0) as share, observations, observations / of_observations as observation_share, of,
    low(count, of) as low, high(count, of) as high
from counted
order by place;
