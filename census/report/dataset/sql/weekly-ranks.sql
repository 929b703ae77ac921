-- The first twenty families week by week (their Monday, UTC), by the hosts that list a model of them in that week, of
-- those with a model, without decoys. change says who entered the first twenty since the last week with any, or left
-- them; tau is the rank correlation (Kendall, tau-b, on the counts) of this week with the first, over all families that
-- are among the first twenty in either.
with held as (
    select distinct s.host, date_trunc('week', s.day)::date as week, i.family
    from (
        select HOST as host, inventory, unnest(days)::date as day
        from 'data/sightings.parquet'
        where decoy <> 'decoy'
    ) s
    join 'data/inventories.parquet' i using (inventory)
),
weeks as (
    select
        week, count(distinct host) as of, lag(week) over (order by week) as before, min(week) over () as first
    from held
    group by week
),
ranked as (
    select week, family, count(*) as count, row_number() over (partition by week order by count(*) desc, family) as rank
    from held
    where family is not null
    group by week, family
),
compared as (
    select n.week, n.family, coalesce(new.count, 0) as now, coalesce(old.count, 0) as then
    from (
        select week, family from ranked where rank <= 20
        union
        select w.week, r.family from weeks w join ranked r on r.week = w.first and r.rank <= 20
    ) n
    join weeks w on w.week = n.week
    left join ranked new on new.week = n.week and new.family = n.family
    left join ranked old on old.week = w.first and old.family = n.family
),
taus as (
    select
        x.week, sum(sign(x.now - y.now) * sign(x.then - y.then))
            / nullif(sqrt(sum(abs(sign(x.now - y.now))) * sum(abs(sign(x.then - y.then)))), 0) as tau
    from compared x join compared y on y.week = x.week and x.family < y.family
    group by x.week
),
shown as (
    select
        r.week, r.rank, r.family, r.count,
        case when w.before is not null and coalesce(p.rank, 21) > 20 then 'entered' end as change
    from ranked r
    join weeks w on w.week = r.week
    left join ranked p on p.week = w.before and p.family = r.family
    where r.rank <= 20
    union all
    select w.week, r.rank, p.family, coalesce(r.count, 0), 'left'
    from weeks w
    join ranked p on p.week = w.before and p.rank <= 20
    left join ranked r on r.week = w.week and r.family = p.family
    where coalesce(r.rank, 21) > 20
)
select
    s.week::varchar as week, s.rank, s.family, s.count, w.of, s.count / w.of as share, low(s.count, w.of) as low,
    high(s.count, w.of) as high, t.tau, s.change
from shown s
join weeks w on w.week = s.week
left join taus t on t.week = s.week
order by s.week, s.rank nulls last, s.family;
