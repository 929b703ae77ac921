-- Hosts week by week (their Monday, UTC), of those recognised (served, locked, empty), without decoys: how many were
-- seen, how many of them for the first time (new), how many of the week before were never seen again (gone), and how
-- many models the longest list of a host had, over those with a model.
with longest as (
    select host, date_trunc('week', day)::date as week, max(models) as models
    from (
        select HOST as host, unnest(days)::date as day, coalesce(models, 0) as models
        from 'data/sightings.parquet'
        where decoy <> 'decoy'
    )
    group by host, week
),
lives as (
    select min(week) as first, max(week) as last from longest group by host
),
counted as (
    select
        week, count(*) as count, avg(models) filter (where models > 0) as models_mean,
        median(models) filter (where models > 0) as models_median,
        (select count(*) from lives where first = week) as new,
        (select count(*) from lives where last = week) as ended
    from longest
    group by week
)
select
    week::varchar as week, count, new, lag(ended, 1, 0) over (order by week) as gone, models_mean, models_median
from counted
order by week;
