-- Pairs of families on one host, of the hosts with two known families or more, without decoys; jaccard and lift are
-- over all hosts with a model.
with held as (
    select distinct s.HOST as host, i.family
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
),
whole as (
    select count(distinct host) as units,
        (select count(*) from (select host from held where family is not null group by host having count(*) > 1)) as of
    from held
),
singles as (
    select family, count(*) as units from held where family is not null group by family
),
pairs as (
    select x.family as a, y.family as b, count(*) as count
    from held x join held y on x.host = y.host and x.family < y.family
    group by a, b
)
select
    a, b, count, of, count / of as share, low(count, of) as low, high(count, of) as high,
    count / (x.units + y.units - count) as jaccard, count * w.units / (x.units * y.units) as lift
from pairs
join singles x on x.family = a
join singles y on y.family = b
cross join whole w
order by count desc, a, b;
