-- How long units stay exposed, after Kaplan and Meier: of the units that were followed for so many days since they
-- were first seen (at_risk), how many were found gone then (events), how many were last asked then and still there
-- (censored), and the share that is still there afterwards (survival), with its 95 % interval after Greenwood, on the
-- scale log(-log). Gone is who was not found in any attempt since, at the first of these; who is asked no more is
-- censored at the last sight. Units that were there before the first scan have been exposed for longer than is known
-- (left truncation), so early days weigh too much on those that stay. Only hosts and endpoints are counted; the other
-- units are answered for hosts.
create function stats.survival(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    days integer, at_risk bigint, events bigint, censored bigint,
    survival double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    with lives as (
        select
            -- Whole days of 24 hours: all that a difference of two moments has beside hours.
            date_part('day', coalesce(p.gone_at, p.last_seen) - p.first_seen)::integer as days,
            p.gone_at is not null as gone
        from stats.presence(scan, since, until, unit, population) p
    ),
    days as (
        select
            l.days, count(*) filter (where l.gone) as events, count(*) filter (where not l.gone) as censored,
            sum(count(*)) over (order by l.days desc)::bigint as at_risk
        from lives l
        group by l.days
    ),
    products as (
        select
            d.*,
            sum(case when d.events < d.at_risk then ln(1 - d.events::double precision / d.at_risk) end) over up as log,
            max(case when d.events = d.at_risk then 1 else 0 end) over up as ended,
            sum(d.events::double precision / nullif(d.at_risk::double precision * (d.at_risk - d.events), 0)) over up
                as variance
        from days d
        window up as (order by d.days)
    ),
    estimates as (
        select p.*, case p.ended when 1 then 0 else exp(p.log) end as survival from products p
    )
    select
        e.days, e.at_risk, e.events, e.censored, e.survival,
        case when e.survival > 0 and e.survival < 1 then e.survival ^ exp(s.error) end,
        case when e.survival > 0 and e.survival < 1 then e.survival ^ exp(-s.error) end
    from estimates e
    cross join lateral (select 1.959963984540054 * sqrt(e.variance) / nullif(-e.log, 0) as error) s
    order by e.days;
end;

create view stats.survival as select * from stats.survival();
