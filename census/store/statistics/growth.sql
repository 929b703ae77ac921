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
    with seen as materialized (
        select w.carrier, w.weeks, coalesce(w.size, 0) as models
        from stats.week_spans(scan, since, until, unit, population) w
        order by w.carrier, models desc  -- as both that follow want it
    ),
    carriers as materialized (
        select s.carrier, min(lower(s.weeks)) as first, max(upper(s.weeks)) - 1 as last from seen s group by s.carrier
    ),
    longest as (
        -- Of each list the weeks in which its unit had no longer one.
        select
            s.models,
            -- Both of the same frame, so that rows are gone through once.
            case row_number() over (longer rows between unbounded preceding and 1 preceding)
                when 1 then s.weeks
                else s.weeks - united(s.weeks) over (longer rows between unbounded preceding and 1 preceding)
            end as weeks
        from seen s
        window longer as (partition by s.carrier order by s.models desc)
    ),
    runs as materialized (
        select lower(r.run) as first, upper(r.run) - 1 as last, r.models, count(*) as count
        from (select unnest(l.weeks) as run, l.models from longest l) r
        group by 1, 2, r.models
    ),
    lists as materialized (
        select week, r.models, sum(r.count)::bigint as count
        from runs r cross join generate_series(r.first, r.last) week
        group by week, r.models
    ),
    ordered as (
        select
            l.*, sum(l.count) over (partition by l.week order by l.models) as up_to,
            sum(l.count) over (partition by l.week) as of
        from lists l
        where l.models > 0
    ),
    middle as (
        -- The median lies between the models of the two units in the middle, which are one if their number is odd.
        select
            o.week, (sum(o.count * o.models) / max(o.of))::double precision as mean,
            (min(o.models) filter (where o.up_to >= floor((o.of + 1) / 2))
                + min(o.models) filter (where o.up_to >= floor(o.of / 2) + 1)) / 2::double precision as median
        from ordered o
        group by o.week
    ),
    counted as (
        select l.week, sum(l.count)::bigint as count from lists l group by l.week
    ),
    first as (
        select c.first as week, count(*) as count from carriers c group by c.first
    ),
    last as (
        select c.last as week, count(*) as count from carriers c group by c.last
    )
    select
        date '2000-01-03' + 7 * s.week, s.count, coalesce(n.count, 0),
        coalesce(lag(coalesce(g.count, 0)) over (order by s.week), 0),
        m.mean, m.median
    from counted s
    left join middle m on m.week = s.week
    left join first n on n.week = s.week
    left join last g on g.week = s.week
    order by s.week;
end;

create view stats.growth as select * from stats.growth();
