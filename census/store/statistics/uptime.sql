-- How reliably units were there, of all that were recognised (served, locked, empty): the share of attempts at them
-- that found them recognised. Two readings: in the period `seen` of the attempts between their first and their last
-- sight, in the period `asked` of all attempts that are on record in the time asked for, also those after they had
-- gone. Attempts before an endpoint was first recognised are not on record. Units with a single attempt are the band
-- once, for that says nothing; mean is over the others, and the same in all rows of a period. Attempts at the
-- endpoints of a host are added up. Only hosts and endpoints are counted; the other units are answered for hosts, and
-- without intervals.
create function stats.uptime(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    period text, uptime text,
    count bigint, of bigint, share double precision, low double precision, high double precision,
    mean double precision)
language sql stable parallel safe
begin atomic
    with told as materialized (
        -- Many units were there as often, of as many attempts.
        select
            p.confirmed, p.confirmed + p.missed_between as seen,
            p.confirmed + p.missed_before + p.missed_between + p.missed_after as asked, count(*) as count
        from stats.presence(scan, since, until, unit, population) p
        group by 1, 2, 3
    ),
    readings as (
        select
            r.place, t.count, t.confirmed::double precision / r.attempts as uptime,
            case r.attempts when 1 then 0 else 1 + width_bucket(
                t.confirmed::double precision / r.attempts, array[0.5, 0.8, 0.9, 1]::double precision[]) end as band
        from told t cross join lateral (values (1, t.seen), (2, t.asked)) r (place, attempts)
    ),
    banded as materialized (
        select r.place, r.band, sum(r.count)::bigint as count, sum(r.count * r.uptime) as uptimes
        from readings r
        group by r.place, r.band
    ),
    summed as (
        select
            b.place, sum(b.count)::bigint as of,
            sum(b.uptimes) filter (where b.band > 0) / sum(b.count) filter (where b.band > 0) as mean
        from banded b
        group by b.place
    ),
    bands (band, uptime) as (
        values (0, 'once'), (5, '100%'), (4, '90-99%'), (3, '80-89%'), (2, '50-79%'), (1, '<50%')
    ),
    counted as (
        select
            n.place, n.period, w.band, w.uptime, coalesce(b.count, 0) as count, coalesce(s.of, 0) as of,
            s.mean::double precision as mean
        from (values (1, 'seen'), (2, 'asked')) n (place, period)
        cross join bands w
        left join banded b on b.place = n.place and b.band = w.band
        left join summed s on s.place = n.place
    )
    select c.period, c.uptime, c.count, c.of, w.share, w.low, w.high, c.mean
    from counted c
    cross join lateral stats.wilson(c.count, c.of, unit) w
    order by c.place, c.band desc;
end;

create view stats.uptime as select * from stats.uptime();
