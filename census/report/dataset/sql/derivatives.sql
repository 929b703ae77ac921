-- Families by the hosts that list a model of them, of the hosts with a model, without decoys, and how many of these
-- list a derived one and how many an original.
with held as (
    select
        s.HOST as host, i.family, coalesce(bool_or(i.derived), false) as derived,
        coalesce(bool_or(not i.derived), false) as original
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
    group by s.HOST, i.family
),
counted as (
    select
        family, count(*) filter (where derived) as derivatives, count(*) filter (where original) as originals,
        count(*) as count, (select count(distinct host) from held) as of
    from held
    where family is not null
    group by family
)
select
    family, derivatives, originals, count, of, count / of as share, low(count, of) as low, high(count, of) as high
from counted
order by derivatives desc, count desc, family;
