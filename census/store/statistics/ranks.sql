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
        where s.inventory_id is not null and stats.asked(unit, population) and stats.one_of('by', by, array['family', 'architecture'])
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
    sets as materialized (
        -- Of a scan or a window all that is needed has been read.
        select row_number() over () as id, its.*
        from (
            select c.of_hosts, min(s.inventory_id) = max(s.inventory_id) as alone,
                array_agg(distinct s.inventory_id) as inventories
            from seen s
            cross join lateral (values (true, s.host_id), (false, s.endpoint_id)) c (of_hosts, carrier)
            where not stats.ever(scan, since, until, 'host')
            group by c.of_hosts, c.carrier
        ) its
    ),
    weights as (
        -- All four weightings together, by what a list names before that is taken apart.
        select
            w.members, sum(w.observations) as observations, sum(w.hosts) as hosts, sum(w.endpoints) as endpoints,
            sum(w.days) as days
        from (
            select
                d.members, s.observations::double precision as observations, 0::double precision as hosts,
                0::double precision as endpoints,
                case when s.host_id in (select o.host_id from overlapping o) then 0 else s.day_count end
                    ::double precision as days
            from seen s
            join described d on d.id = s.inventory_id
            union all
            select f.members, 0, f.count, 0, 0
            from stats.family_sets(scan, since, until, 'host', population, by) f
            where stats.ever(scan, since, until, 'host')
            union all
            select f.members, 0, 0, f.count, 0
            from stats.family_sets(scan, since, until, 'endpoint', population, by) f
            where stats.ever(scan, since, until, 'endpoint')
            union all
            select d.members, 0, case when s.of_hosts then 1 else 0 end, case when s.of_hosts then 0 else 1 end, 0
            from sets s
            join described d on d.id = s.inventories[1]
            where s.alone
        ) w
        group by w.members
    ),
    counted as (
        select member as value, w.observations, w.hosts, w.endpoints, w.days
        from weights w cross join unnest(w.members) member
        union all
        select several.member, 0, case when several.of_hosts then 1 else 0 end, case when several.of_hosts then 0 else 1 end, 0
        from (
            select distinct s.id, s.of_hosts, member
            from sets s
            cross join unnest(s.inventories) listed
            join described d on d.id = listed
            cross join unnest(d.members) member
            where not s.alone
        ) several
        union all
        select its.member, 0, 0, 0, upper(span) - lower(span)
        from (
            select named.host_id, member, united(named.days) as days
            from (
                select o.host_id, d.members, united(s.days) as days
                from overlapping o
                join seen s on s.host_id = o.host_id
                -- They are few, which cannot be foreseen: looked up one by one.
                cross join lateral (select d.members from described d where d.id = s.inventory_id offset 0) d
                group by o.host_id, d.members
            ) named
            cross join unnest(named.members) member
            group by named.host_id, member
        ) its
        cross join unnest(its.days) span
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
