-- What became of each version of server software, of the units that ever ran it: another version or another software
-- followed in its place (changed; became says which), it was not found in any attempt since (gone), it was there when
-- it was last asked (there), or it was seen again after another had been (mixed), as where several servers take turns
-- behind one address. days is the median between the last sight of the one and the first sight of the other, or the
-- first attempt in vain. Changes go up or down. By endpoint; a host counts under each fate of its endpoints. Versions
-- that servers do not tell are left out. Only hosts and endpoints are counted; the other units are answered for hosts.
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
            lead(p.name) over next as next_name,
            lead(p.version) over next as next_version,
            lead(p.first_seen) over next as next_seen
        from spans p
        window next as (partition by p.endpoint_id order by p.first_seen, p.last_seen, p.name, p.version)
    ),
    fates as (
        select
            case unit when 'endpoint' then f.endpoint_id else f.host_id end as carrier,
            f.name, f.version,
            case
                when f.next_seen > f.last_seen then 'changed'
                when f.next_seen is not null then 'mixed'
                when e.gone_at is not null then 'gone'
                else 'there'
            end as fate,
            case
                when f.next_seen > f.last_seen and f.next_name = f.name then f.next_version
                when f.next_seen > f.last_seen then f.next_name || ' ' || f.next_version
            end as became,
            extract(epoch from coalesce(f.next_seen, e.gone_at) - f.last_seen) / 86400 as days
        from followed f
        join stats.presence(scan, since, until, 'endpoint', population) e on e.carrier = f.endpoint_id
    ),
    whole as (
        select f.name, f.version, count(distinct f.carrier) as of from fates f group by f.name, f.version
    ),
    counted as (
        select
            f.name, f.version, f.fate, f.became, count(distinct f.carrier) as count,
            percentile_cont(0.5) within group (order by f.days) filter (where f.fate in ('changed', 'gone')) as days
        from fates f
        group by f.name, f.version, f.fate, f.became
    )
    select c.name, c.version, c.fate, c.became, c.count, t.of, w.share, w.low, w.high, c.days
    from counted c
    join whole t using (name, version)
    cross join lateral stats.wilson(c.count, t.of, case unit when 'endpoint' then unit else 'host' end) w
    order by t.of desc, c.name collate "C", c.version collate "C", c.count desc, c.fate, c.became collate "C";
end;

create view stats.upgrades as select * from stats.upgrades();
