-- How reliably hosts were there, of all that were recognised, without decoys: the share of attempts at them that found
-- them recognised, between their first and their last sight (seen), and of all that are on record (asked).
with readings as (
    select 1 as place, observations, observations + missed_between as attempts
    from 'data/hosts.parquet'
    where population = 'credible'
    union all
    select 2, observations, observations + missed_before + missed_between + missed_after
    from 'data/hosts.parquet'
    where population = 'credible'
),
banded as (
    select
        place, observations / attempts as uptime,
        case
            when attempts = 1 then 0
            when observations = attempts then 5
            when observations / attempts >= 0.9 then 4
            when observations / attempts >= 0.8 then 3
            when observations / attempts >= 0.5 then 2
            else 1
        end as band
    from readings
),
summed as (
    select place, count(*) as of, avg(uptime) filter (where band > 0) as mean from banded group by place
),
counted as (
    select p.place, p.period, w.band, w.uptime, count(b.band) as count
    from (values (1, 'seen'), (2, 'asked')) p (place, period)
    cross join (
        values (0, 'once'), (5, '100%'), (4, '90-99%'), (3, '80-89%'), (2, '50-79%'), (1, '<50%')
    ) w (band, uptime)
    left join banded b on b.place = p.place and b.band = w.band
    group by p.place, p.period, w.band, w.uptime
)
select
    c.period, c.uptime, c.count, coalesce(s.of, 0) as of, c.count / nullif(s.of, 0) as share,
    low(c.count, s.of) as low, high(c.count, s.of) as high, s.mean
from counted c left join summed s using (place)
order by c.place, c.band desc;
