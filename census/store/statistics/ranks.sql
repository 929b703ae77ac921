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
    with counted as (
        select 'observation' as weighting, t.value, t.count
        from stats.tally(by, scan, since, until, 'observation', population) t
        where stats.asked(unit, population) and stats.one_of('by', by, array['family', 'architecture'])
        union all
        select 'host', t.value, t.count from stats.tally(by, scan, since, until, 'host', population) t
        union all
        select 'endpoint', t.value, t.count from stats.tally(by, scan, since, until, 'endpoint', population) t
        union all
        select 'host-day', t.value, t.count from stats.tally(by, scan, since, until, 'host-day', population) t
    ),
    ranked as (
        select
            c.value, c.weighting,
            row_number() over (partition by c.weighting order by c.count desc, c.value collate "C") as rank
        from counted c
        where c.value is not null
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
