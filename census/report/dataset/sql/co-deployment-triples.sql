-- Triples of families on one host, of the hosts with three known families or more, without decoys; jaccard and lift are
-- over all hosts with a model.
with held as (
    select distinct s.HOST as host, i.family
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
),
known as (
    select host, family from held where family is not null
),
whole as (
    select count(distinct host) as units,
        (select count(*) from (select host from known group by host having count(*) > 2)) as of
    from held
),
singles as (
    select family, count(*) as units from known group by family
),
pairs as (
    select x.family as a, y.family as b, count(*) as units
    from known x join known y on x.host = y.host and x.family < y.family
    group by a, b
),
triples as (
    select x.family as a, y.family as b, z.family as c, count(*) as count
    from known x
    join known y on x.host = y.host and x.family < y.family
    join known z on y.host = z.host and y.family < z.family
    group by a, b, c
),
told as (
    select
        t.a, t.b, t.c, count, of, x.units + y.units + z.units - xy.units - xz.units - yz.units + count as any_of,
        count * w.units * w.units / (x.units * y.units * z.units) as lift,
        1 / count - 1 / x.units - 1 / y.units - 1 / z.units
            + 2 * (xy.units / (x.units * y.units) + xz.units / (x.units * z.units) + yz.units / (y.units * z.units))
            - 4 / w.units as variance
    from triples t
    join singles x on x.family = t.a
    join singles y on y.family = t.b
    join singles z on z.family = t.c
    join pairs xy on xy.a = t.a and xy.b = t.b
    join pairs xz on xz.a = t.a and xz.b = t.c
    join pairs yz on yz.a = t.b and yz.b = t.c
    cross join whole w
)
select
    a, b, c, count, of, count / of as share, low(count, of) as low, high(count, of) as high, count / any_of as jaccard,
    lift, low(count, any_of) as jaccard_low, high(count, any_of) as jaccard_high, lift / spread(variance) as lift_low,
    lift * spread(variance) as lift_high
from told
order by count desc, a, b, c;
