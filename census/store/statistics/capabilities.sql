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
        select l.id, l.count, l.inventory_id from stats.listed(scan, since, until, unit, population) l
    ),
    told as materialized (
        select
            l.inventory_id, i.capabilities,
            bool_or(m.capabilities is null) as untold,
            bool_or(m.capabilities is not null) as told
        from (select distinct inventory_id from units) l
        join inventory i on i.id = l.inventory_id
        cross join unnest(i.models) number
        join model m on m.id = number
        group by l.inventory_id, i.capabilities
    ),
    states as materialized (
        select u.id, u.count, bool_or(t.untold) as untold, bool_or(t.told) as told
        from units u join told t using (inventory_id)
        group by u.id, u.count
    ),
    whole as materialized (
        select
            coalesce(sum(s.count), 0)::bigint as of,
            coalesce(sum(s.count) filter (where s.untold), 0)::bigint as untold,
            coalesce(sum(s.count) filter (where not s.told), 0)::bigint as silent
        from states s
    ),
    held as (
        select distinct u.id, capability
        from units u join told t using (inventory_id) cross join unnest(t.capabilities) capability
    ),
    counted as (
        select
            h.capability,
            sum(s.count)::bigint as count,
            coalesce(sum(s.count) filter (where s.untold), 0)::bigint as untold
        from held h join states s on s.id = h.id
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
