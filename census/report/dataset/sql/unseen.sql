-- How many hosts there are, with those that were not seen, of all recognised, without decoys: chao1 from those seen in
-- one scan only (once) and in two (twice), chao2 the same for the number of scans that there were, chapman from the two
-- latest scans. Intervals are log-normal.
create or replace temporary macro factor(observed, estimate, variance) as case
    when estimate > observed then exp(1.959963984540054 * sqrt(ln(1 + variance / (estimate - observed) ** 2)))
    when estimate = observed then 1
end;
with recognised as (
    select scan, HOST as host, decoy from 'data/observations.parquet' where outcome in ('served', 'locked', 'empty')
),
endpoints as (
    select HOST as host, port, sum(observations)::bigint as observations
    from 'data/sightings.parquet'
    where decoy <> 'decoy'
    group by HOST, port
),
-- An endpoint is observed once in a scan; of several of one host the scans are looked up.
hosts as (
    select
        host, max(observations) as scans, count(*) > 1 and max(observations) < 3 as uncertain
    from endpoints
    group by host
),
recounted as (
    select host, count(distinct scan) as scans from recognised where decoy <> 'decoy' group by host
),
captures as (
    select
        count(*) as observed,
        count(*) filter (where if(uncertain, coalesce(r.scans, h.scans), h.scans) = 1) as once,
        count(*) filter (where if(uncertain, coalesce(r.scans, h.scans), h.scans) = 2) as twice
    from hosts h left join recounted r using (host)
),
estimators (place, estimator, scans, k) as (
    values (1, 'chao1', null, 1::double)
    union all
    select 2, 'chao2', count(distinct scan), 1 - 1 / nullif(count(distinct scan), 0) from recognised
),
chao as (
    select
        *,
        case
            when once = observed then null
            when twice > 0 then observed + k * once ** 2 / (2 * twice)
            else observed + k * once * (once - 1) / 2
        end as estimate,
        case
            when once = observed then null
            when twice > 0 then twice
                * (k * (once / twice) ** 2 / 2 + k ** 2 * ((once / twice) ** 3 + (once / twice) ** 4 / 4))
            else k * once * (once - 1) / 2 + k ** 2 * (
                once * (2 * once - 1) ** 2 / 4
                - once ** 4 / (4 * nullif(observed + k * once * (once - 1) / 2, 0)))
        end as variance
    from captures cross join estimators
),
latest as (
    select min(scan) as first, max(scan) as second
    from (select distinct scan from recognised order by scan desc limit 2)
    having count(*) = 2
),
caught as (
    select bool_or(scan = first) as in_first, bool_or(scan = second) as in_second
    from recognised cross join latest
    where decoy <> 'decoy' and scan in (first, second)
    group by host
),
recaptures as (
    select
        count(*) as observed, count(*) filter (where in_first) as n1, count(*) filter (where in_second) as n2,
        count(*) filter (where in_first and in_second) as m
    from caught
),
chapman as (
    select
        r.*, first, second, (n1 + 1) * (n2 + 1) / (m + 1) - 1 as estimate,
        (n1 + 1) * (n2 + 1) * (n1 - m) * (n2 - m) / ((m + 1) ** 2 * (m + 2)) as variance
    from recaptures r cross join latest
),
told as (
    select
        place, estimator, observed, estimate, variance, once, twice, scans, null as first_scan,
        null as second_scan, null as in_first, null as in_second, null as in_both
    from chao
    union all
    select 3, 'chapman', observed, estimate, variance, null, null, null, first, second, n1, n2, m from chapman
)
select
    estimator, observed, estimate, observed + (estimate - observed) / factor(observed, estimate, variance) as low,
    observed + (estimate - observed) * factor(observed, estimate, variance) as high, variance, once, twice,
    scans, first_scan, second_scan, in_first, in_second, in_both
from told
order by place;
