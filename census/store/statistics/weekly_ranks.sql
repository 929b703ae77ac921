-- The first twenty families (with the sixth parameter architecture: architectures) week by week (their Monday, UTC),
-- by the units that list a model of them in that week, of those with a model. change says who entered the first twenty
-- since the last week with any, or left them: those are the rows with a rank above twenty, or without a rank where
-- nobody lists them any more. tau is Kendall's rank correlation (tau-b, on the counts) of this week with the first,
-- over all families that are among the first twenty in either: 1 is the same order, -1 the reverse, null where there
-- is none. Only hosts and endpoints are counted; the other units are answered for hosts, and
-- without intervals.
create function stats.weekly_ranks(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible', by text default 'family')
returns table (
    week date, rank bigint, family text,
    count bigint, of bigint, share double precision, low double precision, high double precision,
    tau double precision, change text)
language sql stable parallel safe
begin atomic
    with parts as (
        -- Weeks as bits of a number, 48 at a time and with the number of these 48 (part) before them: to put them
        -- together costs a tenth of what ranges cost.
        select
            r.carrier, r.inventory_id, r.part,
            (((1::bigint << (least(upper(r.run), 48 * r.part + 48) - greatest(lower(r.run), 48 * r.part))) - 1)
                << greatest(lower(r.run) - 48 * r.part, 0)) + (r.part::bigint << 48) as weeks
        from (
            select its.*, generate_series(lower(its.run) / 48, (upper(its.run) - 1) / 48) as part
            from (
                select w.carrier, w.inventory_id, unnest(w.weeks) as run
                from stats.week_spans(scan, since, until, unit, population) w
                where w.size > 0 and stats.one_of('by', by, array['family', 'architecture'])
            ) its
            -- Both bounds hold for thirty thousand years. They are for the planner, which takes each for one row in
            -- 200: without them it expects 33 thousand million rows, and makes room for these.
            where lower(its.run) between -1500000 and 1500000
        ) r
        where r.part between -32768 and 32767
    ),
    seen as materialized (
        select
            p.carrier, p.part, p.weeks, p.alone,
            case by when 'architecture' then i.architectures else i.families end as members
        from (select parts.*, count(*) over (partition by carrier, part) = 1 as alone from parts) p
        join inventory i on i.id = p.inventory_id
    ),
    held as (
        -- Who was seen with one list only counts as often as it has members; of the others each member's weeks are put
        -- together. The null member stands for all.
        select unnest(s.members || null::text) as member, s.weeks from seen s where s.alone
        union all
        select its.member, bit_or(its.weeks)
        from (
            select s.carrier, unnest(s.members || null::text) as member, s.part, s.weeks from seen s where not s.alone
        ) its
        group by its.carrier, its.part, its.member
    ),
    alike as materialized (
        select h.member, h.weeks, count(*) as count from held h group by h.member, h.weeks
    ),
    steps as materialized (
        -- Where weeks begin and end, for these are fewer than the weeks between.
        select
            its.weeks, 48 * (its.weeks >> 48)::integer + place as week,
            (its.set >> place & 1) - (its.set << 1 >> place & 1) as step
        from (select distinct a.weeks, a.weeks & (1::bigint << 48) - 1 as set from alike a) its
        join generate_series(0, 48) place on its.set >> place & 1 <> its.set << 1 >> place & 1
    ),
    changes as (
        select a.member, s.week, sum(a.count * s.step)::bigint as change
        from alike a join steps s on s.weeks = a.weeks
        group by 1, 2
    ),
    levels as (
        select
            c.member, c.week, lead(c.week) over its as past, sum(c.change) over its as count
        from changes c
        window its as (partition by c.member order by c.week)
    ),
    counted as materialized (
        select l.member, date '2000-01-03' + 7 * number as week, l.count::bigint as count
        from levels l cross join generate_series(l.week, l.past - 1) number
        where l.count > 0
    ),
    whole as materialized (
        select
            c.week, c.count as of, lag(c.week) over (order by c.week) as before, min(c.week) over () as first
        from counted c
        where c.member is null
    ),
    ranked as materialized (
        select
            c.week, c.member, c.count,
            row_number() over (partition by c.week order by c.count desc, c.member collate "C") as rank
        from counted c
        where c.member is not null
    ),
    compared as materialized (
        -- Each week's first twenty with those of the first week, with the counts of both weeks.
        select n.week, n.member, coalesce(new.count, 0) as now, coalesce(old.count, 0) as first
        from (
            select r.week, r.member from ranked r where r.rank <= 20
            union
            select w.week, r.member from whole w join ranked r on r.week = w.first and r.rank <= 20
        ) n
        join whole w on w.week = n.week
        left join ranked new on new.week = n.week and new.member = n.member
        left join ranked old on old.week = w.first and old.member = n.member
    ),
    taus as (
        select
            x.week,
            sum(sign(x.now - y.now) * sign(x.first - y.first))
                / nullif(sqrt(sum(abs(sign(x.now - y.now))) * sum(abs(sign(x.first - y.first)))), 0) as tau
        from compared x join compared y on y.week = x.week and x.member collate "C" < y.member collate "C"
        group by x.week
    ),
    shown as (
        select
            r.week, r.rank, r.member, r.count,
            case when w.before is not null and coalesce(p.rank, 21) > 20 then 'entered' end as change
        from ranked r
        join whole w on w.week = r.week
        left join ranked p on p.week = w.before and p.member = r.member
        where r.rank <= 20
        union all
        select w.week, r.rank, p.member, coalesce(r.count, 0), 'left'
        from whole w
        join ranked p on p.week = w.before and p.rank <= 20
        left join ranked r on r.week = w.week and r.member = p.member
        where coalesce(r.rank, 21) > 20
    )
    select s.week, s.rank, s.member, s.count, w.of, i.share, i.low, i.high, t.tau::double precision, s.change
    from shown s
    join whole w on w.week = s.week
    left join taus t on t.week = s.week
    cross join lateral stats.wilson(s.count, w.of, unit) i
    order by s.week, s.rank, s.member collate "C";
end;

create view stats.weekly_ranks as select * from stats.weekly_ranks();
