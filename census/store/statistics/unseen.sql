-- How many units there are, with those that were not seen, of all recognised (served, locked, empty). chao1: from
-- those that were seen in one scan only (once) and in two (twice), a lower bound; it needs scans that repeat each
-- other, and has no estimate where nothing was seen twice or more. It is made for a great many scans, and with few it
-- is too high. chao2: the same for as many scans as recognised anybody (scans); the one to publish. chapman: from the
-- two latest scans asked for, by those seen in the first, in the second, and in both (capture and recapture).
-- Intervals are log-normal and hold only if scans are independent and nobody comes or goes in between. Lists from one
-- search engine depend on each other, and one list scanned twice depends on itself: what it lacks, both scans lack, and
-- the true number is higher. Only hosts and endpoints are counted; the other units are answered for hosts.
create function stats.unseen(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    estimator text, observed bigint, estimate double precision, low double precision, high double precision,
    variance double precision, once bigint, twice bigint, scans bigint,
    first_scan bigint, second_scan bigint, in_first bigint, in_second bigint, in_both bigint)
language sql stable parallel safe
begin atomic
    with carriers as materialized (
        -- One endpoint is observed once in a scan, so where there is but one its observations are its scans, and a host
        -- with several was seen in as many scans as one of them at least.
        select
            e.carrier, case when unseen.scan is null then max(e.observations) else 1 end as scans,
            unseen.scan is null and count(*) > 1 as several
        from (
            select s.carrier, s.endpoint_id, sum(s.observations) as observations
            from (
                -- Sorted before they are gathered: to hash so many costs more.
                select
                    case unit when 'endpoint' then t.endpoint_id else t.host_id end as carrier, t.endpoint_id,
                    t.observations
                from stats.stays(scan, since, until, population) t
                where stats.asked(unit, population)
                order by 1, 2
            ) s
            group by s.carrier, s.endpoint_id
        ) e
        group by e.carrier
    ),
    recounted as (
        select c.carrier, count(distinct o.scan_id) as scans
        from carriers c
        join endpoint e on e.host_id = c.carrier
        join observation o on o.endpoint_id = e.id
        where c.several and c.scans < 3 and o.sighting_id is not null
            and (population = 'raw' or stats.credible(e.verdict))
            and (unseen.scan is null or o.scan_id = unseen.scan)
            and (since is null or o.observed_at >= since)
            and (until is null or o.observed_at < until)
        group by c.carrier
    ),
    captures as (
        select
            count(*) as observed,
            count(*) filter (where its.scans = 1) as once,
            count(*) filter (where its.scans = 2) as twice
        from (select coalesce(r.scans, c.scans) as scans from carriers c left join recounted r using (carrier)) its
    ),
    passes as materialized (
        select
            s.id, exists (select from observation o where o.scan_id = s.id and o.sighting_id is not null) as kept
        from scan s
        where since is null and until is null and (unseen.scan is null or s.id = unseen.scan)
        union all
        select o.scan_id, true
        from observation o
        where not (since is null and until is null)
            and o.sighting_id is not null
            and (unseen.scan is null or o.scan_id = unseen.scan)
            and (since is null or o.observed_at >= since)
            and (until is null or o.observed_at < until)
        group by o.scan_id
    ),
    recognising as materialized (
        -- Of a scan whose observations were pruned its chunks tell whether it recognised anybody.
        select count(*) as scans
        from passes p
        where p.kept
            or exists (
                select from chunk c join outcome w on w.stage >= 4 where c.scan_id = p.id and c.counts[w.id] > 0
            )
    ),
    chao as (
        select
            c.*, e.place, e.estimator, e.scans,
            case
                when c.once = c.observed then null
                when c.twice > 0 then c.observed + k * f1 ^ 2 / (2 * f2)
                else c.observed + k * f1 * (f1 - 1) / 2
            end as estimate,
            case
                when c.twice > 0 then f2 * (k * (f1 / f2) ^ 2 / 2 + k ^ 2 * ((f1 / f2) ^ 3 + (f1 / f2) ^ 4 / 4))
                else k * f1 * (f1 - 1) / 2 + k ^ 2 * (
                    f1 * (2 * f1 - 1) ^ 2 / 4 - f1 ^ 4 / (4 * nullif(c.observed + k * f1 * (f1 - 1) / 2, 0)))
            end as variance
        from captures c
        cross join recognising r
        cross join lateral (
            values (1, 'chao1', null, 1), (2, 'chao2', r.scans, 1 - 1 / nullif(r.scans, 0)::double precision)
        ) e (place, estimator, scans, k)
        cross join lateral (select c.once::double precision as f1, nullif(c.twice, 0)::double precision as f2) f
    ),
    latest as materialized (
        select p.id, row_number() over (order by p.id) as place
        from (select id from passes where kept order by id desc limit 2) p
    ),
    caught as (
        select
            case unit when 'endpoint' then e.id else e.host_id end as carrier,
            bool_or(l.place = 1) as first, bool_or(l.place = 2) as second
        from latest l
        join observation o on o.scan_id = l.id and o.sighting_id is not null
            and (since is null or o.observed_at >= since)
            and (until is null or o.observed_at < until)
        join endpoint e on e.id = o.endpoint_id
        where population = 'raw' or stats.credible(e.verdict)
        group by 1
    ),
    recaptures as (
        select
            count(*) as observed,
            count(*) filter (where c.first) as first, count(*) filter (where c.second) as second,
            count(*) filter (where c.first and c.second) as in_both
        from caught c
    ),
    chapman as (
        select
            r.*, scans.first_scan, scans.second_scan,
            (n1 + 1) * (n2 + 1) / (m + 1) - 1 as estimate,
            (n1 + 1) * (n2 + 1) * (n1 - m) * (n2 - m) / ((m + 1) ^ 2 * (m + 2)) as variance
        from recaptures r
        cross join lateral (
            select r.first::double precision as n1, r.second::double precision as n2, r.in_both::double precision as m
        ) counts
        cross join (
            select min(l.id) as first_scan, max(l.id) as second_scan from latest l having count(*) = 2
        ) scans
    )
    select
        told.estimator, told.observed, told.estimate, told.low, told.high, told.variance, told.once, told.twice,
        told.scans, told.first_scan, told.second_scan, told.in_first, told.in_second, told.in_both
    from (
        select
            c.place, c.estimator, c.observed, c.estimate, i.low, i.high,
            case when c.estimate is not null then c.variance end as variance,
            c.once, c.twice, c.scans, null::bigint as first_scan, null::bigint as second_scan,
            null::bigint as in_first, null::bigint as in_second, null::bigint as in_both
        from chao c cross join lateral stats.unseen_between(c.observed, c.estimate, c.variance) i
        union all
        select
            3, 'chapman', c.observed, c.estimate, i.low, i.high, c.variance,
            null, null, null, c.first_scan, c.second_scan, c.first, c.second, c.in_both
        from chapman c cross join lateral stats.unseen_between(c.observed, c.estimate, c.variance) i
    ) told
    order by told.place;
end;

create view stats.unseen as select * from stats.unseen();
