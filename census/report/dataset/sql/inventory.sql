-- How many models hosts list (distinct names), of the hosts whose list could be read, without decoys.
with hosts as (
    select s.HOST as host, count(distinct i.model) as names
    from 'data/sightings.parquet' s
    left join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy' and s.inventory is not null
    group by s.HOST
),
bands (place, models, least, most) as (
    values (1, '0', 0, 0), (2, '1', 1, 1), (3, '2-3', 2, 3), (4, '4-9', 4, 9), (5, '10-19', 10, 19),
        (6, '>=20', 20, 1000000000)
),
counted as (
    select place, models, count(host) as count, (select count(*) from hosts) as of
    from bands left join hosts on names between least and most
    group by place, models
)
select models, count, of, count / nullif(of, 0) as share, low(count, of) as low, high(count, of) as high
from counted
order by place;
