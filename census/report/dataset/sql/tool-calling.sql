-- Whether hosts advertise tool calling, of the hosts with a model, without decoys: yes if any model does, else unknown
-- if of any it is not known, else no.
with hosts as (
    select s.HOST as host, max(list_position(['no', 'unknown', 'yes'], i.tools)) as most
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
    group by s.HOST
),
counted as (
    select place, advertised, count(host) as count, (select count(*) from hosts) as of
    from (values (1, 'yes', 3), (2, 'no', 1), (3, 'unknown', 2)) words (place, advertised, word)
    left join hosts on hosts.most = word
    group by place, advertised
)
select advertised, count, of, count / nullif(of, 0) as share, low(count, of) as low, high(count, of) as high
from counted
order by place;
