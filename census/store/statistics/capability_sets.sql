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
        select l.id, l.count, l.inventory_id from stats.listed(scan, since, until, unit, population) l
    ),
    kinds as materialized (
        -- Numbers in the place of sets, which are many times compared below.
        select m.id, m.capabilities, case when m.capabilities is not null then
            dense_rank() over (order by m.capabilities) end as number
        from model m
    ),
    described as materialized (
        select distinct l.inventory_id, i.capabilities as any_of, k.number
        from (select distinct inventory_id from units) l
        join inventory i on i.id = l.inventory_id
        cross join unnest(i.models) model
        join kinds k on k.id = model
    ),
    told as materialized (
        select d.inventory_id, d.any_of as capabilities, bool_or(d.number is not null) as told
        from described d
        group by d.inventory_id, d.any_of
    ),
    single as (
        select k.capabilities, sum(held.count) as count
        from (
            select distinct u.id, u.count, d.number from units u join described d using (inventory_id)
            where d.number is not null
        ) held
        join (select distinct number, capabilities from kinds) k using (number)
        group by k.capabilities
    ),
    grouped as materialized (
        select
            u.id, u.count, count(*) = 1 as alone, bool_or(t.told) as told, min(t.capabilities) as capabilities
        from units u join told t using (inventory_id)
        group by u.id, u.count
    ),
    united as materialized (
        -- The usual unit has one list, whose capabilities are sorted and distinct as they are stored.
        select g.count, case when g.told then g.capabilities end as capabilities from grouped g where g.alone
        union all
        select
            g.count,
            case when g.told then
                coalesce(array_agg(distinct word collate "C") filter (where word is not null), '{}')
            end
        from grouped g
        join units u on u.id = g.id
        join told t using (inventory_id)
        left join unnest(t.capabilities) word on true
        where not g.alone
        group by g.id, g.count, g.told
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
