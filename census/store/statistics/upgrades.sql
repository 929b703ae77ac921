-- What became of each version of server software, of the units that ever ran it: another version or another software
-- followed in its place (changed; became says which), it was not found in any attempt since (gone), it was there when
-- it was last asked (there), or it was seen again after another had been (mixed), as where several servers take turns
-- behind one address. days is the median between the last sight of the one and the first sight of the other, or the
-- first attempt in vain. Changes go up or down. By endpoint; a host counts under each fate of its endpoints. Versions
-- that servers do not tell are left out. Only hosts and endpoints are counted; the other units are answered for hosts, and
-- without intervals.
create function stats.upgrades(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    software text, version text, fate text, became text,
    count bigint, of bigint, share double precision, low double precision, high double precision,
    days double precision)
language sql stable parallel safe
begin atomic
    with runs as materialized (
        -- Sorted before they are gathered: to hash so many costs twice as much.
        select
            s.endpoint_id, s.software_id, min(s.host_id) as host_id,
            min(s.first_seen) as first_seen, max(s.last_seen) as last_seen
        from (
            select t.endpoint_id, t.software_id, t.host_id, t.first_seen, t.last_seen
            from stats.stays(scan, since, until, population) t
            where stats.asked(unit, population)
            order by t.endpoint_id, t.software_id
        ) s
        group by s.endpoint_id, s.software_id
    ),
    failed as materialized (
        select f.endpoint_id, f.observed_at from stats.in_vain(scan, since, until) f
    ),
    gone as materialized (
        select e.endpoint_id, min(f.observed_at) as gone_at
        from (select r.endpoint_id, max(r.last_seen) as last_seen from runs r group by r.endpoint_id) e
        join failed f on f.endpoint_id = e.endpoint_id and f.observed_at > e.last_seen
        group by e.endpoint_id
    ),
    spans as (
        select
            r.endpoint_id, r.host_id, r.software_id, r.last_seen,
            lead(r.software_id) over next as next_id, lead(r.first_seen) over next as next_seen
        from runs r
        join software w on w.id = r.software_id and w.version is not null
        window next as (partition by r.endpoint_id order by r.first_seen, r.last_seen, w.name, w.version)
    ),
    fates as materialized (
        -- Numbers in the place of words until all is counted.
        select
            case unit when 'endpoint' then f.endpoint_id else f.host_id end as carrier,
            unit <> 'endpoint' and f.host_id in (
                select h.host_id from endpoint h group by h.host_id having count(*) > 1) as several,
            f.software_id,
            case
                when f.next_seen > f.last_seen then 1
                when f.next_seen is not null then 2
                when g.gone_at is not null then 3
                else 4
            end as fate,
            case when f.next_seen > f.last_seen then f.next_id end as next_id,
            date_part('epoch', coalesce(f.next_seen, g.gone_at) - f.last_seen) / 86400 as days
        from spans f
        left join gone g on g.endpoint_id = f.endpoint_id
    ),
    apart as materialized (
        -- Only a host with several endpoints can have the same fate twice.
        select false as several, f.software_id, f.fate, f.next_id, null::bigint as carrier, count(*) as count
        from fates f
        where not f.several
        group by f.software_id, f.fate, f.next_id
        union all
        select distinct true, f.software_id, f.fate, f.next_id, f.carrier, 1
        from fates f
        where f.several
    ),
    whole as (
        select its.software_id, sum(its.count)::bigint as of
        from (
            select a.software_id, a.count from apart a where not a.several
            union all
            select a.software_id, count(distinct a.carrier) from apart a where a.several group by a.software_id
        ) its
        group by its.software_id
    ),
    numbers as (
        select a.software_id, a.fate, a.next_id, sum(a.count)::bigint as count
        from apart a
        group by a.software_id, a.fate, a.next_id
    ),
    medians as (
        select
            f.software_id, f.fate, f.next_id, percentile_cont(0.5) within group (order by f.days) as days
        from fates f
        where f.fate in (1, 3)
        group by f.software_id, f.fate, f.next_id
    ),
    counted as (
        select n.*, m.days
        from numbers n
        left join medians m on m.software_id = n.software_id and m.fate = n.fate
            and coalesce(m.next_id, 0) = coalesce(n.next_id, 0)  -- of which a join by hash can be made
    ),
    told as (
        select
            w.name, w.version, (array['changed', 'mixed', 'gone', 'there'])[c.fate] as fate,
            case when n.name = w.name then n.version else n.name || ' ' || n.version end as became,
            c.count, t.of, c.days
        from counted c
        join whole t using (software_id)
        join software w on w.id = c.software_id
        left join software n on n.id = c.next_id
    )
    select t.name, t.version, t.fate, t.became, t.count, t.of, w.share, w.low, w.high, t.days
    from told t
    cross join lateral stats.wilson(t.count, t.of, unit) w
    order by t.of desc, t.name collate "C", t.version collate "C", t.count desc, t.fate, t.became collate "C";
end;

create view stats.upgrades as select * from stats.upgrades();
