-- What models are said to do (completion, tools, vision, thinking, embedding, ...) by the units that list a model
-- which is said to, of the units with a model. unknown counts the units that list none which is said to, but one of
-- which the server does not tell: count and unknown together are the most that it can be. Units of whose models the
-- server tells nothing at all are the last row, without capability.
create function stats.capabilities(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    capability text,
    count bigint, of bigint, share double precision, low double precision, high double precision,
    unknown bigint)
language sql stable parallel safe
begin atomic
    with units as materialized (
        -- Of the bits of model.traits: 256 that a model's capabilities are unknown, 512 that they are known. There are
        -- few sets of capabilities, so units with one list are counted together.
        select
            case when not l.alone then l.id end as id, l.alone,
            case when l.alone then sum(l.count) else min(l.count) end as count, l.capabilities, l.traits
        from stats.listed(scan, since, until, unit, population) l
        group by case when not l.alone then l.id end, l.alone, l.capabilities, l.traits
    ),
    several as materialized (
        select u.id, u.count, bit_or(u.traits) as traits from units u where not u.alone group by u.id, u.count
    ),
    states as materialized (
        select t.traits, sum(t.count)::bigint as count
        from (select u.traits, u.count from units u where u.alone union all select s.traits, s.count from several s) t
        group by t.traits
    ),
    whole as materialized (
        select
            coalesce(sum(s.count), 0)::bigint as of,
            coalesce(sum(s.count) filter (where s.traits & 256 > 0), 0)::bigint as untold,
            coalesce(sum(s.count) filter (where s.traits & 512 = 0), 0)::bigint as silent
        from states s
    ),
    held as (
        select capability, u.count, u.traits
        from units u cross join unnest(u.capabilities) capability
        where u.alone
        union all
        select its.capability, s.count, s.traits
        from (
            select distinct u.id, capability from units u cross join unnest(u.capabilities) capability
            where not u.alone
        ) its
        join several s on s.id = its.id
    ),
    counted as (
        select
            h.capability,
            sum(h.count)::bigint as count,
            coalesce(sum(h.count) filter (where h.traits & 256 > 0), 0)::bigint as untold
        from held h
        group by h.capability
        union all
        select null, w.silent, w.untold from whole w where w.silent > 0
    )
    select c.capability, c.count, whole.of, w.share, w.low, w.high,
        case when c.capability is not null then whole.untold - c.untold end
    from counted c cross join whole cross join lateral stats.wilson(c.count, whole.of, unit) w
    order by c.capability is null, c.count desc, c.capability collate "C";
end;

create view stats.capabilities as select * from stats.capabilities();
