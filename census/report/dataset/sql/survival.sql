-- How long hosts stay exposed, after Kaplan and Meier, without decoys, with the 95 % interval after Greenwood on the
-- scale log(-log).
with ended as (
    select
        lasted as days, count(*) filter (where gone_at is not null) as events,
        count(*) filter (where gone_at is null) as censored, count(*) as hosts
    from 'data/hosts.parquet'
    where population = 'credible'
    group by lasted
),
at_risk as (
    select days, events, censored, (sum(hosts) over (order by days desc))::bigint as at_risk from ended
),
products as (
    select
        *,
        sum(case when events < at_risk then ln(1 - events / at_risk) end) over up as log,
        max(case when events = at_risk then 1 else 0 end) over up as over,
        sum(case when events < at_risk then events / (at_risk * (at_risk - events)) end) over up as variance
    from at_risk
    window up as (order by days)
),
estimates as (
    select
        *, case over when 1 then 0 else exp(log) end as survival,
        exp(1.959963984540054 * sqrt(variance) / nullif(-log, 0)) as error
    from products
)
select
    days, at_risk, events, censored, survival,
    case when survival > 0 and survival < 1 then survival ** error end as low,
    case when survival > 0 and survival < 1 then survival ** (1 / error) end as high
from estimates
order by days;
