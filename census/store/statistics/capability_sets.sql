-- Exact sets of capabilities. count is the units that list a model with just this set, of the units with a model;
-- united is the units whose models' capabilities, put together, are just this set, so that each unit is in one row of
-- it. Units of whose models the server tells nothing are the last row, without a set; the empty set is of models that
-- are said to do nothing that is known here.
create function stats.capability_sets(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    capabilities text[],
    count bigint, of bigint, share double precision, low double precision, high double precision,
    united bigint)
language sql stable parallel safe
begin atomic
    with units as materialized (
        -- Of the bits of model.traits 512 says that a model's capabilities are known.
        select l.id, l.alone, l.count, l.models, l.capabilities, l.traits
        from stats.listed(scan, since, until, unit, population) l
    ),
    kinds as materialized (
        -- Numbers in the place of sets, which are many times compared below.
        select m.id, m.capabilities, dense_rank() over (order by m.capabilities) as number
        from model m
        where m.capabilities is not null
    ),
    held as (
        -- Units whose numbers differ in the six lowest bits alone are counted together, each as one bit.
        select k.number, min(u.count)::double precision as count, bit_or(u.bit) as units
        from (
            select l.id >> 6 as block, 1::bigint << (l.id & 63)::integer as bit, l.count, unnest(l.models) as model
            from units l
        ) u
        join kinds k on k.id = u.model
        group by u.block, k.number
    ),
    single as (
        select k.capabilities, its.count
        from (select h.number, sum(h.count * bit_count(h.units::bit(64))) as count from held h group by h.number) its
        join (select distinct kinds.number, kinds.capabilities from kinds) k using (number)
    ),
    united as materialized (
        -- The usual unit has one list, whose capabilities are sorted and distinct as they are stored.
        select t.capabilities, sum(t.count) as count
        from (
            select case when u.traits & 512 > 0 then u.capabilities end as capabilities, u.count
            from units u
            where u.alone
            union all
            select
                case when bit_or(u.traits) & 512 > 0 then
                    coalesce(array_agg(distinct word collate "C") filter (where word is not null), '{}')
                end,
                u.count
            from units u left join unnest(u.capabilities) word on true
            where not u.alone
            group by u.id, u.count
        ) t
        group by t.capabilities
    ),
    whole as materialized (
        select coalesce(sum(u.count), 0)::bigint as of from united u
    ),
    counted as (
        select one.capabilities, sum(one.count)::bigint as count, sum(one.united)::bigint as united
        from (
            select s.capabilities, s.count, 0 as united from single s
            union all
            select u.capabilities, case when u.capabilities is null then u.count else 0 end, u.count from united u
        ) one
        group by one.capabilities
    )
    select c.capabilities, c.count, whole.of, w.share, w.low, w.high, c.united
    from counted c cross join whole cross join lateral stats.wilson(c.count, whole.of, unit) w
    order by c.capabilities is null, c.count desc, c.united desc, c.capabilities;
end;

create view stats.capability_sets as select * from stats.capability_sets();
