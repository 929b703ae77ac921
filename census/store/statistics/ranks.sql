-- The rank of each family (with the sixth parameter architecture: of each architecture) when observations, hosts,
-- endpoints or host-days are counted, as `families` ranks them; volatility is the highest minus the lowest of these
-- ranks, deviation their standard deviation. This is about weighting, not about time. It shows all four units,
-- whichever is asked for.
create function stats.ranks(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible', by text default 'family')
returns table (
    family text, by_observation bigint, by_host bigint, by_endpoint bigint, by_host_day bigint, volatility bigint,
    deviation double precision)
language sql stable parallel safe
begin atomic
    with described as not materialized (
        select i.id, case by when 'architecture' then i.architectures else i.families end as members from inventory i
    ),
    seen as materialized (
        select
            s.host_id, s.inventory_id, s.observations, s.days, s.day_count,
            -- Over all time nobody asks for it.
            case when not stats.ever(scan, since, until, 'host') then s.endpoint_id end as endpoint_id
        from stats.seen(scan, since, until, 'host-day', population) s
        where s.inventory_id is not null and stats.asked(unit, population)
            and stats.one_of('by', by, array['family', 'architecture'])
    ),
    tangled as (
        -- Hosts with sightings that begin before others have ended, which is all that can share a day.
        select o.host_id
        from (
            select
                s.host_id, lower(s.days) as first,
                max(upper(s.days)) over (
                    partition by s.host_id order by lower(s.days) rows between unbounded preceding and 1 preceding
                ) as reached
            from seen s
        ) o
        where o.first < o.reached
        group by o.host_id
    ),
    overlapping as materialized (
        -- Of all others each sighting counts its days.
        select t.host_id
        from (
            select s.host_id, united(s.days) as days, sum(s.day_count) as day_count
            from tangled t join seen s on s.host_id = t.host_id
            group by s.host_id
        ) t
        cross join lateral (select sum(upper(span) - lower(span)) as days from unnest(t.days) span) its
        where its.days < t.day_count
    ),
    lists as materialized (
        -- Of a scan or a window: what was listed in it, looked up once.
        select d.id, d.members
        from (select distinct s.inventory_id from seen s where not stats.ever(scan, since, until, 'host')) its
        join described d on d.id = its.inventory_id
    ),
    units as materialized (
        -- Over all time: what endpoints listed, and of hosts with several of them what they listed together.
        select
            true as alone, not l.shared as of_hosts, true as of_endpoints, l.endpoint_id as id,
            case by when 'architecture' then l.architectures else l.families end as members
        from listing l
        where stats.ever(scan, since, until, 'host') and (population = 'raw' or stats.credible(l.verdict))
        union all
        select false, true, false, l.id, case by when 'architecture' then l.architectures else l.families end
        from stats.listed(scan, since, until, 'host', population) l
        where stats.ever(scan, since, until, 'host') and not l.alone
        union all
        select false, false, true, l.id, case by when 'architecture' then l.architectures else l.families end
        from stats.listed(scan, since, until, 'endpoint', population) l
        where stats.ever(scan, since, until, 'endpoint') and not l.alone
        union all
        -- Of a scan or a window all that is needed has been read.
        select its.alone, its.of_hosts, not its.of_hosts, its.id, d.members
        from (
            select
                c.of_hosts, c.carrier as id, cardinality(array_agg(distinct s.inventory_id)) = 1 as alone,
                array_agg(distinct s.inventory_id) as inventories
            from seen s
            cross join lateral (values (true, s.host_id), (false, s.endpoint_id)) c (of_hosts, carrier)
            where not stats.ever(scan, since, until, 'host')
            group by c.of_hosts, c.carrier
        ) its
        cross join unnest(its.inventories) listed
        join lists d on d.id = listed
    ),
    weights as materialized (
        -- All four weightings together, by what a list names before that is taken apart.
        select
            w.members, sum(w.observations) as observations, sum(w.hosts) as hosts, sum(w.endpoints) as endpoints,
            sum(w.days) as days
        from (
            select
                s.members, s.observations::double precision as observations, 0::double precision as hosts,
                0::double precision as endpoints,
                case when s.host_id in (select o.host_id from overlapping o) then 0 else s.day_count end
                    ::double precision as days
            from (
                -- Joined apart: of both together it could not be seen that each sighting has one list.
                select s.*, d.members
                from seen s join described d on d.id = s.inventory_id
                where stats.ever(scan, since, until, 'host')
                union all
                select s.*, l.members from seen s join lists l on l.id = s.inventory_id
            ) s
            union all
            select u.members, 0, u.of_hosts::integer, u.of_endpoints::integer, 0
            from units u
            where u.alone
        ) w
        group by w.members
    ),
    several as materialized (
        select its.member, its.of_hosts, count(*)::double precision as count
        from (
            select distinct u.of_hosts, u.id, member from units u cross join unnest(u.members) member where not u.alone
        ) its
        group by its.member, its.of_hosts
    ),
    named as materialized (
        select o.host_id, d.members, united(s.days) as days
        from overlapping o
        join seen s on s.host_id = o.host_id
        -- They are few, which cannot be foreseen: looked up one by one.
        cross join lateral (select d.members from described d where d.id = s.inventory_id offset 0) d
        group by o.host_id, d.members
    ),
    shared as materialized (
        select its.member, sum(upper(its.span) - lower(its.span))::double precision as days
        from (
            select n.member, unnest(united(n.days)) as span
            from (select host_id, unnest(members) as member, days from named) n
            group by n.host_id, n.member
        ) its
        group by its.member
    ),
    counted as (
        select unnest(w.members) as value, w.observations, w.hosts, w.endpoints, w.days from weights w
        union all
        select s.member, 0, case when s.of_hosts then s.count else 0 end,
            case when s.of_hosts then 0 else s.count end, 0
        from several s
        union all
        select s.member, 0, 0, 0, s.days from shared s
    ),
    summed as materialized (
        select
            c.value, sum(c.observations) as observations, sum(c.hosts) as hosts, sum(c.endpoints) as endpoints,
            sum(c.days) as days
        from counted c
        group by c.value
    ),
    ranked as (
        select
            s.value, told.weighting,
            row_number() over (partition by told.weighting order by told.count desc, s.value collate "C") as rank
        from summed s
        cross join lateral (
            values ('observation', s.observations), ('host', s.hosts), ('endpoint', s.endpoints), ('host-day', s.days)
        ) told (weighting, count)
        where told.count > 0
    )
    select
        r.value,
        max(r.rank) filter (where r.weighting = 'observation'),
        max(r.rank) filter (where r.weighting = 'host') as by_host,
        max(r.rank) filter (where r.weighting = 'endpoint'),
        max(r.rank) filter (where r.weighting = 'host-day'),
        max(r.rank) - min(r.rank),
        stddev_pop(r.rank)::double precision
    from ranked r
    group by r.value
    order by by_host;
end;

create view stats.ranks as select * from stats.ranks();
