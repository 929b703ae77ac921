-- Whether hosts list a model whose name says that refusals were taken out of it, of the hosts with a model, without
-- decoys. Always these three rows; none is unknown, for names always are told.
with hosts as (
    select s.HOST as host, if(bool_or(i.uncensored), 'yes', 'no') as state
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
    group by s.HOST
),
counted as (
    select place, word as state, count(host) as count, (select count(*) from hosts) as of
    from (values (1, 'yes'), (2, 'no'), (3, 'unknown')) words (place, word) left join hosts on hosts.state = word
    group by place, word
)
select state, count, of, count / nullif(of, 0) as share, low(count, of) as low, high(count, of) as high
from counted
order by place;
