-- Whether hosts list both a model that completes and one that embeds, of the hosts with a model, without decoys:
-- unknown where it would depend on what a server does not tell.
with hosts as (
    select
        s.HOST as host,
        case
            when bool_or(list_contains(i.capabilities, 'completion'))
                and bool_or(list_contains(i.capabilities, 'embedding')) then 'yes'
            when bool_or(i.capabilities is null) then 'unknown'
            else 'no'
        end as state
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
