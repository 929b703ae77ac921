-- Units week by week (their Monday, UTC), of those recognised (served, locked, empty): how many were seen, how many of
-- them for the first time in the time asked for (new), how many of the week before were never seen again (gone), and
-- how many models the longest list of a unit had, over those with a model. In the first week all are new; who was not
-- seen in the last weeks may only have been missed. Only hosts and endpoints are counted; the other units are answered
-- for hosts.
create function stats.growth(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    week date, count bigint, new bigint, gone bigint, models_mean double precision, models_median double precision)
language sql stable parallel safe
begin atomic
    with carriers as materialized (
        select w.week, w.carrier, max(i.size) as models
        from stats.weeks(scan, since, until, unit, population) w
        left join inventory i on i.id = w.inventory_id
        group by w.week, w.carrier
    ),
    lives as (
        select c.carrier, min(c.week) as first, max(c.week) as last from carriers c group by c.carrier
    ),
    seen as (
        select
            c.week, count(*) as count, avg(c.models) filter (where c.models > 0)::double precision as mean,
            percentile_cont(0.5) within group (order by c.models) filter (where c.models > 0) as median
        from carriers c
        group by c.week
    ),
    first as (
        select l.first as week, count(*) as count from lives l group by l.first
    ),
    last as (
        select l.last as week, count(*) as count from lives l group by l.last
    )
    select
        s.week, s.count, coalesce(n.count, 0),
        coalesce(lag(coalesce(g.count, 0)) over (order by s.week), 0),
        s.mean, s.median
    from seen s
    left join first n on n.week = s.week
    left join last g on g.week = s.week
    order by s.week;
end;

create view stats.growth as select * from stats.growth();
