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
    with spans as (
        select p.*, w.name, w.version
        from (
            select
                s.endpoint_id, min(s.host_id) as host_id, s.software_id,
                min(s.first_seen) as first_seen, max(s.last_seen) as last_seen
            from stats.stays(scan, since, until, population) s
            where stats.asked(unit, population)
            group by s.endpoint_id, s.software_id
        ) p
        join software w on w.id = p.software_id and w.version is not null
    ),
    followed as (
        select
            p.*,
            lead(p.software_id) over next as next_id,
            lead(p.first_seen) over next as next_seen
        from spans p
        window next as (partition by p.endpoint_id order by p.first_seen, p.last_seen, p.name, p.version)
    ),
    fates as materialized (
        -- Numbers in the place of words until all is counted, for it is sorted.
        select
            case unit when 'endpoint' then f.endpoint_id else f.host_id end as carrier,
            f.software_id,
            case
                when f.next_seen > f.last_seen then 1
                when f.next_seen is not null then 2
                when e.gone_at is not null then 3
                else 4
            end as fate,
            case when f.next_seen > f.last_seen then f.next_id end as next_id,
            extract(epoch from coalesce(f.next_seen, e.gone_at) - f.last_seen)::double precision / 86400 as days
        from followed f
        join stats.presence(scan, since, until, 'endpoint', population) e on e.carrier = f.endpoint_id
    ),
    whole as (
        select f.software_id, count(distinct f.carrier) as of from fates f group by f.software_id
    ),
    counted as (
        select
            f.software_id, f.fate, f.next_id, count(distinct f.carrier) as count,
            percentile_cont(0.5) within group (order by f.days) filter (where f.fate in (1, 3)) as days
        from fates f
        group by f.software_id, f.fate, f.next_id
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
