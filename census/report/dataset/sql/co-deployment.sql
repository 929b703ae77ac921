-- Pairs of families on one host, of the hosts with two known families or more, without decoys; jaccard, lift
-- and odds are over all hosts with a model.
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
),
told as (
    select
        a, b, count, of, x.units + y.units - count as either, count * w.units / (x.units * y.units) as lift,
        1 / count - 1 / x.units - 1 / y.units + (2 * count * w.units / (x.units * y.units) - 1) / w.units as variance,
        count + 0.5::double as ab, x.units - count + 0.5::double as only_a, y.units - count + 0.5::double as only_b,
        w.units - x.units - y.units + count + 0.5::double as neither
    from pairs
    join singles x on x.family = a
    join singles y on y.family = b
    cross join whole w
),
odds as (
    select
        *, ab * neither / (only_a * only_b) as ratio,
        spread(1 / ab + 1 / only_a + 1 / only_b + 1 / neither) as factor
    from told
)
select
    a, b, count, of, count / of as share, low(count, of) as low, high(count, of) as high, count / either as jaccard,
    lift, low(count, either) as jaccard_low, high(count, either) as jaccard_high, lift / spread(variance) as lift_low,
    lift * spread(variance) as lift_high, ln(ratio) as log_odds, ln(ratio / factor) as log_odds_low,
    ln(ratio * factor) as log_odds_high
from odds
order by count desc, a, b;
