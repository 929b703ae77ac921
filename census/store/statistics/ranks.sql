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
    read as materialized (
        -- Of a scan or a window: its observations, read once.
        select s.host_id, s.endpoint_id, s.inventory_id, s.observations, s.days, s.day_count
        from stats.seen(scan, since, until, 'host-day', population) s
        where not stats.ever(scan, since, until, 'host') and s.inventory_id is not null
    ),
    seen as not materialized (
        -- Sightings of all time are read twice, for that is cheaper than to lay them down.
        select s.host_id, s.inventory_id, s.days, s.day_count
        from stats.sighted(population) s
        where stats.ever(scan, since, until, 'host') and s.inventory_id is not null
        union all
        select r.host_id, r.inventory_id, r.days, r.day_count
        from read r
        where not stats.ever(scan, since, until, 'host')
    ),
    lists as materialized (
        -- Of a scan or a window: what was listed in it, looked up once.
        select d.id, d.members
        from (select distinct r.inventory_id from read r) its
        join described d on d.id = its.inventory_id
    ),
    tangled as materialized (
        -- Sightings of a host that begin before others have ended, and these others: all that can share a day.
        select its.host_id, its.inventory_id, its.days, its.day_count
        from (
            select s.*, max(s.past) over others as reached, lead(s.first) over others as next
            from (select seen.*, lower(seen.days) as first, upper(seen.days) as past from seen) s
            window others as (
                partition by s.host_id order by s.first rows between unbounded preceding and 1 preceding
            )
        ) its
        where its.first < its.reached or its.next < greatest(its.past, its.reached)
    ),
    overlapping as materialized (
        select its.host_id
        from (
            -- Hosts are few and each has a dozen runs of days, so that here it is faster than `united`.
            select t.host_id, range_agg(t.days) as days, sum(t.day_count) as day_count from tangled t group by t.host_id
        ) its
        where (select sum(upper(span) - lower(span)) from unnest(its.days) span) < its.day_count
    ),
    repeated as materialized (
        -- What several of these sightings name: its days in each of them, and those in any.
        select its.member, sum(its.day_count)::double precision as day_count, united(its.days) as days
        from (
            select t.host_id, t.days, t.day_count, unnest(d.members) as member
            from overlapping o
            join tangled t on t.host_id = o.host_id
            -- They are few, which cannot be foreseen: looked up one by one.
            cross join lateral (select d.members from described d where d.id = t.inventory_id offset 0) d
        ) its
        group by its.host_id, its.member
        having count(*) > 1
    ),
    units as materialized (
        -- Of a scan or a window: what hosts and endpoints listed, each list a row.
        select its.alone, its.of_hosts, its.id, d.members
        from (
            select
                c.of_hosts, c.carrier as id, cardinality(array_agg(distinct r.inventory_id)) = 1 as alone,
                array_agg(distinct r.inventory_id) as inventories
            from read r
            cross join lateral (values (true, r.host_id), (false, r.endpoint_id)) c (of_hosts, carrier)
            group by c.of_hosts, c.carrier
        ) its
        cross join unnest(its.inventories) listed
        join lists d on d.id = listed
    ),
    -- Lists are taken apart at once: to group them first takes longer. These two are what several processes can share.
    sightings as materialized (
        select its.value, sum(its.observations) as observations, sum(its.days) as days
        from (
            select
                unnest(l.members) as value, l.observations::double precision as observations,
                l.day_count::double precision as days
            from (
                select s.observations, s.day_count, d.members
                from (
                    -- In the order of the lists, for to find each by a hash costs more.
                    select seen.inventory_id, seen.observations, seen.day_count
                    from stats.sighted(population) seen
                    where stats.ever(scan, since, until, 'host') and seen.inventory_id is not null
                    order by seen.inventory_id
                ) s
                join described d on d.id = s.inventory_id
                union all
                select r.observations, r.day_count, l.members
                from read r join lists l on l.id = r.inventory_id
                where not stats.ever(scan, since, until, 'host')
            ) l
        ) its
        group by its.value
    ),
    alone as materialized (
        -- Who has one list: over all time an endpoint, and a host without another.
        select
            its.value, count(*) filter (where its.of_hosts) as hosts,
            count(*) filter (where its.of_endpoints) as endpoints
        from (
            select unnest(l.members) as value, l.of_hosts, l.of_endpoints
            from (
                select
                    not l.shared as of_hosts, true as of_endpoints,
                    case by when 'architecture' then l.architectures else l.families end as members
                from listing l
                where stats.ever(scan, since, until, 'host') and (population = 'raw' or stats.credible(l.verdict))
                union all
                select u.of_hosts, not u.of_hosts, u.members
                from units u
                where u.alone and not stats.ever(scan, since, until, 'host')
            ) l
        ) its
        group by its.value
    ),
    several as materialized (
        -- Who has several, and whose are not in that table: each value that they have together counts once.
        select
            its.value, count(*) filter (where its.of_hosts) as hosts,
            count(*) filter (where not its.of_hosts) as endpoints
        from (
            select distinct l.of_hosts, l.id, unnest(l.members) as value
            from (
                select true as of_hosts, l.id, l.members
                from stats.values_listed(by, scan, since, until, 'host', population) l
                where stats.ever(scan, since, until, 'host') and not l.alone
                union all
                select false, l.id, l.members
                from stats.values_listed(by, scan, since, until, 'endpoint', population) l
                where stats.ever(scan, since, until, 'endpoint') and not l.alone
                union all
                select u.of_hosts, u.id, u.members from units u where not u.alone
            ) l
        ) its
        group by its.value
    ),
    summed as materialized (
        select
            c.value, sum(c.observations) as observations, sum(c.hosts) as hosts, sum(c.endpoints) as endpoints,
            sum(c.days) as days
        from (
            select
                s.value, s.observations, 0::double precision as hosts, 0::double precision as endpoints, s.days
            from sightings s
            union all
            select a.value, 0, a.hosts, a.endpoints, 0 from alone a
            union all
            select s.value, 0, s.hosts, s.endpoints, 0 from several s
            union all
            -- Days that were counted more than once count once.
            select r.member, 0, 0, 0, -r.day_count from repeated r
            union all
            select its.member, 0, 0, 0, upper(its.span) - lower(its.span)
            from (select r.member, unnest(r.days) as span from repeated r) its
        ) c
        where stats.asked(unit, population) and stats.one_of('by', by, array['family', 'architecture'])
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
