-- Whether hosts have models loaded when they are asked, of the hosts with a model, without decoys: yes if any did in
-- any observation, else no if any told that it had none, else unknown; loaded is how many were loaded on average, over
-- those observations that tell.
with hosts as (
    select
        HOST as host, sum(running) as loaded, count(running) as told,
        case when max(running) > 0 then 'yes' when max(running) = 0 then 'no' else 'unknown' end as state
    from 'data/observations.parquet'
    where decoy <> 'decoy' and len(models) > 0
    group by HOST
),
counted as (
    select
        w.place, w.running, count(h.host) as count, (select count(*) from hosts) as of,
        sum(h.loaded) / nullif(sum(h.told), 0) as loaded
    from (values (1, 'yes'), (2, 'no'), (3, 'unknown')) w (place, running) left join hosts h on h.state = w.running
    group by w.place, w.running
)
select running, count, of, count / nullif(of, 0) as share, low(count, of) as low, high(count, of) as high, loaded
from counted
order by place;
