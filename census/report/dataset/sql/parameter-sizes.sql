-- Sizes of models by the hosts that list one of each band, of the hosts with a model, without decoys; `largest` counts
-- each host once, in the band of its largest model of known size.
with bands (place, band, least, less) as (
    values (0, '<1B', 0, 1), (1, '1-3B', 1, 4), (2, '4-7B', 4, 8), (3, '8-14B', 8, 15), (4, '15-34B', 15, 35),
        (5, '35-79B', 35, 80), (6, '>=80B', 80, 1000000), (7, 'unknown', null, null)
),
held as (
    select distinct s.HOST as host, coalesce(b.place, 7) as place
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    left join bands b on i.parameters >= b.least * 1000000000::bigint and i.parameters < b.less * 1000000000::bigint
    where s.decoy <> 'decoy'
),
most as (
    select host, coalesce(max(place) filter (where place < 7), 7) as place from held group by host
),
counted as (
    select
        b.place, b.band, (select count(*) from most) as of,
        (select count(*) from held where held.place = b.place) as count,
        (select count(*) from most where most.place = b.place) as largest
    from bands b
)
select
    band, count, of, count / nullif(of, 0) as share, low(count, of) as low, high(count, of) as high, largest
from counted
order by place;
